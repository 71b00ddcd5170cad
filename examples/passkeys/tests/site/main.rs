//! Passkeys over real HTTP, with an authenticator that the test plays: what holds, and what is refused.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod authenticator;
mod visitor;

use std::time::Duration;

use authenticator::Authenticator;
use serde_json::json;
use visitor::site;

#[tokio::test]
async fn a_passkey_registers_and_logs_in_and_leads_back() {
    let (visitor, _) = site().await;
    let mut phone = Authenticator::new(&visitor.origin);
    visitor
        .begin("/register", &json!({ "name": " Ann " }))
        .await;
    let made = phone.create(&visitor.begun());
    let to = visitor.finish("/register", "?next=/passkeys", &made).await;
    assert_eq!(to, "/passkeys");
    assert!(visitor.page("/").await.contains("Hello, Ann"));

    visitor.log_out().await;
    assert!(visitor.page("/").await.contains("Nobody is logged in"));
    let before = visitor.jar.names();
    visitor.begin("/login", &json!({})).await;
    assert_ne!(visitor.jar.names(), before, "the ticket is a guest's");
    let answer = phone.get(&visitor.begun());
    // A page of another site is no page to lead back to.
    let to = visitor
        .finish("/login", "?next=//evil.example", &answer)
        .await;
    assert_eq!(to, "/");
    assert!(visitor.page("/").await.contains("Welcome, Ann!"));
    assert!(!visitor.jar.has(".guest"), "{:?}", visitor.jar.names());
}

#[tokio::test]
async fn an_answer_counts_once_whatever_cookies_are_put_back() {
    let (visitor, _) = site().await;
    let phone = visitor.sign_up("Ann").await;
    visitor.log_out().await;
    visitor.begin("/login", &json!({})).await;
    let before = visitor.jar.all();
    let answer = phone.get(&visitor.begun());
    visitor.finish("/login", "", &answer).await;
    visitor.log_out().await;

    visitor.refuses("/login", &answer, 409).await;
    visitor.jar.restore(&before);
    visitor.refuses("/login", &answer, 409).await;
    assert!(visitor.page("/").await.contains("Nobody is logged in"));
}

#[tokio::test]
async fn an_answer_counts_in_the_browser_that_has_asked() {
    let (visitor, _) = site().await;
    let phone = visitor.sign_up("Ann").await;
    let victim = visitor.beside();
    visitor.log_out().await;
    visitor.begin("/login", &json!({})).await;
    let answer = phone.get(&visitor.begun());
    victim.refuses("/login", &answer, 409).await;
    victim.begin("/login", &json!({})).await;
    victim.refuses("/login", &answer, 403).await;
    assert!(victim.page("/").await.contains("Nobody is logged in"));
    // Nor does one for something else.
    visitor.begin("/register", &json!({ "name": "Bob" })).await;
    visitor.refuses("/login", &answer, 409).await;
}

#[tokio::test]
async fn what_a_dishonest_device_says_is_refused() {
    let (visitor, _) = site().await;
    let mut phone = visitor.sign_up("Ann").await;
    visitor.log_out().await;
    let elsewhere = Authenticator::new("http://localhost.evil.example");
    phone.origin.clone_from(&elsewhere.origin);
    visitor.begin("/login", &json!({})).await;
    let phished = phone.get(&visitor.begun());
    visitor.refuses("/login", &phished, 403).await;

    phone.origin.clone_from(&visitor.origin);
    phone.flags = 0x01; // somebody was there, but did not show that it is the owner
    visitor.begin("/login", &json!({})).await;
    let unverified = phone.get(&visitor.begun());
    visitor.refuses("/login", &unverified, 403).await;

    let other = visitor.beside();
    let mut mallorys = other.sign_up("Mallory").await;
    mallorys.claim_to_be_of(&phone);
    visitor.begin("/login", &json!({})).await;
    let forged = mallorys.get(&visitor.begun());
    visitor.refuses("/login", &forged, 403).await;
    assert!(visitor.page("/").await.contains("Nobody is logged in"));
}

