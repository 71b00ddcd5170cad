//! Where somebody who is refused is sent, or what they are answered.

use std::future::Future;

use axum::body::Bytes;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect};
use axum::routing::{any, get};
use axum::{Json, Router};
use muffin_session::{Auth, CurrentUser, Refusal, login_required, user_pass};
use muffin_session_tests::{Answer, Browser};
use reqwest::{Method, StatusCode};

use crate::{User, serve, visitor, with_users};

/// Where somebody logs in who wants this page, and speaks this language.
fn by_request(request: &Parts) -> String {
    let language = request.headers.get("accept-language");
    let language = language
        .and_then(|value| value.to_str().ok())
        .unwrap_or("en");
    format!("/{language}/login-for{}", request.uri.path())
}

fn by_request_later(request: &Parts) -> impl Future<Output = String> + Send + use<> {
    let url = by_request(request);
    async move {
        tokio::task::yield_now().await;
        url
    }
}

#[login_required]
async fn page() {}

#[login_required(location = "/ask")]
async fn text() {}

#[login_required(location = by_request)]
async fn function() {}

#[login_required(location = by_request_later)]
async fn async_function() {}

#[user_pass(User::is_admin, location = String::from("/ask"))]
async fn checked_text() {}

#[user_pass(User::is_admin, location = |request| by_request(request))]
async fn checked_function() {}

#[user_pass(User::is_admin, location = |request: &Parts| { let url = by_request(request); async move { url } })]
async fn checked_async_function() {}

async fn text_by_hand(auth: Auth) -> Result<(), Refusal> {
    auth.check_user_or(User::is_admin, "/ask").await.map(drop)
}

async fn function_by_hand(auth: Auth) -> Result<(), Refusal> {
    auth.check_user_or(User::is_admin, by_request)
        .await
        .map(drop)
}

async fn async_function_by_hand(auth: Auth) -> Result<(), Refusal> {
    auth.check_user_or(User::is_admin, by_request_later)
        .await
        .map(drop)
}

#[tokio::test]
async fn p10_location_and_login_url_are_text_or_a_function_or_an_async_function() {
    let cases = [
        (with_users().login_url("/sign-in"), "/sign-in"),
        (
            with_users().login_url(String::from("https://id.example/")),
            "https://id.example/",
        ),
        (with_users().login_url(by_request), "/fi/login-for/page"),
        (
            with_users().login_url(by_request_later),
            "/fi/login-for/page",
        ),
    ];
    for (builder, login_url) in cases {
        let pages = Router::new()
            .route("/page", get(page))
            .route("/text", get(text))
            .route("/function", get(function))
            .route("/async", get(async_function))
            .route("/checked-text", get(checked_text))
            .route("/checked-function", get(checked_function))
            .route("/checked-async", get(checked_async_function))
            .route("/hand-text", get(text_by_hand))
            .route("/hand-function", get(function_by_hand))
            .route("/hand-async", get(async_function_by_hand));
        let site = serve(builder, pages).await;
        let (nobody, bob, ann) = (
            site.browser(),
            visitor(&site, 2).await,
            visitor(&site, 1).await,
        );
        for (path, location, lets_bob_in) in [
            ("/page", login_url, true),
            ("/text", "/ask", true),
            ("/function", "/fi/login-for/function", true),
            ("/async", "/fi/login-for/async", true),
            ("/checked-text", "/ask", false),
            ("/checked-function", "/fi/login-for/checked-function", false),
            ("/checked-async", "/fi/login-for/checked-async", false),
            ("/hand-text", "/ask", false),
            ("/hand-function", "/fi/login-for/hand-function", false),
            ("/hand-async", "/fi/login-for/hand-async", false),
        ] {
            let request = |browser: &Browser| {
                let request = browser.request(Method::GET, path);
                request.header("accept-language", "fi").send()
            };
            let refused = request(&nobody).await.unwrap();
            assert_eq!(refused.status(), StatusCode::SEE_OTHER, "{path}");
            let next = path.replace('/', "%2F");
            assert_eq!(
                refused.header("location"),
                format!("{location}?next={next}")
            );
            let answer = request(&bob).await.unwrap();
            assert_eq!(answer.status().is_success(), lets_bob_in, "{path}");
            // Somebody who is logged in would only come back: they get no `next`.
            assert_eq!(
                answer.header("location"),
                if lets_bob_in { "" } else { location }
            );
            assert_eq!(
                request(&ann).await.unwrap().status(),
                StatusCode::OK,
                "{path}"
            );
        }
    }
}

