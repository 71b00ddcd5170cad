//! What costs more than its request: leaks, panics, stores that answer nonsense.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::post;
use muffin_session::{
    Outcome, Record, RecordKey, Rotation, Session, Store, StoreFuture, Timestamp, UserKey,
};
use muffin_session_tests::bare_builder;
use muffin_session_tests::map_store::MapStore;
use muffin_session_tests::watched::Mood;
use serde_json::json;
use tokio::sync::Semaphore;

use crate::app::{App, perform_in, run, state};
use crate::{app, app_on, at};

use crate::gated::*;

#[tokio::test]
async fn another_sites_get_that_ends_this_session_is_not_said_to_have_done_so() {
    let (app, _) = app().await;
    let browser = app.browser();
    run(&browser, "login 1").await;
    let listed = perform_in(&browser, "sessions").await.text().await.unwrap();
    let id = listed.split('=').nth(1).unwrap().to_owned();
    let answer = browser
        .request(reqwest::Method::GET, "/do")
        .query(&[("script", format!("end {id}"))])
        .header("sec-fetch-site", "cross-site")
        .send()
        .await
        .unwrap();
    let said = answer.text().await.unwrap();
    let still = state(&browser).await.0.is_some();
    assert_eq!(said == "true", !still, "said {said}, still there: {still}");
    let answer = browser
        .request(reqwest::Method::GET, "/do")
        .query(&[("script", "everywhere")])
        .header("sec-fetch-site", "cross-site")
        .send()
        .await
        .unwrap();
    let _ = answer;
    assert_eq!(
        state(&browser).await.0,
        Some(1),
        "everywhere, by another site"
    );
}

