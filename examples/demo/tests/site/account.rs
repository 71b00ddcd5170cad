//! What is only for whoever has given their password just now, and what a change of it ends.

use demo::people::People;
use demo::users::DEMO_USERS;
use reqwest::StatusCode;

use crate::browser::{Browser, cookies, redirect};

const BOBS: &str = DEMO_USERS[1].password;
const NEW: &str = "rhubarb-and-cream";

/// A site of its own, so that no other test sees what becomes of the passwords.
async fn own_site() -> Browser {
    Browser::start_with(People::demo().unwrap()).await
}

#[tokio::test]
async fn who_has_just_logged_in_need_not_confirm_it() {
    let browser = Browser::start_as("bob").await;
    let page = browser.page("/account").await;
    assert!(page.contains("Change your password"));
    assert!(page.contains(r#"<a id="user" href="/account" aria-current="page">bob</a>"#));
}

#[tokio::test]
async fn a_remembered_login_outlives_the_browser_and_has_to_be_confirmed() {
    let browser = Browser::start().await;
    let lasts =
        |cookie: &&str| cookie.starts_with("__Host-session.id") && cookie.contains("Max-Age=");
    let plain = browser.log_in("bob").await;
    assert!(!cookies(&plain).iter().any(lasts));
    let remembered = browser.log_in_remembered("bob").await;
    assert!(cookies(&remembered).iter().any(lasts));

    let confirm = browser.get("/account").await;
    let confirm = redirect(&confirm);
    assert_eq!(confirm, "/confirm?next=%2Faccount");
    let form = browser.page(confirm).await;
    assert!(form.contains(r#"<form class="card narrow" method="post">"#));

    let refused = browser.post(confirm, &[("password", "wrong")]).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    let page = refused.text().await.unwrap();
    assert!(page.contains(r#"<p class="flash error" role="alert">That is not your password.</p>"#));
    assert!(!page.contains("wrong"), "the password comes back");
    assert_eq!(redirect(&browser.get("/account").await), confirm);

    let confirmed = browser.post(confirm, &[("password", BOBS)]).await;
    assert_eq!(redirect(&confirmed), "/account");
    let page = browser.page("/account").await;
    assert!(page.contains("Change your password"));
    assert!(!page.contains("not your password"), "the message came back");
}

#[tokio::test]
async fn the_password_of_somebody_else_confirms_nothing() {
    let browser = Browser::start().await;
    browser.log_in_remembered("bob").await;
    let anns = DEMO_USERS[0].password;
    let form = [("name", "ann"), ("password", anns)];
    let refused = browser.post("/confirm", &form).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        redirect(&browser.get("/account").await),
        "/confirm?next=%2Faccount"
    );
}

#[tokio::test]
async fn confirming_leads_to_no_other_site() {
    let browser = Browser::start_as("bob").await;
    let elsewhere = "/confirm?next=%2F%2Fevil.example%2F";
    let answer = browser.post(elsewhere, &[("password", BOBS)]).await;
    assert_eq!(redirect(&answer), "/account");
}

#[tokio::test]
async fn guests_log_in_first_and_are_told_why() {
    let browser = Browser::start().await;
    assert_eq!(
        redirect(&browser.get("/account").await),
        "/login?next=%2Faccount"
    );
    let page = browser.page("/login?next=%2Faccount").await;
    assert!(page.contains("Log in to see this page."));
    assert!(!browser.page("/login").await.contains("to see this page"));

    assert_eq!(redirect(&browser.get("/confirm").await), "/login");
    for (path, form) in [
        ("/confirm", &[("password", BOBS)][..]),
        ("/account", &[("password", NEW), ("again", NEW)]),
    ] {
        assert_eq!(redirect(&browser.post(path, form).await), "/login");
    }
}

#[tokio::test]
async fn a_new_password_ends_the_logins_in_other_browsers() {
    let browser = own_site().await;
    let other = browser.another();
    let anns = browser.another();
    anns.log_in("ann").await;
    other.log_in("bob").await;
    browser.log_in("bob").await;
    browser.keep_note("Buy oats").await;

    let form = [("password", NEW), ("again", NEW)];
    let changed = browser.post("/account", &form).await;
    assert_eq!(redirect(&changed), "/account");
    let page = browser.page("/account").await;
    assert!(page.contains("Your password is changed"));
    assert!(browser.page("/").await.contains("Hello, bob"));
    assert!(browser.page("/notes").await.contains("Buy oats"));

    let ended = other.get("/dashboard").await;
    assert_eq!(redirect(&ended), "/login?next=%2Fdashboard");
    assert!(other.page("/").await.contains("Nobody is logged in"));
    assert!(anns.page("/").await.contains("Hello, ann"));

    for (password, status) in [
        (BOBS, StatusCode::UNAUTHORIZED),
        (NEW, StatusCode::SEE_OTHER),
    ] {
        let form = [("name", "bob"), ("password", password)];
        assert_eq!(other.post("/login", &form).await.status(), status);
    }
    assert!(other.page("/").await.contains("Hello, bob"));
}

#[tokio::test]
async fn a_password_that_is_short_or_given_only_once_is_refused() {
    let browser = Browser::start_as("bob").await;
    for (password, again, problem) in [
        ("1234567", "1234567", "take at least 8 characters"),
        ("", "", "take at least 8 characters"),
        // Fourteen bytes, but seven characters.
        ("üüüüüüü", "üüüüüüü", "take at least 8 characters"),
        (NEW, "rhubarb-and-creme", "The two are not the same"),
        (NEW, "", "The two are not the same"),
    ] {
        let form = [("password", password), ("again", again)];
        let refused = browser.post("/account", &form).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let page = refused.text().await.unwrap();
        assert!(page.contains(problem), "{password:?}, {again:?}");
        assert!(page.contains(r#"aria-invalid="true""#));
        assert!(!page.contains(NEW), "the password comes back");
    }
    // The old one is still the right one.
    browser.log_in("bob").await;
}

#[tokio::test]
async fn what_is_not_fresh_changes_nothing() {
    let browser = Browser::start().await;
    browser.log_in_remembered("bob").await;
    let form = [("password", NEW), ("again", NEW)];
    // What was typed cannot come along, and so there is no way back to it.
    let refused = browser.post("/account", &form).await;
    assert_eq!(redirect(&refused), "/confirm");
    browser.log_in("bob").await;
}
