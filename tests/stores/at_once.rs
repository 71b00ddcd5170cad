//! Several requests of one session at once, each at the worst moment of the other.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use muffin_session::Session;
use muffin_session_tests::bare_builder;
use serde_json::json;
use tokio::sync::Semaphore;

use crate::app::{App, perform_in, run, state};
use crate::{app, app_with};

use crate::gated::*;

#[tokio::test]
async fn a_session_can_be_read_while_it_is_being_saved() {
    let store = Gated::new();
    let seen = Arc::new(Mutex::new(None));
    let more = {
        let (store, seen) = (store.clone(), seen.clone());
        Router::new().route(
            "/x",
            post(move |session: Session| async move {
                session.insert("k", 1).unwrap();
                store.pause_next("update");
                tokio::spawn(async move {
                    store.arrival().await;
                    let valid = session.is_still_valid().await;
                    *seen.lock().unwrap() = Some((session.is_logged_in(), valid, session.len()));
                    store.open();
                });
            }),
        )
    };
    let site = site(store.clone(), more).await;
    let browser = site.browser();
    ok(&browser, "/login/1").await;
    ok(&browser, "/x").await;
    assert_eq!(*seen.lock().unwrap(), Some((true, true, 1)));
}

#[tokio::test]
async fn a_guest_who_removes_their_last_key_loses_no_other_write() {
    let (app, _) = app().await;
    let browser = app.browser();
    run(&browser, "insert k v").await;
    let slow = app.under_way(&browser, "remove k, wait").await;
    run(&browser, "insert b quick").await;
    assert!(slow.finish().await.status().is_success());
    assert_eq!(state(&browser).await.1, json!({ "b": "quick" }));
}

#[tokio::test]
async fn a_login_during_a_commit_gets_nothing_of_the_user_before() {
    let store = Gated::new();
    let proceed = Arc::new(Semaphore::new(0));
    let done = Arc::new(Semaphore::new(0));
    let more = {
        let (proceed, done) = (proceed.clone(), done.clone());
        Router::new().route(
            "/x",
            post(move |session: Session| async move {
                session.insert("a", 1).unwrap();
                let (saved, ()) = tokio::join!(session.commit(), async {
                    proceed.acquire().await.unwrap().forget();
                    session.login(2).unwrap();
                    done.add_permits(1);
                });
                saved.unwrap();
            }),
        )
    };
    let site = site(store.clone(), more).await;
    let browser = site.browser();
    ok(&browser, "/login/1").await;
    let other_tab = browser.stolen();
    store.pause_next("update");
    let slow = sent(&browser, "/x");
    store.arrival().await;
    ok(&other_tab, "/set/secret/of-user-1").await;
    proceed.add_permits(1);
    done.acquire().await.unwrap().forget();
    store.open();
    assert_eq!(slow.await.unwrap(), 200);
    assert_eq!(state(&browser).await, (Some(2), json!({})));
}

#[tokio::test]
async fn a_logout_while_a_login_is_being_saved_ends_it() {
    let store = Gated::new();
    let more = {
        let store = store.clone();
        Router::new().route(
            "/x",
            post(move |session: Session| async move {
                session.login(1).unwrap();
                store.pause_next("create");
                tokio::spawn(async move {
                    store.arrival().await;
                    session.logout();
                    store.open();
                });
            }),
        )
    };
    let site = site(store.clone(), more).await;
    let browser = site.browser();
    let _ = send(&browser, "/x").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(state(&browser).await.0, None);
}

#[tokio::test]
async fn a_logout_with_the_cookie_of_before_and_a_guest_cookie_ends_the_renewed_session() {
    let (app, _) = app().await;
    let browser = app.browser();
    // As in a_slow_guest_write_..: a guest's session beside the login.
    let slow = app.under_way(&browser, "insert k late, wait").await;
    run(&browser, "login 1").await;
    assert!(slow.finish().await.status().is_success());
    assert!(browser.jar.has(".guest") && browser.jar.has(".id"));
    let before = browser.stolen();
    run(&browser, "renew").await;
    let renewed = browser.stolen();
    run(&before, "logout").await;
    assert_eq!(state(&renewed).await.0, None);
}

#[tokio::test]
async fn a_renewed_session_that_may_only_be_read_ends_no_others() {
    let (app, _) = app().await;
    let (browser, phone) = (app.browser(), app.browser());
    run(&browser, "login 1").await;
    run(&phone, "login 1").await;
    let before = browser.stolen();
    run(&browser, "renew").await;
    let status = get_script(&before, "others").await.status().as_u16();
    let after = (state(&browser).await.0, state(&phone).await.0);
    assert_eq!((status, after), (401, (Some(1), Some(1))));
}

