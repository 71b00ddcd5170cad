//! The pages, and for whom they are.

use reqwest::StatusCode;

use crate::browser::{Browser, cookies, redirect};

#[tokio::test]
async fn the_home_page_says_who_you_are() {
    let browser = Browser::start().await;
    let page = browser.page("/").await;
    assert!(page.contains("Nobody is logged in"));
    assert!(page.contains(r#"href="/login""#));
    browser.log_in("ann").await;
    let page = browser.page("/").await;
    assert!(page.contains("Hello, ann"));
    assert!(page.contains("Log out"));
}

#[tokio::test]
async fn a_guest_touches_no_cookie() {
    let browser = Browser::start().await;
    for path in [
        "/",
        "/login",
        "/notes",
        "/session",
        "/staff/login",
        "/style.css",
        "/nowhere",
    ] {
        assert_eq!(cookies(&browser.get(path).await), [""; 0], "{path}");
    }
}

#[tokio::test]
async fn admin_is_for_ann_and_tells_bob_why_not() {
    let browser = Browser::start().await;
    assert_eq!(
        redirect(&browser.get("/admin").await),
        "/login?next=%2Fadmin"
    );
    browser.log_in("bob").await;
    let refused = browser.get("/admin").await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert!(
        refused
            .text()
            .await
            .unwrap()
            .contains("This page is for admins")
    );
    browser.log_in("ann").await;
    let page = browser.page("/admin").await;
    assert!(page.contains("ann") && page.contains("bob"));
}

#[tokio::test]
async fn the_session_is_json() {
    let browser = Browser::start_as("bob").await;
    browser.keep_note("Buy oats").await;
    let session: serde_json::Value = browser.get("/session").await.json().await.unwrap();
    assert_eq!(
        session,
        serde_json::json!({ "notes": { "last": 1, "items": [{ "id": 1, "text": "Buy oats" }] } })
    );
}

#[tokio::test]
async fn an_unknown_page_is_a_404_with_a_way_home() {
    let browser = Browser::start().await;
    let answer = browser.get("/nowhere").await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert!(
        answer
            .text()
            .await
            .unwrap()
            .contains("There is no such page")
    );
}
