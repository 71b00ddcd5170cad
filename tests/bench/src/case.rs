//! A workload of one library: the application, what is sent, and what has to come.

use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, Method, Request, Response, StatusCode};
use tower::ServiceExt as _;

use crate::filling::Filling;
use crate::jar::Jar;
use crate::libraries::PLAIN;

/// What is asked of every library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Workload {
    /// A page that asks for no session, of a visitor who has one.
    Untouched,
    /// One value is read.
    Read,
    /// One value is changed.
    Write,
    /// A visitor without cookies gets a session with one value.
    New,
    /// A page for users, asked for by one: they are loaded from memory.
    Allowed,
    /// The same, asked for by nobody.
    Anonymous,
    /// One value is asked for with a cookie that nobody has made.
    Forged,
    /// All that a session was filled with is changed, key by key.
    Fill(Filling),
}

impl Workload {
    /// Those that take no number.
    pub(crate) const ALL: [Self; 7] = [
        Self::Untouched,
        Self::Read,
        Self::Write,
        Self::New,
        Self::Allowed,
        Self::Anonymous,
        Self::Forged,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Untouched => "untouched",
            Self::Read => "read",
            Self::Write => "write",
            Self::New => "new",
            Self::Allowed => "allowed",
            Self::Anonymous => "anonymous",
            Self::Forged => "forged",
            Self::Fill(_) => "fill",
        }
    }

    fn request(self) -> (Method, Cow<'static, str>) {
        match self {
            Self::Untouched => (Method::GET, "/untouched".into()),
            Self::Read | Self::Forged => (Method::GET, "/value".into()),
            Self::Write => (Method::POST, "/value".into()),
            Self::New => (Method::POST, "/begin".into()),
            Self::Allowed | Self::Anonymous => (Method::GET, "/users".into()),
            Self::Fill(filling) => (Method::POST, filling.path().into()),
        }
    }
}

/// A workload of one library, checked.
pub(crate) struct Case {
    pub(crate) library: &'static str,
    pub(crate) workload: Workload,
    app: Router,
    method: Method,
    path: Cow<'static, str>,
    /// Of one browser, or of several that take turns.
    headers: Vec<HeaderMap>,
    turn: AtomicUsize,
}

impl Case {
    /// All workloads of an application that has the routes of `Workload::request`, and `POST /login`. Each is seen to do what its name says.
    pub(crate) async fn all(library: &'static str, app: Router) -> Vec<Self> {
        let guest = Self::begun(&app).await;
        let mut user = Jar::default();
        let login = send(&app, Method::POST, "/login", &user.headers()).await;
        user.apply(login.headers());
        let mut cases = Vec::new();
        for workload in Workload::ALL {
            let jar = match workload {
                Workload::New | Workload::Anonymous => Jar::default(),
                Workload::Allowed => user.clone(),
                Workload::Forged => guest.forged(),
                _ => guest.clone(),
            };
            cases.push(Self::of(library, workload, &app, &[jar]).await);
        }
        cases
    }

    /// A workload of browsers that take turns. Those of the first and the last one are seen to do what its name says.
    pub(crate) async fn of(
        library: &'static str,
        workload: Workload,
        app: &Router,
        jars: &[Jar],
    ) -> Self {
        let (method, path) = workload.request();
        let case = Self {
            library,
            workload,
            app: as_served(app.clone()),
            method,
            path,
            headers: jars.iter().map(Jar::headers).collect(),
            turn: AtomicUsize::new(0),
        };
        case.check(jars[0].clone()).await;
        if let [_, .., last] = jars {
            // The first turn is over: the next one is the last jar's.
            case.turn.store(jars.len() - 1, Ordering::Relaxed);
            case.check(last.clone()).await;
        }
        case
    }

    /// The cookies of a visitor who has got a session with one value.
    pub(crate) async fn begun(app: &Router) -> Jar {
        let mut jar = Jar::default();
        let begun = send(app, Method::POST, "/begin", &jar.headers()).await;
        jar.apply(begun.headers());
        jar
    }

    /// As [`begun`](Self::begun), and with this beside the value: `None` if the library refuses it, or the browser.
    pub(crate) async fn filled(app: &Router, filling: Filling) -> Option<Jar> {
        let mut jar = Self::begun(app).await;
        let path = filling.path();
        let response = send(app, Method::POST, &path, &jar.headers()).await;
        jar.apply(response.headers());
        let is_taken = response.status().is_success();
        let is_kept = text(send(app, Method::GET, &path, &jar.headers()).await).await == "true";
        (is_taken && is_kept).then_some(jar)
    }

    /// The same request to an application that has no sessions, and answers the same.
    pub(crate) fn plain(workload: Workload, app: &Router, headers_as: &Self) -> Self {
        let (method, path) = workload.request();
        let path = match workload {
            Workload::Anonymous => "/nobody".into(),
            Workload::Forged => "/no-value".into(),
            _ => path,
        };
        Self {
            library: PLAIN,
            workload,
            app: as_served(app.clone()),
            method,
            path,
            headers: headers_as.headers.clone(),
            turn: AtomicUsize::new(0),
        }
    }

    pub(crate) async fn send(&self) -> Response<Body> {
        let headers = match &*self.headers {
            [only] => only,
            several => &several[self.turn.fetch_add(1, Ordering::Relaxed) % several.len()],
        };
        send(&self.app, self.method.clone(), &self.path, headers).await
    }

    /// Sends it once and lets its body go, as a server does.
    pub(crate) async fn run(&self) {
        let response = self.send().await;
        std::hint::black_box(response.headers());
        drop(response);
    }

    async fn check(&self, mut jar: Jar) {
        let what = format!("{}, {}", self.library, self.workload.name());
        let before = text(send(&self.app, Method::GET, "/value", &jar.headers()).await).await;
        let response = self.send().await;
        let status = response.status();
        let sets = response.headers().contains_key(SET_COOKIE);
        jar.apply(response.headers());
        let body = text(response).await;
        let after = text(send(&self.app, Method::GET, "/value", &jar.headers()).await).await;
        let is_refused = status.is_redirection() || status == StatusCode::UNAUTHORIZED;
        let is_right = match self.workload {
            Workload::Untouched => body == "untouched" && before == after,
            Workload::Read => body == before && before != "none",
            Workload::Write => {
                let number = |text: &str| text.parse::<u64>().expect("a number");
                status.is_success() && number(&after) == number(&before) + 1
            }
            Workload::New => sets && before == "none" && after == "7",
            Workload::Allowed => body == "ann",
            Workload::Anonymous => is_refused,
            Workload::Forged => body == "none",
            Workload::Fill(filling) => {
                let path = filling.path();
                let page = send(&self.app, Method::GET, &path, &jar.headers()).await;
                status.is_success() && before == after && text(page).await == "true"
            }
        };
        assert!(
            is_right,
            "{what}: {status}, {body:?}; the value was {before}, and is {after}"
        );
    }
}

/// As `axum::serve` has it: layers wrap handlers once, and not anew for each request.
fn as_served(app: Router) -> Router {
    app.with_state(())
}

async fn send(app: &Router, method: Method, path: &str, headers: &HeaderMap) -> Response<Body> {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = method;
    *request.uri_mut() = path.parse().expect("a path");
    *request.headers_mut() = headers.clone();
    match app.clone().oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

async fn text(response: Response<Body>) -> String {
    let bytes = to_bytes(response.into_body(), 1 << 20)
        .await
        .expect("a body");
    String::from_utf8(bytes.to_vec()).expect("text")
}
