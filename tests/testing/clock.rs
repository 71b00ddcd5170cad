//! A clock that ends logins and flashes, and how looking at a session does not keep it alive.

use std::time::Duration;

use muffin_session::testing::{ResponseExt as _, TestClock, assert_refused};
use muffin_session::{MemoryStore, RefusalKind};
use muffin_session_tests::bare_builder;

use crate::{app_with, apps};

const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_login_ends_with_its_lifetime() {
    for (way, store) in [("cookies", false), ("store", true)] {
        let clock = TestClock::new();
        let builder = bare_builder().clock(clock.clone()).lifetime(60 * MINUTE);
        let app = app_with(if store {
            builder.store(MemoryStore::new())
        } else {
            builder
        });
        let ann = app.login_as(1).await.unwrap();
        clock.advance(59 * MINUTE);
        assert_eq!(ann.get("/").await.text().await, "Hello, Ann", "{way}");
        clock.advance(2 * MINUTE);
        assert_refused(&ann.get("/").await, RefusalKind::NotLoggedIn);
        assert!(!ann.session(async |session| session.is_logged_in()).await);
    }
}

#[tokio::test]
async fn a_fresh_login_grows_stale_and_a_flash_ends() {
    for (way, app, clock) in apps() {
        let ann = app.login_as(1).await.unwrap();
        ann.post("/save").await;
        clock.advance(9 * MINUTE);
        assert_eq!(ann.get("/transfer").await.status(), 200, "{way}");
        assert_eq!(ann.flashes().await.len(), 2, "{way}");
        clock.advance(2 * MINUTE);
        assert_refused(&ann.get("/transfer").await, RefusalKind::NotFresh);
        assert!(ann.flashes().await.is_empty(), "{way}");
    }
}

#[tokio::test]
async fn a_page_keeps_an_idle_login_alive_and_a_look_at_its_flashes_does_not() {
    for store in [false, true] {
        let clock = TestClock::new();
        let builder = bare_builder()
            .clock(clock.clone())
            .idle_timeout(10 * MINUTE);
        let app = app_with(if store {
            builder.store(MemoryStore::new())
        } else {
            builder
        });
        let (seen, unseen) = (
            app.login_as(1).await.unwrap(),
            app.login_as(1).await.unwrap(),
        );
        clock.advance(9 * MINUTE);
        seen.get("/").await;
        unseen.flashes().await;
        clock.advance(2 * MINUTE);
        assert_eq!(seen.get("/").await.status(), 200, "store: {store}");
        assert_refused(&unseen.get("/").await, RefusalKind::NotLoggedIn);
    }
}

#[tokio::test]
async fn set_back_it_brings_back_what_has_not_been_ended() {
    let clock = TestClock::new();
    let app = app_with(bare_builder().clock(clock.clone()));
    let ann = app.login_as(1).await.unwrap();
    let start = clock.now();
    clock.set(start + Duration::from_hours(48));
    assert_eq!(ann.get("/").await.status(), 303);
    clock.set(start);
    assert_eq!(ann.get("/").await.status(), 200);
}
