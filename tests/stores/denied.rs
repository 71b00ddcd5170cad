//! What a deny list knows of, whatever the clocks say, and of sessions that have just come into cookies.

use std::time::Duration;

use muffin_session_tests::bare_builder;
use muffin_session_tests::watched::{Mood, Watched};

use crate::app::{App, perform_in, run, state, written};
use crate::{app_on, at};

#[tokio::test]
async fn nor_with_a_deny_list() {
    let store = Watched::default();
    let app = App::on(bare_builder().deny_list(store.clone())).await;
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

pub(crate) async fn two(store: &Watched) -> (App, App) {
    let [one, other] = [0; 2].map(|_| bare_builder().deny_list(store.clone()));
    (App::on(one).await, App::on(other).await)
}

#[tokio::test]
async fn end_others_of_a_session_that_was_ended_does_not_bring_it_back() {
    let (app, other) = two(&Watched::default()).await;
    let (thief, user) = (app.browser(), app.browser());
    run(&thief, "login 1").await;
    let slow = app.under_way(&thief, "wait, others").await;
    for app in [&app, &other] {
        app.clock.advance(Duration::from_secs(1));
    }
    other.sessions.end_sessions_of(1).await.unwrap();
    assert_eq!(state(&at(&other, &thief)).await.0, None);
    for app in [&app, &other] {
        app.clock.advance(Duration::from_secs(1));
    }
    run(&user, "login 1").await;
    for app in [&app, &other] {
        app.clock.advance(Duration::from_secs(1));
    }
    let status = slow.finish().await.status().as_u16();
    assert_eq!(
        (
            status,
            state(&at(&other, &thief)).await.0,
            state(&at(&other, &user)).await.0
        ),
        (401, None, Some(1))
    );
}

#[tokio::test]
async fn a_renewal_ends_the_session_before_also_where_clocks_differ() {
    let (ahead, behind) = two(&Watched::default()).await;
    ahead.clock.advance(Duration::from_secs(2));
    let browser = ahead.browser();
    run(&browser, "login 1 admin").await;
    let stolen = browser.stolen();
    run(&at(&behind, &browser), "renew user").await;
    assert_eq!(state(&at(&behind, &stolen)).await.0, None, "behind");
    assert_eq!(state(&at(&ahead, &stolen)).await.0, None, "ahead");
}

#[tokio::test]
async fn ending_all_forgets_no_logout_where_clocks_differ() {
    let (ahead, behind) = two(&Watched::default()).await;
    ahead.clock.advance(Duration::from_secs(2));
    let browser = ahead.browser();
    run(&browser, "login 1").await;
    let stolen = at(&behind, &browser.stolen());
    run(&browser, "logout").await;
    assert_eq!(state(&stolen).await.0, None, "after the logout");
    behind.sessions.end_sessions_of(1).await.unwrap();
    assert_eq!(state(&stolen).await.0, None, "after all have ended too");
}

#[tokio::test]
async fn a_login_after_ending_all_counts_within_the_same_millisecond() {
    let (app, _) = two(&Watched::default()).await;
    let browser = app.browser();
    run(&browser, "login 1").await;
    run(&browser, "everywhere, login 1").await;
    assert_eq!(state(&browser).await.0, Some(1));
}

#[tokio::test]
async fn what_ends_a_session_in_the_request_that_moves_it_into_cookies_ends_copies() {
    let mut seen = Vec::new();
    for script in ["logout", "login 2", "renew user"] {
        let store = Watched::default();
        let before = app_on(&store, |builder| builder).await;
        let after = App::on(bare_builder().moving_from(store.clone())).await;
        let user = before.browser();
        run(&user, "login 1 admin").await;
        let copy = at(&after, &user.stolen());
        run(&at(&after, &user), script).await;
        let role = perform_in(&copy, "role").await.text().await.unwrap();
        after.clock.advance(Duration::from_secs(3_600));
        seen.push((script, role, state(&copy).await.0));
    }
    let none = || "none".to_owned();
    assert_eq!(
        seen,
        [
            ("logout", none(), None),
            ("login 2", none(), None),
            ("renew user", none(), None)
        ]
    );
}

#[tokio::test]
async fn a_logout_after_the_move_into_cookies_holds_for_copies_of_the_handle() {
    let (store, list) = (Watched::default(), Watched::default());
    let before = app_on(&store, |builder| builder).await;
    let builder = bare_builder()
        .moving_from(store.clone())
        .deny_list(list.clone());
    let after = App::on(builder).await;
    let user = before.browser();
    run(&user, "login 1").await;
    let (first, second) = (at(&after, &user.stolen()), at(&after, &user.stolen()));
    let user = at(&after, &user);
    assert_eq!(state(&user).await.0, Some(1));
    run(&user, "logout").await;
    assert_eq!(state(&user).await.0, None);
    let read = state(&first).await.0;
    let wrote = perform_in(&second, "insert k v, user").await;
    let wrote = wrote.text().await.unwrap();
    assert_eq!((read, wrote.as_str()), (None, "nobody"));
}

#[tokio::test]
async fn a_deny_list_knows_of_a_logout_in_the_request_that_moves_into_cookies() {
    let (store, list) = (Watched::default(), Watched::default());
    let before = app_on(&store, |builder| builder).await;
    let builder = || {
        bare_builder()
            .moving_from(store.clone())
            .deny_list(list.clone())
    };
    let (after, other) = (App::on(builder()).await, App::on(builder()).await);
    let user = before.browser();
    run(&user, "login 1").await;
    let copy = at(&other, &user.stolen());
    run(&at(&after, &user), "logout").await;
    other.clock.advance(Duration::from_secs(5));
    let soon = state(&copy).await.0;
    other.clock.advance(Duration::from_secs(3_600));
    assert_eq!((soon, state(&copy).await.0), (None, None));
}

#[tokio::test]
async fn three_hundred_logouts_stay_logouts() {
    let (app, other) = two(&Watched::default()).await;
    let first = app.browser();
    run(&first, "login 1").await;
    let first_copy = at(&other, &first.stolen());
    run(&first, "logout").await;
    for _ in 0..260 {
        let browser = app.browser();
        run(&browser, "login 1").await;
        for app in [&app, &other] {
            app.clock.advance(Duration::from_millis(5));
        }
        run(&browser, "logout").await;
    }
    assert_eq!(state(&first_copy).await.0, None);
    let browser = app.browser();
    for app in [&app, &other] {
        app.clock.advance(Duration::from_millis(5));
    }
    run(&browser, "login 1").await;
    assert_eq!(state(&at(&other, &browser)).await.0, Some(1));
}
