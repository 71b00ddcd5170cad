//! What is in answers beside the session: where refusals lead, and what handlers have set themselves.

use axum::Router;
use axum::http::header::{ACCEPT, ETAG, LOCATION, SET_COOKIE, VARY};
use axum::response::{AppendHeaders, IntoResponse};
use axum::routing::{get, post};
use muffin_session::{Error, Session, login_required, user_pass};
use muffin_session_tests::{Answer as _, Site, builder};
use reqwest::Method;
use reqwest::header::HeaderName;

/// What is no URL that somebody can be sent to.
const RUBBISH: [&str; 16] = [
    "",
    " ",
    "login",
    "//evil.example",
    "/\\evil.example",
    "///evil.example",
    "/.//evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "https:evil.example",
    "https://",
    "/login\r\nSet-Cookie: x=1",
    "/log in",
    "/lögin",
    "/a\0b",
    "\u{feff}/login",
];

#[login_required]
async fn guarded() {}

#[login_required(location = |_: &axum::http::request::Parts| "//evil.example")]
async fn elsewhere() {}

#[tokio::test]
async fn a_login_url_that_is_rubbish_is_no_redirect() {
    for rubbish in RUBBISH {
        let sync = builder().login_url(move |_: &axum::http::request::Parts| rubbish);
        let later =
            builder().login_url(move |_: &axum::http::request::Parts| async move { rubbish });
        for options in [sync, later] {
            let sessions = options.without_user_loader().build().expect("good options");
            let app = Router::new()
                .route("/", get(guarded).post(guarded))
                .layer(sessions);
            let browser = Site::serve(app).await;
            let (site, browser) = (browser.addr(), browser.browser());
            let page = || browser.request(Method::GET, "/");
            for request in [
                page(),
                browser.request(Method::POST, "/"),
                page().header("hx-request", "true"),
            ] {
                let answer = request.send().await.expect("an answer");
                // It may be what the client made of it: no error of the application's, and nowhere to go.
                assert_eq!(answer.status(), 401, "{rubbish:?} on {site}");
                for name in ["location", "hx-redirect", "set-cookie", "refresh"] {
                    assert!(!answer.headers().contains_key(name), "{rubbish:?}: {name}");
                }
                let body = answer.text().await.expect("a body");
                assert!(!body.contains("evil") && !body.contains("/login"), "{body}");
            }
            // Who is not sent anywhere needs no URL.
            let api = page()
                .header(ACCEPT, "application/json")
                .send()
                .await
                .expect("an answer");
            assert_eq!(api.status(), 401);
        }
    }
}

#[tokio::test]
async fn a_location_that_is_rubbish_is_no_redirect() {
    let sessions = builder()
        .without_user_loader()
        .build()
        .expect("good options");
    let site = Site::serve(Router::new().route("/", get(elsewhere)).layer(sessions)).await;
    let answer = site.browser().get("/").await;
    assert_eq!(answer.status(), 401);
    assert!(!answer.headers().contains_key(LOCATION));
}

/// A handler that changes the session, and has headers of its own.
async fn own_headers(session: Session) -> Result<impl IntoResponse, Error> {
    session.insert("cart", 3)?;
    Ok(AppendHeaders([
        (SET_COOKIE, "theme=dark; Path=/"),
        (SET_COOKIE, "theme=; Path=/old; Max-Age=0"),
        (SET_COOKIE, "session=legacy"),
        (SET_COOKIE, "__Host-sessionx=1; Secure; Path=/"),
        (VARY, "Accept-Encoding"),
        (VARY, "Accept-Language, Origin"),
        (ETAG, "\"1\""),
        (HeaderName::from_static("x-own"), "kept"),
    ]))
}

#[tokio::test]
async fn s067_s168_what_a_handler_has_set_stays_beside_what_the_session_sets() {
    let sessions = builder()
        .without_user_loader()
        .build()
        .expect("good options");
    let app = Router::new()
        .route("/", get(own_headers))
        .route("/untouched", get(untouched))
        .layer(sessions);
    let site = Site::serve(app).await;
    let answer = site.browser().get("/").await;
    let cookies = answer.set_cookies();
    let (own, ours): (Vec<_>, Vec<_>) = cookies
        .iter()
        .partition(|cookie| !cookie.starts_with("__Host-session."));
    assert_eq!(
        own,
        [
            "theme=dark; Path=/",
            "theme=; Path=/old; Max-Age=0",
            "session=legacy",
            "__Host-sessionx=1; Secure; Path=/"
        ]
    );
    assert_eq!(ours.len(), 1);
    assert_eq!(
        answer.header("vary"),
        "Accept-Encoding, Accept-Language, Origin, Cookie"
    );
    assert_eq!(answer.header("etag"), "\"1\"");
    assert_eq!(answer.header("x-own"), "kept");

    // And where the session is not touched, nothing is.
    let answer = site.browser().get("/untouched").await;
    assert_eq!(answer.set_cookies(), ["theme=dark"]);
    assert_eq!(answer.header("vary"), "");
}

async fn untouched() -> impl IntoResponse {
    [(SET_COOKIE, "theme=dark")]
}

/// A handler that writes the session's own cookies.
async fn forges(session: Session) -> Result<impl IntoResponse, Error> {
    session.login(1)?;
    Ok(AppendHeaders([
        (SET_COOKIE, "__Host-session.id=x; Secure; Path=/"),
        (SET_COOKIE, "theme=dark"),
        (
            SET_COOKIE,
            "__Host-session.guest=; Max-Age=0; Secure; Path=/",
        ),
    ]))
}

#[tokio::test]
async fn s067_a_handler_does_not_write_the_sessions_own_cookies() {
    let sessions = builder()
        .without_user_loader()
        .build()
        .expect("good options");
    let app = Router::new().route("/", post(forges)).layer(sessions);
    let site = Site::serve(app).await;
    let browser = site.browser();
    let answer = browser.post("/").await;
    let cookies = answer.set_cookies();
    let starting = |prefix: &str| {
        cookies
            .iter()
            .filter(|cookie| cookie.starts_with(prefix))
            .count()
    };
    assert_eq!(starting("__Host-session.id="), 1);
    assert_eq!(starting("__Host-session.id=x"), 0);
    assert_eq!(starting("__Host-session.guest"), 0);
    assert_eq!(starting("theme=dark"), 1);
}

#[user_pass(|id: &User| id.is_admin, location = "/sorry")]
async fn admins() {}

#[derive(Clone)]
struct User {
    is_admin: bool,
}

#[muffin_session::user_loader]
async fn load_user(id: u64) -> Option<User> {
    Some(User { is_admin: id == 1 })
}

#[tokio::test]
async fn whoever_is_refused_with_their_cookies_keeps_them() {
    let sessions = builder()
        .user_loader(load_user)
        .build()
        .expect("good options");
    let log_in = async |session: Session| session.login(2);
    let app = Router::new()
        .route("/", get(admins))
        .route("/login", post(log_in))
        .layer(sessions);
    let site = Site::serve(app).await;
    let browser = site.browser();
    browser.post("/login").await;
    let before = browser.jar.all();
    let answer = browser.get("/").await;
    assert_eq!(
        (answer.status().as_u16(), &*answer.header("location")),
        (303, "/sorry")
    );
    assert_eq!(answer.set_cookies(), [""; 0]);
    assert_eq!(browser.jar.all(), before);
}