fn teapot() -> impl IntoResponse {
    (
        StatusCode::IM_A_TEAPOT,
        [("x-reason", "no coffee")],
        "short and stout",
    )
}

#[login_required(reject = StatusCode::NOT_FOUND)]
async fn not_found() {}

#[user_pass(reject = (StatusCode::FORBIDDEN, Json("members only")))]
async fn forbidden() {}

#[user_pass(|user: &User| user.name == "nobody", reject = teapot())]
async fn function_call() {}

#[user_pass(User::is_admin, reject = Redirect::permanent("/moved"))]
async fn moved() {}

async fn rejected_by_hand(auth: Auth) -> Result<(), StatusCode> {
    let refused = |_: Refusal| StatusCode::GONE;
    auth.check_user(User::is_admin)
        .await
        .map(drop)
        .map_err(refused)
}

#[tokio::test]
async fn p11_reject_answers_with_a_response() {
    let pages = Router::new()
        .route("/not-found", any(not_found))
        .route("/forbidden", any(forbidden))
        .route("/function-call", any(function_call))
        .route("/moved", any(moved))
        .route("/by-hand", any(rejected_by_hand));
    let site = serve(with_users(), pages).await;
    for (path, status, location, body, refused) in [
        ("/not-found", 404, "", "", &[0][..]),
        ("/forbidden", 403, "", "\"members only\"", &[0]),
        ("/function-call", 418, "", "short and stout", &[0, 1, 2]),
        ("/moved", 308, "/moved", "", &[0, 2]),
        ("/by-hand", 410, "", "", &[0, 2]),
    ] {
        for id in 0..=2 {
            let browser = visitor(&site, id).await;
            for method in [Method::GET, Method::POST] {
                for accept in ["text/html", "application/json"] {
                    let request = browser
                        .request(method.clone(), path)
                        .header("accept", accept);
                    let response = request.send().await.unwrap();
                    if !refused.contains(&id) {
                        assert_eq!(response.status(), StatusCode::OK, "{id} {path}");
                        continue;
                    }
                    assert_eq!(response.status(), status, "{id} {path}");
                    assert_eq!(response.header("location"), location);
                    assert_eq!(response.header("cache-control"), "no-store");
                    assert_eq!(response.text().await.unwrap(), body);
                }
            }
        }
    }
    let refused = site.browser().get("/function-call").await;
    assert_eq!(refused.header("x-reason"), "no coffee");
}

#[user_pass]
async fn plain() {}

#[user_pass(User::is_admin)]
async fn admins() {}

async fn extracted(_: CurrentUser<User>) {}

async fn by_hand(auth: Auth) -> Result<(), Refusal> {
    auth.check_user(User::is_admin).await.map(drop)
}

/// A login page that says how it was asked for.
async fn login_page(method: Method, body: Bytes) -> String {
    format!("{method} with {} bytes", body.len())
}

#[tokio::test]
async fn p12_redirects_are_303_so_that_no_post_is_replayed_at_the_login_page() {
    let pages = Router::new()
        .route("/page", any(page))
        .route("/plain", any(plain))
        .route("/admins", any(admins))
        .route("/text", any(text))
        .route("/extracted", any(extracted))
        .route("/by-hand", any(by_hand))
        .route("/ask", any(login_page))
        .route("/ask-at", any(login_page));
    let site = serve(with_users().login_url("/ask-at"), pages).await;
    let browser = site.browser();
    let follower = reqwest::Client::new();
    for path in [
        "/page",
        "/plain",
        "/admins",
        "/text",
        "/extracted",
        "/by-hand",
    ] {
        let login = if path == "/text" { "/ask" } else { "/ask-at" };
        for method in [
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ] {
            let request = browser.request(method.clone(), path).body("amount=100");
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), StatusCode::SEE_OTHER, "{method} {path}");
            // Only a GET can be taken up again after the login.
            let next = match method {
                Method::GET => format!("?next={}", path.replace('/', "%2F")),
                _ => String::new(),
            };
            assert_eq!(response.header("location"), format!("{login}{next}"));

            let request = follower
                .request(method.clone(), site.url(path))
                .body("amount=100");
            let arrived = request.send().await.unwrap();
            assert_eq!(arrived.status(), StatusCode::OK);
            assert_eq!(arrived.url().path(), login);
            if method != Method::GET {
                assert_eq!(
                    arrived.text().await.unwrap(),
                    "GET with 0 bytes",
                    "{method} {path}"
                );
            }
        }
    }
    let bob = visitor(&site, 2).await;
    for path in ["/admins", "/by-hand"] {
        let response = bob.post(path).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        assert_eq!(response.header("location"), "/ask-at");
    }
}
