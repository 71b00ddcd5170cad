//! A browser that is handed a visitor's cookies, as `docs/testing.md` says, is logged in.

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use muffin_session::testing::{TestApp, Visitor};
use muffin_session::{CurrentUser, login_required, user_loader};
use muffin_session_tests::{Site, bare_builder};
use thirtyfour::prelude::*;

use crate::page::{Page, visit};

#[derive(Clone)]
struct User(u64);

#[user_loader]
async fn load_user(id: u64) -> Option<User> {
    Some(User(id))
}

#[login_required]
async fn home(CurrentUser(user): CurrentUser<User>) -> Html<String> {
    Html(format!("<h1>Hello, {}</h1>", user.0))
}

async fn hand_over(visitor: &Visitor, driver: &WebDriver, origin: &str) -> WebDriverResult<()> {
    driver.goto(origin).await?;
    let header = visitor.cookie_header();
    for pair in header.to_str().unwrap().split("; ") {
        let (name, value) = pair.split_once('=').unwrap();
        let mut cookie = Cookie::new(name, value);
        cookie.set_path("/");
        cookie.set_secure(true);
        driver.add_cookie(cookie).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: install chromium and chromium-driver"]
async fn a_browser_takes_over_a_visitors_login() {
    let sessions = bare_builder().user_loader(load_user).build().unwrap();
    let router = Router::new()
        .route("/", get(home))
        .route("/login", get(|| async { Html("<h1>Log in</h1>") }))
        .layer(sessions.clone());
    let site = Site::serve(router).await;
    let origin = format!("http://localhost:{}", site.addr().port());
    let visitor = TestApp::new(Router::new(), &sessions)
        .login_as(7)
        .await
        .unwrap();
    visit(origin.clone(), "visitor", async |page: Page| {
        page.open("/").await?;
        page.shows("h1", "Log in").await?;
        hand_over(&visitor, &page.driver, &origin).await?;
        page.open("/").await?;
        page.shows("h1", "Hello, 7").await
    })
    .await;
}
