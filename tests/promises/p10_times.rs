//! Promise 10: sessions end twice, both times by times inside the MAC, checked on the server.

use std::time::Duration;

use muffin_session_tests::Answer as _;
use serde_json::json;

use crate::app::{App, perform_in, run, state, written};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);

#[tokio::test]
async fn p10_a_login_ends_after_its_lifetime_whatever_happens() {
    let app = App::with(|builder| builder.lifetime(HOUR).max_age(24 * HOUR)).await;
    let browser = app.browser();
    run(&browser, "login 1").await;
    for _ in 0..59 {
        app.clock.advance(60 * SECOND);
        run(&browser, "renew, count n").await;
    }
    app.clock.advance(59 * SECOND);
    assert_eq!(
        state(&browser).await,
        (Some(1), json!({ "n": 59 })),
        "s098: a second before"
    );
    app.clock.advance(SECOND);
    assert_eq!(state(&browser).await, (None, json!({})), "at the end");
    run(&browser, "login 1").await;
    assert_eq!(state(&browser).await.0, Some(1));
}

#[tokio::test]
async fn p10_a_login_ends_after_its_idle_time_and_reading_is_activity() {
    let app = App::with(|builder| builder.idle_timeout(100 * SECOND)).await;
    let browser = app.browser();
    run(&browser, "login 1").await;
    for _ in 0..5 {
        app.clock.advance(99 * SECOND);
        assert_eq!(state(&browser).await.0, Some(1), "a second before");
    }
    app.clock.advance(100 * SECOND);
    assert_eq!(state(&browser).await.0, None, "at the end");
}

#[tokio::test]
async fn p10_activity_is_sent_after_a_tenth_of_the_idle_time() {
    let app = App::with(|builder| builder.idle_timeout(100 * SECOND)).await;
    let browser = app.browser();
    run(&browser, "login 1").await;
    app.clock.advance(Duration::from_millis(9_999));
    assert!(written(&browser.get("/show").await).is_empty());
    app.clock.advance(Duration::from_millis(1));
    let response = browser.get("/show").await;
    assert_eq!(written(&response), ["+seen"]);
    assert_eq!(response.header("cache-control"), "no-store", "s164");
    assert!(written(&browser.get("/show").await).is_empty());
    app.clock.advance(50 * SECOND);
    assert!(
        written(&browser.get("/untouched").await).is_empty(),
        "nothing asked"
    );
}

#[tokio::test]
async fn s024_max_age_is_only_a_hint() {
    let app = App::with(|builder| builder.max_age(HOUR).lifetime(2 * HOUR)).await;
    let browser = app.browser();
    let response = perform_in(&browser, "login 1").await;
    assert!(
        response
            .set_cookies()
            .iter()
            .all(|cookie| cookie.ends_with("; Max-Age=3600"))
    );
    app.clock.advance(HOUR + HOUR / 2);
    assert_eq!(
        state(&browser).await.0,
        Some(1),
        "the browser kept it, and it counts"
    );
    let response = perform_in(&browser, "insert k v").await;
    let cookie = response.header("set-cookie");
    assert!(
        cookie.ends_with("; Max-Age=1800"),
        "s235: no longer than it counts: {cookie}"
    );
    app.clock.advance(HOUR / 2);
    assert_eq!(state(&browser).await.0, None);
}
