//! Commits, logins and logouts in odd orders, given up half way, or that fail.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use muffin_session::Session;
use muffin_session_tests::map_store::MapStore;
use muffin_session_tests::watched::{Mood, Watched};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::app::{perform_in, run, state, written};
use crate::{app, app_with};

use crate::gated::*;

#[tokio::test]
async fn a_second_logout_does_not_hide_that_the_first_one_failed() {
    let (app, store) = app().await;
    let browser = app.browser();
    run(&browser, "login 1").await;
    let stolen = browser.stolen();
    store.set(Mood::ReadOnly);
    let answer = perform_in(&browser, "logout, logout").await;
    store.set(Mood::Well);
    let seen = (answer.status().as_u16(), written(&answer));
    assert_eq!(
        (seen, state(&stolen).await.0),
        ((503, Vec::<String>::new()), Some(1))
    );
}

#[tokio::test]
async fn a_commit_does_not_hide_that_a_logout_failed() {
    let (app, store) = app().await;
    let browser = app.browser();
    run(&browser, "login 1").await;
    store.set(Mood::ReadOnly);
    let answer = perform_in(&browser, "logout, commit").await;
    store.set(Mood::Well);
    assert_eq!(
        (answer.status().as_u16(), written(&answer)),
        (503, Vec::<String>::new())
    );
}

#[tokio::test]
async fn a_guest_who_has_cleared_and_committed_keeps_no_cookie() {
    let (app, store) = app().await;
    let browser = app.browser();
    run(&browser, "insert k v").await;
    let answer = perform_in(&browser, "clear, commit").await;
    assert!(store.inner().is_empty());
    assert_eq!(written(&answer), ["-guest"]);
}

#[tokio::test]
async fn a_clear_that_was_committed_clears_nothing_that_came_after() {
    let (app, _) = app().await;
    let browser = app.browser();
    run(&browser, "login 1, insert k before").await;
    let slow = app
        .under_way(&browser, "clear, commit, wait, insert own yes")
        .await;
    run(&browser, "insert b quick").await;
    assert!(slow.finish().await.status().is_success());
    assert_eq!(
        state(&browser).await.1,
        json!({ "b": "quick", "own": "yes" })
    );
}

#[tokio::test]
async fn an_update_is_atomic_also_after_a_commit_that_failed() {
    let store = Watched::default();
    let (arrived, open) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let more = {
        let (store, arrived, open) = (store.clone(), arrived.clone(), open.clone());
        Router::new().route(
            "/x",
            post(move |session: Session| async move {
                session
                    .update("n", |n: Option<u64>| n.unwrap_or(0) + 1)
                    .unwrap();
                store.set(Mood::ReadOnly);
                assert!(session.commit().await.is_err());
                store.set(Mood::Well);
                arrived.add_permits(1);
                open.acquire().await.unwrap().forget();
            }),
        )
    };
    let site = site(store.clone(), more).await;
    let browser = site.browser();
    ok(&browser, "/login/1").await;
    let slow = sent(&browser, "/x");
    arrived.acquire().await.unwrap().forget();
    ok(&browser, "/count/n").await;
    open.add_permits(1);
    assert_eq!(slow.await.unwrap(), 200);
    assert_eq!(state(&browser).await.1, json!({ "n": 2 }));
}

#[tokio::test]
async fn an_update_made_during_a_commit_is_atomic() {
    let store = Gated::new();
    let (arrived, open) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let more = {
        let (store, arrived, open) = (store.clone(), arrived.clone(), open.clone());
        Router::new().route(
            "/x",
            post(move |session: Session| async move {
                session.insert("a", 1).unwrap();
                store.pause_next("update");
                let (saved, ()) = tokio::join!(session.commit(), async {
                    store.arrival().await;
                    session
                        .update("n", |n: Option<u64>| n.unwrap_or(0) + 1)
                        .unwrap();
                    store.open();
                });
                saved.unwrap();
                arrived.add_permits(1);
                open.acquire().await.unwrap().forget();
            }),
        )
    };
    let site = site(store.clone(), more).await;
    let browser = site.browser();
    ok(&browser, "/login/1").await;
    let slow = sent(&browser, "/x");
    arrived.acquire().await.unwrap().forget();
    ok(&browser, "/count/n").await;
    open.add_permits(1);
    assert_eq!(slow.await.unwrap(), 200);
    assert_eq!(state(&browser).await.1, json!({ "a": 1, "n": 2 }));
}

