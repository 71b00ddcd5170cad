//! An application that does with the session what a test says, and what of its session can be seen.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use axum::body::Body;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderValue, Method, Request, Response, StatusCode};
use axum::{Extension, Router};
use muffin_session::{Builder, Session};
use muffin_session_tests::Jar;
use proptest::test_runner::Config;
use serde_json::Value;
use tower::ServiceExt as _;

/// As many cases as the environment says. Failures are printed with the smallest case, not kept in files.
pub(crate) fn cases() -> Config {
    Config {
        failure_persistence: None,
        ..Config::default()
    }
}

/// The result of a future that waits for nothing: no timer, no socket, no other task.
pub(crate) fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("it waits for something"),
    }
}

type Deed = Box<dyn FnOnce(&Session) + Send>;

/// What the handler does with the session.
#[derive(Clone)]
struct Errand(Arc<Mutex<Option<Deed>>>);

async fn run(session: Session, Extension(Errand(deed)): Extension<Errand>) {
    let deed = deed.lock().expect("no other holder").take();
    deed.expect("one request, one errand")(&session);
}

/// An application whose one handler does what each request brings.
#[derive(Clone)]
pub(crate) struct App {
    router: Router,
}

/// The answer to a visit.
#[derive(Debug)]
pub(crate) struct Visit<T> {
    /// What the handler found.
    pub(crate) found: T,
    pub(crate) set_cookies: Vec<String>,
}

impl App {
    pub(crate) fn new(builder: Builder) -> Self {
        let sessions = builder.without_user_loader().build().expect("good options");
        Self {
            router: Router::new().fallback(run).layer(sessions),
        }
    }

    /// A request with the jar's cookies, which takes what comes back.
    pub(crate) fn visit<T: Send + 'static>(
        &self,
        jar: &Jar,
        deed: impl FnOnce(&Session) -> T + Send + 'static,
    ) -> Visit<T> {
        let header = jar.header().unwrap_or_default();
        let visit = self.ask(&[header.as_bytes()], deed);
        for cookie in &visit.set_cookies {
            jar.apply(cookie);
        }
        visit
    }

    /// A request with these `Cookie` fields. The answer must be a success.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        cookies: &[&[u8]],
        deed: impl FnOnce(&Session) -> T + Send + 'static,
    ) -> Visit<T> {
        let found = Arc::new(Mutex::new(None));
        let errand: Deed = {
            let found = found.clone();
            Box::new(move |session| *found.lock().expect("no other holder") = Some(deed(session)))
        };
        let mut request = Request::builder()
            .method(Method::POST)
            .uri("/")
            .extension(Errand(Arc::new(Mutex::new(Some(errand)))))
            .body(Body::empty())
            .expect("a request");
        for field in cookies.iter().filter(|field| !field.is_empty()) {
            let field = HeaderValue::from_bytes(field).expect("bytes that a header may have");
            request.headers_mut().append(COOKIE, field);
        }
        let response = ready(self.router.clone().oneshot(request)).expect("a router does not fail");
        assert_eq!(response.status(), StatusCode::OK);
        let set_cookies = set_cookies(&response);
        let mut names: Vec<_> = set_cookies
            .iter()
            .map(|cookie| cookie.split('=').next())
            .collect();
        names.sort();
        assert!(
            names.is_sorted_by(|a, b| a < b),
            "one name is set twice: {set_cookies:?}"
        );
        let found = found.lock().expect("no other holder").take();
        Visit {
            found: found.expect("the handler has run"),
            set_cookies,
        }
    }

    /// What a page sees with these cookies.
    pub(crate) fn look(&self, cookies: &Cookies) -> Seen {
        self.look_with_answer(cookies).0
    }

    /// What a page sees with these cookies, and which cookies come back.
    pub(crate) fn look_with_answer(&self, cookies: &Cookies) -> (Seen, Vec<String>) {
        let header = header(cookies);
        let visit = self.ask(&[&header], Seen::of);
        (visit.found, visit.set_cookies)
    }
}

fn set_cookies(response: &Response<Body>) -> Vec<String> {
    let text = |value: &HeaderValue| value.to_str().expect("ASCII").to_owned();
    response
        .headers()
        .get_all(SET_COOKIE)
        .iter()
        .map(text)
        .collect()
}

/// Names and values, which may be no text.
pub(crate) type Cookies = BTreeMap<String, Vec<u8>>;

/// The cookies in a jar.
pub(crate) fn cookies(jar: &Jar) -> Cookies {
    let all = jar.all().into_iter();
    all.map(|(name, value)| (name, value.into_bytes()))
        .collect()
}

fn header(cookies: &Cookies) -> Vec<u8> {
    let mut header = Vec::new();
    for (name, value) in cookies {
        if !header.is_empty() {
            header.extend(b"; ");
        }
        header.extend(name.as_bytes());
        header.push(b'=');
        header.extend(value);
    }
    header
}

/// What there is to see of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// As JSON text.
    pub(crate) user: Option<String>,
    /// Values as JSON text.
    pub(crate) data: BTreeMap<String, String>,
    pub(crate) flashes: Vec<String>,
    /// Who has begun to log in, as JSON text.
    pub(crate) half: Option<String>,
}

impl Seen {
    pub(crate) fn of(session: &Session) -> Self {
        let user: Option<Value> = session.user_id().expect("any id is a value");
        let half: Option<Value> = session.half_login().expect("any id is a value");
        let flashes = session.get_flashed_messages();
        Self {
            user: user.map(|user| user.to_string()),
            data: data_of(session),
            flashes: flashes.into_iter().map(|flash| flash.message).collect(),
            half: half.map(|half| half.to_string()),
        }
    }
}

/// The session's data, values as JSON text: it tells numbers apart that compare as equal.
pub(crate) fn data_of(session: &Session) -> BTreeMap<String, String> {
    session
        .iter()
        .map(|(key, value)| (key, value.to_string()))
        .collect()
}
