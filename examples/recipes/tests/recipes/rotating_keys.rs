//! A login before and after its key.

use reqwest::{Method, StatusCode};

use crate::running::{Browser, Running, redirect};

async fn delete(browser: &Browser, key: &str) -> StatusCode {
    let request = browser.request(Method::DELETE, &format!("/keys/{key}"));
    request.send().await.unwrap().status()
}

#[tokio::test]
async fn a_login_outlives_the_rotation_and_ends_with_its_key() {
    let site = Running::start(env!("CARGO_BIN_EXE_rotating_keys"), &[]);
    let (before, after) = (site.browser(), site.browser());
    before.done("/login").await;
    let keys = before.text("/keys").await;
    let old = keys.strip_suffix(" signs: true\n").unwrap();

    let new = before.done("/keys").await;
    assert_eq!(
        before.text("/keys").await,
        format!("{new} signs: true\n{old} signs: false\n")
    );
    after.done("/login").await;
    // The one that signs stays, and what is no key is none.
    assert_eq!(delete(&after, &new).await, StatusCode::CONFLICT);
    assert_eq!(delete(&after, "none").await, StatusCode::CONFLICT);

    assert_eq!(delete(&after, old).await, StatusCode::OK);
    let refused = before.get("/keys").await;
    assert_eq!(redirect(&refused), "/login?next=%2Fkeys");
    assert_eq!(after.text("/keys").await, format!("{new} signs: true\n"));
}
