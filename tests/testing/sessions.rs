//! Reading and writing a visitor's session, as a handler would.

use muffin_session::Error;
use serde_json::{Value, json};

use crate::apps;

#[tokio::test]
async fn what_is_written_is_there_in_the_next_request() {
    for (way, app, _) in apps() {
        for visitor in [app.guest(), app.login_as(1).await.unwrap()] {
            let written = visitor
                .session(async |session| {
                    session.insert("cart", json!(["tea"]))?;
                    session.update("visits", |visits: Option<u32>| visits.unwrap_or(0) + 1)
                })
                .await;
            assert_eq!(written.unwrap(), 1, "{way}");
            let read = visitor
                .session(async |session| session.get::<Value>("cart"))
                .await;
            assert_eq!(read.unwrap(), Some(json!(["tea"])), "{way}");
            visitor
                .session(async |session| session.clear())
                .await
                .unwrap();
            assert!(
                visitor.session(async |session| session.is_empty()).await,
                "{way}"
            );
        }
    }
}

#[tokio::test]
async fn a_session_can_be_waited_in_and_is_saved_once_that_is_over() {
    for (way, app, _) in apps() {
        let ann = app.login_as(1).await.unwrap();
        let session = ann
            .session(async |session| {
                session.insert("k", 1)?;
                session.commit().await?;
                tokio::task::yield_now().await;
                session.insert("k", 2)?;
                Ok::<_, Error>(session)
            })
            .await
            .unwrap();
        // The response has left, as it does when a handler returns.
        let late = session.insert("k", 3).unwrap_err();
        assert!(matches!(late, Error::TooLate), "{way}: {late}");
        let read = ann.session(async |session| session.get::<u32>("k")).await;
        assert_eq!(read.unwrap(), Some(2), "{way}");
    }
}

#[tokio::test]
async fn a_login_that_is_half_done_can_be_made_and_seen() {
    for (way, app, _) in apps() {
        let visitor = app.guest();
        visitor
            .session(async |session| session.begin_login(1))
            .await
            .unwrap();
        assert_eq!(visitor.get("/").await.status(), 303, "{way}");
        let half = visitor
            .session(async |session| session.half_login::<u64>())
            .await;
        assert_eq!(half.unwrap(), Some(1), "{way}");
    }
}

#[tokio::test]
async fn each_visitor_has_a_session_of_their_own_and_clones_are_one() {
    for (way, app, _) in apps() {
        let (one, other) = (app.guest(), app.guest());
        let clone = one.clone();
        one.session(async |session| session.insert("k", "v"))
            .await
            .unwrap();
        for (visitor, expected) in [(&one, 1), (&clone, 1), (&other, 0)] {
            let keys = visitor.session(async |session| session.len()).await;
            assert_eq!(keys, expected, "{way}");
        }
    }
}

#[tokio::test]
async fn futures_can_be_sent_to_other_threads() {
    let (_, app, _) = apps().remove(0);
    let task = tokio::spawn(async move {
        let ann = app.login_as(1).await.unwrap();
        let logged_in = ann.session(async |session| session.is_logged_in()).await;
        let status = ann.get("/").await.status();
        (logged_in, status.as_u16(), ann.flashes().await.len())
    });
    assert_eq!(task.await.unwrap(), (true, 200, 0));
}

/// A handler that panics saves nothing either.
#[tokio::test]
async fn a_test_that_panics_in_a_session_saves_nothing() {
    for (way, app, _) in apps() {
        let ann = app.login_as(1).await.unwrap();
        let same = ann.clone();
        let panicked = tokio::spawn(async move {
            same.session(async |session| {
                session.insert("k", 1).unwrap();
                panic!("as it is meant to");
            })
            .await;
        });
        assert!(panicked.await.is_err(), "{way}");
        let read = ann.session(async |session| session.get::<u32>("k")).await;
        assert_eq!(read.unwrap(), None, "{way}");
    }
}
