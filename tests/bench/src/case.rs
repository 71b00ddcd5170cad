//! A workload of one library: the application, what is sent, and what has to come.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{COOKIE, HOST, ORIGIN, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use tower::ServiceExt as _;

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
}

impl Workload {
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
        }
    }

    fn request(self) -> (Method, &'static str) {
        match self {
            Self::Untouched => (Method::GET, "/untouched"),
            Self::Read | Self::Forged => (Method::GET, "/value"),
            Self::Write => (Method::POST, "/value"),
            Self::New => (Method::POST, "/begin"),
            Self::Allowed | Self::Anonymous => (Method::GET, "/users"),
        }
    }
}

/// The cookies of one browser.
#[derive(Clone, Default)]
pub(crate) struct Jar(BTreeMap<String, String>);

impl Jar {
    pub(crate) fn apply(&mut self, headers: &HeaderMap) {
        for cookie in headers.get_all(SET_COOKIE) {
            let text = cookie.to_str().expect("text");
            let (pair, attributes) = text.split_once(';').unwrap_or((text, ""));
            let (name, value) = pair.split_once('=').expect("a name and a value");
            if attributes.contains("Max-Age=0") {
                self.0.remove(name);
            } else {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    pub(crate) fn header(&self) -> Option<HeaderValue> {
        let pairs: Vec<_> = self
            .0
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let text = pairs.join("; ");
        (!text.is_empty()).then(|| HeaderValue::try_from(text).expect("a header"))
    }

    /// Each value with another character at the end of its first third, of the same kind: a cookie that nobody has made.
    pub(crate) fn forged(&self) -> Self {
        let forge = |value: &String| {
            let mut bytes = value.clone().into_bytes();
            let at = bytes.len() / 3;
            let place = (at..bytes.len()).find(|&at| bytes[at].is_ascii_alphanumeric());
            let byte = &mut bytes[place.expect("a letter or a digit")];
            *byte = if *byte == b'1' { b'2' } else { b'1' };
            String::from_utf8(bytes).expect("text")
        };
        Self(
            self.0
                .iter()
                .map(|(name, value)| (name.clone(), forge(value)))
                .collect(),
        )
    }
}

/// A workload of one library, checked.
pub(crate) struct Case {
    pub(crate) library: &'static str,
    pub(crate) workload: Workload,
    app: Router,
    method: Method,
    path: &'static str,
    headers: HeaderMap,
}

impl Case {
    /// All workloads of an application that has the routes of `Workload::request`, and `POST /login`. Each is seen to do what its name says.
    pub(crate) async fn all(library: &'static str, app: Router) -> Vec<Self> {
        let app = as_served(app);
        let mut guest = Jar::default();
        let begun = send(&app, Method::POST, "/begin", &headers(&guest)).await;
        guest.apply(begun.headers());
        let mut user = Jar::default();
        let login = send(&app, Method::POST, "/login", &headers(&user)).await;
        user.apply(login.headers());
        let mut cases = Vec::new();
        for workload in Workload::ALL {
            let jar = match workload {
                Workload::Untouched | Workload::Read | Workload::Write => guest.clone(),
                Workload::New | Workload::Anonymous => Jar::default(),
                Workload::Allowed => user.clone(),
                Workload::Forged => guest.forged(),
            };
            let (method, path) = workload.request();
            let case = Self {
                library,
                workload,
                app: app.clone(),
                method,
                path,
                headers: headers(&jar),
            };
            case.check(jar).await;
            cases.push(case);
        }
        cases
    }

    /// The same request to an application that has no sessions, and answers the same.
    pub(crate) fn plain(workload: Workload, app: &Router, headers_as: &Self) -> Self {
        let (method, path) = workload.request();
        let path = match workload {
            Workload::Anonymous => "/nobody",
            Workload::Forged => "/no-value",
            _ => path,
        };
        Self {
            library: "plain",
            workload,
            app: as_served(app.clone()),
            method,
            path,
            headers: headers_as.headers.clone(),
        }
    }

    pub(crate) async fn send(&self) -> Response<Body> {
        send(&self.app, self.method.clone(), self.path, &self.headers).await
    }

    /// Sends it once and lets its body go, as a server does.
    pub(crate) async fn run(&self) {
        let response = self.send().await;
        std::hint::black_box(response.headers());
        drop(response);
    }

    async fn check(&self, mut jar: Jar) {
        let what = format!("{}, {}", self.library, self.workload.name());
        let before = text(send(&self.app, Method::GET, "/value", &headers(&jar)).await).await;
        let response = self.send().await;
        let status = response.status();
        let sets = response.headers().contains_key(SET_COOKIE);
        jar.apply(response.headers());
        let body = text(response).await;
        let after = text(send(&self.app, Method::GET, "/value", &headers(&jar)).await).await;
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

/// What a browser sends with each request to its own site.
fn headers(jar: &Jar) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(HOST, HeaderValue::from_static("localhost"));
    headers.insert(ORIGIN, HeaderValue::from_static("http://localhost"));
    headers.insert("sec-fetch-site", HeaderValue::from_static("same-origin"));
    if let Some(cookies) = jar.header() {
        headers.insert(COOKIE, cookies);
    }
    headers
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