#[tokio::test]
async fn an_update_that_holds_the_session_is_freed_with_its_request() {
    let token = Arc::new(());
    let more = {
        let token = token.clone();
        Router::new().route(
            "/x",
            post(move |session: Session| async move {
                let (inner, held) = (session.clone(), token.clone());
                session
                    .update("n", move |n: Option<u64>| {
                        let _ = (&held, inner.len());
                        n.unwrap_or(0)
                    })
                    .map(drop)
            }),
        )
    };
    let site = site(MapStore::default(), more).await;
    let browser = site.browser();
    ok(&browser, "/login/1").await;
    ok(&browser, "/set/n2/v").await;
    let before = Arc::strong_count(&token);
    for _ in 0..10 {
        // The first one sets it, the others leave it as it is.
        ok(&browser, "/x").await;
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    // A handler's copies may have been freed as well.
    assert!(Arc::strong_count(&token) <= before, "leaked");
}

#[tokio::test]
async fn also_where_the_client_goes_away() {
    let token = Arc::new(());
    let arrived = Arc::new(Semaphore::new(0));
    let more = {
        let (token, arrived) = (token.clone(), arrived.clone());
        Router::new().route(
            "/x",
            post(move |session: Session| async move {
                let (inner, held) = (session.clone(), token.clone());
                session
                    .update("n", move |n: Option<u64>| {
                        let _ = (&held, inner.len());
                        n.unwrap_or(0) + 1
                    })
                    .unwrap();
                arrived.add_permits(1);
                std::future::pending::<()>().await;
            }),
        )
    };
    let site = site(MapStore::default(), more).await;
    let browser = site.browser();
    ok(&browser, "/login/1").await;
    let before = Arc::strong_count(&token);
    for _ in 0..3 {
        let task = sent(&browser, "/x");
        arrived.acquire().await.unwrap().forget();
        task.abort();
        let _ = task.await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    // A handler's copies may have been freed as well.
    assert!(Arc::strong_count(&token) <= before, "leaked");
}

#[tokio::test]
async fn a_store_that_answers_conflict_for_ever_blocks_nobody_else() {
    let store = Gated::new();
    let limit = Duration::from_secs(1);
    let app = App::on(bare_builder().store(store.clone()).store_timeout(limit)).await;
    let (browser, other) = (app.browser(), app.browser());
    run(&browser, "login 1").await;
    store.0.refuses_deletes.store(true, Ordering::SeqCst);
    let before = store.0.calls.load(Ordering::SeqCst);
    let begun = Instant::now();
    let task = tokio::spawn({
        let browser = browser.clone();
        async move { perform_in(&browser, "logout").await.status().as_u16() }
    });
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(other.text("/untouched").await, "untouched");
    let waited = begun.elapsed();
    let status = task.await.unwrap();
    let calls = store.0.calls.load(Ordering::SeqCst) - before;
    assert!(
        waited < Duration::from_millis(300) && calls < 1_000,
        "waited {waited:?}, {calls} calls, {status}"
    );
}

#[tokio::test]
async fn an_update_that_panics_at_its_second_run_is_an_error_and_no_more() {
    let (arrived, open) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let more = {
        let (arrived, open) = (arrived.clone(), open.clone());
        Router::new().route(
            "/x",
            post(move |session: Session| async move {
                let mut runs = 0;
                session
                    .update("n", move |n: Option<u64>| {
                        runs += 1;
                        assert!(runs == 1, "again");
                        n.unwrap_or(0) + 1
                    })
                    .unwrap();
                arrived.add_permits(1);
                open.acquire().await.unwrap().forget();
            }),
        )
    };
    let site = site(MapStore::default(), more).await;
    let browser = site.browser();
    ok(&browser, "/login/1").await;
    let slow = sent(&browser, "/x");
    arrived.acquire().await.unwrap().forget();
    ok(&browser, "/count/n").await;
    open.add_permits(1);
    let status = slow.await.unwrap();
    ok(&browser, "/count/n").await;
    assert_eq!((status, state(&browser).await.1), (500, json!({ "n": 2 })));
}

/// A store whose records all have the largest version there is.
struct Largest(MapStore);

impl Store for Largest {
    fn name(&self) -> &'static str {
        "largest"
    }
    fn load(&self, key: RecordKey, now: Timestamp) -> StoreFuture<'_, Option<Record>> {
        Box::pin(async move {
            let record = self.0.load(key, now).await?;
            Ok(record.map(|record| Record {
                version: u64::MAX,
                ..record
            }))
        })
    }
    fn create(&self, key: RecordKey, record: Record, now: Timestamp) -> StoreFuture<'_, bool> {
        self.0.create(key, record, now)
    }
    fn update(
        &self,
        key: RecordKey,
        _: u64,
        record: Record,
        now: Timestamp,
    ) -> StoreFuture<'_, Outcome> {
        Box::pin(async move {
            let version = self
                .0
                .load(key, now)
                .await?
                .map_or(0, |record| record.version);
            self.0.update(key, version, record, now).await
        })
    }
    fn rotate(&self, rotation: Rotation, now: Timestamp) -> StoreFuture<'_, Outcome> {
        self.0.rotate(rotation, now)
    }
    fn delete(
        &self,
        key: RecordKey,
        expected: Option<u64>,
        now: Timestamp,
    ) -> StoreFuture<'_, Outcome> {
        self.0.delete(key, expected, now)
    }
    fn list(&self, user: UserKey, now: Timestamp) -> StoreFuture<'_, Vec<(RecordKey, Record)>> {
        self.0.list(user, now)
    }
    fn delete_all(
        &self,
        user: UserKey,
        except: Option<RecordKey>,
        now: Timestamp,
    ) -> StoreFuture<'_, u64> {
        self.0.delete_all(user, except, now)
    }
    fn delete_expired(&self, now: Timestamp) -> StoreFuture<'_, u64> {
        self.0.delete_expired(now)
    }
}

#[tokio::test]
async fn a_version_without_a_next_one_is_no_panic() {
    let site = site(Largest(MapStore::default()), Router::new()).await;
    let browser = site.browser();
    ok(&browser, "/login/1").await;
    ok(&browser, "/set/k/v").await;
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_at_trace_holds_no_secret() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _default = muffin_session_tests::listening::listen(subscriber);
    let (app, store) = app().await;
    let other = app_on(&store, |builder| builder).await;
    let browser = app.browser();
    run(&browser, "insert k geheimwort").await;
    let mut values: Vec<String> = browser.jar.all().into_values().collect();
    run(&browser, "device 4711 geraetename, insert k geheimwort").await;
    let old = browser.stolen();
    values.extend(browser.jar.all().into_values());
    run(&browser, "renew geheimrolle").await;
    values.extend(browser.jar.all().into_values());
    let slow = app.under_way(&browser, "insert k geheimwort, wait").await;
    run(&at(&other, &old), "logout").await;
    slow.finish().await;
    state(&old).await;
    store.inner().garble();
    state(&browser).await;
    store.set(Mood::Down);
    browser.get("/show").await;
    let said = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let ours: Vec<_> = said
        .lines()
        .filter(|line| line.contains("muffin_session"))
        .collect();
    assert!(!ours.is_empty());
    for line in ours {
        for secret in ["geheim", "geraetename", "4711"] {
            assert!(!line.contains(secret), "{line}");
        }
        for value in &values {
            assert!(!line.contains(&value[..20]), "{line}");
        }
    }
}
