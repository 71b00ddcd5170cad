//! From cookies to a store and back, and from one store to another: nobody is logged out, and what has ended stays ended.

use std::time::Duration;

use muffin_session_tests::bare_builder;
use muffin_session_tests::watched::Watched;
use serde_json::json;

use crate::app::{App, perform_in, run, state, written};
use crate::at;

async fn in_cookies() -> App {
    App::on(bare_builder()).await
}

async fn in_store(store: &Watched) -> App {
    App::on(bare_builder().store(store.clone())).await
}

#[tokio::test]
async fn from_cookies_to_a_store_nobody_is_logged_out() {
    let (before, store) = (in_cookies().await, Watched::default());
    let after = in_store(&store).await;
    let (user, guest) = (before.browser(), before.browser());
    run(
        &user,
        "insert cart tea, login 1 admin, insert k v, flash hello",
    )
    .await;
    run(&guest, "insert k v, begin 7").await;
    let copies = (0..4)
        .map(|_| at(&after, &user.stolen()))
        .collect::<Vec<_>>();
    let (user, guest) = (at(&after, &user), at(&after, &guest));

    // Reading moves the login, and its cookies with it.
    let answer = perform_in(&user, "user, role, flashes").await;
    assert_eq!(written(&answer), ["+id", "-data", "-flash"]);
    assert_eq!(answer.text().await.unwrap(), "1 \"admin\" hello");
    assert_eq!(state(&user).await, (Some(1), json!({ "k": "v" })));
    // Requests that were under way with the cookies of before come to the same session.
    run(&copies[0], "insert a 1").await;
    run(&copies[1], "insert b 2").await;
    assert_eq!(
        state(&user).await.1,
        json!({ "a": "1", "b": "2", "k": "v" })
    );

    // A guest's data moves with the first change.
    assert_eq!(state(&guest).await, (None, json!({ "k": "v" })));
    let answer = perform_in(&guest, "insert other w, half").await;
    assert_eq!(written(&answer), ["+guest"]);
    assert_eq!(answer.text().await.unwrap(), "7");
    assert_eq!(
        state(&guest).await,
        (None, json!({ "k": "v", "other": "w" }))
    );

    // What has been moved and has ended does not come back by the cookies of before.
    run(&user, "logout").await;
    for copy in &copies {
        assert_eq!(state(copy).await.0, None);
    }
    after.clock.advance(Duration::from_secs(24 * 3_600));
    after.sessions.sweep().await.unwrap();
    assert!(store.inner().is_empty());
}

#[tokio::test]
async fn a_logout_right_after_the_move_holds_for_the_cookies_of_before() {
    let (before, store) = (in_cookies().await, Watched::default());
    let after = in_store(&store).await;
    let user = before.browser();
    run(&user, "login 1").await;
    let copy = at(&after, &user.stolen());
    let user = at(&after, &user);
    // The very request that moves it ends it.
    let answer = perform_in(&user, "logout").await;
    assert_eq!(written(&answer), ["+out", "-data", "-id"]);
    assert_eq!(state(&copy).await.0, None);
    // Those that are idle, over or forged are not moved.
    let user = before.browser();
    run(&user, "login 1").await;
    after.clock.advance(Duration::from_secs(24 * 3_600));
    assert_eq!(state(&at(&after, &user)).await.0, None);
}

#[tokio::test]
async fn a_login_renewed_in_cookies_moves_as_it_is() {
    let (before, store) = (in_cookies().await, Watched::default());
    let after = in_store(&store).await;
    let user = before.browser();
    run(&user, "login 1, insert k v").await;
    run(&user, "renew").await;
    let user = at(&after, &user);
    run(&user, "renew, insert more w").await;
    assert_eq!(
        state(&user).await,
        (Some(1), json!({ "k": "v", "more": "w" }))
    );
    run(&user, "login 2, insert own x").await;
    assert_eq!(state(&user).await, (Some(2), json!({ "own": "x" })));
}

