//! A remembered login becomes fresh by its password.

use reqwest::StatusCode;

use crate::running::{Running, redirect};

#[tokio::test]
async fn the_right_password_leads_on_and_a_wrong_one_back() {
    let site = Running::start(env!("CARGO_BIN_EXE_confirm_password"), &[]);
    let browser = site.browser();
    browser.done("/login").await;
    let asked = browser.get("/payments").await;
    let confirm = redirect(&asked);
    assert_eq!(confirm, "/confirm?next=%2Fpayments");
    assert!(browser.text(confirm).await.contains("type=password"));

    let wrong = browser.post_form(confirm, &[("password", "oats")]).await;
    assert_eq!(redirect(&wrong), confirm);
    assert_eq!(redirect(&browser.get("/payments").await), confirm);

    let form = [("password", "blueberry-and-lemon")];
    let right = browser.post_form(confirm, &form).await;
    assert_eq!(redirect(&right), "/payments");
    assert_eq!(browser.get("/payments").await.status(), StatusCode::OK);

    // The password alone logs nobody in.
    let nobody = site.browser().post_form("/confirm", &form).await;
    assert_eq!(redirect(&nobody), "/login");
}
