//! Logins over real HTTP, with a provider that the test plays.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod provider;
mod refusals;
mod running;
mod visitor;

use provider::{Mood, Provider};
use running::site;
use serde_json::json;
use visitor::Visitor;

#[tokio::test]
async fn a_login_leads_back_and_is_a_session_of_its_own() {
    let provider = Provider::start().await;
    let visitor = Visitor::new(&site(&provider.origin).await);
    let refused = visitor.browser.get("/account?tab=1").await;
    let login = refused.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(login, "/login?next=%2Faccount%3Ftab%3D1");
    let url = visitor.begin(login.strip_prefix("/login").unwrap()).await;
    assert!(url.starts_with(&format!("{}/authorize?", provider.origin)));
    assert!(visitor.jar.has(".guest"), "the attempt is a guest's");
    let back = visitor.at_provider(&url).await;
    assert_eq!(visitor.come_back(&back).await, "/account?tab=1");

    let page = visitor.page("/account").await;
    assert!(page.contains("Welcome, Ann!") && page.contains("ann@example.com"));
    assert!(!visitor.jar.has(".guest"), "{:?}", visitor.jar.names());
    // The name of the cookie with the data says whose session it is.
    let session = visitor.jar.find(".data").unwrap().0;
    assert_eq!(visitor.log_in("").await, "/");
    assert_ne!(visitor.jar.find(".data").unwrap().0, session);
}

#[tokio::test]
async fn next_leads_nowhere_else() {
    let provider = Provider::start().await;
    let visitor = Visitor::new(&site(&provider.origin).await);
    assert_eq!(visitor.log_in("?next=//evil.example").await, "/");
    let long = format!("?next=/{}", "a".repeat(1_500));
    assert_eq!(visitor.log_in(&long).await, "/");
}

#[tokio::test]
async fn a_user_is_whom_the_provider_calls_by_the_same_subject() {
    let provider = Provider::start().await;
    let visitor = Visitor::new(&site(&provider.origin).await);
    visitor.log_in("").await;
    // Somebody else has the address by now, and says that it is theirs.
    provider.is_in(Mood {
        claims: json!({ "sub": "another", "name": "Mallory", "email_verified": false }),
        ..Mood::default()
    });
    let other = Visitor::new(&visitor.origin());
    other.log_in("").await;
    let page = other.page("/account").await;
    assert!(page.contains("Mallory") && page.contains("none that is verified"));
    assert!(visitor.page("/account").await.contains("ann@example.com"));
    // The same person, who has married.
    provider.is_in(Mood {
        claims: json!({ "name": "Ann Bee" }),
        ..Mood::default()
    });
    other.log_in("").await;
    assert!(visitor.page("/account").await.contains("Ann Bee"));
}

#[tokio::test]
async fn two_tabs_do_not_spoil_each_others_login() {
    let provider = Provider::start().await;
    let visitor = Visitor::new(&site(&provider.origin).await);
    let first = visitor.begin("?next=/account?tab=1").await;
    let second = visitor.begin("?next=/account?tab=2").await;
    let first = visitor.at_provider(&first).await;
    let second = visitor.at_provider(&second).await;
    assert_eq!(visitor.come_back(&first).await, "/account?tab=1");
    // The tab that is late finds its visitor logged in.
    assert_eq!(visitor.come_back(&second).await, "/");
    let page = visitor.page("/").await;
    assert!(page.contains("Hello, Ann") && !page.contains("flash error"));
}

#[tokio::test]
async fn a_provider_may_change_its_keys() {
    let provider = Provider::start().await;
    let visitor = Visitor::new(&site(&provider.origin).await);
    visitor.log_in("").await;
    visitor.submit("/logout").await;
    provider.changes_its_key();
    assert_eq!(visitor.log_in("?next=/account").await, "/account");
    assert_eq!(visitor.browser.get("/account").await.status(), 200);
}

#[tokio::test]
async fn a_logout_ends_the_session_here_and_there_too_if_it_is_meant() {
    let provider = Provider::start().await;
    let visitor = Visitor::new(&site(&provider.origin).await);
    visitor.log_in("").await;
    assert_eq!(visitor.submit("/logout").await, "/");
    assert!(visitor.page("/").await.contains("logged out here"));
    visitor.is_nobody().await;

    visitor.log_in("").await;
    let there = visitor.submit("/logout/provider").await;
    let there = there.strip_prefix(&provider.origin).unwrap().to_owned();
    assert!(there.starts_with("/end?client_id=muffin&post_logout_redirect_uri="));
    let outside = Visitor::new(&provider.origin);
    let back = outside.come_back(&there).await;
    assert_eq!(back, format!("{}/", visitor.origin()));
    assert!(visitor.page("/").await.contains("You are logged out."));
    visitor.is_nobody().await;
}

#[tokio::test]
async fn an_answer_by_post_is_sent_on_to_where_the_cookies_come_along() {
    let provider = Provider::start().await;
    let visitor = Visitor::new(&site(&provider.origin).await);
    let back = visitor
        .at_provider(&visitor.begin("?next=/account").await)
        .await;
    let (path, query) = back.split_once('?').unwrap();
    // As the browser sends it: from another site, and so without our cookies.
    let outside = Visitor::new(&visitor.origin());
    let request = outside.browser.request(reqwest::Method::POST, path);
    let request = request
        .header("origin", &provider.origin)
        .header("sec-fetch-site", "cross-site")
        .header("content-type", "application/x-www-form-urlencoded");
    let response = request.body(query.to_owned()).send().await.unwrap();
    assert_eq!(response.status(), 303);
    let on = response.headers()["location"].to_str().unwrap().to_owned();
    assert!(outside.jar.all().is_empty());
    assert_eq!(visitor.come_back(&on).await, "/account");
    assert!(visitor.page("/account").await.contains("Ann"));
}
