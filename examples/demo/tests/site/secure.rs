//! What keeps the site's answers and cookies to itself.

use reqwest::StatusCode;
use reqwest::header::{CACHE_CONTROL, CONTENT_TYPE};

use crate::browser::{Browser, cookies};

#[tokio::test]
async fn another_site_cannot_post() {
    let browser = Browser::start_as("bob").await;
    let answer = browser
        .request_post("/notes", &[("text", "planted")])
        .header("Origin", "https://evil.example")
        .header("Sec-Fetch-Site", "cross-site")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert!(!browser.page("/notes").await.contains("planted"));
}

#[tokio::test]
async fn cookies_are_for_this_host_only_and_out_of_reach_for_scripts() {
    let browser = Browser::start().await;
    let login = browser.log_in("bob").await;
    let cookies = cookies(&login);
    assert!(
        cookies.len() >= 3,
        "identity, data and the welcome: {cookies:?}"
    );
    for cookie in cookies {
        let attributes: Vec<_> = cookie.split("; ").collect();
        assert!(cookie.starts_with("__Host-session."), "{cookie}");
        for attribute in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(attributes.contains(&attribute), "{cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
}

#[tokio::test]
async fn guarded_pages_are_stored_nowhere() {
    let browser = Browser::start_as("ann").await;
    browser.log_in_as_staff().await;
    for path in [
        "/dashboard",
        "/admin",
        "/account",
        "/devices",
        "/confirm",
        "/staff",
        "/staff/users",
    ] {
        let cache = browser.get(path).await.headers()[CACHE_CONTROL].clone();
        assert!(cache.to_str().unwrap().contains("no-store"), "{path}");
    }
}

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let browser = Browser::start_as("bob").await;
    for path in [
        "/",
        "/login",
        "/admin",
        "/session",
        "/account",
        "/staff",
        "/style.css",
        "/nowhere",
        "/logout",
    ] {
        let answer = browser.get(path).await;
        let headers = answer.headers();
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'none'; style-src 'self'; "),
            "{path}"
        );
        assert!(
            !policy.contains("unsafe") && !policy.contains("script-src"),
            "{path}"
        );
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "same-origin", "{path}");
        assert_eq!(
            headers["cross-origin-opener-policy"], "same-origin",
            "{path}"
        );
    }
}

#[tokio::test]
async fn pages_bring_nothing_from_elsewhere_and_no_scripts() {
    let browser = Browser::start_as("ann").await;
    browser.keep_note("One").await;
    browser.log_in_as_staff().await;
    for path in [
        "/",
        "/login",
        "/dashboard",
        "/admin",
        "/account",
        "/devices",
        "/confirm",
        "/notes",
        "/staff",
        "/staff/users",
        "/staff/login",
        "/nowhere",
    ] {
        let page = browser.get(path).await.text().await.unwrap();
        assert!(page.starts_with("<!DOCTYPE html>"), "{path}");
        assert!(page.contains(r#"<html lang="en">"#), "{path}");
        assert_eq!(page.matches("<h1>").count(), 1, "{path}");
        for unwanted in ["<script", " style=", "http://", "https://", "javascript:"] {
            assert!(!page.contains(unwanted), "{path}: {unwanted}");
        }
    }
    for (path, kind) in [
        ("/style.css", "text/css; charset=utf-8"),
        ("/icon.svg", "image/svg+xml"),
    ] {
        let file = browser.get(path).await;
        assert_eq!(file.status(), StatusCode::OK);
        assert_eq!(file.headers()[CONTENT_TYPE], kind);
    }
}
