//! Wherever sessions are kept, templates see the same.

use std::sync::Arc;

use muffin_session::{Builder, MemoryStore};
use muffin_session_tests::bare_builder;
use muffin_session_tests::map_store::MapStore;
use serde_json::json;

use crate::site::{leave, log_in, post_json, site_with};

async fn a_visit(builder: Builder) {
    let (site, _) = site_with(builder).await;
    let browser = site.browser();
    leave(&browser, &[["error", "to a guest"]]).await;
    assert_eq!(
        browser.text("/page/pairs.html").await,
        "[error: to a guest]"
    );
    assert_eq!(browser.text("/page/pairs.html").await, "");

    log_in(&browser, 1).await;
    leave(&browser, &[["success", "welcome"], ["error", "and beware"]]).await;
    post_json(&browser, "/set", json!({ "note": "dark" })).await;
    assert!(browser.text("/page/who.html").await.starts_with("Ann, "));
    assert_eq!(browser.text("/page/session.html").await, "dark, , ");
    assert_eq!(browser.text("/page/errors.html").await, "and beware");
    assert_eq!(browser.text("/page/twice.html").await, "; welcome; welcome");
    assert_eq!(browser.text("/page/twice.html").await, "; ; ");

    browser.get("/after-logout").await;
    assert!(browser.text("/page/who.html").await.starts_with("nobody, "));
    assert_eq!(browser.text("/page/session.html").await, ", , ");
}

#[tokio::test]
async fn in_signed_cookies() {
    a_visit(bare_builder()).await;
}

#[tokio::test]
async fn in_encrypted_cookies() {
    a_visit(bare_builder().encrypted()).await;
}

#[tokio::test]
async fn in_a_store() {
    a_visit(bare_builder().store(MemoryStore::new())).await;
    a_visit(bare_builder().store(Arc::<MapStore>::default()).encrypted()).await;
}

#[tokio::test]
async fn beside_a_deny_list() {
    a_visit(bare_builder().deny_list(MemoryStore::new())).await;
}
