//! A guest's cart, before and after the login.

use crate::running::{Running, redirect};

#[tokio::test]
async fn what_a_guest_has_put_in_is_there_after_the_login() {
    let site = Running::start(env!("CARGO_BIN_EXE_shopping_cart"), &[]);
    let browser = site.browser();
    for item in ["oats", "honey"] {
        let added = browser.post(&format!("/cart/{item}")).await;
        assert_eq!(redirect(&added), "/cart");
    }
    assert_eq!(browser.text("/cart").await, "2 items: oats, honey\n");
    assert_eq!(redirect(&browser.post("/login").await), "/cart");
    assert_eq!(browser.text("/cart").await, "2 items: oats, honey\n");
    assert_eq!(browser.done("/order").await, "Ordered: oats, honey\n");
    assert_eq!(browser.text("/cart").await, "0 items: \n");
    assert_eq!(site.browser().text("/cart").await, "0 items: \n");
}
