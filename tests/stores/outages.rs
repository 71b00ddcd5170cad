//! A store that fails, hangs or panics: those who asked are told so, nobody else notices, and nothing is lost in silence.

use std::time::{Duration, Instant};

use muffin_session_tests::Answer as _;
use muffin_session_tests::watched::Mood;
use serde_json::json;

use crate::app::{perform_in, run, state, written};
use crate::{app, app_with};

const LIMIT: Duration = Duration::from_millis(50);

#[tokio::test]
async fn p08_those_who_asked_get_503_and_others_notice_nothing() {
    for mood in [Mood::Down, Mood::Hangs, Mood::Panics] {
        let (app, store) = app_with(|builder| builder.store_timeout(LIMIT)).await;
        let (browser, anonymous) = (app.browser(), app.browser());
        run(&browser, "login 1, insert k v").await;
        store.set(mood);
        for page in ["/show", "/dashboard", "/admin", "/public", "/flashes"] {
            if mood == Mood::Panics {
                continue;
            }
            let answer = browser.get(page).await;
            assert_eq!(answer.status(), 503, "{page}");
            assert_eq!(answer.header("retry-after"), "1");
            assert_eq!(answer.header("cache-control"), "no-store");
            assert!(answer.set_cookies().is_empty(), "the cookies stay");
            let text = answer.text().await.unwrap();
            assert!(
                !text.contains("refused") && !text.contains("watched"),
                "{text}"
            );
        }
        assert_eq!(browser.text("/untouched").await, "untouched");
        assert_eq!(state(&anonymous).await, (None, json!({})));
        assert_eq!(anonymous.get("/dashboard").await.status(), 303);
        assert_eq!(anonymous.text("/public").await, "nobody");
        store.set(Mood::Well);
        // One that hung is asked again after a quarter of a second.
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(state(&browser).await, (Some(1), json!({ "k": "v" })));
    }
}

#[tokio::test]
async fn a_write_that_failed_is_an_error_and_sets_no_cookie() {
    let (app, store) = app_with(|builder| builder.store_timeout(LIMIT)).await;
    let browser = app.browser();
    let changes = ["insert k v", "login 1", "count n"];
    let those_of_users = [
        "renew",
        "clear",
        "remove k",
        "login 2",
        "flash hello, insert k w",
    ];
    for (before, changes) in [
        ("get k", &changes[..]),
        ("login 1, insert k v", &those_of_users),
    ] {
        run(&browser, before).await;
        let was = state(&browser).await;
        for change in changes {
            for mood in [Mood::ReadOnly, Mood::Hangs] {
                let answer = app.under_way(&browser, &format!("{change}, wait")).await;
                store.set(mood);
                let answer = answer.finish().await;
                assert_eq!(answer.status(), 503, "{change}");
                assert_eq!(written(&answer), [""; 0], "{change}");
                store.set(Mood::Well);
                assert_eq!(state(&browser).await, was, "{change}");
            }
        }
    }
}

#[tokio::test]
async fn s108_a_logout_that_the_store_did_not_hear_of_keeps_the_cookie_and_can_be_repeated() {
    let (app, store) = app().await;
    let browser = app.browser();
    run(&browser, "login 1").await;
    store.set(Mood::ReadOnly);
    let answer = perform_in(&browser, "logout, flash bye").await;
    assert_eq!((answer.status().as_u16(), written(&answer).len()), (503, 0));
    store.set(Mood::Well);
    assert_eq!(state(&browser).await.0, Some(1));
    let answer = perform_in(&browser, "logout").await;
    assert_eq!(written(&answer), ["+out", "-id"]);
    assert_eq!(state(&browser).await.0, None);
}

#[tokio::test]
async fn activity_that_cannot_be_noted_loses_nothing_and_is_no_error() {
    let (app, store) = app().await;
    let browser = app.browser();
    run(&browser, "login 1").await;
    app.clock.advance(Duration::from_secs(3_600));
    store.set(Mood::ReadOnly);
    assert_eq!(state(&browser).await.0, Some(1));
    assert!(store.calls().contains("update 1"));
}

#[tokio::test]
async fn a_request_asks_a_store_that_failed_once() {
    let (app, store) = app().await;
    let browser = app.browser();
    run(&browser, "login 1").await;
    store.set(Mood::Down);
    store.calls();
    assert_eq!(browser.get("/dashboard").await.status(), 503);
    assert_eq!(
        perform_in(&browser, "insert k v, logout").await.status(),
        503
    );
    assert_eq!(store.calls(), "load 2");
}

#[tokio::test]
async fn s183_a_store_that_hangs_is_left_alone_but_for_a_look_now_and_then() {
    let (app, store) = app_with(|builder| builder.store_timeout(LIMIT)).await;
    let browser = app.browser();
    run(&browser, "login 1").await;
    store.set(Mood::Hangs);
    store.calls();
    let begun = Instant::now();
    for _ in 0..200 {
        assert_eq!(browser.get("/show").await.status(), 503);
    }
    let looks = u32::try_from(begun.elapsed().as_millis() / 250).unwrap();
    let calls: u32 = store.calls().trim_start_matches("load ").parse().unwrap();
    // Four that took too long, and one for each quarter of a second since.
    assert!(calls <= 4 + looks + 1, "{calls} calls");
}

