//! Logins, renewals and logouts: each is told once, when it has taken place, and says who, when and where.

use std::net::SocketAddr;
use std::time::UNIX_EPOCH;

use axum::extract::ConnectInfo;
use axum::http::Method;
use muffin_session::EventKind;
use muffin_session_tests::bare_builder;
use muffin_session_tests::watched::{Mood, Watched};
use tracing::Level;

use crate::log::Log;
use crate::site::{HOUR, RequestNumber, another, both, serve, told};

fn is_login(kind: EventKind, was_remembered: bool, was_over: bool) -> bool {
    let EventKind::Login {
        remembered, over, ..
    } = kind
    else {
        return false;
    };
    (remembered, over) == (was_remembered, was_over)
}

#[tokio::test]
async fn each_is_told_once_with_who_when_and_where() {
    for builder in both() {
        let (builder, trail, clock) = told(builder);
        let browser = serve(builder.build().unwrap()).await;
        let log = Log::begin();
        for (path, name) in [
            ("/log-in/1", "session.login"),
            ("/renew", "session.renewed"),
            ("/confirm", "session.renewed"),
            ("/log-out", "session.logout"),
        ] {
            assert_eq!(browser.post(path).await.status(), 200, "{path}");
            let events = trail.all();
            assert_eq!(events.len(), 1, "{path}: {events:?}");
            let event = &events[0];
            assert_eq!(event.name(), name);
            match event.kind() {
                EventKind::Renewed { confirmed, .. } => assert_eq!(confirmed, path == "/confirm"),
                EventKind::Login { .. } => assert!(is_login(event.kind(), false, false)),
                kind => assert_eq!(kind, EventKind::Logout),
            }
            assert_eq!(event.user_id::<u64>(), Some(1));
            assert_eq!(event.user_id::<String>(), None, "it is a number");
            assert_eq!(event.at(), UNIX_EPOCH + clock.since_epoch());
            assert_eq!(event.method(), Some(&Method::POST));
            assert_eq!(event.path(), Some(path));
            let peer = event.extension::<ConnectInfo<SocketAddr>>();
            assert!(peer.is_some_and(|ConnectInfo(peer)| peer.ip().is_loopback()));
            assert_eq!(event.extension(), Some(&RequestNumber(42)));
            let logged = log.named();
            assert_eq!(logged.len(), 1, "{path}: {logged:?}");
            assert_eq!(logged[0].name, event.name());
            assert_eq!(logged[0].level, Level::INFO);
            assert_eq!(logged[0].field("session").len(), 16);
        }
        // Nothing else of a session is news.
        for path in ["/keep", "/log-out"] {
            browser.post(path).await;
        }
        assert_eq!(trail.lines(), [""; 0]);
        assert_eq!(log.names(), [""; 0]);
    }
}

#[tokio::test]
async fn the_log_follows_a_session_through_its_renewals() {
    let (builder, _, _) = told(bare_builder());
    let browser = serve(builder.build().unwrap()).await;
    let log = Log::begin();
    for path in ["/log-in/1", "/renew", "/renew", "/log-out"] {
        browser.post(path).await;
    }
    let [begun, first, second, ended] = &log.named()[..] else {
        panic!("four events");
    };
    assert_eq!(begun.field("session"), first.field("session"));
    assert_eq!(first.field("becomes"), second.field("session"));
    assert_eq!(second.field("becomes"), ended.field("session"));
    assert_ne!(begun.field("session"), ended.field("session"));
}

#[tokio::test]
async fn a_remembered_login_says_so() {
    let (builder, trail, _) = told(bare_builder());
    let browser = serve(builder.build().unwrap()).await;
    browser.post("/remember/1").await;
    let events = trail.all();
    assert_eq!(events.len(), 1, "{events:?}");
    assert!(is_login(events[0].kind(), true, false), "{events:?}");
}

#[tokio::test]
async fn a_login_over_another_ends_it_and_says_whose_it_was() {
    for builder in both() {
        let (builder, trail, _) = told(builder);
        let browser = serve(builder.build().unwrap()).await;
        browser.post("/log-in/1").await;
        trail.all();
        browser.post("/log-in/2").await;
        let events = trail.all();
        assert_eq!(events.len(), 2, "{events:?}");
        assert_eq!(events[0].reason(), Some("login"));
        assert_eq!(events[0].user_id::<u64>(), Some(1));
        assert!(is_login(events[1].kind(), false, true), "{events:?}");
        assert_eq!(events[1].user_id::<u64>(), Some(2));
    }
}