#[tokio::test]
async fn a_name_and_a_passkey_are_given_once() {
    let (visitor, _) = site().await;
    let mut phone = visitor.sign_up("Ann").await;
    let other = visitor.beside();
    let status = other
        .post("/register/begin", &json!({ "name": "Ann" }))
        .await;
    assert_eq!(status.status(), 409);
    let status = other.post("/register/begin", &json!({ "name": " " })).await;
    assert_eq!(status.status(), 422);
    other.begin("/register", &json!({ "name": "Bob" })).await;
    let same = phone.create(&other.begun());
    other.refuses("/register", &same, 409).await;
    assert!(other.page("/").await.contains("Nobody is logged in"));
}

#[tokio::test]
async fn a_stale_login_is_confirmed_by_its_own_passkey() {
    let (visitor, clock) = site().await;
    let phone = visitor.sign_up("Ann").await;
    assert_eq!(visitor.get("/passkeys").await.status(), 200);
    clock.advance(Duration::from_mins(11));
    let page = visitor.get("/passkeys").await;
    assert_eq!(page.headers()["location"], "/confirm?next=%2Fpasskeys");
    let refused = visitor.post("/passkeys/begin", &json!({})).await;
    assert_eq!(refused.status(), 401);

    let other = visitor.beside();
    let bobs = other.sign_up("Bob").await;
    visitor.begin("/confirm", &json!({})).await;
    let wrong = bobs.get(&visitor.begun());
    visitor.refuses("/confirm", &wrong, 403).await;
    visitor.begin("/confirm", &json!({})).await;
    let right = phone.get(&visitor.begun());
    let to = visitor.finish("/confirm", "?next=/passkeys", &right).await;
    assert_eq!(to, "/passkeys");
    assert_eq!(visitor.get("/passkeys").await.status(), 200);
}

#[tokio::test]
async fn a_removed_passkey_logs_nobody_in_and_its_login_ends() {
    let (visitor, _) = site().await;
    let phone = visitor.sign_up("Ann").await;
    let mut stick = Authenticator::new(&visitor.origin);
    visitor.begin("/passkeys", &json!({})).await;
    let made = stick.create(&visitor.begun());
    visitor.finish("/passkeys", "", &made).await;
    assert!(visitor.page("/passkeys").await.contains("Passkey 2"));

    // Whoever has found the phone is logged in with it, and about to confirm.
    let thief = visitor.beside();
    thief.begin("/login", &json!({})).await;
    let answer = phone.get(&thief.begun());
    thief.finish("/login", "", &answer).await;
    assert!(thief.page("/").await.contains("Hello, Ann"));

    visitor.submit("/passkeys/1/remove").await;
    let page = visitor.page("/passkeys").await;
    assert!(page.contains("your other logins have ended"));
    assert!(!page.contains("Passkey 1") && page.contains("Passkey 2"));
    assert!(thief.page("/").await.contains("Nobody is logged in"));
    thief.begin("/login", &json!({})).await;
    let answer = phone.get(&thief.begun());
    thief.refuses("/login", &answer, 403).await;

    // The only one stays, and numbers are not given twice.
    visitor.submit("/passkeys/2/remove").await;
    let page = visitor.page("/passkeys").await;
    assert!(page.contains("your only passkey") && page.contains("Passkey 2"));
    visitor.submit("/passkeys/1/remove").await;
    assert!(visitor.page("/passkeys").await.contains("gone already"));
}

#[tokio::test]
async fn a_passkey_that_is_removed_while_it_is_asked_confirms_nothing() {
    let (visitor, clock) = site().await;
    let phone = visitor.sign_up("Ann").await;
    let mut stick = Authenticator::new(&visitor.origin);
    visitor.begin("/passkeys", &json!({})).await;
    let made = stick.create(&visitor.begun());
    visitor.finish("/passkeys", "", &made).await;

    visitor.begin("/confirm", &json!({})).await;
    let answer = phone.get(&visitor.begun());
    visitor.submit("/passkeys/1/remove").await;
    clock.advance(Duration::from_mins(11));
    visitor.refuses("/confirm", &answer, 403).await;
    assert_eq!(visitor.get("/passkeys").await.status(), 303);
}