#[tokio::test]
async fn a_commit_does_not_say_that_what_is_lost_was_kept() {
    let (app, store) = app().await;
    let browser = app.browser();
    run(&browser, "login 404").await;
    // Whoever comes to the gate was told by `commit` that all is well.
    let script = "insert k v, user, commit, wait";
    let slow = tokio::time::timeout(Duration::from_millis(500), app.under_way(&browser, script));
    if let Ok(slow) = slow.await {
        let status = slow.finish().await.status();
        panic!("the commit said that all is well, and the answer is {status}");
    }
    drop(store);
}

#[test]
fn an_update_that_uses_the_session_during_a_commit_does_not_hang() {
    let (say, heard) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let store = Gated::new();
            let more = {
                let store = store.clone();
                Router::new().route(
                    "/x",
                    post(move |session: Session| async move {
                        session.insert("a", 1).unwrap();
                        store.pause_next("update");
                        let (saved, ()) = tokio::join!(session.commit(), async {
                            store.arrival().await;
                            let inner = session.clone();
                            session
                                .update("n", move |n: Option<u64>| {
                                    let _: Option<Value> = inner.get("a").unwrap();
                                    n.unwrap_or(0) + 1
                                })
                                .unwrap();
                            store.open();
                        });
                        saved.unwrap();
                    }),
                )
            };
            let site = site(store.clone(), more).await;
            let browser = site.browser();
            ok(&browser, "/login/1").await;
            let status = send(&browser, "/x").await.status().as_u16();
            let _ = say.send(status);
        });
    });
    assert_eq!(heard.recv_timeout(Duration::from_secs(5)), Ok(200));
}

#[tokio::test]
async fn a_commit_that_was_given_up_does_not_cost_the_login() {
    let store = Gated::new();
    let more = {
        let store = store.clone();
        Router::new().route(
            "/x",
            post(move |session: Session| async move {
                session.renew().unwrap();
                store.pause_next("rotate");
                let given_up =
                    tokio::time::timeout(Duration::from_millis(50), session.commit()).await;
                assert!(given_up.is_err());
                store.open();
                tokio::time::sleep(Duration::from_millis(50)).await;
            }),
        )
    };
    let site = site(store.clone(), more).await;
    let browser = site.browser();
    ok(&browser, "/login/1").await;
    let status = send(&browser, "/x").await.status().as_u16();
    let writes = send(&browser, "/set/k/v").await.status().as_u16();
    assert_eq!((status, writes), (200, 200));
}

#[tokio::test]
async fn a_renewal_that_was_committed_reaches_the_browser() {
    for script in [
        "renew, commit, wait, insert k v",
        "login 1, commit, wait, insert k v",
    ] {
        let (app, store) = app().await;
        let browser = app.browser();
        run(&browser, "login 1").await;
        let slow = app.under_way(&browser, script).await;
        store.set(Mood::ReadOnly);
        assert_eq!(slow.finish().await.status(), 503);
        store.set(Mood::Well);
        app.clock.advance(Duration::from_secs(61));
        assert_eq!(state(&browser).await.0, Some(1), "{script}");
    }
}

#[tokio::test]
async fn a_second_try_of_an_update_sees_the_session_as_the_first_did() {
    let store = Watched::default();
    let (arrived, open) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let more = {
        let (arrived, open) = (arrived.clone(), open.clone());
        Router::new().route(
            "/x",
            post(move |session: Session| async move {
                let inner = session.clone();
                session
                    .update("n", move |n: Option<u64>| {
                        let price: Option<String> = inner.get("price").unwrap();
                        n.unwrap_or(0) + price.map_or(0, |price| price.parse().unwrap())
                    })
                    .unwrap();
                arrived.add_permits(1);
                open.acquire().await.unwrap().forget();
            }),
        )
    };
    let site = site(store, more).await;
    let browser = site.browser();
    ok(&browser, "/login/1").await;
    ok(&browser, "/set/price/5").await;
    let slow = sent(&browser, "/x");
    arrived.acquire().await.unwrap().forget();
    ok(&browser, "/count/n").await;
    open.add_permits(1);
    assert_eq!(slow.await.unwrap(), 200);
    assert_eq!(state(&browser).await.1, json!({ "n": 6, "price": "5" }));
}

