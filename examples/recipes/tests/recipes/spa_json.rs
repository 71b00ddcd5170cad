//! What `fetch` is answered.

use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use crate::running::Running;

/// Sends it as a page's script does.
async fn fetch(request: RequestBuilder) -> Response {
    let request = request.header("sec-fetch-mode", "cors");
    let request = request.header("sec-fetch-site", "same-origin");
    request.send().await.unwrap()
}

async fn is_problem(response: Response, status: StatusCode) {
    assert_eq!(response.status(), status);
    assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["status"], status.as_u16());
}

#[tokio::test]
async fn a_script_logs_in_and_is_refused_with_documents() {
    let site = Running::start(env!("CARGO_BIN_EXE_spa_json"), &[]);
    let browser = site.browser();
    assert!(browser.text("/").await.contains("fetch(\"/me\")"));

    let me = fetch(browser.request(Method::GET, "/me")).await;
    is_problem(me, StatusCode::UNAUTHORIZED).await;
    for (name, stats) in [("bob", StatusCode::FORBIDDEN), ("ann", StatusCode::OK)] {
        let login = browser.request(Method::POST, "/login");
        let login = fetch(login.json(&json!({ "name": name }))).await;
        assert_eq!(login.status(), StatusCode::OK);
        let me = fetch(browser.request(Method::GET, "/me")).await;
        let me: Value = me.json().await.unwrap();
        assert_eq!(me, json!({ "name": name }));
        let answer = fetch(browser.request(Method::GET, "/stats")).await;
        if stats == StatusCode::FORBIDDEN {
            is_problem(answer, stats).await;
        } else {
            assert_eq!(answer.status(), stats);
        }
    }
}
