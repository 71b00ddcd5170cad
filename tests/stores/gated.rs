//! A store that waits where a test wants it to, and a site on it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};
use muffin_session::{
    Outcome, Record, RecordKey, Rotation, Session, Store, StoreFuture, Timestamp, UserKey,
};
use muffin_session_tests::map_store::MapStore;
use muffin_session_tests::{Browser, Site, bare_builder};
use serde_json::json;
use tokio::sync::Semaphore;

/// A store whose next call of one verb waits at a gate before it takes place.
#[derive(Clone)]
pub(crate) struct Gated(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) store: MapStore,
    pause: Mutex<Option<&'static str>>,
    arrived: Semaphore,
    open: Semaphore,
    pub(crate) refuses_deletes: AtomicBool,
    pub(crate) calls: AtomicU64,
}

impl Gated {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner {
            store: MapStore::default(),
            pause: Mutex::new(None),
            arrived: Semaphore::new(0),
            open: Semaphore::new(0),
            refuses_deletes: AtomicBool::new(false),
            calls: AtomicU64::new(0),
        }))
    }
    pub(crate) fn pause_next(&self, verb: &'static str) {
        *self.0.pause.lock().unwrap() = Some(verb);
    }
    pub(crate) async fn arrival(&self) {
        self.0.arrived.acquire().await.unwrap().forget();
    }
    pub(crate) fn open(&self) {
        self.0.open.add_permits(1);
    }
    async fn at(&self, verb: &'static str) {
        self.0.calls.fetch_add(1, Ordering::SeqCst);
        let waits = {
            let mut pause = self.0.pause.lock().unwrap();
            let waits = *pause == Some(verb);
            if waits {
                *pause = None;
            }
            waits
        };
        if waits {
            self.0.arrived.add_permits(1);
            self.0.open.acquire().await.unwrap().forget();
        }
    }
}

impl Store for Gated {
    fn name(&self) -> &'static str {
        "gated"
    }
    fn load(&self, key: RecordKey, now: Timestamp) -> StoreFuture<'_, Option<Record>> {
        Box::pin(async move {
            self.at("load").await;
            self.0.store.load(key, now).await
        })
    }
    fn create(&self, key: RecordKey, record: Record, now: Timestamp) -> StoreFuture<'_, bool> {
        Box::pin(async move {
            self.at("create").await;
            self.0.store.create(key, record, now).await
        })
    }
    fn update(
        &self,
        key: RecordKey,
        expected: u64,
        record: Record,
        now: Timestamp,
    ) -> StoreFuture<'_, Outcome> {
        Box::pin(async move {
            self.at("update").await;
            self.0.store.update(key, expected, record, now).await
        })
    }
    fn rotate(&self, rotation: Rotation, now: Timestamp) -> StoreFuture<'_, Outcome> {
        Box::pin(async move {
            self.at("rotate").await;
            self.0.store.rotate(rotation, now).await
        })
    }
    fn delete(
        &self,
        key: RecordKey,
        expected: Option<u64>,
        now: Timestamp,
    ) -> StoreFuture<'_, Outcome> {
        Box::pin(async move {
            self.at("delete").await;
            if self.0.refuses_deletes.load(Ordering::SeqCst) {
                return Ok(Outcome::Conflict);
            }
            self.0.store.delete(key, expected, now).await
        })
    }
    fn list(&self, user: UserKey, now: Timestamp) -> StoreFuture<'_, Vec<(RecordKey, Record)>> {
        Box::pin(async move { self.0.store.list(user, now).await })
    }
    fn delete_all(
        &self,
        user: UserKey,
        except: Option<RecordKey>,
        now: Timestamp,
    ) -> StoreFuture<'_, u64> {
        Box::pin(async move { self.0.store.delete_all(user, except, now).await })
    }
    fn delete_expired(&self, now: Timestamp) -> StoreFuture<'_, u64> {
        Box::pin(async move { self.0.store.delete_expired(now).await })
    }
}

/// A site of one's own on a store, with `/login/{id}`, `/set/{key}/{value}`, `/count/{key}`, `/show` and what a test adds.
pub(crate) async fn site(store: impl Store, more: Router) -> Site {
    let sessions = bare_builder()
        .without_user_loader()
        .store(store)
        .build()
        .unwrap();
    let login = |Path(id): Path<u64>, session: Session| async move { session.login(id) };
    let set = |Path((key, value)): Path<(String, String)>, session: Session| async move {
        session.insert(&key, value)
    };
    let count = |Path(key): Path<String>, session: Session| async move {
        session
            .update(&key, |n: Option<u64>| n.unwrap_or(0) + 1)
            .map(drop)
    };
    let show = |session: Session| async move {
        axum::Json(json!({ "user": session.user_id::<u64>().unwrap(), "data": &session }))
    };
    let router = Router::new()
        .route("/login/{id}", post(login))
        .route("/set/{key}/{value}", post(set))
        .route("/count/{key}", post(count))
        .route("/show", get(show))
        .merge(more)
        .layer(sessions);
    Site::serve(router).await
}

pub(crate) async fn send(browser: &Browser, path: &str) -> reqwest::Response {
    browser
        .request(reqwest::Method::POST, path)
        .send()
        .await
        .unwrap()
}

pub(crate) async fn ok(browser: &Browser, path: &str) {
    let answer = send(browser, path).await;
    let status = answer.status();
    assert!(
        status.is_success(),
        "{path}: {status} {}",
        answer.text().await.unwrap()
    );
}

pub(crate) fn sent(browser: &Browser, path: &'static str) -> tokio::task::JoinHandle<u16> {
    let browser = browser.clone();
    tokio::spawn(async move { send(&browser, path).await.status().as_u16() })
}

pub(crate) async fn get_script(browser: &Browser, script: &str) -> reqwest::Response {
    browser
        .request(reqwest::Method::GET, "/do")
        .query(&[("script", script)])
        .send()
        .await
        .unwrap()
}
