//! Moves that are slow, given up, or come after what has ended the session.

use std::time::Duration;

use muffin_session_tests::watched::Watched;
use muffin_session_tests::{Answer as _, bare_builder};

use crate::app::{App, run, state};
use crate::{app_on, at};

use crate::denied::two;
use crate::gated::*;

#[tokio::test]
async fn all_sessions_of_a_user_end_also_those_that_are_still_in_cookies() {
    let store = Watched::default();
    let before = App::on(bare_builder()).await;
    let after = app_on(&store, |builder| builder).await;
    let user = before.browser();
    run(&user, "login 1").await;
    after.clock.advance(Duration::from_secs(1));
    after.sessions.end_sessions_of(1).await.unwrap();
    assert_eq!(state(&at(&after, &user)).await.0, None);
}

#[tokio::test]
async fn what_a_deny_list_has_ended_does_not_come_back_in_a_store() {
    let (list, store) = (Watched::default(), Watched::default());
    let (before, _) = two(&list).await;
    let denied = list.clone();
    let after = app_on(&store, |builder| builder.deny_list(denied)).await;
    let user = before.browser();
    run(&user, "login 1").await;
    let copy = user.stolen();
    run(&user, "logout").await;
    assert_eq!(state(&copy).await.0, None);
    assert_eq!(state(&at(&after, &copy)).await.0, None);
}

#[tokio::test]
async fn a_slow_move_does_not_bring_back_what_was_moved_and_ended() {
    let store = Gated::new();
    let before = App::on(bare_builder()).await;
    let after = App::on(bare_builder().store(store.clone())).await;
    let user = before.browser();
    run(&user, "login 1").await;
    let (slow, copy) = (at(&after, &user.stolen()), at(&after, &user.stolen()));
    let user = at(&after, &user);
    store.pause_next("create");
    let task = tokio::spawn({
        let slow = slow.clone();
        async move { state(&slow).await.0 }
    });
    store.arrival().await;
    assert_eq!(state(&user).await.0, Some(1));
    run(&user, "logout").await;
    assert_eq!(state(&copy).await.0, None);
    store.open();
    let slow_saw = task.await.unwrap();
    assert_eq!((slow_saw, state(&copy).await.0), (None, None));
}

#[tokio::test]
async fn what_does_not_fit_into_cookies_is_not_sent_and_not_lost() {
    let store = Watched::default();
    let before = app_on(&store, |builder| builder).await;
    let after = App::on(bare_builder().moving_from(store.clone())).await;
    let user = before.browser();
    run(&user, "login 1, fill k 100000").await;
    let user = at(&after, &user);
    let answer = user.get("/show").await;
    let largest = answer.set_cookies().iter().map(String::len).max();
    assert!(largest.unwrap_or(0) < 5_000, "{largest:?}");
}

#[tokio::test]
async fn a_logout_with_cookies_of_before_ends_what_was_moved_and_renewed() {
    let store = Watched::default();
    let before = App::on(bare_builder()).await;
    let after = app_on(&store, |builder| builder).await;
    let user = before.browser();
    run(&user, "login 1").await;
    let copy = at(&after, &user.stolen());
    let user = at(&after, &user);
    run(&user, "renew").await;
    run(&copy, "logout").await;
    assert_eq!(state(&user).await.0, None);
}

#[tokio::test]
async fn a_stub_of_the_old_store_can_be_read() {
    let (old, new) = (Watched::default(), Watched::default());
    let before = app_on(&old, |builder| builder).await;
    let after = App::on(bare_builder().store(new.clone()).moving_from(old.clone())).await;
    let browser = before.browser();
    run(&browser, "login 1").await;
    let stub = at(&after, &browser.stolen());
    run(&browser, "renew").await;
    assert_eq!(state(&stub).await.0, Some(1), "readable for 30 seconds");
}

#[tokio::test]
async fn a_logout_with_a_stub_of_the_old_store_ends_the_session_there() {
    let (old, new) = (Watched::default(), Watched::default());
    let before = app_on(&old, |builder| builder).await;
    let after = App::on(bare_builder().store(new.clone()).moving_from(old.clone())).await;
    let browser = before.browser();
    run(&browser, "login 1").await;
    let stub = at(&after, &browser.stolen());
    run(&browser, "renew").await;
    run(&stub, "logout").await;
    assert_eq!(state(&at(&after, &browser)).await.0, None);
}

#[tokio::test]
async fn a_process_of_before_that_writes_meanwhile_does_not_keep_a_moved_session_alive() {
    let store = Gated::new();
    let before = App::on(bare_builder().store(store.clone())).await;
    let after = App::on(bare_builder().moving_from(store.clone())).await;
    let user = before.browser();
    run(&user, "login 1").await;
    let (old_tab, copy) = (user.stolen(), at(&after, &user.stolen()));
    let user = at(&after, &user);
    store.pause_next("update");
    let task = tokio::spawn({
        let user = user.clone();
        async move { state(&user).await.0 }
    });
    store.arrival().await;
    run(&old_tab, "insert k v").await;
    store.open();
    assert_eq!(task.await.unwrap(), Some(1));
    run(&user, "logout").await;
    after.clock.advance(Duration::from_secs(3_600));
    assert_eq!(state(&copy).await.0, None);
}

#[tokio::test]
async fn an_answer_that_got_lost_logs_nobody_out_while_moving_into_cookies() {
    let store = Watched::default();
    let before = app_on(&store, |builder| builder).await;
    let after = App::on(bare_builder().moving_from(store.clone())).await;
    let user = before.browser();
    run(&user, "login 1").await;
    // The same browser: its first answer never arrives.
    assert_eq!(state(&at(&after, &user.stolen())).await.0, Some(1));
    after.clock.advance(Duration::from_secs(31));
    assert_eq!(state(&at(&after, &user)).await.0, Some(1));
}
