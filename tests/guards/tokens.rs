//! Requests that bring a token instead of cookies.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use muffin_session::{
    Auth, Builder, CurrentUser, Error, Refusal, Session, login_required, user_loader, user_pass,
};
use muffin_session_tests::{Answer as _, Browser, Site, builder};
use reqwest::Method;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::post as do_post;

#[derive(Clone)]
struct User {
    name: &'static str,
}

impl User {
    fn is_ann(&self) -> bool {
        self.name == "ann"
    }
}

#[user_loader]
async fn load_user(id: u64) -> Option<User> {
    ["nobody", "ann", "bob"]
        .get(usize::try_from(id).ok()?)
        .map(|name| User { name })
}

#[user_loader]
async fn load_by_token(
    token: String,
    State(loads): State<Arc<AtomicUsize>>,
) -> Result<Option<User>, std::io::Error> {
    loads.fetch_add(1, Ordering::SeqCst);
    match &*token {
        "broken" => Err(std::io::Error::other("the database of tokens is down")),
        "anns" => Ok(Some(User { name: "ann" })),
        "bobs" => Ok(Some(User { name: "bob" })),
        _ => Ok(None),
    }
}

#[login_required]
async fn page(CurrentUser(user): CurrentUser<User>) -> &'static str {
    user.name
}

#[user_pass(User::is_ann)]
async fn anns() -> &'static str {
    "for ann"
}

#[login_required(fresh = "10m")]
async fn fresh() {}

async fn public(user: Option<CurrentUser<User>>, session: Session) -> String {
    let name = user.map_or("nobody", |CurrentUser(user)| user.name);
    format!("{name}, {}, {}", session.is_logged_in(), session.len())
}

async fn asked_twice(one: Option<CurrentUser<User>>, two: Option<CurrentUser<User>>) -> String {
    format!("{} {}", one.is_some(), two.is_some())
}

async fn of_page(headers: HeaderMap) -> String {
    let text = |name| {
        headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    };
    format!("{} {}", text("origin"), text("sec-fetch-site"))
}

async fn is_valid(_: Option<CurrentUser<User>>, session: Session) -> String {
    session.is_still_valid().await.to_string()
}

async fn by_hand(auth: Auth) -> Result<&'static str, Refusal> {
    Ok(auth.check_user(User::is_ann).await?.name)
}

async fn log_in(session: Session) -> Result<(), Error> {
    session.insert("k", "v")?;
    session.login(2)
}

async fn write(session: Session) -> Result<String, Error> {
    let refusals = [
        session.insert("k", 1),
        session.clear(),
        session.login(1),
        session.renew(),
        session.flash("hello"),
        session.confirm_login(),
        session.begin_login(1),
    ];
    session.logout();
    assert!(session.get_flashed_messages().is_empty());
    for refusal in refusals {
        assert!(matches!(refusal, Err(Error::WithoutCookies)), "{refusal:?}");
    }
    session.flash("a page's message")?;
    Ok("written".to_owned())
}

async fn app(options: impl FnOnce(Builder) -> Builder) -> (Site, Arc<AtomicUsize>) {
    let loads = Arc::<AtomicUsize>::default();
    let sessions = options(builder())
        .user_loader(load_user)
        .token_loader_with_state(load_by_token, loads.clone())
        .build()
        .unwrap();
    let app = Router::new()
        .route("/login", post(log_in))
        .route("/page", get(page).post(page))
        .route("/anns", get(anns))
        .route("/fresh", get(fresh))
        .route("/public", get(public))
        .route("/by-hand", get(by_hand))
        .route("/twice", get(asked_twice))
        .route("/valid", get(is_valid))
        .route("/of-page", post(of_page))
        .route("/write", post(write))
        .route("/untouched", get(async || ().into_response()))
        .layer(sessions);
    (Site::serve(app).await, loads)
}

/// The cross-site check does not look at what a request with a token says of its page. The application can.
#[tokio::test]
async fn handlers_see_which_page_sent_a_token() {
    let (site, _) = app(|builder| builder).await;
    let headers = [
        ("authorization", "Bearer anns"),
        ("origin", "https://app.example"),
        ("sec-fetch-site", "cross-site"),
    ];
    let answer = site
        .browser()
        .send(Method::POST, "/of-page", &headers)
        .await;
    assert_eq!(answer.status(), 200);
    assert_eq!(
        answer.text().await.unwrap(),
        "https://app.example cross-site"
    );
}

