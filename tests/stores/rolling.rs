//! Moving while servers of before still run, and what a move depends on: what `docs/stores.md` says of it.

use std::time::Duration;

use muffin_session::{Secret, Sessions};
use muffin_session_tests::watched::Watched;
use muffin_session_tests::{SECRET, bare_builder};
use serde_json::json;

use crate::app::{App, perform_in, run, state, written};
use crate::at;

const DAY: Duration = Duration::from_secs(24 * 3_600);

#[tokio::test]
async fn a_server_of_before_takes_those_who_have_moved_for_visitors_and_leaves_their_cookies() {
    let store = Watched::default();
    let before = App::on(bare_builder()).await;
    let after = App::on(bare_builder().store(store.clone())).await;
    let old = before.browser();
    run(&old, "login 1, insert k v").await;
    let copy = old.stolen();
    // The same browser, at the two servers.
    let new = at(&after, &old);
    assert_eq!(state(&new).await.0, Some(1));
    for script in ["get k", "insert guest yes"] {
        let answer = perform_in(&old, script).await;
        assert!(!written(&answer).iter().any(|cookie| cookie.ends_with("id")));
        assert_eq!(state(&old).await.0, None);
        assert_eq!(state(&new).await, (Some(1), json!({ "k": "v" })));
    }
    // A logout there is the browser's, and ends neither the record nor a copy of the cookies of before.
    run(&old, "logout").await;
    assert_eq!(state(&new).await.0, None);
    assert_eq!(state(&copy).await.0, Some(1));
    assert_eq!(after.sessions.sessions_of(1).await.unwrap().len(), 1);
    // A login there moves in like any other, as a session of its own.
    run(&old, "login 1, insert k new").await;
    assert_eq!(state(&new).await, (Some(1), json!({ "k": "new" })));
    assert_eq!(after.sessions.sessions_of(1).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_session_moves_each_way_once() {
    let (one, two) = (Watched::default(), Watched::default());
    let before = App::on(bare_builder().store(one.clone())).await;
    let there = App::on(bare_builder().store(two.clone()).moving_from(one.clone())).await;
    let back = App::on(bare_builder().store(one.clone()).moving_from(two.clone())).await;
    let browser = before.browser();
    run(&browser, "login 1, insert k v").await;
    let kept = (Some(1), json!({ "k": "v" }));
    assert_eq!(state(&at(&there, &browser)).await, kept);
    assert_eq!(state(&browser).await.0, None, "a server of before");
    assert_eq!(state(&at(&there, &browser)).await, kept);
    assert_eq!(state(&at(&back, &browser)).await, kept);
    assert_eq!(state(&at(&there, &browser)).await.0, None, "once more");
    // Later logins are none of the marks' business.
    run(&browser, "login 1").await;
    assert_eq!(state(&at(&there, &browser)).await.0, Some(1));
}

#[tokio::test]
async fn into_cookies_the_lifetime_has_to_be_said() {
    let store = Watched::default();
    let before = App::on(bare_builder().store(store.clone())).await;
    let browser = before.browser();
    run(&browser, "login 1").await;
    for (lifetime, who) in [(None, None), (Some(14 * DAY), Some(1))] {
        let builder = bare_builder().moving_from(store.clone());
        let after = App::on(match lifetime {
            Some(lifetime) => builder.lifetime(lifetime),
            None => builder,
        })
        .await;
        after.clock.advance(2 * DAY);
        assert_eq!(state(&at(&after, &browser)).await.0, who);
    }
}

#[tokio::test]
async fn a_cookie_of_a_store_is_signed_anew_by_a_login_or_renewal() {
    let store = Watched::default();
    let newer = || Secret::new("another secret of at least thirty-two bytes, for tests");
    let on = |builder: muffin_session::Builder| App::on(builder.store(store.clone()));
    let before = on(bare_builder()).await;
    let during = on(Sessions::builder(newer()).verify_with(Secret::new(SECRET))).await;
    let after = on(Sessions::builder(newer())).await;
    let browser = before.browser();
    run(&browser, "login 1").await;
    let [during, after] = [at(&during, &browser), at(&after, &browser)];
    run(&during, "insert k v").await;
    assert_eq!(state(&during).await.0, Some(1));
    assert_eq!(state(&after).await.0, None);
    run(&during, "renew").await;
    assert_eq!(state(&after).await, (Some(1), json!({ "k": "v" })));
}
