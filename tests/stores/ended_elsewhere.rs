//! A user's sessions, listed and ended from elsewhere: at once, in every process.

use std::time::Duration;

use muffin_session::Error;
use muffin_session_tests::Browser;

use crate::app::{App, perform_in, run, state};
use crate::{app, app_on, at};

async fn say(browser: &Browser, script: &str) -> String {
    let answer = perform_in(browser, script).await;
    assert!(
        answer.status().is_success(),
        "{script}: {}",
        answer.status()
    );
    answer.text().await.unwrap()
}

/// The id that a browser's session is listed with.
async fn own_id(browser: &Browser) -> String {
    let listed = say(browser, "sessions").await;
    let own = listed.split(' ').find(|entry| entry.contains('*')).unwrap();
    own.split('=').nth(1).unwrap().to_owned()
}

/// Three browsers of user 1, and one of user 2.
async fn browsers(app: &App) -> [Browser; 4] {
    let browsers = [0; 4].map(|_| app.browser());
    for (browser, who) in browsers
        .iter()
        .zip(["1 phone", "1 desk", "1 car", "2 phone"])
    {
        run(browser, &format!("device {who}")).await;
        app.clock.advance(Duration::from_secs(1));
    }
    browsers
}

async fn who(browsers: &[Browser]) -> Vec<Option<u64>> {
    let mut who = Vec::new();
    for browser in browsers {
        who.push(state(browser).await.0);
    }
    who
}

#[tokio::test]
async fn a_users_sessions_are_listed_with_what_tells_them_apart() {
    let (app, store) = app().await;
    let browsers = browsers(&app).await;
    let listed = say(&browsers[1], "sessions").await;
    let labels: Vec<_> = listed
        .split(' ')
        .map(|one| one.split('=').next().unwrap())
        .collect();
    assert_eq!(labels, ["car", "desk*", "phone"], "the one last used first");
    app.clock.advance(Duration::from_secs(3_600));
    state(&browsers[0]).await;
    let sessions = app.sessions.sessions_of(1).await.unwrap();
    let labels: Vec<_> = sessions.iter().map(|one| one.label().unwrap()).collect();
    assert_eq!(labels, ["phone", "car", "desk"]);
    assert!(sessions[0].last_seen() > sessions[0].begun_at() + Duration::from_secs(3_600));
    assert!(sessions.iter().all(|one| !one.is_current()));
    // A login keeps its label when it is renewed, and has one entry however often.
    run(&browsers[0], "renew").await;
    run(&browsers[0], "renew").await;
    assert!(say(&browsers[0], "sessions").await.starts_with("phone*="));
    assert_eq!(app.sessions.sessions_of(1).await.unwrap().len(), 3);
    assert!(
        app.sessions.sessions_of("1").await.unwrap().is_empty(),
        "a text is another user"
    );
    // What is over is not listed, swept or not.
    store.inner().never_expire();
    app.clock.advance(Duration::from_secs(14 * 24 * 3_600));
    assert!(app.sessions.sessions_of(1).await.unwrap().is_empty());
}

#[tokio::test]
async fn one_is_ended_and_no_other() {
    let (app, store) = app().await;
    let other = app_on(&store, |builder| builder).await;
    let browsers = browsers(&app).await;
    let phone = own_id(&browsers[0]).await;
    let stranger = own_id(&browsers[3]).await;
    for nobodys in [
        stranger.as_str(),
        "",
        "AAAA",
        "%",
        &"A".repeat(32),
        &"A".repeat(10_000),
    ] {
        assert_eq!(say(&browsers[1], &format!("end {nobodys}")).await, "false");
    }
    assert_eq!(
        say(&at(&other, &browsers[1]), &format!("end {phone}")).await,
        "true"
    );
    assert_eq!(who(&browsers).await, [None, Some(1), Some(1), Some(2)]);
    assert_eq!(say(&browsers[1], &format!("end {phone}")).await, "false");
    // The own one: a logout.
    let own = own_id(&browsers[1]).await;
    assert_eq!(say(&browsers[1], &format!("end {own}")).await, "true");
    assert!(!browsers[1].jar.has(".id"));
    let car = own_id(&browsers[2]).await;
    assert!(app.sessions.end_session_of(1, &car).await.unwrap());
    assert!(!app.sessions.end_session_of(2, &car).await.unwrap());
    assert_eq!(who(&browsers).await, [None, None, None, Some(2)]);
}

