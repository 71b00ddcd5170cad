//! Promise 9: flashes are not lost, are shown once, and are shown to whom they were meant for.

use std::time::Duration;

use muffin_session_tests::{Answer as _, Browser};

use crate::app::{App, messages, perform_in, run};

const NONE: [&str; 0] = [];

#[tokio::test]
async fn p09_shown_once_on_the_next_page_that_asks() {
    let app = App::new().await;
    for login in [None, Some("login 1")] {
        let browser = app.browser();
        if let Some(script) = login {
            run(&browser, script).await;
        }
        run(&browser, "flash one").await;
        run(&browser, "flash two, flash three").await;
        browser.get("/show").await;
        browser.get("/untouched").await;
        assert_eq!(messages(&browser).await, ["one", "two", "three"]);
        assert_eq!(messages(&browser).await, NONE);
        assert!(!browser.jar.has(".flash."));
    }
}

#[tokio::test]
async fn p09_two_answers_that_add_at_once_lose_nothing() {
    let app = App::new().await;
    for login in [None, Some("insert k v"), Some("login 1")] {
        let browser = app.browser();
        if let Some(script) = login {
            run(&browser, script).await;
        }
        let slow = app.under_way(&browser, "flash slow, wait").await;
        let slower = app.under_way(&browser, "wait, flash slower").await;
        run(&browser, "flash quick").await;
        slow.finish().await;
        slower.finish().await;
        let mut shown = messages(&browser).await;
        shown.sort();
        assert_eq!(shown, ["quick", "slow", "slower"], "after {login:?}");
    }
}

#[tokio::test]
async fn p09_a_guest_session_that_begins_or_ends_meanwhile_loses_none() {
    let app = App::with(|builder| builder.guest_lifetime(Duration::from_secs(60))).await;
    let browser = app.browser();
    let flash = app.under_way(&browser, "wait, flash hello").await;
    run(&browser, "insert k v").await;
    flash.finish().await;
    assert_eq!(messages(&browser).await, ["hello"]);
    run(&browser, "flash again").await;
    app.clock.advance(Duration::from_secs(60));
    assert_eq!(messages(&browser).await, ["again"]);
}

#[tokio::test]
async fn p09_a_page_that_shows_takes_only_what_it_saw() {
    let app = App::new().await;
    let browser = app.browser();
    run(&browser, "flash early").await;
    let page = app.under_way(&browser, "flashes, wait").await;
    run(&browser, "flash meanwhile").await;
    assert_eq!(page.finish().await.text().await.unwrap(), "early");
    assert_eq!(messages(&browser).await, ["meanwhile"]);
}

#[tokio::test]
async fn p09_what_a_filter_leaves_stays() {
    let app = App::new().await;
    let browser = app.browser();
    run(
        &browser,
        "flash error bad, flash info good, flash errors other",
    )
    .await;
    let filtered = perform_in(&browser, "flashes error").await;
    assert_eq!(filtered.text().await.unwrap(), "bad");
    assert_eq!(messages(&browser).await, ["good", "other"]);
}

#[tokio::test]
async fn p09_login_and_renewal_keep_them() {
    let app = App::new().await;
    for before in ["flash waiting", "insert k v, flash waiting"] {
        let browser = app.browser();
        run(&browser, before).await;
        run(&browser, "login 1, flash welcome").await;
        run(&browser, "renew").await;
        run(&browser, "login 1").await;
        let mut shown = messages(&browser).await;
        shown.sort();
        assert_eq!(shown, ["waiting", "welcome"], "{before}");
    }
}

#[tokio::test]
async fn p09_and_s102_logout_keeps_its_own_and_drops_those_of_before() {
    let app = App::new().await;
    let browser = app.browser();
    run(&browser, "login 1, flash private").await;
    run(&browser, "logout, flash bye").await;
    run(&browser, "login 2").await;
    assert_eq!(messages(&browser).await, ["bye"]);
}

#[tokio::test]
async fn p09_a_new_guest_keeps_them() {
    let app = App::new().await;
    let browser = app.browser();
    run(&browser, "flash waiting").await;
    run(&browser, "insert k v").await;
    run(&browser, "flash more").await;
    run(&browser, "clear").await;
    assert_eq!(messages(&browser).await, ["waiting", "more"]);
}

#[tokio::test]
async fn p09_they_wait_for_ten_minutes() {
    let app = App::new().await;
    let browser = app.browser();
    let response = perform_in(&browser, "flash hello").await;
    assert!(response.header("set-cookie").ends_with("; Max-Age=600"));
    let copy = browser.stolen();
    app.clock.advance(Duration::from_secs(599));
    assert_eq!(messages(&browser).await, ["hello"]);
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(messages(&copy).await, NONE);
}

#[tokio::test]
async fn s178_too_many_wait_the_oldest_give_way() {
    let app = App::new().await;
    let browser = app.browser();
    let numbers = (1..=50).map(|number| format!("flash f{number}"));
    run(&browser, &numbers.collect::<Vec<_>>().join(", ")).await;
    let waiting = flashes_in(&browser);
    assert_eq!(waiting.0, 8);
    assert!(waiting.1 <= 2048, "{} bytes", waiting.1);
    run(&browser, "flash f51").await;
    assert_eq!(flashes_in(&browser).0, 8);
    let expected: Vec<_> = (44..=51).map(|number| format!("f{number}")).collect();
    assert_eq!(messages(&browser).await, expected);

    let too_long = perform_in(&browser, &format!("flash {}", "x".repeat(2_000))).await;
    assert_eq!(too_long.status(), 500);
    let long = format!("flash {}", "x".repeat(1_300));
    run(&browser, &long).await;
    run(&browser, &long).await;
    assert_eq!(flashes_in(&browser).0, 1);
}

fn flashes_in(browser: &Browser) -> (usize, usize) {
    let cookies = browser.jar.all();
    let flashes = cookies.iter().filter(|(name, _)| name.contains(".flash."));
    let sizes: Vec<_> = flashes
        .map(|(name, value)| name.len() + value.len())
        .collect();
    (sizes.len(), sizes.iter().sum())
}
