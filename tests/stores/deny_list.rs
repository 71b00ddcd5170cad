//! Sessions in cookies, and a store that knows which logins have ended: every copy of the cookies ends with them, in every process.

use std::time::Duration;

use muffin_session_tests::watched::Watched;
use muffin_session_tests::{Browser, bare_builder};
use serde_json::json;

use crate::app::{App, perform_in, run, state};
use crate::at;

async fn two_processes() -> (App, App, Watched) {
    let store = Watched::default();
    let [one, other] = [0; 2].map(|_| bare_builder().deny_list(store.clone()));
    (App::on(one).await, App::on(other).await, store)
}

#[tokio::test]
async fn s085_what_ends_a_session_ends_every_copy_of_it_in_every_process() {
    let (app, other, _) = two_processes().await;
    for ends in ["logout", "login 1", "login 2", "renew admin"] {
        let browser = app.browser();
        run(&browser, "login 1, insert k v").await;
        let stolen = at(&other, &browser.stolen());
        assert_eq!(state(&stolen).await, (Some(1), json!({ "k": "v" })));
        run(&browser, ends).await;
        assert_eq!(state(&stolen).await.0, None, "{ends}");
        assert_eq!(
            perform_in(&stolen, "insert k late").await.status(),
            401,
            "{ends}"
        );
    }
}

#[tokio::test]
async fn a_renewed_session_can_be_read_for_thirty_seconds_and_only_read() {
    let (app, other, _) = two_processes().await;
    let browser = app.browser();
    run(&browser, "login 1, insert k v").await;
    let old = at(&other, &browser.stolen());
    run(&browser, "renew").await;
    assert_eq!(state(&old).await, (Some(1), json!({ "k": "v" })));
    assert_eq!(perform_in(&old, "insert k late").await.status(), 401);
    assert_eq!(perform_in(&old, "renew").await.status(), 401);
    other.clock.advance(Duration::from_secs(30));
    assert_eq!(state(&old).await.0, None);
    let here = at(&other, &browser);
    run(&here, "renew, insert k new").await;
    assert_eq!(state(&browser).await, (Some(1), json!({ "k": "new" })));
}

#[tokio::test]
async fn of_two_renewals_in_two_processes_one_takes_place() {
    let (app, other, _) = two_processes().await;
    let browser = app.browser();
    run(&browser, "login 1").await;
    let second = at(&other, &browser.stolen());
    let slow = other.under_way(&second, "renew, wait").await;
    run(&browser, "renew").await;
    assert_eq!(slow.finish().await.status(), 401);
    assert_eq!(state(&browser).await.0, Some(1));
}

#[tokio::test]
async fn all_of_a_user_end_or_all_but_one() {
    let (app, other, _) = two_processes().await;
    let browsers: [Browser; 3] = [0; 3].map(|_| app.browser());
    run(&browsers[0], "login 1").await;
    run(&browsers[1], "login 1").await;
    run(&browsers[2], "login 2").await;
    app.clock.advance(Duration::from_secs(1));
    run(&browsers[0], "others, insert k v").await;
    let seen: [Browser; 3] = std::array::from_fn(|index| at(&other, &browsers[index]));
    assert_eq!(state(&seen[0]).await, (Some(1), json!({ "k": "v" })));
    assert_eq!(state(&seen[1]).await.0, None);
    assert_eq!(state(&seen[2]).await.0, Some(2));
    run(&browsers[0], "renew").await;
    assert_eq!(state(&seen[0]).await.0, Some(1), "it goes on");

    app.clock.advance(Duration::from_secs(1));
    other.clock.advance(Duration::from_secs(2));
    other.sessions.end_sessions_of(1).await.unwrap();
    assert_eq!(state(&browsers[0]).await.0, None);
    assert_eq!(state(&browsers[2]).await.0, Some(2));
    app.clock.advance(Duration::from_secs(2));
    run(&browsers[0], "login 1").await;
    assert_eq!(state(&seen[0]).await.0, Some(1), "later logins count");
    assert_eq!(
        perform_in(&browsers[0], "sessions").await.status(),
        500,
        "cookies cannot be listed"
    );
    run(&browsers[0], "everywhere").await;
    assert_eq!(state(&browsers[0]).await.0, None);
}

#[tokio::test]
async fn a_list_that_cannot_be_read_denies_everybody_rather_than_nobody() {
    let (app, other, store) = two_processes().await;
    let browser = app.browser();
    run(&browser, "login 1").await;
    let stolen = at(&other, &browser.stolen());
    run(&browser, "logout").await;
    store.inner().garble();
    assert_eq!(stolen.get("/dashboard").await.status(), 503);
    assert_eq!(perform_in(&stolen, "logout").await.status(), 503);
}

#[tokio::test]
async fn the_list_ends_with_what_it_is_about() {
    let (app, _, store) = two_processes().await;
    let browser = app.browser();
    run(&browser, "login 1").await;
    run(&browser, "logout").await;
    app.clock.advance(Duration::from_secs(14 * 24 * 3_600 - 1));
    app.sessions.sweep().await.unwrap();
    assert!(!store.inner().is_empty());
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(app.sessions.sweep().await.unwrap(), 1);
    assert!(store.inner().is_empty());
}
