//! A store of one's own, as small as it can be: a map behind a mutex. It keeps the whole contract.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use muffin_session::{
    Outcome, Record, RecordKey, Rotation, Store, StoreFuture, Timestamp, UserKey,
};

/// Sessions in a map. Everything is lost when the process ends, and nothing bounds it.
#[derive(Default)]
pub struct MapStore {
    records: Mutex<BTreeMap<RecordKey, Record>>,
}

impl MapStore {
    /// One lock for the length of a verb makes each verb one step.
    pub fn records(&self) -> MutexGuard<'_, BTreeMap<RecordKey, Record>> {
        // Whoever has panicked with the lock has not left half of a change: each is one call on the map, or begins with what may fail.
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// For tests of what does not depend on the store.
impl MapStore {
    /// Whether it has no record, over or not.
    pub fn is_empty(&self) -> bool {
        self.records().is_empty()
    }

    /// Has no record end by its time.
    pub fn never_expire(&self) {
        for record in self.records().values_mut() {
            record.expires_at = Timestamp::from_millis(u64::MAX);
        }
    }

    /// Makes nonsense of what all records say.
    pub fn garble(&self) {
        for record in self.records().values_mut() {
            record.content.reverse();
        }
    }

    /// Everything that somebody finds who has stolen it.
    pub fn dump(&self) -> Vec<u8> {
        let mut dump = Vec::new();
        for (key, record) in self.records().iter() {
            dump.extend_from_slice(key.as_bytes());
            dump.extend(record.user.iter().flat_map(|user| *user.as_bytes()));
            dump.extend_from_slice(&record.content);
        }
        dump
    }
}

impl Store for MapStore {
    fn name(&self) -> &'static str {
        "map"
    }

    fn load(&self, key: RecordKey, now: Timestamp) -> StoreFuture<'_, Option<Record>> {
        Box::pin(async move {
            let records = self.records();
            Ok(alive(&records, key, now).cloned())
        })
    }

    fn create(&self, key: RecordKey, record: Record, now: Timestamp) -> StoreFuture<'_, bool> {
        Box::pin(async move {
            let mut records = self.records();
            let free = alive(&records, key, now).is_none();
            if free {
                records.insert(key, record);
            }
            Ok(free)
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
            let mut records = self.records();
            let outcome = compare(&records, key, Some(expected), now);
            if outcome == Outcome::Done {
                records.insert(key, record);
            }
            Ok(outcome)
        })
    }

    fn rotate(&self, rotation: Rotation, now: Timestamp) -> StoreFuture<'_, Outcome> {
        Box::pin(async move {
            let mut records = self.records();
            let outcome = compare(&records, rotation.old, Some(rotation.expected), now);
            if outcome != Outcome::Done {
                return Ok(outcome);
            }
            // Nobody draws a key that is taken; if it should be, nothing is overwritten.
            if alive(&records, rotation.new, now).is_some() {
                return Ok(Outcome::Conflict);
            }
            match rotation.left {
                Some(left) => records.insert(rotation.old, left),
                None => records.remove(&rotation.old),
            };
            records.insert(rotation.new, rotation.record);
            Ok(Outcome::Done)
        })
    }

    fn delete(
        &self,
        key: RecordKey,
        expected: Option<u64>,
        now: Timestamp,
    ) -> StoreFuture<'_, Outcome> {
        Box::pin(async move {
            let mut records = self.records();
            let outcome = compare(&records, key, expected, now);
            if outcome == Outcome::Done {
                records.remove(&key);
            }
            Ok(outcome)
        })
    }

    fn list(&self, user: UserKey, now: Timestamp) -> StoreFuture<'_, Vec<(RecordKey, Record)>> {
        Box::pin(async move {
            let records = self.records();
            let of_user = records
                .iter()
                .filter(|(_, record)| record.user == Some(user) && now < record.expires_at);
            Ok(of_user
                .map(|(key, record)| (*key, record.clone()))
                .collect())
        })
    }

    fn delete_all(
        &self,
        user: UserKey,
        except: Option<RecordKey>,
        now: Timestamp,
    ) -> StoreFuture<'_, u64> {
        Box::pin(async move {
            let mut records = self.records();
            let ended = records.extract_if(.., |key, record| {
                record.user == Some(user) && Some(*key) != except && now < record.expires_at
            });
            Ok(ended.count() as u64)
        })
    }

    fn delete_expired(&self, now: Timestamp) -> StoreFuture<'_, u64> {
        Box::pin(async move {
            let mut records = self.records();
            let before = records.len();
            records.retain(|_, record| now < record.expires_at);
            Ok((before - records.len()) as u64)
        })
    }
}

/// The record under a key, if its time is not over.
fn alive(records: &BTreeMap<RecordKey, Record>, key: RecordKey, now: Timestamp) -> Option<&Record> {
    records.get(&key).filter(|record| now < record.expires_at)
}

/// What a verb that expects a version must answer.
fn compare(
    records: &BTreeMap<RecordKey, Record>,
    key: RecordKey,
    expected: Option<u64>,
    now: Timestamp,
) -> Outcome {
    match alive(records, key, now) {
        None => Outcome::Gone,
        Some(record) if expected.is_some_and(|expected| expected != record.version) => {
            Outcome::Conflict
        }
        Some(_) => Outcome::Done,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract() {
    muffin_session::conformance::check(MapStore::default()).await;
}

#[tokio::test]
async fn keeps_the_contract_on_one_thread() {
    muffin_session::conformance::check(MapStore::default()).await;
}
