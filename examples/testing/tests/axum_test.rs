//! With `axum-test`: the visitor's cookies are a header of the request.

use axum::http::StatusCode;
use axum::http::header::COOKIE;
use axum_test::TestServer;
use muffin_session::Secret;
use muffin_session::testing::TestApp;
use testing_example::{app, sessions};

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[tokio::test]
async fn a_note_is_saved() -> Outcome {
    let sessions = sessions(Secret::generate()?).build()?;
    let router = app(&sessions);
    let ann = TestApp::new(router.clone(), &sessions).login_as(0).await?;
    let server = TestServer::new(router);

    let response = server
        .post("/")
        .add_header(COOKIE, ann.cookie_header())
        .form(&[("text", "tea")])
        .await;
    response.assert_status(StatusCode::SEE_OTHER);
    ann.absorb(response.headers());

    let request = server.get("/").add_header(COOKIE, ann.cookie_header());
    request.await.assert_text("[Saved] Ann has 1: tea");
    Ok(())
}

#[tokio::test]
async fn the_report_is_for_editors() -> Outcome {
    let sessions = sessions(Secret::generate()?).build()?;
    let router = app(&sessions);
    let visitors = TestApp::new(router.clone(), &sessions);
    let server = TestServer::new(router);
    for (user, status) in [(0, StatusCode::OK), (1, StatusCode::SEE_OTHER)] {
        let visitor = visitors.login_as(user).await?;
        let request = server.get("/report");
        let request = request.add_header(COOKIE, visitor.cookie_header());
        request.await.assert_status(status);
    }
    Ok(())
}
