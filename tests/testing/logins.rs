//! Logging in without the form: the login is the one that a handler would have made.

use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use muffin_session::testing::{ResponseExt as _, Visitor, assert_refused};
use muffin_session::{Login, RefusalKind};
use muffin_session_tests::bare_builder;
use serde_json::{Value, json};

use crate::{app, app_with, apps, without_users};

#[tokio::test]
async fn a_visitor_is_logged_in_in_every_way_of_keeping_sessions() {
    for (way, app, _) in apps() {
        let (ann, bob) = (
            app.login_as(1).await.unwrap(),
            app.login_as(2).await.unwrap(),
        );
        assert_eq!(ann.get("/").await.text().await, "Hello, Ann", "{way}");
        assert_eq!(bob.get("/").await.text().await, "Hello, Bob", "{way}");
        assert_eq!(app.guest().get("/").await.status(), 303, "{way}");
    }
}

#[tokio::test]
async fn a_visitor_who_logs_out_is_out_in_every_way_of_keeping_sessions() {
    for (way, app, _) in apps() {
        let ann = app.login_as(1).await.unwrap();
        let copy = ann.cookie_header();
        assert_eq!(ann.post("/logout").await.status(), 200, "{way}");
        assert_refused(&ann.get("/").await, RefusalKind::NotLoggedIn);
        // It is the jar that is empty, and not the server alone that knows.
        assert!(
            !copy.is_empty() && ann.cookie_header().len() < copy.len(),
            "{way}"
        );
        // And somebody may log in again in the same browser.
        ann.login_as(2).await.unwrap();
        assert_eq!(ann.get("/").await.text().await, "Hello, Bob", "{way}");
    }
}

#[tokio::test]
async fn a_login_of_the_applications_own_is_followed() {
    let visitor = app().guest();
    visitor.post("/login/1").await;
    assert_eq!(visitor.get("/").await.text().await, "Hello, Ann");
    assert_eq!(visitor.clone().get("/").await.text().await, "Hello, Ann");
}

#[tokio::test]
async fn any_id_that_serde_writes_will_do() {
    let (app, _) = without_users(bare_builder());
    let id = json!({ "tenant": "acme", "user": [1, 2] });
    let visitor = app.login_as(&id).await.unwrap();
    let found = visitor
        .session(async |session| session.user_id::<Value>())
        .await;
    assert_eq!(found.unwrap(), Some(id));

    let error = app.login_as(()).await.unwrap_err();
    assert!(error.to_string().contains("null is nobody's id"), "{error}");
}

#[tokio::test]
async fn claims_are_those_of_the_login() {
    for (way, app, _) in apps() {
        let claims = json!({ "role": "auditor" });
        let login = Login::new(1).claims(&claims).unwrap();
        let ann = app.login_with(login).await.unwrap();
        let found = ann.session(async |session| session.claims::<Value>()).await;
        assert_eq!(found.unwrap(), Some(claims), "{way}");
    }
}

#[tokio::test]
async fn a_remembered_login_outlives_the_browser_and_is_not_fresh() {
    for (way, app, clock) in apps() {
        let login = || Login::new(1).remember(Duration::from_hours(20 * 24));
        let remembered = app.login_with(login()).await.unwrap();
        let usual = app.login_as(1).await.unwrap();
        assert_refused(&remembered.get("/transfer").await, RefusalKind::NotFresh);
        assert_eq!(usual.get("/transfer").await.status(), 200, "{way}");
        for visitor in [&remembered, &usual] {
            visitor.restart();
        }
        assert_eq!(
            remembered.get("/").await.text().await,
            "Hello, Ann",
            "{way}"
        );
        assert_refused(&usual.get("/").await, RefusalKind::NotLoggedIn);

        clock.advance(Duration::from_hours(19 * 24));
        assert_eq!(remembered.get("/").await.status(), 200, "{way}");
        clock.advance(Duration::from_hours(2 * 24));
        assert_refused(&remembered.get("/").await, RefusalKind::NotLoggedIn);
    }
}

#[tokio::test]
async fn a_login_that_cannot_be_is_an_error_that_says_why() {
    let login = Login::new(1).remember(Duration::from_hours(1_000 * 24));
    let error = app().login_with(login).await.unwrap_err();
    assert!(error.to_string().contains("remember_limit"), "{error}");
    assert_eq!(format!("{error:?}"), error.to_string());
}

#[tokio::test]
async fn a_user_need_not_exist_to_be_logged_in_and_is_then_nobody() {
    let gone = app().login_as(3).await.unwrap();
    assert!(gone.session(async |session| session.is_logged_in()).await);
    assert_refused(&gone.get("/").await, RefusalKind::NotLoggedIn);
}

#[tokio::test]
async fn cookies_are_those_of_the_applications_settings() {
    let with_path = bare_builder().path("/shop");
    let with_domain = bare_builder().domain("shop.example");
    for (builder, name, status) in [
        (bare_builder().cookie_name("shop"), "__Host-shop.id=", 200),
        // They are not sent to pages elsewhere.
        (with_path, "__Secure-session.id=", 303),
        (with_domain, "__Secure-session.id=", 200),
        (bare_builder().allow_plain_http(), "session.id=", 200),
    ] {
        let ann = app_with(builder).login_as(1).await.unwrap();
        let header = ann.cookie_header();
        assert!(header.to_str().unwrap().starts_with(name), "{name}");
        assert_eq!(ann.get("/").await.status(), status, "{name}");
        assert!(ann.session(async |session| session.is_logged_in()).await);
    }
}

/// A visitor's cookies, as a response that sets them.
fn copied(visitor: &Visitor) -> HeaderMap {
    let header = visitor.cookie_header();
    let cookies = header.to_str().unwrap().split("; ");
    cookies
        .map(|cookie| (SET_COOKIE, cookie.parse().unwrap()))
        .collect()
}

#[tokio::test]
async fn a_copy_of_the_cookies_is_nobody_once_the_login_has_ended() {
    for (way, app, _) in apps() {
        let (ann, copy) = (app.login_as(1).await.unwrap(), app.guest());
        copy.absorb(&copied(&ann));
        assert_eq!(copy.get("/").await.text().await, "Hello, Ann", "{way}");
        ann.session(async |session| session.logout()).await;
        assert_refused(&copy.get("/").await, RefusalKind::NotLoggedIn);
    }
}
