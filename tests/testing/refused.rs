//! Who was refused, and why, however the application answers it.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::response::Response;
use axum::routing::get;
use muffin_session::RefusalKind::{Answered, Denied, Failed, NotFresh, NotLoggedIn};
use muffin_session::testing::{ResponseExt as _, TestApp, TestClock, Visitor, assert_refused};
use muffin_session::{Login, RefusalKind, login_required};
use muffin_session_tests::bare_builder;
use muffin_session_tests::watched::{Mood, Watched};
use std::time::Duration;

use crate::{app, app_with, panic_message, router};

/// A handler's own answer, of a status that refusals have.
#[login_required]
async fn unauthorized() -> StatusCode {
    StatusCode::UNAUTHORIZED
}

async fn fetched(visitor: &Visitor, path: &str, header: (&str, &str)) -> Response {
    let request = Request::get(path).header(header.0, header.1);
    visitor.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn every_way_of_being_refused_says_which_it_is() {
    let app = app();
    let (ann, bob) = (
        app.login_as(1).await.unwrap(),
        app.login_as(2).await.unwrap(),
    );
    let remembered = Login::new(1).remember(Duration::from_hours(24));
    let remembered = app.login_with(remembered).await.unwrap();
    let (broken, guest) = (app.login_as(500).await.unwrap(), app.guest());
    for (visitor, path, status, kind) in [
        (&guest, "/", 303, Some(NotLoggedIn)),
        (&guest, "/admin", 303, Some(NotLoggedIn)),
        (&guest, "/hidden", 404, Some(NotLoggedIn)),
        (&guest, "/paid", 303, Some(NotLoggedIn)),
        (&guest, "/staff", 303, Some(NotLoggedIn)),
        (&guest, "/within", 303, Some(NotLoggedIn)),
        (&bob, "/admin", 303, Some(Denied)),
        (&bob, "/hidden", 404, Some(Denied)),
        (&bob, "/staff", 303, Some(Denied)),
        (&bob, "/within", 303, Some(Denied)),
        (&bob, "/paid", 402, Some(Answered)),
        (&remembered, "/transfer", 303, Some(NotFresh)),
        (&broken, "/", 500, Some(Failed)),
        (&ann, "/", 200, None),
        (&ann, "/admin", 200, None),
        (&ann, "/staff", 200, None),
        (&ann, "/within", 200, None),
        (&ann, "/nowhere", 404, None),
    ] {
        let response = visitor.get(path).await;
        assert_eq!(response.status(), status, "{path}");
        assert_eq!(response.refusal(), kind, "{path}");
        if let Some(kind) = kind {
            assert_refused(&response, kind);
        }
    }
}

#[tokio::test]
async fn scripts_and_htmx_are_refused_for_the_same_reasons() {
    let app = app();
    let (bob, guest) = (app.login_as(2).await.unwrap(), app.guest());
    for header in [("accept", "application/json"), ("hx-request", "true")] {
        let response = fetched(&guest, "/", header).await;
        assert_eq!(response.status(), 401);
        assert_refused(&response, NotLoggedIn);
        let response = fetched(&bob, "/admin", header).await;
        assert_eq!(response.status(), 403);
        assert_refused(&response, Denied);
    }
    let response = guest.post_json("/admin", &1).await;
    assert_eq!(response.status(), 401);
    assert_refused(&response, NotLoggedIn);
}

#[tokio::test]
async fn the_pages_own_settings_do_not_hide_it() {
    let strict = app_with(bare_builder().forbid_refused());
    let response = strict.login_as(2).await.unwrap().get("/admin").await;
    assert_eq!(response.status(), 403);
    assert_refused(&response, Denied);

    let sessions = bare_builder().without_user_loader().build().unwrap();
    // A layer that answers with another body, and a layer of sessions that is not there.
    let mapped = |response: Response| async { response.map(|_| Body::from("sorry")) };
    let layered = router()
        .layer(sessions.clone())
        .layer(axum::middleware::map_response(mapped));
    let response = TestApp::new(layered, &sessions).guest().get("/").await;
    assert_refused(&response, NotLoggedIn);
    assert_eq!(response.text().await, "sorry");
    let bare = TestApp::new(router(), &sessions);
    assert_refused(&bare.guest().get("/").await, Failed);
}

#[tokio::test]
async fn what_no_guard_has_refused_is_not_taken_for_it() {
    let app = app();
    let evil = Request::post("/save").header("sec-fetch-site", "cross-site");
    let response = app.guest().send(evil.body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), 403);
    assert_eq!(response.refusal(), None);

    let sessions = bare_builder().without_user_loader().build().unwrap();
    let router = Router::new().route("/", get(unauthorized));
    let app = TestApp::new(router.layer(sessions.clone()), &sessions);
    let response = app.login_as(1).await.unwrap().get("/").await;
    assert_eq!(
        (response.status().as_u16(), response.refusal()),
        (401, None)
    );
}

#[tokio::test]
async fn a_failure_says_what_the_response_was_and_no_cookie() {
    let app = app();
    let (ann, guest) = (app.login_as(1).await.unwrap(), app.guest());
    let refused =
        |response: &Response, kind: RefusalKind| panic_message(|| assert_refused(response, kind));
    let response = ann.get("/").await;
    assert_eq!(
        refused(&response, NotLoggedIn),
        "not refused, where NotLoggedIn was expected: the response is 200 OK"
    );
    assert_eq!(
        refused(&guest.get("/").await, Denied),
        "refused as NotLoggedIn and not as Denied: the response is 303 See Other to /login?next=%2F"
    );
    // This one sets cookies.
    let saved = ann.post("/save").await;
    assert_eq!(
        refused(&saved, Denied),
        "not refused, where Denied was expected: the response is 303 See Other to /flashes"
    );
}

#[tokio::test]
async fn an_unreachable_store_is_a_refusal_of_its_kind() {
    let store = Watched::default();
    let clock = TestClock::new();
    let app = app_with(bare_builder().store(store.clone()).clock(clock));
    let ann = app.login_as(1).await.unwrap();
    store.set(Mood::Down);
    let response = ann.get("/").await;
    assert_eq!(response.status(), 503);
    assert_refused(&response, RefusalKind::Unavailable);
}