#[tokio::test]
async fn from_a_store_to_cookies_nobody_is_logged_out() {
    let store = Watched::default();
    let before = in_store(&store).await;
    let after = App::on(bare_builder().moving_from(store.clone())).await;
    let (user, guest) = (before.browser(), before.browser());
    run(&user, "login 1 admin, insert k v").await;
    run(&guest, "insert k v").await;
    let copy = at(&after, &user.stolen());
    let late = at(&after, &user.stolen());
    let (user, guest) = (at(&after, &user), at(&after, &guest));

    let answer = perform_in(&user, "user, role").await;
    assert_eq!(written(&answer), ["+data", "+id"]);
    assert_eq!(answer.text().await.unwrap(), "1 \"admin\"");
    assert_eq!(state(&user).await, (Some(1), json!({ "k": "v" })));
    assert_eq!(state(&copy).await.0, Some(1), "one that was under way");
    assert_eq!(state(&guest).await, (None, json!({ "k": "v" })));
    run(&guest, "insert other w").await;
    assert_eq!(
        state(&guest).await,
        (None, json!({ "k": "v", "other": "w" }))
    );

    // The store has nothing that could be moved again.
    after.clock.advance(Duration::from_mins(10));
    assert_eq!(state(&late).await.0, None);
    store.calls();
    assert_eq!(state(&user).await.0, Some(1));
    assert_eq!(state(&guest).await.1, json!({ "k": "v", "other": "w" }));
    assert_eq!(
        store.calls(),
        "",
        "whoever has moved needs the store no more"
    );
    run(&user, "logout").await;
    assert_eq!(state(&user).await.0, None);
}

#[tokio::test]
async fn from_one_store_to_another_nobody_is_logged_out() {
    let (old, new) = (Watched::default(), Watched::default());
    let before = in_store(&old).await;
    let builder = || bare_builder().store(new.clone()).moving_from(old.clone());
    let after = App::on(builder()).await;
    let (user, guest) = (before.browser(), before.browser());
    run(&user, "device 1 phone, insert k v").await;
    run(&guest, "insert k v").await;
    let copies = (0..3)
        .map(|_| at(&after, &user.stolen()))
        .collect::<Vec<_>>();
    let (user, guest) = (at(&after, &user), at(&after, &guest));
    assert_eq!(state(&user).await, (Some(1), json!({ "k": "v" })));
    assert_eq!(state(&guest).await, (None, json!({ "k": "v" })));
    run(&copies[0], "insert a 1").await;
    assert_eq!(state(&user).await.1, json!({ "a": "1", "k": "v" }));
    assert!(old.inner().is_empty());
    old.calls();
    run(&guest, "insert b 2").await;
    state(&user).await;
    assert_eq!(
        old.calls(),
        "",
        "whoever has moved needs the old one no more"
    );
    let sessions = after.sessions.sessions_of(1).await.unwrap();
    assert_eq!(sessions[0].label(), Some("phone"));
    run(&user, "logout").await;
    for copy in &copies {
        assert_eq!(state(copy).await.0, None);
    }
    // All sessions of a user end in both.
    let late = before.browser();
    run(&late, "login 1").await;
    after.sessions.end_sessions_of(1).await.unwrap();
    assert_eq!(state(&at(&after, &late)).await.0, None);
}

#[tokio::test]
async fn s012_a_value_of_one_mode_is_nothing_in_the_other() {
    let (cookies, store) = (in_cookies().await, Watched::default());
    let stored = in_store(&store).await;
    let user = stored.browser();
    run(&user, "login 1, insert k v").await;
    assert_eq!(state(&at(&cookies, &user)).await.0, None);
    // Two logins of two modes at once are nobody's, in either order.
    let other = cookies.browser();
    run(&other, "login 2").await;
    let (name, handle) = user.jar.find(".id").unwrap();
    let (_, identity) = other.jar.find(".id").unwrap();
    let data = other.jar.find(".data.").unwrap();
    for both in [[&handle, &identity], [&identity, &handle]] {
        let cookies = format!(
            "{name}={}; {name}={}; {}={}",
            both[0], both[1], data.0, data.1
        );
        let browser = stored.browser();
        let request = browser.request(reqwest::Method::GET, "/dashboard");
        let answer = request.header("cookie", cookies).send().await.unwrap();
        assert_eq!(answer.status(), 303);
    }
}

#[tokio::test]
async fn cookies_of_before_can_be_refused_once_all_have_moved() {
    let (before, store) = (in_cookies().await, Watched::default());
    let builder = bare_builder().store(store.clone());
    let after = App::on(builder.without_moving_from_cookies()).await;
    let (user, guest) = (before.browser(), before.browser());
    run(&user, "login 1").await;
    run(&guest, "insert k v").await;
    assert_eq!(state(&at(&after, &user)).await.0, None);
    let guest = at(&after, &guest);
    assert_eq!(state(&guest).await.1, json!({}));
    assert!(store.inner().is_empty());
    run(&guest, "insert other w, login 1").await;
    assert_eq!(state(&guest).await.0, Some(1));
}
