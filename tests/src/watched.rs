//! A store that is watched: it counts its calls, and does as it is told.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use muffin_session::{
    Outcome, Record, RecordKey, Rotation, Store, StoreError, StoreFuture, Timestamp, UserKey,
};

use crate::map_store::MapStore;

/// What the store does with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// It answers.
    Well = 0,
    /// It fails at once, with a secret in its reason that a store must not give.
    Down = 1,
    /// It never answers.
    Hangs = 2,
    /// It panics.
    Panics = 3,
    /// It fails when it is asked to write.
    ReadOnly = 4,
    /// It takes place, and the answer is lost.
    LosesAnswers = 5,
}

/// A store in memory that is watched. Clones are the same.
#[derive(Clone, Default)]
pub struct Watched {
    store: Arc<MapStore>,
    mood: Arc<AtomicU8>,
    calls: Arc<Mutex<BTreeMap<&'static str, u32>>>,
}

impl Watched {
    /// Has it do something else from now on.
    pub fn set(&self, mood: Mood) {
        self.mood.store(mood as u8, Ordering::SeqCst);
    }

    /// The store itself, unwatched.
    pub fn inner(&self) -> Arc<MapStore> {
        self.store.clone()
    }

    /// The calls since the last time, such as `"load 1, update 2"`.
    pub fn calls(&self) -> String {
        let calls = std::mem::take(&mut *self.counted());
        let calls = calls.iter().map(|(verb, count)| format!("{verb} {count}"));
        calls.collect::<Vec<_>>().join(", ")
    }

    fn counted(&self) -> MutexGuard<'_, BTreeMap<&'static str, u32>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn watch<'a, T: Send + 'a>(
        &'a self,
        verb: &'static str,
        writes: bool,
        call: impl Future<Output = Result<T, StoreError>> + Send + 'a,
    ) -> StoreFuture<'a, T> {
        *self.counted().entry(verb).or_default() += 1;
        let mood = self.mood.load(Ordering::SeqCst);
        Box::pin(async move {
            match mood {
                1 => Err(StoreError::new("connection refused")),
                2 => std::future::pending().await,
                3 => panic!("the store panics"),
                4 if writes => Err(StoreError::new("read only")),
                5 => {
                    call.await?;
                    std::future::pending().await
                }
                _ => call.await,
            }
        })
    }
}

impl Store for Watched {
    fn name(&self) -> &'static str {
        "watched"
    }

    fn load(&self, key: RecordKey, now: Timestamp) -> StoreFuture<'_, Option<Record>> {
        self.watch("load", false, self.store.load(key, now))
    }

    fn create(&self, key: RecordKey, record: Record, now: Timestamp) -> StoreFuture<'_, bool> {
        self.watch("create", true, self.store.create(key, record, now))
    }

    fn update(
        &self,
        key: RecordKey,
        expected: u64,
        record: Record,
        now: Timestamp,
    ) -> StoreFuture<'_, Outcome> {
        let update = self.store.update(key, expected, record, now);
        self.watch("update", true, update)
    }

    fn rotate(&self, rotation: Rotation, now: Timestamp) -> StoreFuture<'_, Outcome> {
        self.watch("rotate", true, self.store.rotate(rotation, now))
    }

    fn delete(
        &self,
        key: RecordKey,
        expected: Option<u64>,
        now: Timestamp,
    ) -> StoreFuture<'_, Outcome> {
        self.watch("delete", true, self.store.delete(key, expected, now))
    }

    fn list(&self, user: UserKey, now: Timestamp) -> StoreFuture<'_, Vec<(RecordKey, Record)>> {
        self.watch("list", false, self.store.list(user, now))
    }

    fn delete_all(
        &self,
        user: UserKey,
        except: Option<RecordKey>,
        now: Timestamp,
    ) -> StoreFuture<'_, u64> {
        self.watch("delete_all", true, self.store.delete_all(user, except, now))
    }

    fn delete_expired(&self, now: Timestamp) -> StoreFuture<'_, u64> {
        self.watch("delete_expired", true, self.store.delete_expired(now))
    }
}
