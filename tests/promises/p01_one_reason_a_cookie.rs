//! Promises 1 and 2: each cookie has one reason to be written, and a slow answer undoes nothing but its own kind of change.

use std::time::Duration;

use muffin_session_tests::Browser;
use serde_json::json;

use crate::app::{App, messages, perform_in, run, state, written};

async fn logged_in(app: &App) -> Browser {
    let browser = app.browser();
    run(&browser, "login 1, insert k before").await;
    browser
}

#[tokio::test]
async fn p01_each_kind_of_change_writes_its_own_cookies_and_no_other() {
    let app = App::with(|builder| builder.idle_timeout(Duration::from_secs(600))).await;
    let browser = app.browser();
    for (script, expected) in [
        ("insert k v", &["+guest"][..]),
        ("insert k v", &[]),
        ("flash hello", &["+flash"]),
        ("flashes", &["-flash"]),
        ("login 1", &["+data", "+id", "-guest"]),
        ("insert k v", &["+data"]),
        ("insert k v", &[]),
        ("flash hello", &["+flash"]),
        ("renew", &["+data", "+id", "-data"]),
        ("insert k other, insert k v", &[]),
        ("login 2", &["+data", "+id", "-data", "-flash"]),
        ("logout", &["+out", "-data", "-id"]),
        ("insert k v", &["+guest"]),
        ("clear", &["-guest"]),
    ] {
        let response = perform_in(&browser, script).await;
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(written(&response), expected, "{script}");
    }
    run(&browser, "login 1").await;
    app.clock.advance(Duration::from_secs(61));
    let response = browser.get("/show").await;
    assert_eq!(written(&response), ["+seen"], "activity");
}

#[tokio::test]
async fn p01_a_write_under_way_during_a_logout_does_not_bring_the_login_back() {
    let app = App::new().await;
    let browser = logged_in(&app).await;
    let write = app.under_way(&browser, "wait, insert k late").await;
    run(&browser, "logout").await;
    let response = write.finish().await;
    assert_eq!(response.status(), 401, "nobody is told that it was kept");
    assert!(written(&response).is_empty(), "{:?}", written(&response));
    assert_eq!(state(&browser).await, (None, json!({})));
    assert!(!browser.jar.has(".id"));
}

#[tokio::test]
async fn p01_a_renewal_under_way_cannot_roll_data_back() {
    let app = App::with(|builder| builder.idle_timeout(Duration::from_secs(600))).await;
    let browser = logged_in(&app).await;
    app.clock.advance(Duration::from_secs(120));
    let read = app.under_way(&browser, "wait").await;
    run(&browser, "insert k after").await;
    assert_eq!(written(&read.finish().await), ["+seen"]);
    assert_eq!(state(&browser).await, (Some(1), json!({ "k": "after" })));
}

#[tokio::test]
async fn p01_an_anonymous_write_under_way_during_a_login_leaves_the_login_and_its_data_alone() {
    let app = App::with(|builder| builder.carry_on_login(["k"])).await;
    let browser = app.browser();
    run(&browser, "insert k guest").await;
    let write = app.under_way(&browser, "wait, insert k late").await;
    run(&browser, "login 1, insert own data").await;
    assert_eq!(written(&write.finish().await), ["+guest"]);
    let expected = (Some(1), json!({ "k": "guest", "own": "data" }));
    assert_eq!(state(&browser).await, expected);
    // s232, s233: what came back is nobody's who logs in later.
    run(&browser, "login 2").await;
    assert!(!browser.jar.has(".guest"));
    assert_eq!(state(&browser).await, (Some(2), json!({})));
}

#[tokio::test]
async fn p01_adding_a_flash_touches_nothing_else() {
    let app = App::new().await;
    let browser = logged_in(&app).await;
    let flash = app.under_way(&browser, "wait, flash hello").await;
    run(&browser, "insert k after").await;
    assert_eq!(written(&flash.finish().await), ["+flash"]);
    assert_eq!(state(&browser).await, (Some(1), json!({ "k": "after" })));
    assert_eq!(messages(&browser).await, ["hello"]);
}

#[tokio::test]
async fn s083_the_mark_outlives_every_login_that_a_late_answer_could_bring() {
    let app = App::new().await;
    let browser = app.browser();
    run(&browser, "login 1").await;
    let login = app.under_way(&browser, "wait, login 1").await;
    run(&browser, "logout").await;
    login.finish().await;
    for hours in 0..24 {
        assert_eq!(state(&browser).await.0, None, "{hours} hours later");
        app.clock.advance(Duration::from_secs(3_600));
    }
    browser.jar.drop(".out");
    assert_eq!(
        state(&browser).await.0,
        None,
        "the login's own lifetime is over"
    );
}

#[tokio::test]
async fn s236_requests_under_way_during_a_renewal_can_read_and_are_told_that_they_cannot_write() {
    let app = App::new().await;
    let browser = logged_in(&app).await;
    let tab = browser.stolen();
    run(&browser, "renew, insert k renewed").await;
    assert_eq!(
        state(&tab).await,
        (Some(1), json!({ "k": "before" })),
        "it reads"
    );
    let refused = perform_in(&tab, "insert k late").await;
    assert_eq!(refused.status(), 401);
    assert!(refused.text().await.unwrap().contains("ended"));
    assert!(!tab.jar.has(".guest"));
    app.clock.advance(Duration::from_secs(30));
    assert_eq!(state(&tab).await.0, None, "the grace is over");
    assert_eq!(state(&browser).await, (Some(1), json!({ "k": "renewed" })));
}

/// s047, s048, s079: whatever cookies are missing, nobody gains anything by it.
#[tokio::test]
async fn p01_every_subset_of_the_cookies_has_its_outcome_and_none_grants_more_than_the_whole() {
    let idle = Duration::from_secs(300);
    let app = App::with(|builder| builder.idle_timeout(idle)).await;
    let browser = app.browser();
    run(&browser, "logout").await;
    run(&browser, "login 1, insert k v, flash hello").await;
    app.clock.advance(idle / 2);
    browser.get("/show").await;
    let whole = browser.jar.all();
    let kinds = [".id", ".data.", ".seen.", ".flash.", ".out"];
    assert!(kinds.iter().all(|kind| browser.jar.has(kind)), "{whole:?}");

    // Only the last activity keeps the login alive from here on.
    app.clock.advance(idle / 2);
    for subset in 0_u32..32 {
        let has = |kind: usize| subset & (1 << kind) != 0;
        let tab = browser.stolen();
        for (index, kind) in kinds.iter().enumerate() {
            if !has(index) {
                tab.jar.drop(kind);
            }
        }
        let is_in = has(0) && has(1) && has(2);
        let expected = if is_in {
            (Some(1), json!({ "k": "v" }))
        } else {
            (None, json!({}))
        };
        assert_eq!(state(&tab).await, expected, "subset {subset:05b}");
        let shown = messages(&tab).await;
        assert_eq!(
            shown.len(),
            usize::from(is_in && has(3)),
            "subset {subset:05b}"
        );
    }
}

#[tokio::test]
async fn p02_two_parallel_writes_of_data_are_last_write_wins() {
    let app = App::new().await;
    let browser = logged_in(&app).await;
    let slow = app.under_way(&browser, "insert a slow, wait").await;
    run(&browser, "insert b quick").await;
    slow.finish().await;
    let expected = json!({ "k": "before", "a": "slow" });
    assert_eq!(state(&browser).await, (Some(1), expected));
}
