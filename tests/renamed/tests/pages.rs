//! A login and guarded pages of an application that knows the runtime by another name.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header;
use muffin_session_tests_renamed::{Passwords, app};
use tower::ServiceExt;

/// Somebody with a jar of cookies.
struct Visitor {
    app: Router,
    jar: BTreeMap<String, String>,
}

impl Visitor {
    fn of(app: &Router) -> Self {
        Self {
            app: app.clone(),
            jar: BTreeMap::new(),
        }
    }

    async fn send(&mut self, method: &str, uri: &str, more: &[(&str, &str)]) -> (u16, String) {
        let mut request = Request::builder()
            .method(method)
            .uri(uri)
            .header("accept", "text/html");
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        for (name, value) in &self.jar {
            request = request.header(header::COOKIE, format!("{name}={value}"));
        }
        let request = request.body(Body::empty()).expect("a request");
        let response = self.app.clone().oneshot(request).await.expect("infallible");
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().expect("ASCII");
            let (pair, attributes) = cookie.split_once(';').expect("attributes");
            let (name, value) = pair.split_once('=').expect("a pair");
            if attributes.contains("Max-Age=0") {
                self.jar.remove(name);
            } else {
                self.jar.insert(name.to_owned(), value.to_owned());
            }
        }
        let status = response.status().as_u16();
        if let Some(location) = response.headers().get(header::LOCATION) {
            return (status, location.to_str().expect("ASCII").to_owned());
        }
        let body = to_bytes(response.into_body(), 1000).await.expect("a body");
        (status, String::from_utf8(body.to_vec()).expect("UTF-8"))
    }

    async fn get(&mut self, uri: &str) -> (u16, String) {
        self.send("GET", uri, &[]).await
    }

    async fn post(&mut self, uri: &str) {
        let (status, said) = self.send("POST", uri, &[]).await;
        assert!(status == 200 || status == 303, "{uri}: {status} {said}");
    }

    /// Who has just logged in there.
    async fn logged_in(app: &Router, uri: &str) -> Self {
        let mut visitor = Self::of(app);
        visitor.post(uri).await;
        visitor
    }
}

fn fresh_app() -> (Router, Passwords) {
    let passwords = Passwords::default();
    let app = app(passwords.clone()).expect("a configuration");
    (app, passwords)
}

fn said(body: &str) -> (u16, String) {
    (200, body.to_owned())
}

fn sent_to(location: &str) -> (u16, String) {
    (303, location.to_owned())
}

#[tokio::test]
async fn a_login_opens_a_page_and_a_logout_closes_it() {
    let (app, _) = fresh_app();
    let mut ann = Visitor::of(&app);
    assert_eq!(ann.get("/").await, sent_to("/login?next=%2F"));
    ann.post("/login/1?next=%2Fby-path").await;
    assert_eq!(ann.get("/").await, said(""));
    let flashes = r#"[("message", "Welcome"), ("info", "/by-path")]"#;
    assert_eq!(ann.get("/flashes").await, said(flashes));
    assert_eq!(ann.get("/flashes").await, said("[]"));
    ann.post("/put/7").await;
    let put = ann.send("POST", "/put/8", &[]).await;
    assert_eq!(put, said("[7, 8], 2"));
    ann.post("/logout").await;
    assert_eq!(ann.get("/").await, sent_to("/login?next=%2F"));
}

