//! Cookies that do not count, and those that were made with an old key.

use muffin_session::{RejectedFor, Secret};
use muffin_session_tests::bare_builder;
use tracing::Level;

use crate::log::Log;
use crate::site::{HOUR, both, serve, told};

#[tokio::test]
async fn a_login_whose_time_is_over_says_whose_it_was_and_which_time() {
    for (builder, reason) in both()
        .into_iter()
        .map(|builder| (builder.lifetime(HOUR), "lifetime"))
        .chain(both().map(|builder| (builder.idle_timeout(HOUR), "idle")))
    {
        let (builder, trail, clock) = told(builder);
        let browser = serve(builder.build().unwrap()).await;
        browser.post("/log-in/1").await;
        trail.all();
        clock.advance(2 * HOUR);
        let log = Log::begin();
        browser.get("/members/only").await;
        let logged = log.named();
        // A store forgets what is over, and may not know any more why.
        if logged[0].name == "session.rejected" {
            assert_eq!(logged[0].field("reason"), "unknown");
            assert_eq!(
                trail.lines(),
                ["session.rejected unknown", "session.refused not_logged_in"]
            );
            continue;
        }
        assert_eq!(logged[0].name, "session.expired");
        assert_eq!(logged[0].level, Level::DEBUG);
        assert_eq!(logged[0].field("reason"), reason);
        assert_eq!(
            trail.lines(),
            [
                format!("session.expired {reason} 1"),
                "session.refused not_logged_in".to_owned()
            ]
        );
    }
}

#[tokio::test]
async fn what_does_not_verify_is_told_as_such_whatever_it_is() {
    for builder in both().into_iter().chain([bare_builder()
        .store(muffin_session::MemoryStore::new())
        .without_moving_from_cookies()])
    {
        let (builder, trail, _) = told(builder);
        let browser = serve(builder.build().unwrap()).await;
        browser.post("/log-in/1").await;
        trail.all();
        let (name, value) = browser.jar.find(".id").unwrap();
        for wrong in ["x", &value[1..], &format!("{value}A")] {
            let log = Log::begin();
            browser.jar.set(&name, wrong);
            browser.get("/members/only").await;
            let logged = log.named();
            assert_eq!(logged[0].name, "session.forged");
            assert_eq!(logged[0].fields.len(), 1, "nothing but a message");
            assert_eq!(
                trail.lines(),
                ["session.forged forged", "session.refused not_logged_in"]
            );
        }
        // Who shows nothing shows nothing forged.
        browser.jar.drop(".id");
        browser.get("/members/only").await;
        assert_eq!(trail.lines(), ["session.refused not_logged_in"]);
    }
}

#[tokio::test]
async fn copies_of_what_has_ended_say_how() {
    for (builder, ended) in both().into_iter().zip(["ended", "unknown"]) {
        let (builder, trail, _) = told(builder);
        let browser = serve(builder.build().unwrap()).await;
        browser.post("/log-in/1").await;
        let copy = browser.stolen();
        browser.post("/log-out").await;
        trail.all();
        copy.get("/members/only").await;
        let lines = trail.lines();
        assert!(
            lines[0].starts_with(&format!("session.rejected {ended}")),
            "{lines:?}"
        );
        // The same browser, with its logout's mark, and the old cookie put back.
        let (name, value) = copy.jar.find(".id").unwrap();
        browser.jar.set(&name, &value);
        browser.get("/members/only").await;
        assert!(trail.lines()[0].starts_with("session.rejected"));
    }
}

#[tokio::test]
async fn users_who_are_gone_or_have_another_stamp_are_told_of() {
    for builder in both() {
        let (builder, trail, _) = told(builder);
        let browser = serve(builder.build().unwrap()).await;
        for (user, reason) in [(9, "stamp_changed"), (100, "user_gone")] {
            browser.post(&format!("/log-in/{user}")).await;
            trail.all();
            browser.get("/members/only").await;
            assert_eq!(
                trail.lines()[0],
                format!("session.rejected {reason} {user}")
            );
        }
    }
}

#[tokio::test]
async fn cookies_of_an_old_key_are_told_with_the_key_until_they_are_made_anew() {
    for builder in both() {
        let (builder, trail, _) = told(builder);
        let sessions = builder.build().unwrap();
        let browser = serve(sessions.clone()).await;
        browser.post("/log-in/1").await;
        let log = Log::begin();
        browser.get("/members/only").await;
        assert_eq!(log.names(), [""; 0]);
        let keys = sessions.keys();
        let old = keys.list()[0].id;
        keys.rotate(Secret::new("k4Jq2vX9sLw4RtY8zKb3NcM6hGd1FfAe"))
            .unwrap();
        assert_eq!(log.names(), ["session.key_signs"]);
        browser.get("/members/only").await;
        let logged = log.named();
        assert_eq!(logged[0].name, "session.old_key");
        assert_eq!(logged[0].field("key"), old.to_string());
        browser.post("/log-in/1").await;
        log.all();
        browser.get("/members/only").await;
        assert_eq!(log.names(), [""; 0]);
        drop(trail);
    }
}

#[tokio::test]
async fn two_identities_that_verify_are_ambiguous() {
    let (builder, trail, _) = told(bare_builder());
    let browser = serve(builder.build().unwrap()).await;
    let mut ids = Vec::new();
    for path in ["/log-in/1", "/log-in/2"] {
        browser.post(path).await;
        let (name, value) = browser.jar.find(".id").unwrap();
        ids.push(format!("{name}={value}"));
    }
    trail.all();
    browser.jar.drop(".");
    let header = ids.join("; ");
    let log = Log::begin();
    browser
        .send(
            reqwest::Method::GET,
            "/members/only",
            &[("cookie", &header)],
        )
        .await;
    let rejected = trail.all();
    assert_eq!(
        rejected[0].kind(),
        muffin_session::EventKind::Rejected(RejectedFor::Ambiguous)
    );
    assert_eq!(log.named()[0].level, Level::WARN);
}
