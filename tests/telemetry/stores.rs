//! Stores: when one is slow, fails, or is left alone, and when a session has ended under a request.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::routing::post;
use muffin_session::{Error, EventKind, Session, Store};
use muffin_session_tests::map_store::MapStore;
use muffin_session_tests::watched::{Mood, Watched};
use muffin_session_tests::{Site, bare_builder};
use tower::ServiceExt as _;
use tracing::Level;

use crate::log::Log;
use crate::site::{serve, told};

/// A map that takes its time.
struct Slow {
    map: MapStore,
    millis: Arc<AtomicU64>,
}

macro_rules! slowly {
    ($(fn $verb:ident($($name:ident: $type:ty),*) -> $given:ty;)+) => {
        impl Store for Slow {
            fn name(&self) -> &'static str {
                "slow"
            }

            $(fn $verb(&self, $($name: $type),*) -> muffin_session::StoreFuture<'_, $given> {
                Box::pin(async move {
                    let millis = self.millis.load(Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(millis)).await;
                    self.map.$verb($($name),*).await
                })
            })+
        }
    };
}

use muffin_session::{Outcome, Record, RecordKey, Rotation, Timestamp, UserKey};

slowly! {
    fn load(key: RecordKey, now: Timestamp) -> Option<Record>;
    fn create(key: RecordKey, record: Record, now: Timestamp) -> bool;
    fn update(key: RecordKey, expected: u64, record: Record, now: Timestamp) -> Outcome;
    fn rotate(rotation: Rotation, now: Timestamp) -> Outcome;
    fn delete(key: RecordKey, expected: Option<u64>, now: Timestamp) -> Outcome;
    fn list(user: UserKey, now: Timestamp) -> Vec<(RecordKey, Record)>;
    fn delete_all(user: UserKey, except: Option<RecordKey>, now: Timestamp) -> u64;
    fn delete_expired(now: Timestamp) -> u64;
}

/// The clock of the runtime stands still but for what is waited for.
#[tokio::test(start_paused = true)]
async fn a_store_that_takes_half_of_its_time_is_slow() {
    let millis = Arc::new(AtomicU64::new(999));
    let store = Slow {
        map: MapStore::default(),
        millis: millis.clone(),
    };
    let builder = bare_builder()
        .store(store)
        .store_timeout(Duration::from_secs(2));
    let app = Router::new()
        .route("/", post(async |session: Session| session.insert("key", 1)))
        .layer(builder.without_user_loader().build().unwrap());
    let log = Log::begin();
    for (takes, told) in [(999, &[][..]), (1_000, &["session.store_slow"])] {
        millis.store(takes, Ordering::SeqCst);
        let request = Request::post("/").body(Body::empty()).unwrap();
        let answer = app.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), 200);
        let logged = log.named();
        let names: Vec<_> = logged.iter().map(|entry| entry.name).collect();
        assert_eq!(names, told, "{takes}");
        for entry in logged {
            assert_eq!(entry.level, Level::WARN);
            assert_eq!(entry.field("store"), "slow");
            assert_eq!(entry.field("verb"), "create");
            assert_eq!(entry.field("millis"), "1000");
        }
    }
}

#[tokio::test]
async fn a_store_that_fails_is_told_of_until_it_is_left_alone() {
    let store = Watched::default();
    let (builder, trail, _) = told(bare_builder().store(store.clone()));
    let browser = serve(builder.build().unwrap()).await;
    browser.post("/log-in/1").await;
    trail.all();
    store.set(Mood::Down);
    let log = Log::begin();
    browser.get("/members/only").await;
    let events = trail.all();
    assert_eq!(events.len(), 1);
    let EventKind::StoreFailed { store, verb, .. } = events[0].kind() else {
        panic!("{events:?}");
    };
    assert_eq!((store, verb), ("watched", "load"));
    let logged = log.named();
    assert_eq!(logged.len(), 1);
    assert_eq!(logged[0].name, "session.store_failed");
    assert_eq!(logged[0].level, Level::ERROR);
    for _ in 0..40 {
        browser.get("/members/only").await;
    }
    let names = log.names();
    assert_eq!(names.last(), Some(&"session.store_skipped"), "{names:?}");
}

#[tokio::test]
async fn what_ends_under_a_request_is_told_with_what_it_loses() {
    let (builder, trail, _) = told(bare_builder().store(muffin_session::MemoryStore::new()));
    let sessions = builder.build().unwrap();
    let browser = serve(sessions.clone()).await;
    browser.post("/log-in/1").await;
    let cookie = browser.jar.header().unwrap();
    let app = Router::new().route(
        "/",
        post(async move |session: Session, axum::Extension(own): axum::Extension<muffin_session::Sessions>| {
            session.insert("key", 1)?;
            own.end_sessions_of(1_u64).await?;
            Ok::<_, Error>(())
        }),
    );
    let app = app.layer(sessions.clone()).layer(axum::Extension(sessions));
    trail.all();
    let log = Log::begin();
    let request = Request::post("/").header("cookie", cookie);
    let answer = app
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(
        trail.lines(),
        ["session.ended application 1", "session.lost 1"]
    );
    assert_eq!(log.names(), ["session.ended", "session.lost"]);
}

