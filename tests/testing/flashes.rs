//! Flashes: seen by a test, and not used up.

use muffin_session::testing::{ResponseExt as _, Visitor};

use crate::{app, apps, panic_message_of};

async fn waiting(visitor: &Visitor) -> String {
    let flashes = visitor.flashes().await;
    let lines = flashes
        .iter()
        .map(|flash| format!("{}: {}", flash.category, flash.message));
    lines.collect::<Vec<_>>().join(", ")
}

const BOTH: &str = "success: Saved, message: Have a nice day";

#[tokio::test]
async fn flashes_are_seen_as_often_as_one_likes_and_shown_once() {
    for (way, app, _) in apps() {
        for visitor in [app.guest(), app.login_as(1).await.unwrap()] {
            let response = visitor.post("/save").await;
            for _ in 0..2 {
                assert_eq!(waiting(&visitor).await, BOTH, "{way}");
                visitor.assert_flashed("success", "Saved").await;
                visitor.assert_flashed("message", "Have a nice day").await;
            }
            let page = visitor.follow(&response).await;
            assert_eq!(page.text().await, BOTH, "{way}");
            assert_eq!(waiting(&visitor).await, "", "{way}");
            assert_eq!(visitor.get("/flashes").await.text().await, "", "{way}");
        }
    }
}

#[tokio::test]
async fn a_flash_of_a_tests_own_waits_like_any_other() {
    for (way, app, _) in apps() {
        let ann = app.login_as(1).await.unwrap();
        ann.session(async |session| session.flash_with("error", "No"))
            .await
            .unwrap();
        assert_eq!(ann.get("/flashes").await.text().await, "error: No", "{way}");
    }
}

#[tokio::test]
async fn a_flash_that_does_not_wait_is_a_failure_that_says_what_does() {
    let ann = app().login_as(1).await.unwrap();
    let assertion = |visitor: &Visitor, category: &'static str, message: &'static str| {
        let visitor = visitor.clone();
        panic_message_of(async move { visitor.assert_flashed(category, message).await })
    };
    let nothing = assertion(&ann, "success", "Saved").await;
    assert!(nothing.contains("flashes.rs:"), "{nothing}");
    assert!(
        nothing.ends_with("no flash [success] \"Saved\" waits for the next page, and no other"),
        "{nothing}"
    );

    ann.post("/save").await;
    for (category, message) in [("error", "Saved"), ("success", "saved"), ("", "")] {
        let others = assertion(&ann, category, message).await;
        assert!(
            others.ends_with("but [success] \"Saved\" [message] \"Have a nice day\""),
            "{others}"
        );
    }
}