async fn bearer(browser: &Browser, path: &str, token: &str) -> (u16, String) {
    let value = format!("Bearer {token}");
    let response = browser
        .send(Method::GET, path, &[("authorization", &value)])
        .await;
    assert_eq!(response.header("location"), "", "{path}: no redirect");
    assert!(response.set_cookies().is_empty(), "{path}: no cookies");
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn guards_and_extractors_work_for_a_tokens_user_who_is_loaded_once() {
    let (site, loads) = app(|builder| builder).await;
    let nobody = site.browser();
    for (path, token, status, text) in [
        ("/page", "anns", 200, "ann"),
        ("/page", "bobs", 200, "bob"),
        ("/anns", "anns", 200, "for ann"),
        ("/by-hand", "anns", 200, "ann"),
        ("/public", "anns", 200, "ann, false, 0"),
        ("/public", "wrong", 200, "nobody, false, 0"),
        ("/twice", "anns", 200, "true true"),
        ("/twice", "wrong", 200, "false false"),
        ("/valid", "anns", 200, "true"),
        ("/valid", "wrong", 200, "false"),
    ] {
        loads.store(0, Ordering::SeqCst);
        assert_eq!(
            bearer(&nobody, path, token).await,
            (status, text.to_owned()),
            "{path} {token}"
        );
        assert_eq!(loads.load(Ordering::SeqCst), 1, "{path}");
    }
    for (path, token, status) in [
        ("/page", "wrong", 401),
        ("/page", "", 401),
        ("/anns", "bobs", 403),
        ("/by-hand", "bobs", 403),
        ("/anns", "wrong", 401),
        ("/fresh", "anns", 401),
        ("/page", "broken", 500),
        ("/untouched", "broken", 200),
    ] {
        assert_eq!(
            bearer(&nobody, path, token).await.0,
            status,
            "{path} {token:?}"
        );
    }
    let refused = nobody
        .send(
            Method::GET,
            "/page",
            &[("authorization", "Bearer wrong"), ("accept", "text/html")],
        )
        .await;
    assert_eq!(
        (
            refused.status().as_u16(),
            refused.header("www-authenticate")
        ),
        (401, "Bearer".into())
    );
    assert_eq!(refused.header("cache-control"), "no-store");
    assert_eq!(refused.header("vary"), "Cookie, authorization");
}

#[tokio::test]
async fn a_request_that_brings_both_is_the_tokens_and_never_falls_back_to_the_cookies() {
    let (site, _) = app(|builder| builder).await;
    let bob = site.browser();
    do_post(&bob, "/login").await;
    assert_eq!(bob.text("/public").await, "bob, true, 0");
    let before = bob.jar.all();
    assert_eq!(bearer(&bob, "/public", "anns").await.1, "ann, false, 0");
    assert_eq!(bearer(&bob, "/page", "wrong").await.0, 401);
    assert_eq!(bob.jar.all(), before);
    for value in ["Basic Ym9iOm9hdHM=", "Digest x", ""] {
        let response = bob
            .send(Method::GET, "/public", &[("authorization", value)])
            .await;
        assert_eq!(
            response.text().await.unwrap(),
            "bob, true, 0",
            "{value:?} is no token"
        );
    }
    let two = bob
        .send(
            Method::GET,
            "/page",
            &[
                ("authorization", "Bearer anns"),
                ("authorization", "Bearer bobs"),
            ],
        )
        .await;
    assert_eq!(two.status(), 401, "two tokens are nobody's");
}

#[tokio::test]
async fn what_a_token_writes_is_an_error_and_no_cookie() {
    let (site, _) = app(|builder| builder).await;
    let bob = site.browser();
    do_post(&bob, "/login").await;
    let before = bob.jar.all();
    let response = bob
        .send(Method::POST, "/write", &[("authorization", "Bearer anns")])
        .await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert!(response.set_cookies().is_empty());
    assert_eq!(bob.jar.all(), before);
    assert_eq!(
        bob.text("/public").await,
        "bob, true, 0",
        "and bob is not logged out"
    );
}

#[tokio::test]
async fn the_cross_site_check_does_not_apply_to_tokens_and_does_to_everything_else() {
    let (site, _) = app(|builder| builder).await;
    let bob = site.browser();
    do_post(&bob, "/login").await;
    let foreign = [
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ];
    for (extra, status) in [
        (&[][..], 403),
        (&[("authorization", "Basic x")], 403),
        (&[("authorization", "Bearer anns")], 200),
        (&[("authorization", "Bearer wrong")], 401),
    ] {
        let headers: Vec<_> = foreign.iter().chain(extra).copied().collect();
        let response = bob.send(Method::POST, "/page", &headers).await;
        assert_eq!(response.status().as_u16(), status, "{extra:?}");
    }
}

#[tokio::test]
async fn tokens_may_stand_in_a_header_of_their_own() {
    let (site, _) = app(|builder| builder.token_header("x-api-key")).await;
    let nobody = site.browser();
    let response = nobody
        .send(Method::GET, "/page", &[("x-api-key", "anns")])
        .await;
    assert_eq!(response.text().await.unwrap(), "ann");
    let refused = nobody
        .send(Method::GET, "/page", &[("x-api-key", "wrong")])
        .await;
    assert_eq!(
        (
            refused.status().as_u16(),
            refused.header("www-authenticate")
        ),
        (401, String::new())
    );
    let bearer = nobody
        .send(Method::GET, "/page", &[("authorization", "Bearer anns")])
        .await;
    assert_eq!(bearer.status(), 303, "a page like any other");
}

#[tokio::test]
async fn headers_that_browsers_send_by_themselves_and_loaders_of_other_users_do_not_start() {
    #[user_loader]
    async fn other(_token: String) -> Option<u64> {
        None
    }
    for header in [
        "cookie",
        "Sec-Fetch-Site",
        "origin",
        "accept",
        "content-type",
        "authorization",
        "x-forwarded-for",
        "x-goog-iap-jwt-assertion",
        "X-Amzn-Oidc-Data",
        "x-auth-request-access-token",
        "remote-user",
        "last-event-id",
        "no header",
    ] {
        let error = builder()
            .user_loader(load_user)
            .token_loader_with_state(load_by_token, Arc::default())
            .token_header(header)
            .build()
            .unwrap_err();
        assert!(error.to_string().contains("x-api-key"), "{error}");
    }
    let error = builder()
        .user_loader(load_user)
        .token_loader(other)
        .build()
        .unwrap_err();
    assert!(error.to_string().contains("u64"), "{error}");
    let error = builder()
        .without_user_loader()
        .token_loader(other)
        .build()
        .unwrap_err();
    assert!(error.to_string().contains(".user_loader(..)"), "{error}");
    let error = builder()
        .user_loader(load_user)
        .token_header("x-api-key")
        .build()
        .unwrap_err();
    assert!(error.to_string().contains(".token_loader("), "{error}");
}
