//! What visitors send: what a browser would, for a page of the application itself.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, Method, Request, StatusCode, Uri};
use axum::response::{AppendHeaders, IntoResponse, Redirect};
use axum::routing::{any, get};
use axum::{Form, Json, Router};
use muffin_session::testing::{ResponseExt as _, TestApp, assert_refused};
use muffin_session::{CurrentUser, Error, RefusalKind, Session, login_required, user_loader};
use muffin_session_tests::bare_builder;

use crate::{panic_message, panic_message_of};

async fn echo(method: Method, uri: Uri, headers: HeaderMap, body: String) -> Json<Vec<String>> {
    let header = |name: &str| {
        let found = headers.get(name).and_then(|value| value.to_str().ok());
        found.unwrap_or("-").to_owned()
    };
    Json(vec![
        format!("{method} {uri}"),
        header("host"),
        header("origin"),
        header("sec-fetch-mode"),
        header("content-type"),
        header("cookie"),
        body,
    ])
}

async fn sets() -> impl IntoResponse {
    AppendHeaders([(SET_COOKIE, "lang=de; Path=/"), (SET_COOKIE, "seen=1")])
}

async fn removes() -> impl IntoResponse {
    let removal = "seen=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
    AppendHeaders([(SET_COOKIE, removal)])
}

async fn add(
    session: Session,
    Form(fields): Form<BTreeMap<String, String>>,
) -> Result<Redirect, Error> {
    session.insert("fields", fields)?;
    Ok(Redirect::to("/fields?all"))
}

async fn fields(session: Session) -> Result<Json<BTreeMap<String, String>>, Error> {
    Ok(Json(session.get("fields")?.unwrap_or_default()))
}

fn app() -> TestApp {
    app_on(bare_builder())
}

fn app_on(builder: muffin_session::Builder) -> TestApp {
    let sessions = builder.without_user_loader().build().unwrap();
    let router = Router::new()
        .route("/echo", any(echo))
        .route("/sets", get(sets))
        .route("/removes", get(removes))
        .route("/fields", get(fields).post(add))
        .route("/bytes", get(|| async { vec![0xff, 0xfe] }))
        .layer(sessions.clone());
    TestApp::new(router, &sessions)
}

#[tokio::test]
async fn pages_forms_and_json_are_sent_as_a_browser_sends_them() {
    let guest = app().guest();
    let form = "application/x-www-form-urlencoded";
    let own = "http://localhost";
    for (response, expected) in [
        (
            guest.get("/echo?a=b").await,
            ["GET /echo?a=b", "localhost", "-", "navigate", "-", "-", ""],
        ),
        (
            guest.post("/echo").await,
            ["POST /echo", "localhost", own, "navigate", form, "-", ""],
        ),
        (
            guest.post_form("/echo", [("a", "b&c"), ("d", "e f")]).await,
            [
                "POST /echo",
                "localhost",
                own,
                "navigate",
                form,
                "-",
                "a=b%26c&d=e+f",
            ],
        ),
        (
            guest.post_json("/echo", "text").await,
            [
                "POST /echo",
                "localhost",
                own,
                "cors",
                "application/json",
                "-",
                "\"text\"",
            ],
        ),
    ] {
        assert_eq!(response.json::<Vec<String>>().await, expected);
    }

    let public = app_on(bare_builder().public_origin("https://shop.example"));
    let sent = public
        .guest()
        .post("/echo")
        .await
        .json::<Vec<String>>()
        .await;
    assert_eq!(sent[1..3], ["shop.example", "https://shop.example"]);
}

#[tokio::test]
async fn what_a_request_says_itself_stays_and_another_sites_is_refused() {
    let guest = app().guest();
    let request = |name: &str, value: &str| {
        let request = Request::put("/echo").header(name, value);
        request.body(Body::from("body")).unwrap()
    };
    let sent = guest.send(request("content-type", "text/plain")).await;
    let sent: Vec<String> = sent.json().await;
    let expected = [
        "PUT /echo",
        "localhost",
        "http://localhost",
        "navigate",
        "text/plain",
        "-",
        "body",
    ];
    assert_eq!(sent, expected);
    for (name, value, status) in [
        ("origin", "https://evil.example", StatusCode::FORBIDDEN),
        ("sec-fetch-site", "cross-site", StatusCode::FORBIDDEN),
        ("origin", "http://localhost", StatusCode::OK),
        ("sec-fetch-site", "same-origin", StatusCode::OK),
    ] {
        let response = guest.send(request(name, value)).await;
        assert_eq!(response.status(), status, "{name}: {value}");
    }
}