#[tokio::test]
async fn all_others_end_also_those_that_are_renewed_just_then() {
    let (app, store) = app().await;
    let other = app_on(&store, |builder| builder).await;
    let browsers = browsers(&app).await;
    let renewal = app.under_way(&browsers[0], "renew, wait").await;
    run(&at(&other, &browsers[1]), "others").await;
    assert_eq!(renewal.finish().await.status(), 401);
    assert_eq!(who(&browsers).await, [None, Some(1), None, Some(2)]);
    // After a change of the password: a new session for this one, an end for all others.
    run(&browsers[0], "login 1").await;
    run(&browsers[1], "renew, others, insert k v").await;
    assert_eq!(who(&browsers).await, [None, Some(1), None, Some(2)]);
    run(&browsers[0], "login 1, others").await;
    assert_eq!(who(&browsers).await, [Some(1), None, None, Some(2)]);
}

#[tokio::test]
async fn all_end_at_once_in_every_process() {
    let (app, store) = app().await;
    let other = app_on(&store, |builder| builder).await;
    let browsers = browsers(&app).await;
    let writing = app.under_way(&browsers[0], "insert k v, wait").await;
    other.sessions.end_sessions_of(1).await.unwrap();
    assert_eq!(writing.finish().await.status(), 401);
    assert_eq!(who(&browsers).await, [None, None, None, Some(2)]);
    run(&browsers[3], "everywhere").await;
    assert_eq!(who(&browsers).await, [None; 4]);
    assert!(!browsers[3].jar.has(".id"));
    // Later logins are none of its business.
    run(&browsers[0], "login 1").await;
    assert_eq!(state(&browsers[0]).await.0, Some(1));
}

#[tokio::test]
async fn a_socket_can_ask_whether_its_session_was_ended_elsewhere() {
    let (app, store) = app().await;
    let other = app_on(&store, |builder| builder).await;
    let browser = app.browser();
    run(&browser, "login 1").await;
    assert_eq!(say(&browser, "valid").await, "true");
    let socket = app.under_way(&browser, "valid, wait, valid").await;
    other.sessions.end_sessions_of(1).await.unwrap();
    assert_eq!(socket.finish().await.text().await.unwrap(), "true false");
    let browser = app.browser();
    run(&browser, "login 1").await;
    let socket = app.under_way(&browser, "valid, wait, valid").await;
    store.set(muffin_session_tests::watched::Mood::Down);
    assert_eq!(
        socket.finish().await.text().await.unwrap(),
        "true false",
        "who cannot tell says no"
    );
}

#[tokio::test]
async fn without_a_store_it_is_an_error_that_says_what_to_add() {
    let app = App::on(muffin_session_tests::bare_builder()).await;
    let browser = app.browser();
    assert_eq!(
        perform_in(&browser, "sessions").await.status(),
        401,
        "nobody is logged in"
    );
    run(&browser, "login 1").await;
    for script in ["sessions", "end x", "others", "everywhere"] {
        let answer = perform_in(&browser, script).await;
        assert_eq!(answer.status(), 500, "{script}");
        assert!(answer.text().await.unwrap().contains(".store(..)"));
    }
    assert_eq!(state(&browser).await.0, Some(1));
    assert!(matches!(
        app.sessions.end_sessions_of(1).await,
        Err(Error::NoStore)
    ));
    assert!(matches!(
        app.sessions.sessions_of(()).await,
        Err(Error::NotJson { .. })
    ));
}
