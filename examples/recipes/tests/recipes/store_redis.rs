//! Changes at once, at two processes with one Redis.

use tokio::task::JoinSet;

use crate::running::{Running, SECRET, redirect, server};

#[tokio::test]
#[ignore = "needs Redis: set REDIS_URL"]
async fn changes_at_once_at_two_processes_are_all_kept() {
    let url = server("REDIS_URL");
    let settings = [("REDIS_URL", url.as_str()), ("SESSION_SECRET", SECRET)];
    let program = env!("CARGO_BIN_EXE_store_redis");
    let first = Running::start(program, &settings);
    let second = Running::start(program, &settings);
    let browser = first.browser();
    assert_eq!(redirect(&browser.post("/basket/oats").await), "/basket");

    let mut items = JoinSet::new();
    for item in ["milk", "eggs", "salt", "figs", "plums", "honey"] {
        let place = if item.len() == 4 { &first } else { &second };
        let browser = browser.at(place);
        items.spawn(async move { browser.post(&format!("/basket/{item}")).await });
    }
    for added in items.join_all().await {
        assert_eq!(redirect(&added), "/basket");
    }
    let basket = browser.at(&second).text("/basket").await;
    let mut basket: Vec<_> = basket.split_whitespace().collect();
    basket.sort_unstable();
    let all = ["eggs", "figs", "honey", "milk", "oats", "plums", "salt"];
    assert_eq!(basket, all);
}
