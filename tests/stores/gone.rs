//! A session that has ended does not come back, whoever was about to save it.

use std::time::Duration;

use muffin_session_tests::Answer as _;
use serde_json::json;

use crate::app::{perform_in, run, state, written};
use crate::{app, app_on, app_with, at};

#[tokio::test]
async fn s192_a_save_never_recreates_a_session_that_was_ended_meanwhile() {
    let (app, store) = app().await;
    let other = app_on(&store, |builder| builder).await;
    for slow in [
        "insert k late, wait",
        "renew, wait",
        "count n, wait",
        "clear, insert k w, wait",
    ] {
        let browser = app.browser();
        run(&browser, "login 1, insert k v").await;
        let stolen = browser.stolen();
        let slow = app.under_way(&stolen, slow).await;
        // In another process.
        run(&at(&other, &browser), "logout").await;
        let answer = slow.finish().await;
        assert_eq!((answer.status().as_u16(), written(&answer).len()), (401, 0));
        assert_eq!(state(&stolen).await, (None, json!({})));
    }
    assert!(store.inner().is_empty());
}

#[tokio::test]
async fn s083_a_slow_login_over_a_login_that_was_ended_meanwhile_does_not_bring_it_back() {
    let (app, _) = app().await;
    for login in ["login 1, wait", "login 2, wait"] {
        let browser = app.browser();
        run(&browser, "login 1").await;
        let slow = app.under_way(&browser, login).await;
        run(&browser, "logout").await;
        assert_eq!(slow.finish().await.status(), 401);
        assert_eq!(state(&browser).await.0, None, "{login}");
    }
}

#[tokio::test]
async fn a_slow_guest_write_leaves_a_login_alone_and_is_told_that_it_is_lost() {
    let (app, _) = app_with(|builder| builder.carry_on_login(["k"])).await;
    let browser = app.browser();
    run(&browser, "insert k v").await;
    let slow = app.under_way(&browser, "insert k late, wait").await;
    run(&browser, "login 1").await;
    assert_eq!(slow.finish().await.status(), 401);
    assert_eq!(state(&browser).await, (Some(1), json!({ "k": "v" })));

    // One that came without a cookie begins a guest's session of its own, beside the login.
    let browser = app.browser();
    let slow = app.under_way(&browser, "insert k late, wait").await;
    run(&browser, "login 1").await;
    assert!(slow.finish().await.status().is_success());
    assert_eq!(state(&browser).await, (Some(1), json!({})));
}

#[tokio::test]
async fn s085_a_copy_of_the_cookies_ends_with_the_session_in_every_process() {
    let (app, store) = app().await;
    let other = app_on(&store, |builder| builder).await;
    let browser = app.browser();
    run(&browser, "login 1, insert k v").await;
    let stolen = at(&other, &browser.stolen());
    assert_eq!(state(&stolen).await.0, Some(1));
    run(&browser, "logout").await;
    assert_eq!(state(&stolen).await, (None, json!({})));
    // Logins over logins and renewals end what was before as well.
    for ends in ["login 2", "login 1", "renew admin"] {
        run(&browser, "login 1").await;
        let stolen = at(&other, &browser.stolen());
        run(&browser, ends).await;
        assert_eq!(state(&stolen).await.0, None, "{ends}");
    }
}

#[tokio::test]
async fn a_renewed_session_can_be_read_for_thirty_seconds_and_only_read() {
    let (app, _) = app().await;
    let browser = app.browser();
    run(&browser, "login 1, insert k v").await;
    let before = browser.stolen();
    run(&browser, "renew").await;
    let between = browser.stolen();
    run(&browser, "renew").await;
    for old in [&before, &between] {
        assert_eq!(state(old).await, (Some(1), json!({ "k": "v" })));
        assert_eq!(perform_in(old, "insert k late").await.status(), 401);
    }
    app.clock.advance(Duration::from_secs(30));
    assert_eq!(state(&before).await.0, None);
    assert_eq!(state(&browser).await, (Some(1), json!({ "k": "v" })));
}

#[tokio::test]
async fn a_logout_with_the_cookies_of_before_a_renewal_ends_the_renewed_session() {
    let (app, store) = app().await;
    for renewals in ["renew", "renew admin"] {
        let browser = app.browser();
        run(&browser, "login 1").await;
        let before = browser.stolen();
        run(&browser, renewals).await;
        run(&browser, renewals).await;
        run(&before, "logout").await;
        assert_eq!(state(&browser).await.0, None, "{renewals}");
    }
    app.clock.advance(Duration::from_mins(2));
    app.sessions.sweep().await.unwrap();
    assert!(store.inner().is_empty());
}

#[tokio::test]
async fn a_logout_holds_also_when_its_request_is_given_up() {
    let (app, _) = app().await;
    let browser = app.browser();
    run(&browser, "login 1").await;
    let stolen = browser.stolen();
    let given_up = app.under_way(&browser, "logout, wait").await;
    given_up.give_up();
    // Another round trip to the same process comes after it.
    for _ in 0..1_000 {
        if state(&stolen).await.0.is_none() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("the session goes on");
}

#[tokio::test]
async fn times_are_checked_by_us_whatever_the_store_has() {
    let (app, store) = app_with(|builder| {
        builder
            .lifetime(Duration::from_secs(3_600))
            .idle_timeout(Duration::from_secs(600))
    })
    .await;
    let browser = app.browser();
    run(&browser, "login 1").await;
    for _ in 0..5 {
        app.clock.advance(Duration::from_secs(599));
        assert_eq!(state(&browser).await.0, Some(1));
    }
    // S198: the store has not swept, and says that the record is there.
    store.inner().never_expire();
    app.clock.advance(Duration::from_secs(600));
    assert_eq!(state(&browser).await.0, None, "idle");
    app.clock.advance(Duration::from_secs(3_600));
    assert_eq!(state(&browser).await.0, None, "over");
}

#[tokio::test]
async fn a_guest_has_no_record_before_there_is_something_to_keep_and_none_after() {
    let (app, store) = app().await;
    let browser = app.browser();
    for _ in 0..3 {
        assert_eq!(state(&browser).await, (None, json!({})));
    }
    // S181: nothing is made at logout either.
    assert!(perform_in(&browser, "logout").await.status().is_success());
    assert!(store.inner().is_empty());
    let answer = perform_in(&browser, "insert k v").await;
    assert_eq!(written(&answer), ["+guest"]);
    assert!(answer.header("cache-control").contains("no-store"));
    assert_eq!(
        written(&perform_in(&browser, "insert other w").await),
        [""; 0]
    );
    assert_eq!(written(&perform_in(&browser, "clear").await), ["-guest"]);
    assert!(store.inner().is_empty());
    run(&browser, "insert k v").await;
    app.clock.advance(Duration::from_secs(24 * 3_600));
    assert_eq!(state(&browser).await.1, json!({}));
}