#[tokio::test]
async fn a_logout_from_a_thread_of_ones_own_reaches_the_store_or_says_so() {
    let more = Router::new().route(
        "/x",
        post(|session: Session| async move {
            std::thread::spawn(move || session.logout()).join().unwrap();
        }),
    );
    let site = site(MapStore::default(), more).await;
    let browser = site.browser();
    ok(&browser, "/login/1").await;
    let stolen = browser.stolen();
    let answer = send(&browser, "/x").await;
    let seen = (answer.status().as_u16(), written(&answer).len());
    let stolen = state(&stolen).await.0;
    assert!(seen == (503, 0) || stolen.is_none(), "{seen:?}, {stolen:?}");
}

#[tokio::test]
async fn a_logout_during_the_commit_of_a_login_leaves_no_session() {
    let store = Gated::new();
    let more = {
        let store = store.clone();
        Router::new().route(
            "/x",
            post(move |session: Session| async move {
                session.login(1).unwrap();
                store.pause_next("create");
                let (saved, ()) = tokio::join!(session.commit(), async {
                    store.arrival().await;
                    session.logout();
                    store.open();
                });
                let _ = saved;
            }),
        )
    };
    let site = site(store.clone(), more).await;
    let browser = site.browser();
    ok(&browser, "/x").await;
    assert_eq!(state(&browser).await.0, None);
    assert!(
        store.0.store.is_empty(),
        "somebody's session goes on in the store"
    );
}

#[tokio::test]
async fn a_commit_that_was_given_up_does_not_hide_that_a_logout_failed() {
    let store = Watched::default();
    let more = {
        let store = store.clone();
        Router::new().route(
            "/x",
            post(move |session: Session| async move {
                store.set(Mood::Hangs);
                session.logout();
                let _ = tokio::time::timeout(Duration::from_millis(30), session.commit()).await;
            }),
        )
    };
    let site = site(store.clone(), more).await;
    let browser = site.browser();
    ok(&browser, "/login/1").await;
    let stolen = browser.stolen();
    let answer = send(&browser, "/x").await;
    store.set(Mood::Well);
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    let seen = (answer.status().as_u16(), written(&answer).len());
    let stolen = state(&stolen).await.0;
    assert!(seen == (503, 0) || stolen.is_none(), "{seen:?}, {stolen:?}");
}

#[tokio::test]
async fn orders_of_logins_logouts_and_commits() {
    let (app, _) = app_with(|builder| builder.carry_on_login(["cart"])).await;
    for (script, expected) in [
        (
            "insert cart a, insert x y, login 1, login 2",
            (Some(2), json!({})),
        ),
        ("login 1, insert s x, commit, login 2", (Some(2), json!({}))),
        (
            "login 1, insert s x, logout, login 2, insert k v",
            (Some(2), json!({"k":"v"})),
        ),
        (
            "login 1, commit, renew, commit, renew, insert k v",
            (Some(1), json!({"k":"v"})),
        ),
        (
            "login 1, insert s x, commit, logout, insert g h, commit",
            (None, json!({"g":"h"})),
        ),
        (
            "insert cart a, commit, login 1, commit, logout, login 1",
            (Some(1), json!({})),
        ),
        (
            "login 1, insert s x, login 1, renew, commit",
            (Some(1), json!({"s":"x"})),
        ),
    ] {
        let browser = app.browser();
        run(&browser, script).await;
        assert_eq!(state(&browser).await, expected, "{script}");
    }
}

#[tokio::test]
async fn a_value_of_another_type_at_the_second_try_is_an_error_and_keeps_what_is_there() {
    let (app, _) = app().await;
    let browser = app.browser();
    run(&browser, "login 1, count n").await;
    let slow = app.under_way(&browser, "count n, insert k v, wait").await;
    run(&browser, "insert n text").await;
    assert_eq!(slow.finish().await.status(), 500);
    assert_eq!(state(&browser).await.1, json!({ "n": "text" }));
}
