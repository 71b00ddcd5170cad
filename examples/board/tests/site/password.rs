//! What a password is needed for: changing it, and deleting the account.

use reqwest::StatusCode;

use crate::client::{Site, password_of, redirect};

const NEW: &str = "rhubarb and cream";

#[tokio::test]
async fn a_changed_password_ends_the_other_logins() {
    let site = Site::start().await;
    let ann = site.register("ann").await;
    let elsewhere = site.log_in("ann").await;
    let bob = site.register("bob").await;
    let old = password_of("ann");
    for (current, password, again, why) in [
        ("wrong", NEW, NEW, "That is not your password."),
        (&*old, NEW, "rhubarb", "The two are not the same"),
        (&*old, "short", "short", "The password is too short"),
    ] {
        let form = [
            ("current", current),
            ("password", password),
            ("again", again),
        ];
        let response = ann.post("/account/password", &form).await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert!(response.text().await.unwrap().contains(why), "{why}");
    }
    assert!(elsewhere.is_logged_in().await);

    let form = [("current", &*old), ("password", NEW), ("again", NEW)];
    let response = ann.post("/account/password", &form).await;
    assert_eq!(redirect(&response), "/account");
    assert!(
        ann.page("/account")
            .await
            .contains("Your password is changed")
    );
    assert!(!elsewhere.is_logged_in().await);
    assert!(bob.is_logged_in().await);
    let response = elsewhere.log_in("ann", &old).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(redirect(&elsewhere.log_in("ann", NEW).await), "/");
}

#[tokio::test]
async fn a_remembered_login_gives_its_password_before_the_account_is_deleted() {
    let site = Site::start().await;
    site.register("ann").await;
    let bob = site.register("bob").await;
    let card = bob.add_card("Bob's card").await;
    bob.post(&format!("{card}/comments"), &[("text", "Mine too")])
        .await;
    let remembered = site.browser();
    let password = password_of("bob");
    let form = [
        ("name", "bob"),
        ("password", &*password),
        ("remember", "true"),
    ];
    remembered.post("/login", &form).await;

    let response = remembered.get("/account/delete").await;
    let confirm = "/confirm?next=%2Faccount%2Fdelete";
    assert_eq!(redirect(&response), confirm);
    let response = remembered.post("/account/delete", &[]).await;
    assert_eq!(redirect(&response), "/confirm");
    let response = remembered.post(confirm, &[("password", "wrong")]).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(redirect(&remembered.get("/account/delete").await), confirm);

    let response = remembered.post(confirm, &[("password", &password)]).await;
    assert_eq!(redirect(&response), "/account/delete");
    remembered.page("/account/delete").await;
    let response = remembered.post("/account/delete", &[]).await;
    assert_eq!(redirect(&response), "/");
    let page = remembered.page("/").await;
    assert!(page.contains("Your account is deleted."));
    for browser in [&remembered, &bob] {
        assert!(!browser.is_logged_in().await);
    }
    let response = remembered.log_in("bob", &password).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    let page = remembered.page(&card).await;
    assert!(page.contains("Bob&#39;s card") || page.contains("Bob's card"));
    assert!(page.contains("Mine too"));
    assert!(page.contains("<b>somebody who left</b>"));
    assert!(!page.contains("<b>bob</b>"));
}

#[tokio::test]
async fn the_only_admin_stays() {
    let site = Site::start().await;
    let ann = site.register("ann").await;
    let response = ann.post("/account/delete", &[]).await;
    assert_eq!(redirect(&response), "/account");
    let page = ann.page("/account").await;
    assert!(page.contains("You are the only admin"));
}
