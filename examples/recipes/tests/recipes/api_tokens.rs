//! Programs come with a token, people with cookies, and both get the same page.

use reqwest::header::{ACCEPT, AUTHORIZATION, SET_COOKIE, WWW_AUTHENTICATE};
use reqwest::{Method, Response, StatusCode};

use crate::running::{Browser, Running, redirect};

const TOKEN: &str = "8d1f0c52a7b34e69";

async fn ask(program: &Browser, token: &str) -> Response {
    let request = program.request(Method::GET, "/");
    let request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    request.send().await.unwrap()
}

#[tokio::test]
async fn a_token_does_what_a_login_does() {
    let program = env!("CARGO_BIN_EXE_api_tokens");
    let site = Running::start(program, &[("API_TOKEN", TOKEN)]);

    let allowed = ask(&site.browser(), TOKEN).await;
    assert_eq!(allowed.status(), StatusCode::OK);
    assert!(!allowed.headers().contains_key(SET_COOKIE));
    assert_eq!(allowed.text().await.unwrap(), "Hello, Ann\n");

    let refused = ask(&site.browser(), "another").await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(refused.headers()[WWW_AUTHENTICATE], "Bearer");

    let person = site.browser();
    assert_eq!(redirect(&person.get("/").await), "/login?next=%2F");
    person.done("/login").await;
    assert_eq!(person.text("/").await, "Hello, Ann\n");
    // Whoever brings a token is its user and nobody else, whatever cookies come along.
    let refused = ask(&person, "another").await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn nobody_is_told_where_to_go_or_that_a_token_would_do() {
    let program = env!("CARGO_BIN_EXE_api_tokens");
    let site = Running::start(program, &[("API_TOKEN", TOKEN)]);
    let request = site.browser().request(Method::GET, "/");
    let refused = request.header(ACCEPT, "application/json").send().await;
    let refused = refused.unwrap();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(refused.headers()[WWW_AUTHENTICATE], "Bearer");
}
