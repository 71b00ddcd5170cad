//! What is asked of every SQL store, beyond the suite.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use muffin_session::{Outcome, Record, RecordKey, Rotation, Store, Timestamp, UserKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Sometime in 2026.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_780_000_000_000);
const LATER: Timestamp = Timestamp::from_millis(NOW.as_millis() + 3_600_000);

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).unwrap();
    bytes
}

/// A name that nobody else uses.
pub(crate) fn name() -> String {
    format!("muffin_{:016x}", u64::from_be_bytes(random()))
}

pub(crate) fn key() -> RecordKey {
    RecordKey::from_bytes(random())
}

pub(crate) fn user() -> UserKey {
    UserKey::from_bytes(random())
}

pub(crate) fn record(user: Option<UserKey>, version: u64) -> Record {
    Record {
        user,
        expires_at: LATER,
        version,
        content: random::<200>().to_vec(),
    }
}

/// Whether a rotation leaves something under the old key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Leaving {
    Nothing,
    Something,
}

fn rotation(old: RecordKey, user: UserKey, expected: u64, leaving: Leaving) -> Rotation {
    let left = (leaving == Leaving::Something).then(|| record(Some(user), expected + 1));
    Rotation {
        old,
        expected,
        left,
        new: key(),
        record: record(Some(user), expected + 1),
    }
}

/// Sessions that move from key to key as fast as they can, until the user's are all deleted: none may get away.
pub(crate) async fn nobody_gets_away(store: Arc<dyn Store>, leaving: Leaving) {
    for _ in 0..12 {
        let user = user();
        let is_over = Arc::new(AtomicBool::new(false));
        let under_way = Arc::new(Semaphore::new(0));
        let mut runners = JoinSet::new();
        for _ in 0..6 {
            let (store, is_over, under_way) = (store.clone(), is_over.clone(), under_way.clone());
            runners.spawn(async move {
                let mut old = key();
                assert!(store.create(old, record(Some(user), 1), NOW).await.unwrap());
                for version in 1.. {
                    let rotation = rotation(old, user, version, leaving);
                    let new = rotation.new;
                    let was_over = is_over.load(Ordering::SeqCst);
                    match store.rotate(rotation, NOW).await.unwrap() {
                        Outcome::Done => assert!(!was_over, "a session lives on"),
                        Outcome::Gone => break,
                        Outcome::Conflict => panic!("nobody else writes to the session"),
                    }
                    if version == 3 {
                        under_way.add_permits(1);
                    }
                    old = new;
                }
            });
        }
        tokio::select! {
            all = under_way.acquire_many(6) => all.unwrap().forget(),
            ended = runners.join_next() => panic!("before they were to end: {ended:?}"),
        }
        store.delete_all(user, None, NOW).await.unwrap();
        is_over.store(true, Ordering::SeqCst);
        while let Some(runner) = runners.join_next().await {
            runner.unwrap();
        }
        assert_eq!(store.list(user, NOW).await.unwrap(), [], "{leaving:?}");
    }
}

/// Somebody who holds a record's row, and sees how many wait for something.
pub(crate) trait Blocker {
    async fn hold(&mut self, key: RecordKey);
    async fn waiting(&mut self) -> i64;
    async fn let_go(&mut self);
}

async fn until_waiting(blocker: &mut impl Blocker, count: i64) {
    for _ in 0..100 {
        if blocker.waiting().await >= count {
            return;
        }
        // InnoDB looks again only if nobody has asked for a tenth of a second.
        tokio::time::sleep(Duration::from_millis(120)).await;
    }
    panic!("fewer than {count} wait");
}

/// A rotation and a deletion of all that both wait for the session's row, in both orders.
pub(crate) async fn nobody_gets_away_in_either_order(
    store: Arc<dyn Store>,
    mut blocker: impl Blocker,
) {
    for leaving in [Leaving::Nothing, Leaving::Something] {
        for rotation_first in [true, false] {
            let (user, old) = (user(), key());
            let rotation = rotation(old, user, 1, leaving);
            let new = rotation.new;
            assert!(store.create(old, record(Some(user), 1), NOW).await.unwrap());

            blocker.hold(old).await;
            let rotate = |store: Arc<dyn Store>| async move { store.rotate(rotation, NOW).await };
            let delete =
                |store: Arc<dyn Store>| async move { store.delete_all(user, None, NOW).await };
            let (rotated, deleted);
            if rotation_first {
                let first = tokio::spawn(rotate(store.clone()));
                until_waiting(&mut blocker, 1).await;
                let second = tokio::spawn(delete(store.clone()));
                until_waiting(&mut blocker, 2).await;
                blocker.let_go().await;
                (rotated, deleted) = (first.await.unwrap(), second.await.unwrap());
            } else {
                let first = tokio::spawn(delete(store.clone()));
                until_waiting(&mut blocker, 1).await;
                let second = tokio::spawn(rotate(store.clone()));
                until_waiting(&mut blocker, 2).await;
                blocker.let_go().await;
                (deleted, rotated) = (first.await.unwrap(), second.await.unwrap());
            }

            let (rotated, deleted) = (rotated.unwrap(), deleted.unwrap());
            let order = format!("{leaving:?}, rotation first: {rotation_first}");
            // InnoDB may undo the one for the other's sake, so that they come in the other order.
            let alive = 1 + u64::from(leaving == Leaving::Something);
            let in_some_order = [(Outcome::Done, alive), (Outcome::Gone, 1)];
            assert!(
                in_some_order.contains(&(rotated, deleted)),
                "{order}: {rotated:?}, {deleted}"
            );
            assert_eq!(store.list(user, NOW).await.unwrap(), [], "{order}");
            for key in [old, new] {
                assert_eq!(store.load(key, NOW).await.unwrap(), None, "{order}");
            }
        }
    }
}

