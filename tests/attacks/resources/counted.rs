//! What a request takes, counted and not timed.

use std::panic::AssertUnwindSafe;

use axum::Router;
use axum::body::Body;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderValue, Request, StatusCode};
use axum::routing::get;
use muffin_session::{Error, Session};
use muffin_session_tests::Jar;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

use crate::site::Kept;

/// An application in this thread, whose allocations are counted.
pub(super) struct Counted {
    app: Router,
    runtime: Runtime,
    /// The `Cookie` field of somebody who is logged in.
    pub(super) ann: String,
}

/// What a request has taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Taken {
    allocations: u64,
    pub(super) bytes: u64,
}

impl Counted {
    pub(super) fn new(kept: Kept) -> Self {
        async fn look(session: Session) -> String {
            let flashes = session.get_flashed_messages().len();
            let user: Option<u64> = session.user_id().expect("a number");
            format!("{user:?} {flashes} {}", session.len())
        }
        async fn login(session: Session) -> Result<(), Error> {
            session.login(1)
        }
        let sessions = kept.builder().without_user_loader().build();
        let app = Router::new()
            .route("/", get(look).post(login))
            .layer(sessions.expect("good options"));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.expect("a runtime");
        let login = Request::post("/").body(Body::empty()).expect("a request");
        let answer = runtime
            .block_on(app.clone().oneshot(login))
            .expect("an answer");
        let jar = Jar::default();
        for cookie in answer.headers().get_all(SET_COOKIE) {
            jar.apply(cookie.to_str().expect("ASCII"));
        }
        let ann = jar.header().expect("cookies");
        Self { app, runtime, ann }
    }

    /// What a request with these cookies takes, and what it sees.
    fn take(&self, cookies: &str) -> (Taken, String) {
        let mut seen = String::new();
        let mut request = Request::get("/").body(Body::empty()).expect("a request");
        let cookies = HeaderValue::from_str(cookies).expect("a header");
        request.headers_mut().insert(COOKIE, cookies);
        let mut request = Some(request);
        let work = AssertUnwindSafe(|| {
            let request = request.take().expect("it is sent once");
            self.runtime.block_on(async {
                let answer = self.app.clone().oneshot(request).await.expect("an answer");
                assert_eq!(answer.status(), StatusCode::OK);
                let body = axum::body::to_bytes(answer.into_body(), 1_000).await;
                seen = String::from_utf8(body.expect("a body").to_vec()).expect("text");
            });
        });
        let info = allocation_counter::measure(work);
        let taken = Taken {
            allocations: info.count_total,
            bytes: info.bytes_total,
        };
        (taken, seen)
    }

    /// What a request takes the second time: the first one may make what others use again.
    pub(super) fn taken(&self, cookies: &str) -> (Taken, String) {
        self.take(cookies);
        self.take(cookies)
    }
}

/// Values of the right length for a kind, all different, with tags that are wrong: each that is tried costs a MAC.
pub(super) fn junk(name: &str, number: usize) -> String {
    format!("{name}={number:0>116}")
}

/// A request with many of something takes no more than one with a few.
pub(super) fn many_cost_what_few_do(few: usize, cookie: impl Fn(usize) -> String) {
    for kept in Kept::ALL {
        let counted = Counted::new(kept);
        let (alone, _) = counted.taken("other=1");
        let take = |count: usize| {
            let cookies: Vec<_> = (0..count).map(&cookie).collect();
            counted.taken(&cookies.join("; "))
        };
        let (of_few, nobody) = take(few);
        assert_eq!(nobody, "None 0 0", "{kept:?}");
        for many in [few * 3, 1_000] {
            assert_eq!(take(many), (of_few, nobody.clone()), "{kept:?}, {many}");
        }
        assert!(
            of_few.bytes < alone.bytes + 16 * 1_024,
            "{kept:?}: {of_few:?}, {alone:?}"
        );
    }
}