#[tokio::test]
async fn the_jar_follows_what_responses_set_and_remove() {
    let guest = app().guest();
    guest.get("/sets").await;
    assert_eq!(guest.cookie_header(), "lang=de; seen=1");
    guest.get("/removes").await;
    assert_eq!(guest.cookie_header(), "lang=de");
    // A test's own cookies go along.
    let request = Request::get("/echo").header(COOKIE, "own=1");
    let response = guest.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), 200);
    assert!(!format!("{:?} {guest:?}", guest.cookie_header()).contains("lang"));
}

#[tokio::test]
async fn a_redirect_is_followed_when_one_says_so() {
    let guest = app().guest();
    let response = guest.post_form("/fields", [("note", "Milk")]).await;
    assert_eq!(response.status(), 303);
    assert_eq!(response.location(), Some("/fields?all"));
    let fields: BTreeMap<String, String> = guest.follow(&response).await.json().await;
    assert_eq!(fields["note"], "Milk");

    let page = guest.get("/fields").await;
    let message = panic_message(|| guest.follow(&page));
    assert_eq!(message, "there is nowhere to go: the response is 200 OK");
    for (to, leads_away) in [
        ("/fields", false),
        ("http://localhost/fields", false),
        ("https://login.example/authorize", true),
        ("//login.example/authorize", true),
        ("fields", true),
    ] {
        let redirect = Redirect::to(to).into_response();
        if leads_away {
            let message = panic_message(|| guest.follow(&redirect));
            assert!(
                message.ends_with(&format!("303 See Other to {to}")),
                "{message}"
            );
        } else {
            assert_eq!(guest.follow(&redirect).await.status(), 200, "{to}");
        }
    }
}

#[tokio::test]
async fn a_mistake_of_the_test_is_said() {
    let guest = app().guest();
    let message = panic_message(|| guest.get("/a b"));
    assert!(
        message.starts_with("\"/a b\" is no path of a request: "),
        "{message}"
    );

    let nan = std::collections::HashMap::from([((1, 2), 3)]);
    let message = panic_message(|| guest.post_json("/echo", &nan));
    assert!(
        message.starts_with("what is sent to /echo has no form in JSON"),
        "{message}"
    );

    let page = guest.get("/echo").await;
    let message = panic_message_of(async move { page.json::<u32>().await }).await;
    assert!(
        message.starts_with("the body of 200 OK is no JSON of the type `u32`"),
        "{message}"
    );

    let page = guest.get("/bytes").await;
    let message = panic_message_of(async move { page.text().await }).await;
    assert!(
        message.starts_with("the body of 200 OK is no UTF-8: "),
        "{message}"
    );

    let message = panic_message(|| app().with_token("abc"));
    assert!(message.contains(".token_loader(..)"), "{message}");
}

#[derive(Clone)]
struct User(u64);

#[user_loader]
async fn load_user(id: u64) -> Option<User> {
    Some(User(id))
}

#[user_loader]
async fn load_by_token(token: String) -> Option<User> {
    (token == "anns").then_some(User(1))
}

#[login_required]
async fn api(CurrentUser(user): CurrentUser<User>, headers: HeaderMap) -> String {
    format!("{} {}", user.0, headers.contains_key("sec-fetch-site"))
}

#[tokio::test]
async fn a_program_brings_its_token_in_the_header_that_it_is_looked_for_in() {
    for header in [None, Some("x-api-key")] {
        let mut builder = bare_builder()
            .user_loader(load_user)
            .token_loader(load_by_token);
        if let Some(header) = header {
            builder = builder.token_header(header);
        }
        let sessions = builder.build().unwrap();
        let router = Router::new().route("/", any(api)).layer(sessions.clone());
        let app = TestApp::new(router, &sessions);
        let program = app.with_token("anns");
        assert_eq!(program.get("/").await.text().await, "1 false", "{header:?}");
        assert_eq!(program.post("/").await.status(), 200, "{header:?}");
        let response = app.with_token("bobs").get("/").await;
        assert_eq!(response.status(), 401, "{header:?}");
        assert_refused(&response, RefusalKind::NotLoggedIn);
        // It has no session to write to.
        let error = program.login_as(1).await.unwrap_err();
        assert!(error.to_string().contains("brings a token"), "{error}");
    }
}
