//! Answers that cross, copies that come back, and users who go: promises 1, 4, 6, 9 and 13 where they are easiest to break.

use std::time::Duration;

use muffin_session_tests::{Browser, TestClock};
use serde_json::json;

use crate::app::{App, SHORT, messages, perform_in, run, state, written};

const NONE: [&str; 0] = [];

async fn logged_in(app: &App) -> Browser {
    let browser = app.browser();
    run(&browser, "login 1, insert k v").await;
    browser
}

#[tokio::test]
async fn a_logout_ends_a_session_that_does_not_count_at_that_moment() {
    // Idle, while a copy is kept alive.
    let app = App::with(|builder| builder.idle_timeout(Duration::from_secs(60))).await;
    let browser = logged_in(&app).await;
    let copy = browser.stolen();
    for _ in 0..2 {
        app.clock.advance(Duration::from_secs(40));
        assert_eq!(state(&copy).await.0, Some(1));
    }
    assert_eq!(state(&browser).await.0, None, "idle");
    run(&browser, "logout").await;
    assert_eq!(state(&copy).await.0, None);

    // Without its data, or its user.
    let app = App::new().await;
    for (what, end) in [
        ("data", "logout"),
        ("user", "user, logout"),
        ("user", "user, login 2"),
    ] {
        let browser = logged_in(&app).await;
        let copy = browser.stolen();
        match what {
            "data" => browser.jar.drop(".data."),
            _ => app.gone.set(1),
        }
        run(&browser, end).await;
        app.gone.set(0);
        assert_eq!(state(&copy).await.0, None, "{what}, {end}");
    }
}

#[tokio::test]
async fn a_session_that_is_over_by_either_of_its_ends_is_not_valid() {
    for (login, lasts) in [("short 1", SHORT), ("login 1", Duration::from_hours(24))] {
        let app = App::new().await;
        let browser = app.browser();
        run(&browser, login).await;
        for (later, expected) in [
            (Duration::from_millis(1), "true"),
            (Duration::ZERO, "false"),
        ] {
            let under_way = app.under_way(&browser, "wait, valid").await;
            app.clock
                .set((TestClock::START + lasts).saturating_sub(later));
            let said = under_way.finish().await.text().await.unwrap();
            assert_eq!(said, expected, "{login}, {later:?} before its end");
            app.clock.set(TestClock::START);
        }
    }
}

#[tokio::test]
async fn what_is_left_of_a_session_without_its_identity_goes_with_the_next_change() {
    let app = App::new().await;
    let browser = logged_in(&app).await;
    browser.jar.drop(".id");
    run(&browser, "insert k guest").await;
    assert!(!browser.jar.has(".data."));
    assert_eq!(state(&browser).await, (None, json!({ "k": "guest" })));
}

#[tokio::test]
async fn a_session_with_other_claims_replaces_the_one_before_at_once() {
    let app = App::new().await;
    for (renewal, is_readable) in [("renew", true), ("renew user", false)] {
        let browser = app.browser();
        run(&browser, "login 1 admin").await;
        let copy = browser.stolen();
        run(&browser, renewal).await;
        let expected = is_readable.then_some(1);
        assert_eq!(state(&copy).await.0, expected, "{renewal}");
    }
}

#[tokio::test]
async fn flashes_of_a_user_who_is_gone_are_not_shown_to_the_next() {
    let app = App::new().await;
    let browser = logged_in(&app).await;
    run(&browser, "flash private").await;
    app.gone.set(1);
    run(&browser, "user, login 2").await;
    assert_eq!(messages(&browser).await, NONE);
}

#[tokio::test]
async fn changes_that_are_lost_are_not_answered_as_if_they_were_kept() {
    let app = App::new().await;
    for script in [
        "wait, insert k late",
        "wait, flash late",
        "wait, renew",
        "wait, begin 2",
    ] {
        let browser = logged_in(&app).await;
        let late = app.under_way(&browser, script).await;
        run(&browser, "logout").await;
        let answer = late.finish().await;
        assert_eq!(
            (answer.status().as_u16(), written(&answer).len()),
            (401, 0),
            "{script}"
        );
    }
    let browser = logged_in(&app).await;
    let read = app.under_way(&browser, "wait").await;
    run(&browser, "logout").await;
    assert_eq!(read.finish().await.status(), 200, "nothing was changed");

    app.gone.set(1);
    let browser = logged_in(&app).await;
    let answer = perform_in(&browser, "insert k lost, user").await;
    assert_eq!((answer.status().as_u16(), written(&answer).len()), (401, 0));
}

