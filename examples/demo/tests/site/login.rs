//! Logging in and out.

use demo::users::DEMO_USERS;
use reqwest::StatusCode;

use crate::browser::{Browser, redirect};

#[tokio::test]
async fn login_leads_back_to_the_page_that_was_asked_for() {
    let browser = Browser::start().await;
    let asked = browser.get("/dashboard?tab=1").await;
    let login = redirect(&asked);
    assert_eq!(login, "/login?next=%2Fdashboard%3Ftab%3D1");
    // The form has no action of its own, so a browser posts it to this very URL.
    let form = browser.page(login).await;
    assert!(form.contains(r#"<form class="card" method="post">"#));
    let credentials = [("name", "bob"), ("password", DEMO_USERS[1].password)];
    let answer = browser.post(login, &credentials).await;
    assert_eq!(redirect(&answer), "/dashboard?tab=1");
    assert!(browser.page("/dashboard?tab=1").await.contains("bob"));
}

#[tokio::test]
async fn login_leads_to_no_other_site() {
    let browser = Browser::start().await;
    let credentials = [("name", "bob"), ("password", DEMO_USERS[1].password)];
    let answer = browser
        .post("/login?next=%2F%2Fevil.example%2F", &credentials)
        .await;
    assert_eq!(redirect(&answer), "/dashboard");
}

#[tokio::test]
async fn a_wrong_password_is_a_401_with_the_form_and_a_message() {
    let browser = Browser::start().await;
    let credentials = [("name", "ann"), ("password", "wrong")];
    let answer = browser.post("/login?next=%2Fadmin", &credentials).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    let page = answer.text().await.unwrap();
    assert!(
        page.contains(
            r#"<p class="flash error" role="alert">The name or the password is wrong.</p>"#
        )
    );
    assert!(page.contains(r#"value="ann""#));
    assert!(page.contains(r#"aria-invalid="true""#));
    assert!(!page.contains("wrong\""), "the password comes back");
    // The message was shown, so it does not wait for the next page, and nobody is logged in.
    assert!(!browser.page("/").await.contains("is wrong"));
    assert_eq!(
        redirect(&browser.get("/dashboard").await),
        "/login?next=%2Fdashboard"
    );
}

#[tokio::test]
async fn the_answer_does_not_say_which_names_there_are() {
    let browser = Browser::start().await;
    let mut answers = Vec::new();
    for name in ["ann", "eve"] {
        let credentials = [("name", name), ("password", "wrong")];
        let answer = browser.post("/login", &credentials).await;
        let status = answer.status();
        let headers: Vec<_> = answer.headers().keys().cloned().collect();
        let field = format!(r#"value="{name}""#);
        let page = answer.text().await.unwrap();
        assert!(page.contains(&field));
        answers.push((status, headers, page.replace(&field, "")));
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn the_welcome_is_shown_once() {
    let browser = Browser::start().await;
    browser.log_in("bob").await;
    assert!(browser.page("/dashboard").await.contains("Welcome, bob!"));
    assert!(!browser.page("/dashboard").await.contains("Welcome"));
}

#[tokio::test]
async fn logging_out_ends_the_session_and_says_so_once() {
    let browser = Browser::start_as("bob").await;
    browser.keep_note("Buy oats").await;
    // A link or a picture cannot do it.
    let by_get = browser.get("/logout").await;
    assert_eq!(by_get.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert!(browser.page("/").await.contains("Hello, bob"));

    assert_eq!(redirect(&browser.post("/logout", &[]).await), "/");
    let page = browser.page("/").await;
    assert!(page.contains("You are logged out."));
    assert!(page.contains("Nobody is logged in"));
    assert!(!browser.page("/").await.contains("You are logged out."));
    assert_eq!(
        redirect(&browser.get("/dashboard").await),
        "/login?next=%2Fdashboard"
    );
    assert!(!browser.page("/notes").await.contains("Buy oats"));
}
