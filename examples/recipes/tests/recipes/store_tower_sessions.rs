//! Logins that end together, in a store whose own library cannot list them.

use crate::running::{Running, redirect};

#[tokio::test]
async fn all_logins_of_a_user_end_at_once() {
    let site = Running::start(env!("CARGO_BIN_EXE_store_tower_sessions"), &[]);
    let (laptop, phone, bob) = (site.browser(), site.browser(), site.browser());
    for (browser, login) in [
        (&laptop, "/login/ann"),
        (&phone, "/login/ann"),
        (&bob, "/login/bob"),
    ] {
        assert_eq!(redirect(&browser.post(login).await), "/");
    }
    assert_eq!(laptop.text("/").await, "You are logged in 2 times\n");
    assert_eq!(redirect(&phone.post("/end-all").await), "/");
    for browser in [&laptop, &phone] {
        assert_eq!(redirect(&browser.get("/").await), "/login?next=%2F");
    }
    assert_eq!(bob.text("/").await, "You are logged in 1 times\n");
}