/// Paths, and what nobody, Bob and Ann are told there. `+` stands for the page as `next`.
const TABLE: [[&str; 4]; 22] = [
    ["/to-a-place", "303 /elsewhere+", "200", "200"],
    [
        "/to-a-closures-place",
        "303 /elsewhere/to-a-closures-place+",
        "200",
        "200",
    ],
    [
        "/to-a-functions-place",
        "303 /elsewhere/to-a-functions-place+",
        "200",
        "200",
    ],
    ["/rejecting", "404 Nothing is here", "200", "200"],
    ["/fresh", "303 /login+", "200", "200"],
    ["/by-default", "303 /login+", "200", "200"],
    ["/by-default-as-staff", "410", "410", "410"],
    ["/by-path", "303 /login+", "303 /login", "200"],
    ["/by-call", "303 /elsewhere+", "303 /elsewhere", "200"],
    [
        "/by-closure",
        "303 /elsewhere/by-closure+",
        "303 /elsewhere/by-closure",
        "200 1",
    ],
    ["/by-closure-with-user", "303 /login+", "303 /login", "200"],
    ["/by-extractors/1", "303 /login+", "303 /login", "200 1"],
    ["/by-extractors-at-once/1", "410", "410", "200 1"],
    ["/by-state", "303 /login+", "303 /login", "303 /login"],
    [
        "/by-handlers-state",
        "303 /login+",
        "303 /login",
        "303 /login",
    ],
    ["/by-all/1", "409", "409", "200 1"],
    ["/by-several", "418", "410", "409"],
    ["/layer/first", "410", "410", "200 first"],
    [
        "/layer/owner/1",
        "303 /elsewhere+",
        "303 /elsewhere",
        "200 owner",
    ],
    ["/layer/owner/1000", "303 /elsewhere+", "413", "413"],
    ["/layer/changed", "303 /login+", "303 /login", "303 /login"],
    ["/asking", "303 /login+", "303 /login", "200 1 1 1 false"],
];

#[tokio::test]
async fn guards_answer_as_their_arguments_say() {
    let (app, passwords) = fresh_app();
    let mut visitors = [
        Visitor::of(&app),
        Visitor::logged_in(&app, "/login/2").await,
        Visitor::logged_in(&app, "/login/1").await,
    ];
    for [path, told @ ..] in TABLE {
        let next = format!("?next={}", path.replace('/', "%2F"));
        for (visitor, told) in visitors.iter_mut().zip(told) {
            let (status, said) = visitor.get(path).await;
            let answer = format!("{status} {said}");
            assert_eq!(answer.trim_end(), told.replace('+', &next), "{path}");
        }
    }

    let [_, _, mut ann] = visitors;
    // A changed password ends a login, and is what another checker asks for.
    passwords.change();
    assert_eq!(ann.get("/").await, sent_to("/login?next=%2F"));
    ann.post("/login/1").await;
    assert_eq!(ann.get("/by-state").await, said(""));
    assert_eq!(ann.get("/by-handlers-state").await, said("1"));
    assert_eq!(ann.get("/layer/changed").await, said("changed"));
}

#[tokio::test]
async fn a_remembered_login_is_confirmed_before_what_is_fresh() {
    let (app, _) = fresh_app();
    let mut ann = Visitor::logged_in(&app, "/remember/1").await;
    assert_eq!(ann.get("/by-path").await, said(""));
    let to_confirm = sent_to("/confirm?next=%2Ffresh");
    assert_eq!(ann.get("/fresh").await, to_confirm);
    ann.post("/confirm").await;
    assert_eq!(ann.get("/fresh").await, said(""));
    assert_eq!(ann.get("/by-all/1").await, said("1"));
}

#[tokio::test]
async fn two_kinds_of_users_have_two_sessions() {
    let (app, _) = fresh_app();
    let mut sam = Visitor::logged_in(&app, "/staff/login/sam").await;
    assert_eq!(sam.get("/fresh-staff").await, said("sam"));
    assert_eq!(sam.get("/by-default-as-staff").await, said(""));
    assert_eq!(sam.get("/layer/staff").await, said("staff"));
    let (status, location) = sam.get("/by-path").await;
    assert_eq!((status, &*location), (303, "/login?next=%2Fby-path"));
    sam.post("/login/1").await;
    assert_eq!(sam.get("/by-path").await, said(""));
    assert_eq!(sam.get("/by-several").await, said(""));
    assert_eq!(sam.get("/asking").await, said("1 1 1 true"));
    sam.post("/logout").await;
    assert_eq!(sam.get("/by-path").await.0, 303);
    assert_eq!(sam.get("/fresh-staff").await, said("sam"));
}

#[tokio::test]
async fn a_token_is_a_user_without_a_session() {
    let (app, _) = fresh_app();
    let mut client = Visitor::of(&app);
    let first = client.send("GET", "/by-path", &[("x-token", "1")]).await;
    assert_eq!(first, said(""));
    let second = client.send("GET", "/by-path", &[("x-token", "2")]).await;
    assert_eq!(second.0, 403);
    let unknown = client.send("GET", "/by-path", &[("x-token", "none")]).await;
    assert_eq!(unknown.0, 401);
    assert!(client.jar.is_empty());
}