/// The clock of the runtime stands still but for what is waited for.
#[tokio::test(start_paused = true)]
async fn a_logout_is_told_once_though_another_comes_while_it_is_being_saved() {
    let millis = Arc::new(AtomicU64::new(0));
    let store = Slow {
        map: MapStore::default(),
        millis: millis.clone(),
    };
    let (builder, trail, _) = told(bare_builder().store(store));
    let (kept, keep) = (Arc::new(Mutex::new(None)), millis.clone());
    let keeper = kept.clone();
    let log_out = post(async move |session: Session| {
        keep.store(100, Ordering::SeqCst);
        session.logout();
        *keeper.lock().unwrap() = Some(session);
    });
    let sessions = builder.build().unwrap();
    let app = crate::site::app(sessions.clone()).merge(
        Router::new()
            .route("/log-out-slowly", log_out)
            .layer(sessions),
    );
    let login = Request::post("/log-in/1").body(Body::empty()).unwrap();
    let answer = app.clone().oneshot(login).await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    let (cookie, _) = cookie.split_once(';').unwrap();
    let request = Request::post("/log-out-slowly").header("cookie", cookie);
    trail.all();

    let answer = tokio::spawn(app.oneshot(request.body(Body::empty()).unwrap()));
    tokio::time::sleep(Duration::from_millis(50)).await;
    let session: Session = kept.lock().unwrap().take().unwrap();
    assert!(!answer.is_finished());
    session.logout();
    assert_eq!(answer.await.unwrap().unwrap().status(), 200);
    assert_eq!(trail.lines(), ["session.logout 1"]);
}

#[tokio::test]
async fn what_is_done_to_a_session_as_it_moves_out_of_a_store_is_told_with_its_user() {
    for (path, lines) in [
        ("/renew", &["session.renewed 1"][..]),
        ("/log-out", &["session.logout 1"]),
        ("/log-in/2", &["session.ended login 1", "session.login 2"]),
    ] {
        let store = Arc::new(MapStore::default());
        let (before, ..) = told(bare_builder().store(store.clone()));
        let before = serve(before.build().unwrap()).await;
        before.post("/log-in/1").await;
        let (builder, trail, _) = told(bare_builder().moving_from(store));
        let browser = serve(builder.build().unwrap()).await;
        browser.jar.restore(&before.jar.all());
        assert_eq!(browser.post(path).await.status(), 200, "{path}");
        assert_eq!(trail.lines(), lines, "{path}");
    }
}

/// The clock of the runtime stands still but for what is waited for.
#[tokio::test(start_paused = true)]
async fn a_login_is_told_though_its_request_is_given_up_while_it_is_being_saved() {
    let store = Slow {
        map: MapStore::default(),
        millis: Arc::new(AtomicU64::new(100)),
    };
    let (builder, trail, _) = told(bare_builder().store(store));
    let log_in = post(async |session: Session| {
        session.login_user(1, &crate::site::user(1)).unwrap();
        session.commit().await
    });
    let app = Router::new().route("/", log_in);
    let app = app.layer(builder.build().unwrap());
    let answer = app.oneshot(Request::post("/").body(Body::empty()).unwrap());
    tokio::time::timeout(Duration::from_millis(50), answer)
        .await
        .unwrap_err();
    assert_eq!(trail.lines(), [""; 0], "nothing is saved yet");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(trail.lines(), ["session.login 1"]);
}

#[tokio::test]
async fn a_logout_is_told_though_the_login_after_it_cannot_be_saved() {
    let store = Watched::default();
    let (builder, trail, _) = told(bare_builder().store(store.clone()));
    let log_in_again = post(async move |session: Session| {
        session.logout();
        session.commit().await?;
        store.set(Mood::Down);
        session.login_user(2, &crate::site::user(2))
    });
    let sessions = builder.build().unwrap();
    let app = crate::site::app(sessions.clone())
        .merge(Router::new().route("/again", log_in_again).layer(sessions));
    let site = Site::serve(app).await;
    let browser = site.browser();
    browser.post("/log-in/1").await;
    trail.all();
    assert_eq!(browser.post("/again").await.status(), 503);
    let lines = trail.lines();
    assert!(lines.contains(&"session.logout 1".to_owned()), "{lines:?}");
    assert!(
        !lines.iter().any(|line| line.starts_with("session.login")),
        "{lines:?}"
    );
}
