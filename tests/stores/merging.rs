//! Two requests at once: neither undoes what the other one did.

use muffin_session_tests::Browser;
use serde_json::json;

use crate::app::{perform_in, run, state};
use crate::{app, app_on, at};

#[tokio::test]
async fn p02_parallel_writes_of_different_keys_are_both_kept() {
    let (app, _) = app().await;
    for who in ["login 1", "insert guest yes"] {
        let browser = app.browser();
        run(&browser, who).await;
        run(&browser, "insert k before").await;
        let slow = app
            .under_way(&browser, "insert a slow, remove k, wait")
            .await;
        run(&browser, "insert b quick").await;
        assert!(slow.finish().await.status().is_success());
        let (_, mut data) = state(&browser).await;
        data.as_object_mut().unwrap().remove("guest");
        assert_eq!(data, json!({ "a": "slow", "b": "quick" }), "{who}");
    }
}

#[tokio::test]
async fn p02_of_two_writes_of_one_key_the_later_one_counts_and_nothing_else_changes() {
    let (app, _) = app().await;
    let browser = app.browser();
    run(&browser, "login 1, insert k before, insert other stays").await;
    let slow = app.under_way(&browser, "insert k slow, wait").await;
    run(&browser, "insert k quick, remove other").await;
    slow.finish().await;
    assert_eq!(state(&browser).await.1, json!({ "k": "slow" }));
}

#[tokio::test]
async fn p02_clearing_takes_what_came_in_between_and_keeps_what_came_after() {
    let (app, _) = app().await;
    let browser = app.browser();
    run(&browser, "login 1, insert k before").await;
    let slow = app.under_way(&browser, "clear, insert own yes, wait").await;
    run(&browser, "insert b quick").await;
    slow.finish().await;
    assert_eq!(state(&browser).await.1, json!({ "own": "yes" }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn s193_sixty_four_parallel_updates_of_one_key_are_all_counted() {
    let (app, store) = app().await;
    let other = app_on(&store, |builder| builder).await;
    let browser = app.browser();
    run(&browser, "login 1, insert k stays").await;
    let mut updates = Vec::new();
    for number in 0..64 {
        // Half of them in another process.
        let browser: Browser = if number % 2 == 0 {
            browser.clone()
        } else {
            at(&other, &browser)
        };
        updates.push(tokio::spawn(async move {
            perform_in(&browser, "count n").await.status()
        }));
    }
    for update in updates {
        assert!(update.await.unwrap().is_success());
    }
    assert_eq!(state(&browser).await.1, json!({ "k": "stays", "n": 64 }));
}

#[tokio::test]
async fn p02_an_update_runs_again_on_what_is_there_by_then() {
    let (app, _) = app().await;
    let browser = app.browser();
    run(&browser, "login 1, count n, count n").await;
    let slow = app.under_way(&browser, "count n, count n, wait").await;
    run(&browser, "count n, insert k v").await;
    slow.finish().await;
    assert_eq!(state(&browser).await.1, json!({ "n": 5, "k": "v" }));
}

#[tokio::test]
async fn p02_after_a_commit_a_number_is_nobody_elses() {
    let (app, _) = app().await;
    let browser = app.browser();
    run(&browser, "login 1, count n").await;
    let slow = app
        .under_way(&browser, "count n, wait, commit, get n, insert after yes")
        .await;
    let quick = perform_in(&browser, "count n, commit, get n").await;
    assert_eq!(quick.text().await.unwrap(), "2");
    assert_eq!(slow.finish().await.text().await.unwrap(), "3");
    assert_eq!(state(&browser).await.1, json!({ "n": 3, "after": "yes" }));
}

#[tokio::test]
async fn a_commit_of_a_login_is_the_login_and_what_comes_after_it_is_saved_too() {
    let (app, store) = app().await;
    let browser = app.browser();
    store.calls();
    run(
        &browser,
        "login 1, insert k v, commit, insert after yes, commit, commit",
    )
    .await;
    assert_eq!(store.calls(), "create 1, update 1");
    assert_eq!(
        state(&browser).await,
        (Some(1), json!({ "k": "v", "after": "yes" }))
    );
    run(&browser, "renew, commit, logout, commit, insert guest yes").await;
    assert_eq!(state(&browser).await, (None, json!({ "guest": "yes" })));
}

#[tokio::test]
async fn a_login_carries_on_what_a_guest_has_added_meanwhile() {
    let (app, _) = crate::app_with(|builder| builder.carry_on_login(["cart", "size"])).await;
    let browser = app.browser();
    run(&browser, "insert cart tea, insert secret x").await;
    let login = app
        .under_way(&browser, "insert size large, login 1, wait")
        .await;
    run(&browser, "insert cart coffee").await;
    login.finish().await;
    let expected = json!({ "cart": "coffee", "size": "large" });
    assert_eq!(state(&browser).await, (Some(1), expected));
}

#[tokio::test]
async fn a_renewal_keeps_what_is_written_meanwhile() {
    let (app, _) = app().await;
    let browser = app.browser();
    run(&browser, "login 1, insert k before").await;
    let renewal = app
        .under_way(&browser, "renew, insert a renewed, wait")
        .await;
    run(&browser, "insert b quick").await;
    assert!(renewal.finish().await.status().is_success());
    let expected = json!({ "k": "before", "a": "renewed", "b": "quick" });
    assert_eq!(state(&browser).await, (Some(1), expected));
}

#[tokio::test]
async fn p13_a_session_may_grow_far_past_what_cookies_hold_and_not_without_end() {
    let (app, _) = app().await;
    let browser = app.browser();
    run(&browser, "login 1, fill big 1000000, insert k v").await;
    assert_eq!(state(&browser).await.1["k"], "v");
    for other in 0..3 {
        run(&browser, &format!("fill more{other} 1000000")).await;
    }
    let refused = perform_in(&browser, "fill last 300000").await;
    assert_eq!(refused.status(), 500);
    let text = refused.text().await.unwrap();
    assert!(text.contains("the largest keys"), "{text}");
    // Two requests whose values fit, each by itself: nothing is cut off, and the later one is told.
    run(&browser, "remove more2, remove more1").await;
    let slow = app.under_way(&browser, "fill one 1500000, wait").await;
    run(&browser, "fill two 1500000").await;
    assert_eq!(slow.finish().await.status(), 500);
    let (_, data) = state(&browser).await;
    assert!(data.get("one").is_none() && data.get("two").is_some());
}
