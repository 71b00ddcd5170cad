//! With `tower::ServiceExt::oneshot`, as axum's own examples do: the visitor's cookies go into the request by hand.

use axum::body::Body;
use axum::http::Request;
use axum::http::header::{CONTENT_TYPE, COOKIE};
use muffin_session::Secret;
use muffin_session::testing::{ResponseExt as _, TestApp};
use testing_example::{app, sessions};
use tower::ServiceExt as _;

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[tokio::test]
async fn a_note_is_saved() -> Outcome {
    let sessions = sessions(Secret::generate()?).build()?;
    let router = app(&sessions);
    let ann = TestApp::new(router.clone(), &sessions).login_as(0).await?;

    let request = Request::post("/")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(COOKIE, ann.cookie_header())
        .body(Body::from("text=tea"))?;
    let response = router.clone().oneshot(request).await?;
    assert_eq!(response.status(), 303);
    // What was set is the visitor's from now on.
    ann.absorb(response.headers());

    let request = Request::get("/").header(COOKIE, ann.cookie_header());
    let response = router.oneshot(request.body(Body::empty())?).await?;
    assert_eq!(response.text().await, "[Saved] Ann has 1: tea");
    Ok(())
}
