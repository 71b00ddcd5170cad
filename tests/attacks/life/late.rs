//! Answers that arrive after the browser has got another one, and requests that come too late.

use std::time::Duration;

use super::{HOUR, NONE, SECOND};
use crate::app::{messages, run, state, written};
use crate::site::{Kept, Target, cookie, cookies, said};

pub(super) async fn guest(target: &Target) {
    let browser = target.browser();
    run(&browser, "insert color guest").await;
    let write = target.under_way(&browser, "wait, insert color late").await;
    run(&browser, "login 1, insert color of1").await;
    write.finish().await;
    target.shows(&browser, r#"1 {"color":"of1"}"#).await;
    run(&browser, "login 2").await;
    target.shows(&browser, "2 {}").await;
}

pub(super) async fn write(target: &Target) {
    let other = Target::kept(target.kept).await;
    // Of a store, the other process would have to have the same.
    let processes = if target.kept == Kept::Store { 1 } else { 2 };
    for process in [target, &other].into_iter().take(processes) {
        let browser = target.user(1).await;
        let slow = process.at(&browser);
        let write = process
            .under_way(&slow, "wait, insert color late, flash late")
            .await;
        run(&browser, "login 1, insert color new").await;
        write.finish().await;
        target.shows(&browser, r#"1 {"color":"new"}"#).await;
        assert_eq!(messages(&browser).await, NONE);
    }
}

pub(super) async fn login(target: &Target) {
    for before in ["insert k v", "login 1", "flash x"] {
        let browser = target.browser();
        run(&browser, before).await;
        let login = target.under_way(&browser, "wait, login 1").await;
        run(&browser, "logout").await;
        login.finish().await;
        target.shows(&browser, "nobody {}").await;
        target.clock.advance(23 * HOUR);
        target.shows(&browser, "nobody {}").await;
        run(&browser, "login 2").await;
        target.shows(&browser, "2 {}").await;
    }
}

pub(super) async fn change(target: &Target) {
    let scripts = [
        "insert k late",
        "renew",
        "renew, insert k late",
        "flash late",
        "begin 2",
    ];
    for script in scripts {
        let browser = target.user(1).await;
        let late = target.under_way(&browser, &format!("wait, {script}")).await;
        run(&browser, "logout").await;
        let answer = late.finish().await;
        // A message and a half-done login are in cookies of their own, which count for nothing.
        let is_told = target.kept != Kept::Store || !["flash late", "begin 2"].contains(&script);
        assert_eq!(
            answer.status() == 401 && written(&answer).is_empty(),
            is_told,
            "{script}"
        );
        target.shows(&browser, "nobody {}").await;
        assert_eq!(messages(&browser).await, NONE);
        assert_eq!(said(&browser, "half").await, "nobody");
    }
}

pub(super) async fn two_logins(target: &Target) {
    let browser = target.browser();
    let slow = target
        .under_way(&browser, "login 1, insert color of1, wait")
        .await;
    run(&browser, "login 2, insert color of2").await;
    target.is_user(2, cookies(&browser)).await;
    slow.finish().await;
    target.shows(&browser, r#"1 {"color":"of1"}"#).await;
}

pub(super) async fn data(target: &Target) {
    let other = Target::kept(target.kept).await;
    let browser = target.user(1).await;
    let write = other
        .under_way(&other.at(&browser), "wait, insert color private")
        .await;
    run(&browser, "logout").await;
    write.finish().await;
    assert!(browser.jar.has(".data."));
    target.shows(&browser, "nobody {}").await;
    run(&browser, "login 2").await;
    target.shows(&browser, "2 {}").await;
    let names = browser.jar.names();
    assert_eq!(
        names.iter().filter(|name| name.contains(".data.")).count(),
        1
    );
}

/// Of sessions that end when nobody has used them for 100 seconds.
pub(super) async fn idle(target: &Target) {
    let (ann, bob, eve) = (
        target.user(1).await,
        target.user(2).await,
        target.user(3).await,
    );
    let almost = Duration::from_millis(99_999);
    target.clock.advance(almost);
    for browser in [&ann, &bob, &eve] {
        assert!(state(browser).await.0.is_some(), "{:?}", target.kept);
    }
    target.clock.advance(SECOND);
    if let Some((seen, value)) = eve.jar.find(".seen.") {
        let without = cookies(&ann).replace(&cookie(&ann, ".seen."), "a=b");
        let own = ann.jar.find(".seen.").unwrap().0;
        target.is_nobody(&without).await;
        let others = format!("{without}; {seen}={value}; {own}={value}");
        target.is_nobody(others).await;
    }
    target.clock.advance(almost.saturating_sub(SECOND));
    assert_eq!(state(&ann).await.0, Some(1), "{:?}", target.kept);
    target.clock.advance(Duration::from_millis(1));
    target.is_nobody(cookies(&bob)).await;
    target.clock.advance(almost);
    target.is_nobody(cookies(&ann)).await;
}