#[tokio::test]
async fn s183_a_store_that_fails_at_once_is_left_alone_too_after_a_while() {
    let (app, store) = app_with(|builder| builder.store_timeout(LIMIT)).await;
    let browser = app.browser();
    run(&browser, "login 1").await;
    store.set(Mood::Down);
    store.calls();
    let begun = Instant::now();
    for _ in 0..200 {
        assert_eq!(browser.get("/show").await.status(), 503);
    }
    let looks = u32::try_from(begun.elapsed().as_millis() / 250).unwrap();
    let calls: u32 = store.calls().trim_start_matches("load ").parse().unwrap();
    assert!(calls <= 32 + looks + 1, "{calls} calls");
    store.set(Mood::Well);
    // The first call that succeeds ends it.
    tokio::time::sleep(Duration::from_millis(300)).await;
    for _ in 0..10 {
        assert_eq!(state(&browser).await.0, Some(1));
    }
}

/// A page for everybody goes on without knowing who asks, if it says so.
#[tokio::test]
async fn a_public_page_can_do_without_the_store() {
    for mood in [Mood::Down, Mood::Hangs] {
        let (app, store) = app_with(|builder| builder.store_timeout(LIMIT)).await;
        let (browser, anonymous) = (app.browser(), app.browser());
        run(&browser, "login 1").await;
        let cookies = browser.jar.all();
        for page in ["/tolerant", "/tolerant/required"] {
            assert_eq!(browser.text(page).await, "1");
        }
        store.set(mood);
        for page in ["/tolerant", "/tolerant/required"] {
            let answer = browser.get(page).await;
            assert_eq!(answer.status(), 200, "{page}");
            assert!(answer.set_cookies().is_empty(), "the cookies stay");
            let kept = (answer.header("cache-control"), answer.header("vary"));
            assert_eq!(kept, ("no-store".to_owned(), "Cookie".to_owned()), "{page}");
            assert_eq!(answer.text().await.unwrap(), "cannot be told: Unavailable");
        }
        // Whoever has no cookies is nobody, whatever the store does.
        assert_eq!(anonymous.text("/tolerant").await, "nobody");
        let refused = anonymous.text("/tolerant/required").await;
        assert_eq!(refused, "cannot be told: NotLoggedIn");
        store.set(Mood::Well);
        assert_eq!(browser.jar.all(), cookies);
        assert_eq!(browser.text("/tolerant").await, "1");
    }
}

#[tokio::test]
async fn what_took_place_without_an_answer_is_an_error_and_counts_all_the_same() {
    let (app, store) = app_with(|builder| builder.store_timeout(LIMIT)).await;
    let browser = app.browser();
    run(&browser, "login 1").await;
    let answer = app.under_way(&browser, "insert k v, wait").await;
    store.set(Mood::LosesAnswers);
    assert_eq!(answer.finish().await.status(), 503);
    store.set(Mood::Well);
    assert_eq!(state(&browser).await, (Some(1), json!({ "k": "v" })));
}

#[tokio::test]
async fn an_error_names_the_store_and_the_verb_and_no_more() {
    let (app, store) = app_with(|builder| builder.store_timeout(LIMIT)).await;
    for mood in [Mood::Down, Mood::Hangs] {
        store.set(mood);
        let list = app.sessions.sessions_of(1).await.unwrap_err();
        assert_eq!(
            list.to_string(),
            "the sessions' store \"watched\" did not answer \"list\""
        );
        let end = app.sessions.end_sessions_of(1).await.unwrap_err();
        assert_eq!(
            format!("{end:?}"),
            "Store { store: \"watched\", verb: \"load\" }"
        );
        assert_eq!(end.status(), 503);
    }
}

#[tokio::test]
async fn a_deny_list_that_fails_is_503_for_who_is_logged_in_and_nothing_for_others() {
    let store = muffin_session_tests::watched::Watched::default();
    let builder = muffin_session_tests::bare_builder().deny_list(store.clone());
    let app = crate::App::on(builder).await;
    let (browser, guest) = (app.browser(), app.browser());
    run(&browser, "login 1").await;
    run(&guest, "insert k v").await;
    store.set(Mood::Down);
    assert_eq!(browser.get("/dashboard").await.status(), 503);
    assert_eq!(state(&guest).await, (None, json!({ "k": "v" })));
    assert_eq!(guest.get("/dashboard").await.status(), 303);
    store.set(Mood::ReadOnly);
    let answer = perform_in(&browser, "logout").await;
    assert_eq!((answer.status().as_u16(), written(&answer).len()), (503, 0));
    store.set(Mood::Well);
    run(&browser, "logout").await;
    assert_eq!(state(&browser).await.0, None);
}
