//! Two logins in one browser.

use crate::running::{Running, redirect};

#[tokio::test]
async fn customers_and_staff_log_in_and_out_each_by_themselves() {
    let site = Running::start(env!("CARGO_BIN_EXE_several_users"), &[]);
    let browser = site.browser();
    browser.done("/login").await;
    let refused = browser.get("/staff").await;
    assert_eq!(redirect(&refused), "/staff/login?next=%2Fstaff");

    browser.done("/staff/login").await;
    let desk = "Staff Sam, who shops as Ann\n";
    assert_eq!(browser.text("/staff").await, desk);
    browser.done("/staff/logout").await;
    let refused = browser.get("/staff").await;
    assert_eq!(redirect(&refused), "/staff/login?next=%2Fstaff");
    browser.done("/staff/login").await;
    assert_eq!(browser.text("/staff").await, desk);

    let other = site.browser();
    other.done("/staff/login").await;
    let desk = "Staff Sam, who shops as nobody\n";
    assert_eq!(other.text("/staff").await, desk);
}
