//! How often a store is called: each call is a round trip. `docs/stores.md` has the table, and a test makes it anew and compares.

use std::time::Duration;

use muffin_session_tests::Browser;
use muffin_session_tests::pages::has_table;
use muffin_session_tests::watched::Watched;

use crate::app::{perform_in, run};
use crate::{app, app_with};

/// The calls that a script takes.
async fn calls(store: &Watched, browser: &Browser, script: &str) -> String {
    store.calls();
    let answer = perform_in(browser, script).await;
    assert!(
        answer.status().is_success(),
        "{script}: {}",
        answer.status()
    );
    store.calls()
}

#[tokio::test]
async fn what_does_not_ask_costs_nothing() {
    let (app, store) = app().await;
    let browser = app.browser();
    run(&browser, "login 1, insert k v").await;
    store.calls();
    browser.get("/untouched").await;
    browser.get("/nowhere").await;
    assert_eq!(store.calls(), "");
    // Who brings no cookie, and flashes, cost nothing either.
    let anonymous = app.browser();
    assert_eq!(calls(&store, &anonymous, "get k, flash hello").await, "");
    assert_eq!(calls(&store, &anonymous, "flashes").await, "");
    anonymous.get("/dashboard").await;
    assert_eq!(store.calls(), "");
}

#[tokio::test]
async fn a_read_is_one_and_reading_and_writing_are_two() {
    let (app, store) = app().await;
    for who in ["login 1, insert k v", "insert k v"] {
        let browser = app.browser();
        run(&browser, who).await;
        assert_eq!(
            calls(&store, &browser, "get k, get other, user").await,
            "load 1"
        );
        assert_eq!(
            calls(&store, &browser, "insert k new").await,
            "load 1, update 1"
        );
        let much = "insert a 1, insert b 2, remove k, count n, flash hello";
        assert_eq!(calls(&store, &browser, much).await, "load 1, update 1");
        // What says the same again is no change.
        assert_eq!(calls(&store, &browser, "insert a 1").await, "load 1");
    }
}

#[tokio::test]
async fn a_first_write_is_one_and_a_login_is_two_at_most() {
    let (app, store) = app().await;
    let browser = app.browser();
    assert_eq!(calls(&store, &browser, "insert k v").await, "create 1");
    assert_eq!(
        calls(&store, &browser, "login 1, insert k v").await,
        "load 1, rotate 1"
    );
    assert_eq!(calls(&store, &browser, "login 2").await, "load 1, rotate 1");
    assert_eq!(calls(&store, &browser, "renew").await, "load 1, rotate 1");
    assert_eq!(calls(&store, &browser, "logout").await, "delete 1, load 1");
    assert_eq!(calls(&store, &browser, "login 1").await, "create 1");
    let (name, value) = browser.jar.find(".id").unwrap();
    run(&browser, "logout").await;
    browser.jar.set(&name, &value);
    assert_eq!(calls(&store, &browser, "login 1").await, "create 1, load 1");
}

#[tokio::test]
async fn a_guard_and_the_handler_behind_it_are_one() {
    let (app, store) = app().await;
    let browser = app.browser();
    run(&browser, "login 1").await;
    store.calls();
    for page in ["/dashboard", "/admin", "/account/orders", "/public"] {
        assert!(browser.get(page).await.status().is_success());
        assert_eq!(store.calls(), "load 1", "{page}");
    }
}

#[tokio::test]
async fn activity_is_noted_every_ten_minutes_or_tenth_of_the_idle_time() {
    for (idle, every) in [(None, 600), (Some(1_000), 100), (Some(100_000), 600)] {
        let (app, store) = app_with(|builder| match idle {
            Some(idle) => builder.idle_timeout(Duration::from_secs(idle)),
            None => builder,
        })
        .await;
        let browser = app.browser();
        run(&browser, "login 1").await;
        app.clock.advance(Duration::from_secs(every - 1));
        assert_eq!(calls(&store, &browser, "get k").await, "load 1");
        app.clock.advance(Duration::from_secs(1));
        assert_eq!(calls(&store, &browser, "get k").await, "load 1, update 1");
        assert_eq!(calls(&store, &browser, "get k").await, "load 1");
    }
}

#[tokio::test]
async fn auto_load_is_one() {
    let (app, store) = app_with(|builder| builder.auto_load(true)).await;
    let browser = app.browser();
    run(&browser, "login 1").await;
    store.calls();
    browser.get("/untouched").await;
    assert_eq!(store.calls(), "load 1");
    browser.get("/dashboard").await;
    assert_eq!(store.calls(), "load 1");
}

#[tokio::test]
async fn a_deny_list_is_one_for_who_is_logged_in_and_none_for_others() {
    let store = Watched::default();
    let list = store.clone();
    let app = crate::App::on(muffin_session_tests::bare_builder().deny_list(list)).await;
    let browser = app.browser();
    assert_eq!(calls(&store, &browser, "insert k v").await, "");
    assert_eq!(calls(&store, &browser, "login 1").await, "");
    assert_eq!(calls(&store, &browser, "insert k v, user").await, "load 1");
    assert_eq!(calls(&store, &browser, "logout").await, "create 1, load 2");
}

/// What a request does: in words, what came before it, and its script. Each has a user of its own.
const REQUESTS: &[(&str, &str, &str)] = &[
    ("asks for no session, or has no cookie of one", "", "get k"),
    (
        "reads: data, the user, a guard, however often",
        "login USER, insert k v",
        "get k, user, get k",
    ),
    (
        "changes data, however much",
        "login USER",
        "insert a 1, count n, clear, insert b 2",
    ),
    ("an anonymous visitor's first data", "", "insert k v"),
    ("login in a browser that had no session", "", "login USER"),
    (
        "login of a visitor who had data",
        "insert k v",
        "login USER",
    ),
    ("login over another login", "login USER", "login USER"),
    ("`renew`, `refresh_stamp`", "login USER", "renew"),
    ("logout", "login USER", "logout"),
    ("`all_sessions`", "login USER", "sessions"),
    ("`end_other_sessions`", "login USER", "others"),
    ("`is_still_valid`, asked once", "login USER", "valid"),
];

#[tokio::test]
async fn the_table_in_the_docs_is_what_the_application_does() {
    let (app, store) = app().await;
    let list = Watched::default();
    let denying =
        crate::App::on(muffin_session_tests::bare_builder().deny_list(list.clone())).await;
    let mut table = "| a request | a store | a deny list |\n|---|---|---|\n".to_owned();
    for (number, (words, before, script)) in (1..).zip(REQUESTS) {
        let [before, script] =
            [before, script].map(|text| text.replace("USER", &format!("{number}")));
        let mut row = format!("| {words} |");
        for (app, store) in [(&app, &store), (&denying, &list)] {
            let browser = app.browser();
            if !before.is_empty() {
                run(&browser, &before).await;
            }
            store.calls();
            let answer = perform_in(&browser, &script).await;
            let cell = match answer.status().as_u16() {
                500 => "not there".to_owned(),
                _ => in_words(&store.calls()),
            };
            row += " ";
            row += &cell;
            row += " |";
        }
        table += &row;
        table += "\n";
    }
    has_table("docs/stores.md", &table);
}

/// `load 2, update 1` as `2 \u{d7} load, update`.
fn in_words(calls: &str) -> String {
    let call = |call: &str| match call.split_once(' ') {
        Some((verb, "1")) => format!("`{verb}`"),
        Some((verb, count)) => format!("{count} \u{d7} `{verb}`"),
        None => "none".to_owned(),
    };
    calls.split(", ").map(call).collect::<Vec<_>>().join(", ")
}
