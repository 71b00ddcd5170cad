//! Clicks at once.

use tokio::task::JoinSet;

use crate::running::Running;

#[tokio::test]
async fn clicks_at_once_have_a_number_each() {
    let site = Running::start(env!("CARGO_BIN_EXE_store_memory"), &[]);
    let browser = site.browser();
    assert_eq!(browser.done("/click").await, "1 clicks\n");
    let mut clicks = JoinSet::new();
    for _ in 0..8 {
        let browser = browser.clone();
        clicks.spawn(async move { browser.done("/click").await });
    }
    let mut numbers = clicks.join_all().await;
    numbers.sort_unstable();
    let expected: Vec<_> = (2..10).map(|number| format!("{number} clicks\n")).collect();
    assert_eq!(numbers, expected);
    assert_eq!(browser.text("/").await, "9 clicks\n");
    assert_eq!(site.browser().text("/").await, "0 clicks\n");
}
