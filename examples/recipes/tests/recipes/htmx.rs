//! What HTMX is answered.

use reqwest::{Method, Response, StatusCode};

use crate::running::{Browser, Running, redirect};

/// Sends it as HTMX does.
async fn htmx(browser: &Browser, method: Method, path: &str) -> Response {
    let request = browser.request(method, path).header("HX-Request", "true");
    request.send().await.unwrap()
}

#[tokio::test]
async fn refusals_lead_to_the_login_and_messages_come_beside_the_part() {
    let site = Running::start(env!("CARGO_BIN_EXE_htmx"), &[]);
    let browser = site.browser();
    assert!(browser.text("/").await.contains("hx-post=/vote"));
    let part = htmx(&browser, Method::GET, "/me").await;
    assert_eq!(part.text().await.unwrap(), "You are a guest");

    let refused = htmx(&browser, Method::POST, "/vote").await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(refused.headers()["hx-redirect"], "/login");
    assert!(browser.text("/login").await.contains("<form method=post>"));
    assert_eq!(redirect(&browser.post("/login").await), "/");

    let vote = htmx(&browser, Method::POST, "/vote").await;
    let message = "<p id=message hx-swap-oob=true>Your vote counts</p>";
    assert_eq!(vote.text().await.unwrap(), format!("You are Ann{message}"));
    let part = htmx(&browser, Method::GET, "/me").await;
    assert_eq!(
        part.text().await.unwrap(),
        "You are Ann",
        "a message comes once"
    );
}
