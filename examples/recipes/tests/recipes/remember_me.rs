//! Which cookies outlive the browser.

use crate::running::{Running, redirect, set_cookies};

#[tokio::test]
async fn only_who_ticks_the_box_is_remembered() {
    let site = Running::start(env!("CARGO_BIN_EXE_remember_me"), &[]);
    for (remember, form) in [
        (false, &[("name", "ann")][..]),
        (true, &[("name", "ann"), ("remember", "true")]),
    ] {
        let browser = site.browser();
        let asked = browser.get("/payments").await;
        let login_page = redirect(&asked);
        assert!(browser.text(login_page).await.contains("name=remember"));
        let login = browser.post_form(login_page, form).await;
        assert_eq!(redirect(&login), "/payments");
        let cookies = set_cookies(&login);
        assert!(!cookies.is_empty());
        let two_weeks = |cookie: &&str| cookie.contains("Max-Age=1209600");
        assert_eq!(cookies.iter().all(two_weeks), remember, "{}", cookies.len());
        assert_eq!(cookies.iter().any(two_weeks), remember);

        let home = format!("Logged in. Remembered: {remember}\n");
        assert_eq!(browser.text("/").await, home);
        let payments = browser.get("/payments").await;
        if remember {
            assert_eq!(redirect(&payments), "/login?next=%2Fpayments");
        } else {
            assert_eq!(payments.text().await.unwrap(), "Payments\n");
        }
    }
}
