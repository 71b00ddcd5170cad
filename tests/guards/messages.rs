//! What is said to those who are sent to the login page, and to developers who forgot something.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use muffin_session::{
    CurrentUser, Error, GuardLayer, Session, Sessions, login_required, user_loader, user_pass,
};
use muffin_session_tests::{Site, builder};

use crate::{answer, post as do_post};

#[derive(Clone)]
struct User;

#[user_loader]
async fn load_user(id: u64) -> Option<User> {
    (id == 1).then_some(User)
}

#[login_required]
async fn page() {}

#[user_pass(|_: &User| false)]
async fn refused() {}

#[allow(clippy::unused_async, reason = "a checker of extractors is async")]
async fn is_user(_: CurrentUser<User>) -> bool {
    true
}

#[user_pass(is_user, reject = StatusCode::NOT_FOUND)]
async fn hidden() {}

#[user_pass(is_user)]
async fn own() {}

async fn log_in(session: Session) -> Result<(), Error> {
    session.login(1)
}

async fn flashes(session: Session) -> String {
    let flashes = session.get_flashed_messages();
    let shown = flashes
        .iter()
        .map(|flash| format!("[{}] {}", flash.category, flash.message));
    shown.collect::<Vec<_>>().join(", ")
}

fn app(sessions: Sessions) -> Router {
    Router::new()
        .route("/page", get(page))
        .route("/refused", get(refused))
        .route("/hidden", get(hidden))
        .route("/own", get(own))
        .route("/login", get(flashes).post(log_in))
        .layer(sessions)
}

#[tokio::test]
async fn a_login_message_waits_on_the_login_page_once_for_pages_alone() {
    let with = builder()
        .user_loader(load_user)
        .login_message_with("warning", "Log in first");
    let site = Site::serve(app(with.build().unwrap())).await;
    let browser = site.browser();
    for _ in 0..3 {
        assert_eq!(answer(&browser, "/page").await.0, 303);
    }
    assert_eq!(
        browser.text("/login").await,
        "[warning] Log in first",
        "once, not three times"
    );
    assert_eq!(browser.text("/login").await, "");

    let request = browser
        .request(reqwest::Method::GET, "/page")
        .header("accept", "application/json");
    assert_eq!(request.send().await.unwrap().status(), 401);
    assert_eq!(browser.text("/login").await, "", "programs see no page");
    do_post(&browser, "/login").await;
    assert_eq!(answer(&browser, "/refused").await.0, 303);
    assert_eq!(
        browser.text("/login").await,
        "",
        "somebody logged in is not asked to log in"
    );

    // A login takes a message away that was not seen.
    let browser = site.browser();
    answer(&browser, "/page").await;
    do_post(&browser, "/login").await;
    assert_eq!(browser.text("/login").await, "");

    // A guard that answers otherwise leaves none, whatever its checker asks for.
    let browser = site.browser();
    assert_eq!(answer(&browser, "/hidden").await.0, 404);
    assert!(browser.jar.names().is_empty());
    assert_eq!(answer(&browser, "/own").await.0, 303);
    assert_eq!(browser.text("/login").await, "[warning] Log in first");

    let without = builder().user_loader(load_user).build().unwrap();
    let site = Site::serve(app(without)).await;
    let browser = site.browser();
    answer(&browser, "/page").await;
    assert!(browser.jar.names().is_empty());
}

#[tokio::test]
async fn a_development_builds_page_names_the_line_that_is_missing() {
    async fn asks(_: CurrentUser<User>) {}
    let id_only = builder().without_user_loader().build().unwrap();
    let other = {
        #[user_loader]
        async fn load_text(id: String) -> Option<String> {
            Some(id)
        }
        builder().user_loader(load_text).build().unwrap()
    };
    for (router, mend) in [
        (Router::new().route("/", get(asks)), ".layer(sessions)"),
        (Router::new().route("/", get(page)), ".layer(sessions)"),
        (
            Router::new().route("/", get(asks)).layer(id_only),
            ".user_loader(..)",
        ),
        (
            Router::new().route("/", get(asks)).layer(other.clone()),
            "CurrentUser<alloc::string::String>",
        ),
        (
            Router::new().route("/", get(refused)).layer(other.clone()),
            ".user_loader(..)",
        ),
        (
            // The guard is outside of the session layer, where there is no session yet.
            Router::new()
                .route("/", get(|| async {}))
                .route_layer(other)
                .route_layer(GuardLayer::login_required()),
            "route_layer(guard)",
        ),
    ] {
        let site = Site::serve(router).await;
        let response = site.browser().get("/").await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let text = response.text().await.unwrap();
        assert_eq!(
            text.contains(mend),
            cfg!(debug_assertions),
            "{mend}: {text}"
        );
    }
}

#[tokio::test]
async fn a_router_takes_posts_and_pages_of_one_handler() {
    // A guard keeps its answer whichever method it is asked with.
    let site = Site::serve(
        Router::new()
            .route("/page", get(page).merge(post(page)))
            .layer(builder().user_loader(load_user).build().unwrap()),
    )
    .await;
    assert_eq!(answer(&site.browser(), "/page").await.0, 303);
    assert_eq!(site.browser().post("/page").await.status(), 303);
}

/// What the application does wrong with a session stands on the page too, and never what the session holds.
#[tokio::test]
async fn a_development_builds_page_says_which_error_it_is() {
    async fn wrong_type(session: Session) -> Result<String, Error> {
        session.insert("theme", "very private")?;
        Ok(session.get::<u64>("theme")?.unwrap_or_default().to_string())
    }
    let sessions = builder().user_loader(load_user).build().unwrap();
    let site = Site::serve(Router::new().route("/", get(wrong_type)).layer(sessions)).await;
    let response = site.browser().get("/").await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let text = response.text().await.unwrap();
    assert_eq!(text.contains("theme"), cfg!(debug_assertions), "{text}");
    assert!(!text.contains("private"), "{text}");
}
