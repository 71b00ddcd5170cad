//! Removing what is over.

use std::time::Duration;

use crate::app;
use crate::app::run;

#[tokio::test]
async fn what_is_over_is_swept_and_nothing_else() {
    let (app, store) = app().await;
    let [user, guest] = [0; 2].map(|_| app.browser());
    run(&user, "login 1").await;
    run(&guest, "insert k v").await;
    app.clock.advance(Duration::from_secs(24 * 3_600 - 1));
    assert_eq!(app.sessions.sweep().await.unwrap(), 0);
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(app.sessions.sweep().await.unwrap(), 1);
    assert!(!store.inner().is_empty());
    app.clock.advance(Duration::from_secs(13 * 24 * 3_600));
    assert_eq!(app.sessions.sweep().await.unwrap(), 1);
    assert!(store.inner().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_sweeper_sweeps_at_its_times_until_it_is_stopped_or_dropped() {
    let (app, store) = app().await;
    let swept = || {
        store
            .calls()
            .trim_start_matches("delete_expired ")
            .parse::<u32>()
            .unwrap_or(0)
    };
    let sweeper = app.sessions.sweep_every(Duration::from_secs(60));
    tokio::time::sleep(Duration::from_secs(150)).await;
    assert_eq!(swept(), 3);
    sweeper.stop().await;
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(swept(), 0);
    // A store that fails is tried again the next time.
    store.set(muffin_session_tests::watched::Mood::Down);
    let sweeper = app.sessions.sweep_every(Duration::from_secs(60));
    tokio::time::sleep(Duration::from_secs(90)).await;
    assert_eq!(swept(), 2);
    drop(sweeper);
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(swept(), 0);
}