/// 64 requests at once that each count up, by stores that know nothing of each other.
pub(crate) async fn nothing_is_lost(stores: &[Arc<dyn Store>]) {
    let key = key();
    assert!(stores[0].create(key, record(None, 1), NOW).await.unwrap());
    let mut requests = JoinSet::new();
    for index in 0..64 {
        let store = stores[index % stores.len()].clone();
        requests.spawn(async move {
            loop {
                let seen = store.load(key, NOW).await.unwrap().unwrap().version;
                let next = record(None, seen + 1);
                match store.update(key, seen, next, NOW).await.unwrap() {
                    Outcome::Done => return seen,
                    Outcome::Conflict => {}
                    Outcome::Gone => panic!("nobody has deleted it"),
                }
            }
        });
    }
    let mut replaced = BTreeSet::new();
    while let Some(request) = requests.join_next().await {
        assert!(replaced.insert(request.unwrap()), "one version twice");
    }
    assert_eq!(replaced, (1..=64).collect());
}

/// More than fits into two batches.
pub(crate) async fn a_sweep_takes_what_has_expired(store: &dyn Store) {
    let mut alive = Vec::new();
    for index in 0..1_203 + 3 {
        let (key, mut record) = (key(), record(Some(user()), 1));
        if index % 400 == 7 {
            record.expires_at = Timestamp::from_millis(NOW.as_millis() + 1);
            alive.push((key, record.clone()));
        } else {
            record.expires_at = Timestamp::from_millis(NOW.as_millis() - index % 3);
        }
        let before = Timestamp::from_millis(NOW.as_millis() - 10);
        assert!(store.create(key, record, before).await.unwrap());
    }
    assert_eq!(alive.len(), 3);
    assert_eq!(store.delete_expired(NOW).await.unwrap(), 1_203);
    assert_eq!(store.delete_expired(NOW).await.unwrap(), 0);
    for (key, record) in alive {
        assert_eq!(store.load(key, NOW).await.unwrap(), Some(record));
    }
}

/// Where the key that a session is to have still has a row, it counts if it has not expired.
pub(crate) async fn an_expired_row_makes_room(store: &dyn Store) {
    let user = user();
    for leaving in [Leaving::Nothing, Leaving::Something] {
        let old = key();
        assert!(store.create(old, record(Some(user), 1), NOW).await.unwrap());
        let rotation = rotation(old, user, 1, leaving);
        assert!(
            store
                .create(rotation.new, record(None, 1), NOW)
                .await
                .unwrap()
        );
        let error = store.rotate(rotation.clone(), NOW).await.unwrap_err();
        assert_eq!(error.to_string(), "the new key of a session has a record");

        // An hour later it has expired, and so would the session have: it is put off.
        let mut kept = record(Some(user), 2);
        kept.expires_at = Timestamp::from_millis(LATER.as_millis() + 1);
        let updated = store.update(old, 1, kept, NOW).await.unwrap();
        assert_eq!(updated, Outcome::Done);
        let mut rotation = Rotation {
            expected: 2,
            ..rotation
        };
        rotation.record.expires_at = Timestamp::from_millis(LATER.as_millis() + 1);
        let expected = rotation.record.clone();
        let rotated = store.rotate(rotation.clone(), LATER).await.unwrap();
        assert_eq!(rotated, Outcome::Done);
        assert_eq!(
            store.load(rotation.new, LATER).await.unwrap(),
            Some(expected)
        );
    }
}

/// What is no plain name is refused before it gets near a statement.
pub(crate) fn refuses_tables<S>(table: impl Fn(&str) -> Result<S, muffin_session::StoreError>) {
    for name in ["", "a b", "sessions\"; --", "a`", "a.b", "1a", "ü"] {
        assert!(table(name).is_err(), "{name}");
    }
    assert!(table("Sessions_2").is_ok());
}

/// Each number of a version and each time comes back, as far as databases can name it.
pub(crate) async fn numbers_come_back(store: &dyn Store) {
    let forever = Timestamp::from_millis(u64::MAX);
    for version in [
        1,
        u64::from(u32::MAX) + 1,
        u64::MAX >> 1,
        (u64::MAX >> 1) + 1,
        u64::MAX,
    ] {
        let (key, mut record) = (key(), record(None, version));
        record.expires_at = forever;
        assert!(store.create(key, record.clone(), NOW).await.unwrap());
        let loaded = store.load(key, NOW).await.unwrap().unwrap();
        assert_eq!(loaded.version, version);
        assert_eq!(loaded.expires_at.as_i64(), i64::MAX);
        let conflict = store.delete(key, Some(version - 1), NOW).await.unwrap();
        assert_eq!(conflict, Outcome::Conflict);
        let deleted = store.delete(key, Some(version), NOW).await.unwrap();
        assert_eq!(deleted, Outcome::Done);
    }
}
