//! What is behind the cache: an application each of whose answers is numbered and kept in mind, so that it shows whether an answer was
//! made for the request that got it.

use std::sync::{Arc, Mutex};

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::SET_COOKIE;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::{Router, http};
use muffin_session_tests::Site;

/// The header by which a request is known.
pub(crate) const REQUEST: &str = "x-request";
/// The header by which an answer is known.
pub(crate) const ANSWER: &str = "x-answer";

/// An application that runs.
pub(crate) struct Origin {
    pub(crate) site: Site,
    pub(crate) ledger: Ledger,
}

impl Origin {
    pub(crate) async fn serve(application: Router) -> Self {
        let ledger = Ledger::default();
        // Outside of everything else: what it sees is what goes out.
        let numbered = application.layer(from_fn_with_state(ledger.clone(), number));
        let site = Site::serve(numbered).await;
        Self { site, ledger }
    }
}

/// All answers that were made.
#[derive(Clone, Default)]
pub(crate) struct Ledger(Arc<Mutex<Vec<Made>>>);

/// An answer, for whom it was made, and the cookies that it set.
#[derive(Clone)]
pub(crate) struct Made {
    pub(crate) request: Option<HeaderValue>,
    pub(crate) cookies: Vec<HeaderValue>,
}

impl Ledger {
    /// The answer with this number.
    pub(crate) fn look_up(&self, number: &str) -> Made {
        let number: usize = number.parse().expect("an answer of the application");
        self.0.lock().unwrap()[number].clone()
    }
}

async fn number(State(Ledger(made)): State<Ledger>, request: Request, next: Next) -> Response {
    let known_by = request.headers().get(REQUEST).cloned();
    let mut response = next.run(request).await;
    let cookies = response.headers().get_all(SET_COOKIE).iter().cloned();
    let answer = Made {
        request: known_by,
        cookies: cookies.collect(),
    };
    let mut made = made.lock().unwrap();
    let name = http::HeaderName::from_static(ANSWER);
    response.headers_mut().insert(name, made.len().into());
    made.push(answer);
    response
}