#[tokio::test]
async fn what_a_request_undoes_itself_has_not_taken_place() {
    for builder in both() {
        let (builder, trail, _) = told(builder);
        let browser = serve(builder.build().unwrap()).await;
        browser.post("/come-and-go/1").await;
        assert_eq!(trail.lines(), [""; 0], "nobody was there before");
        browser.post("/log-in/1").await;
        assert_eq!(trail.lines(), ["session.login 1"]);
        browser.post("/come-and-go/2").await;
        assert_eq!(trail.lines(), ["session.logout 1"]);
        browser.post("/log-in/3").await;
        trail.all();
        browser.post("/go-and-come/4").await;
        assert_eq!(trail.lines(), ["session.logout 3", "session.login 4"]);
    }
}

#[tokio::test]
async fn what_a_store_has_not_saved_has_not_taken_place() {
    let store = Watched::default();
    let (builder, trail, _) = told(bare_builder().store(store.clone()));
    let browser = serve(builder.build().unwrap()).await;
    store.set(Mood::ReadOnly);
    assert_eq!(browser.post("/log-in/1").await.status(), 503);
    assert_eq!(trail.lines(), ["session.store_failed"]);
    store.set(Mood::Well);
    browser.post("/log-in/1").await;
    trail.all();
    store.set(Mood::ReadOnly);
    assert_eq!(browser.post("/renew").await.status(), 503);
    assert_eq!(trail.lines(), ["session.store_failed"]);
}

#[tokio::test]
async fn sessions_that_are_ended_from_elsewhere_are_told_with_their_number() {
    let (builder, trail, _) = told(bare_builder().store(muffin_session::MemoryStore::new()));
    let sessions = builder.build().unwrap();
    let browser = serve(sessions.clone()).await;
    let others = [another(&browser), another(&browser), another(&browser)];
    for browser in others.iter().chain([&browser]) {
        browser.post("/log-in/1").await;
    }
    trail.all();
    let log = Log::begin();
    assert_eq!(browser.post("/end-others").await.status(), 200);
    let events = trail.all();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].name(), "session.ended");
    assert_eq!(events[0].reason(), Some("user"));
    assert_eq!(events[0].user_id::<u64>(), Some(1));
    assert_eq!(events[0].path(), Some("/end-others"));
    let EventKind::Ended { count, .. } = events[0].kind() else {
        panic!("{events:?}");
    };
    assert_eq!(count, Some(3));
    let logged = log.named();
    assert_eq!((logged.len(), logged[0].field("count")), (1, "3"));

    sessions.end_sessions_of(1_u64).await.unwrap();
    let events = trail.all();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].reason(), Some("application"));
    assert_eq!(events[0].user_id::<u64>(), Some(1));
    assert_eq!(events[0].method(), None, "no request has done it");

    browser.post("/log-in/1").await;
    trail.all();
    browser.post("/end-all").await;
    assert_eq!(
        trail.lines(),
        ["session.logout 1"],
        "one's own: there are no others"
    );
}

/// A session ends once, however often its cookie comes after that.
#[tokio::test]
async fn what_was_over_does_not_end_again() {
    for builder in both() {
        let (builder, trail, clock) = told(builder.lifetime(HOUR));
        let browser = serve(builder.build().unwrap()).await;
        browser.post("/log-in/1").await;
        clock.advance(2 * HOUR);
        trail.all();
        browser.post("/log-in/1").await;
        let lines = trail.lines();
        assert_eq!(lines.last().unwrap(), "session.login 1");
        assert!(
            !lines.iter().any(|line| line.starts_with("session.ended")),
            "{lines:?}"
        );

        let copy = browser.stolen();
        browser.post("/log-out").await;
        assert_eq!(trail.lines(), ["session.logout 1"]);
        for _ in 0..2 {
            // Its own logout takes the cookie away: whoever has the copy puts it back.
            let copy = copy.stolen();
            copy.post("/log-out").await;
            let lines = trail.lines();
            assert!(
                lines
                    .iter()
                    .all(|line| line.starts_with("session.rejected")),
                "{lines:?}"
            );
            assert_eq!(lines.len(), 1, "{lines:?}");
        }
    }
}

/// Whoever has copied the cookies of before a renewal gets nothing for them, and is heard of.
#[tokio::test]
async fn a_copy_from_before_a_renewal_is_told_of() {
    for builder in both() {
        let (builder, trail, _) = told(builder);
        let browser = serve(builder.build().unwrap()).await;
        browser.post("/log-in/1").await;
        let copy = browser.stolen();
        browser.post("/renew").await;
        trail.all();
        copy.post("/keep").await;
        let lines = trail.lines();
        assert!(lines[0].starts_with("session.rejected ended"), "{lines:?}");
    }
}