#[tokio::test]
async fn of_a_guests_parallel_logins_each_is_its_own() {
    let (app, store) = app_with(|builder| builder.carry_on_login(["cart"])).await;
    let browser = app.browser();
    run(&browser, "insert cart tea, insert secret x").await;
    let copy = browser.stolen();
    let slow = app.under_way(&copy, "login 2, insert own y, wait").await;
    run(&browser, "login 1, insert secret z").await;
    assert!(slow.finish().await.status().is_success());
    assert_eq!(
        state(&copy).await,
        (Some(2), json!({ "cart": "tea", "own": "y" }))
    );
    assert_eq!(
        state(&browser).await,
        (Some(1), json!({ "cart": "tea", "secret": "z" }))
    );
    drop(store);
}

#[tokio::test]
async fn of_two_logins_in_one_request_the_second_gets_nothing_of_before_whatever_is_written_meanwhile()
 {
    for before in ["insert cart tea", "login 2, insert k v"] {
        let (app, _) = app_with(|builder| builder.carry_on_login(["cart"])).await;
        let browser = app.browser();
        run(&browser, before).await;
        let tab = browser.stolen();
        let slow = app.under_way(&browser, "wait, login 1, login 2").await;
        run(&tab, "insert cart coffee").await;
        assert!(slow.finish().await.status().is_success());
        assert_eq!(state(&browser).await, (Some(2), json!({})), "{before}");
    }
}

#[tokio::test]
async fn a_head_or_get_of_a_stub_writes_nothing_and_a_login_with_it_ends_the_successor() {
    let (app, _) = app().await;
    let browser = app.browser();
    run(&browser, "login 1, insert k v").await;
    let old = browser.stolen();
    run(&browser, "renew").await;
    assert_eq!(get_script(&old, "insert k late").await.status(), 401);
    assert_eq!(get_script(&old, "renew").await.status(), 401);
    assert_eq!(get_script(&old, "flash late").await.status(), 401);
    run(&old, "login 2").await;
    assert_eq!(state(&browser).await.0, None);
    assert_eq!(state(&old).await, (Some(2), json!({})));
}

#[tokio::test]
async fn end_all_while_requests_are_under_way() {
    let (app, _) = app().await;
    for script in [
        "wait, insert k v",
        "insert k v, wait",
        "renew, wait",
        "login 2, wait",
        "wait, renew, commit",
    ] {
        let browser = app.browser();
        run(&browser, "login 1").await;
        let slow = app.under_way(&browser, script).await;
        app.sessions.end_sessions_of(1).await.unwrap();
        assert_eq!(slow.finish().await.status(), 401, "{script}");
        assert_eq!(state(&browser).await.0, None, "{script}");
    }
}

#[tokio::test]
async fn a_session_that_was_ended_ends_and_lists_no_others() {
    for script in ["wait, others", "wait, sessions"] {
        let (app, _) = app().await;
        let (thief, user) = (app.browser(), app.browser());
        run(&thief, "login 1").await;
        let slow = app.under_way(&thief, script).await;
        app.sessions.end_sessions_of(1).await.unwrap();
        run(&user, "login 1").await;
        let status = slow.finish().await.status().as_u16();
        assert_eq!((status, state(&user).await.0), (401, Some(1)), "{script}");
    }
}

#[tokio::test]
async fn a_login_whose_older_session_could_not_be_ended_leaves_none_behind() {
    let (app, store) = app().await;
    let browser = app.browser();
    run(&browser, "login 1").await;
    let old = browser.stolen();
    run(&browser, "renew").await;
    drop(store);
    // A login with the cookie of before: two steps.
    run(&old, "login 1").await;
    assert_eq!(app.sessions.sessions_of(1).await.unwrap().len(), 1);
}

#[tokio::test]
async fn logouts_race_with_saves_at_each_verb_and_win() {
    for (verb, script) in [
        ("update", "insert k v"),
        ("rotate", "renew"),
        ("rotate", "login 1"),
        ("rotate", "login 2"),
        ("update", "count n, clear, insert k v"),
    ] {
        let store = Gated::new();
        let app = App::on(bare_builder().store(store.clone())).await;
        let browser = app.browser();
        run(&browser, "login 1, insert s x").await;
        let copy = browser.stolen();
        store.pause_next(verb);
        let slow = tokio::spawn({
            let browser = browser.clone();
            async move { perform_in(&browser, script).await.status().as_u16() }
        });
        store.arrival().await;
        run(&copy, "logout").await;
        store.open();
        assert_eq!(slow.await.unwrap(), 401, "{script}");
        assert!(store.0.store.is_empty(), "{script}");
    }
}