#[tokio::test]
async fn a_logout_with_the_cookies_of_before_a_renewal_ends_the_renewed_session_too() {
    let app = App::new().await;
    let browser = logged_in(&app).await;
    let tab = browser.stolen();
    run(&browser, "renew").await;
    run(&browser, "renew").await;
    run(&tab, "logout").await;
    assert_eq!(state(&browser).await.0, None);
}

#[tokio::test]
async fn in_the_grace_after_a_renewal_only_reading_is_served() {
    let app = App::new().await;
    let browser = logged_in(&app).await;
    run(&browser, "flash hello").await;
    let tab = browser.stolen();
    run(&browser, "renew").await;
    assert_eq!(state(&tab).await.0, Some(1));
    assert_eq!(
        perform_in(&tab, "user").await.text().await.unwrap(),
        "nobody",
        "a POST"
    );
    assert_eq!(messages(&tab).await, NONE, "they could not be removed");
    assert_eq!(messages(&browser).await, ["hello"]);
}

#[tokio::test]
async fn a_read_that_is_answered_late_leaves_a_later_guests_data_alone() {
    let app = App::new().await;
    let browser = app.browser();
    run(&browser, "insert k guest").await;
    let guest = browser.jar.find(".guest").unwrap();
    run(&browser, "login 1").await;
    browser.jar.set(&guest.0, &guest.1);
    let read = app.under_way(&browser, "wait").await;
    run(&browser, "logout").await;
    run(&browser, "insert k later").await;
    assert!(written(&read.finish().await).is_empty());
    assert_eq!(state(&browser).await, (None, json!({ "k": "later" })));
}

#[tokio::test]
async fn a_login_after_another_has_run_out_removes_what_is_left_of_it() {
    let app = App::new().await;
    for end in ["login 2", "logout"] {
        let browser = app.browser();
        run(&browser, "login 1, fill k 2900").await;
        app.clock.advance(Duration::from_secs(24 * 3_600));
        assert!(written(&browser.get("/show").await).is_empty());
        run(&browser, end).await;
        let data = browser
            .jar
            .all()
            .into_iter()
            .filter(|(name, _)| name.contains(".data."));
        assert!(
            data.map(|(_, value)| value.len()).sum::<usize>() < 100,
            "{end}"
        );
    }
}

#[tokio::test]
async fn somebody_whose_user_is_gone_is_still_told_why() {
    let app = App::new().await;
    let browser = logged_in(&app).await;
    app.gone.set(1);
    run(&browser, "user, flash gone").await;
    assert_eq!(messages(&browser).await, ["gone"]);
    assert_eq!(perform_in(&browser, "user, insert k v").await.status(), 401);
    assert_eq!(
        perform_in(&browser, "user, begin 2, insert k v")
            .await
            .status(),
        401
    );
    run(&browser, "user, begin 2").await;
    assert_eq!(
        perform_in(&browser, "half").await.text().await.unwrap(),
        "2"
    );
}

#[tokio::test]
async fn the_time_that_a_request_takes_is_no_activity() {
    let app = App::with(|builder| builder.idle_timeout(Duration::from_secs(60))).await;
    let browser = logged_in(&app).await;
    app.clock.advance(Duration::from_secs(30));
    let slow = app.under_way(&browser, "wait").await;
    app.clock.advance(Duration::from_secs(60));
    slow.finish().await;
    assert_eq!(state(&browser).await.0, None);
}

#[tokio::test]
async fn a_logout_ends_the_session_even_if_the_request_is_given_up() {
    let app = App::new().await;
    let browser = logged_in(&app).await;
    let copy = browser.stolen();
    let logout = app.under_way(&browser, "logout, wait").await;
    assert_eq!(state(&copy).await.0, None, "before it is answered");
    drop(logout);
}

#[tokio::test]
async fn code_of_the_application_may_use_the_session_that_it_is_called_for() {
    use axum::routing::get;
    async fn nested(session: muffin_session::Session) -> Result<String, muffin_session::Error> {
        let inner = session.clone();
        let n = session.update("n", move |n: Option<u64>| {
            let _ = inner.update("n", |n: Option<u64>| n.unwrap_or(0) + 1);
            n.unwrap_or(0) + 10
        })?;
        session.begin_login(&session)?;
        Ok(n.to_string())
    }
    let sessions = muffin_session_tests::builder()
        .without_user_loader()
        .build()
        .unwrap();
    let router = axum::Router::new().route("/", get(nested)).layer(sessions);
    let site = muffin_session_tests::Site::serve(router).await;
    assert!(site.browser().text("/").await.parse::<u64>().unwrap() >= 10);
}
