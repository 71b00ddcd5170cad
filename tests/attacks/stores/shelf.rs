//! Applications with stores that are watched, or late.

use muffin_session::{
    Outcome, Record, RecordKey, Rotation, Store, StoreFuture, Timestamp, UserKey, UserSession,
};
use muffin_session_tests::map_store::MapStore;
use muffin_session_tests::watched::Watched;
use muffin_session_tests::{Browser, bare_builder};
use serde_json::json;

use crate::app::{App, state};

pub(super) async fn app() -> (App, Watched) {
    let store = Watched::default();
    (App::on(bare_builder().store(store.clone())).await, store)
}

/// What the store has of user 1.
pub(super) async fn sessions_of_user_1(app: &App) -> Vec<UserSession> {
    app.sessions.sessions_of(1).await.expect("a list")
}

/// Nobody is there, and gets into no guarded page.
pub(super) async fn is_nobody(browser: &Browser) {
    assert_eq!(state(browser).await, (None, json!({})));
    assert_eq!(browser.get("/dashboard").await.status(), 303);
}

/// Ids of users that mean something to somebody else.
pub(super) const IDS: [&str; 18] = [
    "ann",
    "ann*",
    "*",
    "?",
    "[a]",
    "ann:1",
    "ann\r\nFLUSHALL\r\n",
    "'; DROP TABLE sessions; --",
    "' OR 1=1 --",
    "%",
    "_",
    "../ann",
    "ann\0",
    "{ann}",
    "Ann",
    " ann",
    "\u{1}",
    "1",
];

/// A store for which it is always 1970: no record of it is ever over.
#[derive(Default)]
pub(super) struct Late(MapStore);

const THEN: Timestamp = Timestamp::from_millis(0);

impl Store for Late {
    fn name(&self) -> &'static str {
        "late"
    }

    fn load(&self, key: RecordKey, _: Timestamp) -> StoreFuture<'_, Option<Record>> {
        self.0.load(key, THEN)
    }

    fn create(&self, key: RecordKey, record: Record, _: Timestamp) -> StoreFuture<'_, bool> {
        self.0.create(key, record, THEN)
    }

    fn update(
        &self,
        key: RecordKey,
        expected: u64,
        record: Record,
        _: Timestamp,
    ) -> StoreFuture<'_, Outcome> {
        self.0.update(key, expected, record, THEN)
    }

    fn rotate(&self, rotation: Rotation, _: Timestamp) -> StoreFuture<'_, Outcome> {
        self.0.rotate(rotation, THEN)
    }

    fn delete(
        &self,
        key: RecordKey,
        expected: Option<u64>,
        _: Timestamp,
    ) -> StoreFuture<'_, Outcome> {
        self.0.delete(key, expected, THEN)
    }

    fn list(&self, user: UserKey, _: Timestamp) -> StoreFuture<'_, Vec<(RecordKey, Record)>> {
        self.0.list(user, THEN)
    }

    fn delete_all(
        &self,
        user: UserKey,
        except: Option<RecordKey>,
        _: Timestamp,
    ) -> StoreFuture<'_, u64> {
        self.0.delete_all(user, except, THEN)
    }

    fn delete_expired(&self, _: Timestamp) -> StoreFuture<'_, u64> {
        self.0.delete_expired(THEN)
    }
}
