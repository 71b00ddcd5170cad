//! What a store gets to see, and what it does not.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use muffin_session_tests::{bare_builder, watched::Watched};

use crate::app;
use crate::app::{App, run, state};

#[tokio::test]
async fn s195_a_dump_of_the_store_holds_nothing_that_a_cookie_says() {
    let (app, store) = app().await;
    let browsers = [0; 3].map(|_| app.browser());
    run(&browsers[0], "login 1, insert k v").await;
    run(&browsers[1], "insert k v").await;
    run(&browsers[2], "login 2").await;
    run(&browsers[2], "renew").await;
    let dump = store.inner().dump();
    for browser in &browsers {
        for (name, value) in browser.jar.all() {
            let value = URL_SAFE_NO_PAD.decode(value).unwrap();
            // Header, group, and the 16 random bytes that make the id.
            let id = &value[10 + 8..10 + 24];
            assert!(
                !dump
                    .windows(8)
                    .any(|bytes| id.windows(8).any(|part| part == bytes)),
                "{name}"
            );
        }
    }
}

#[tokio::test]
async fn s196_two_kinds_of_users_in_one_store_have_nothing_to_do_with_each_other() {
    let store = Watched::default();
    let shop = App::on(bare_builder().store(store.clone())).await;
    let staff = App::on(bare_builder().cookie_name("staff").store(store.clone())).await;
    let other = App::on(bare_builder().app_name("other").store(store.clone())).await;
    let mut browsers = Vec::new();
    for app in [&shop, &staff, &other] {
        let browser = app.browser();
        run(&browser, "login 1").await;
        assert_eq!(app.sessions.sessions_of(1).await.unwrap().len(), 1);
        browsers.push(browser);
    }
    staff.sessions.end_sessions_of(1).await.unwrap();
    assert_eq!(state(&browsers[0]).await.0, Some(1));
    assert_eq!(state(&browsers[1]).await.0, None);
    assert_eq!(state(&browsers[2]).await.0, Some(1));
}

#[tokio::test]
async fn s197_a_record_that_cannot_be_read_is_nobodys_and_no_panic() {
    let (app, store) = app().await;
    let browsers = [0; 2].map(|_| app.browser());
    run(&browsers[0], "login 1, insert k v").await;
    run(&browsers[1], "insert k v").await;
    store.inner().garble();
    for browser in &browsers {
        assert_eq!(state(browser).await, (None, serde_json::json!({})));
    }
    assert!(app.sessions.sessions_of(1).await.unwrap().is_empty());
    // They can begin anew.
    run(&browsers[0], "login 1, insert k new").await;
    run(&browsers[1], "insert k new").await;
    for browser in &browsers {
        assert_eq!(state(browser).await.1, serde_json::json!({ "k": "new" }));
    }
}

#[tokio::test]
async fn a_cookie_of_a_store_holds_no_data_and_is_short() {
    let (app, _) = app().await;
    let browser = app.browser();
    run(&browser, "login 1, fill k 100000").await;
    let cookies = browser.jar.all();
    assert_eq!(cookies.len(), 1);
    assert!(cookies.values().all(|value| value.len() == 88));
}
