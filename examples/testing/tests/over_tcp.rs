//! With `reqwest`, from outside: the application listens on a port of its own.

use axum::http::header::COOKIE;
use muffin_session::Secret;
use muffin_session::testing::TestApp;
use testing_example::{app, sessions};

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[tokio::test]
async fn a_note_is_saved() -> Outcome {
    let sessions = sessions(Secret::generate()?).build()?;
    let router = app(&sessions);
    let ann = TestApp::new(router.clone(), &sessions).login_as(0).await?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let site = format!("http://{}/", listener.local_addr()?);
    let server = tokio::spawn(async { axum::serve(listener, router).await });

    let redirect = reqwest::redirect::Policy::none();
    let client = reqwest::Client::builder().redirect(redirect).build()?;
    let request = client.post(&site).header(COOKIE, ann.cookie_header());
    let response = request.form(&[("text", "tea")]).send().await?;
    assert_eq!(response.status(), 303);
    ann.absorb(response.headers());
    ann.assert_flashed("success", "Saved").await;

    let request = client.get(&site).header(COOKIE, ann.cookie_header());
    let page = request.send().await?.text().await?;
    assert_eq!(page, "[Saved] Ann has 1: tea");
    server.abort();
    Ok(())
}
