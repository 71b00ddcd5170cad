//! Messages that are for somebody else, or were shown.

use super::{NONE, SECOND};
use crate::app::{messages, run};
use crate::site::{Target, cookie, cookies};

pub(super) async fn planted(target: &Target) {
    let planted = [
        "flash Pay",
        "login 2, flash Pay",
        "logout, insert k v, flash Pay",
        "login 1, flash Pay",
    ];
    let (eve, ann) = (target.browser(), target.user(1).await);
    let own = cookies(&ann);
    for script in planted {
        run(&eve, script).await;
        let sent = format!("{}; {own}", cookie(&eve, ".flash."));
        assert_eq!(
            target.messages(sent).await,
            NONE,
            "{:?}: {script}",
            target.kept
        );
        eve.jar.drop(".flash.");
    }
    run(&ann, "flash hello").await;
    let (_, value) = ann.jar.find(".flash.").unwrap();
    let copy = |n: u32| format!("; __Host-session.flash.AAAAAA{n}={value}");
    let copies: String = (10..40).map(copy).collect();
    assert_eq!(target.messages(own + copies.as_str()).await, NONE);
    assert_eq!(target.messages(cookies(&ann)).await, ["hello"]);
}

pub(super) async fn of_the_former_user(target: &Target) {
    let browser = target.user(1).await;
    run(&browser, "flash private").await;
    let kept = cookie(&browser, ".flash.");
    run(&browser, "logout, flash bye").await;
    let (name, value) = kept.split_once('=').unwrap();
    browser.jar.set(name, value);
    run(&browser, "login 2").await;
    assert_eq!(messages(&browser).await, ["bye"], "{:?}", target.kept);
}

pub(super) async fn eaten_or_sent_again(target: &Target) {
    let browser = target.user(1).await;
    run(&browser, "flash hello").await;
    let copy = cookies(&browser);
    let prefetches = [
        "Sec-Purpose: prefetch",
        "Sec-Purpose: prefetch;prerender",
        "Purpose: prefetch",
    ];
    for (method, line) in prefetches
        .map(|line| ("GET", line))
        .into_iter()
        .chain([("HEAD", "A: b")])
    {
        let answer = target
            .request(method, "/flashes", &[&copy], &[line], "")
            .await;
        assert!(!answer.has("set-cookie"), "{line}: {}", answer.head);
    }
    assert_eq!(messages(&browser).await, ["hello"]);
    assert_eq!(messages(&browser).await, NONE);
    target.clock.advance(599 * SECOND);
    assert_eq!(target.messages(&copy).await, ["hello"]);
    target.clock.advance(SECOND);
    assert_eq!(target.messages(&copy).await, NONE);
}
