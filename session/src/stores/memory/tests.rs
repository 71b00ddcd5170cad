//! Bounds, what is evicted, and the index of users' keys.

use std::collections::BTreeSet;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread;

use proptest::prelude::*;

use super::*;

const MIB: usize = 1024 * 1024;
const HOUR: u64 = 3_600_000;

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000 + millis)
}

/// A user, or a user's key, with these bytes.
fn bytes(group: u8, rest: u32) -> [u8; 32] {
    let mut bytes = [group; 32];
    bytes[28..].copy_from_slice(&rest.to_be_bytes());
    bytes
}

fn key(group: u8, nth: u32) -> RecordKey {
    RecordKey::from_bytes(bytes(group, nth))
}

fn user(group: u8) -> UserKey {
    UserKey::from_bytes(bytes(group, 0))
}

/// A key in a group of its own, as guests have.
fn guest(nth: u32) -> RecordKey {
    let mut bytes = bytes(0, nth);
    bytes[..4].copy_from_slice(&nth.to_be_bytes());
    bytes[7] = nth.to_be_bytes()[3];
    RecordKey::from_bytes(bytes)
}

fn record(user: Option<UserKey>, length: usize) -> Record {
    Record {
        user,
        expires_at: at(HOUR),
        version: 1,
        content: vec![7; length],
    }
}

/// What a future gives that waits for nobody.
fn done<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

impl MemoryStore {
    fn create_now(&self, key: RecordKey, record: Record) -> bool {
        done(self.shared.create(key, record, at(0))).unwrap()
    }

    fn has(&self, key: RecordKey) -> bool {
        self.shared.load(key, at(0)).is_some()
    }

    /// The index must be of what is there, and of nothing else.
    fn assert_index_is_true(&self) {
        let kept: BTreeSet<_> = self.shared.users.iter().map(|(key, _)| key).collect();
        assert_eq!(self.shared.stripes.all_keys(), kept);
    }
}

#[test]
fn sessions_are_bounded() {
    let store = MemoryStore::new().max_sessions(10);
    for nth in 0..50 {
        assert!(store.create_now(key(1, nth), record(Some(user(1)), 5)));
        assert!(store.has(key(1, nth)), "what has just been made is there");
        store.assert_index_is_true();
    }
    assert_eq!(store.evicted_sessions(), 40);
    assert_eq!(store.shared.list(user(1), at(0)).len(), 10);
    assert_eq!(store.evicted_guest_sessions(), 0);
}

#[test]
fn bytes_are_bounded() {
    let store = MemoryStore::new().max_bytes(16 * MIB);
    for nth in 0..60 {
        store.create_now(key(1, nth), record(Some(user(1)), MIB));
        store.assert_index_is_true();
    }
    let kept = store.shared.users.len();
    assert!((12..16).contains(&kept), "{kept}");
    assert_eq!(store.evicted_sessions(), 60 - kept as u64);
}

#[test]
fn what_is_replaced_is_no_loss() {
    let store = MemoryStore::new();
    store.create_now(key(1, 1), record(Some(user(1)), 5));
    store.create_now(guest(1), record(None, 5));
    for (old, user) in [(key(1, 1), Some(user(1))), (guest(1), None)] {
        let outcome = done(store.shared.update(old, 1, record(user, 50), at(0))).unwrap();
        assert_eq!(outcome, Outcome::Done);
        let rotation = Rotation {
            old,
            expected: 1,
            left: Some(record(user, 5)),
            new: key(2, 2),
            record: record(None, 5),
        };
        done(store.shared.rotate(rotation, at(0))).unwrap();
        store.shared.delete(key(2, 2), None, at(0));
    }
    assert_eq!(
        (store.evicted_sessions(), store.evicted_guest_sessions()),
        (0, 0)
    );
}

#[test]
fn a_record_that_grows_makes_others_go() {
    let store = MemoryStore::new().max_bytes(16 * MIB);
    for nth in 0..14 {
        store.create_now(key(1, nth), record(Some(user(1)), MIB));
    }
    assert_eq!(store.evicted_sessions(), 0);
    let grown = Record {
        version: 2,
        ..record(Some(user(1)), 6 * MIB)
    };
    let outcome = done(store.shared.update(key(1, 3), 1, grown, at(0))).unwrap();
    assert_eq!(outcome, Outcome::Done);
    assert!(store.has(key(1, 3)));
    let kept = store.shared.list(user(1), at(0)).len() as u64;
    assert!(kept <= 10);
    assert_eq!(store.evicted_sessions(), 14 - kept);
    store.assert_index_is_true();
}

#[test]
fn guests_never_end_a_login() {
    let store = MemoryStore::new().max_sessions(100).max_guest_sessions(10);
    for nth in 0..80 {
        store.create_now(key(1, nth), record(Some(user(1)), 5));
    }
    for nth in 0..5000 {
        store.create_now(guest(nth), record(None, 5));
    }
    assert_eq!(store.evicted_sessions(), 0);
    assert_eq!(store.shared.list(user(1), at(0)).len(), 80);
    let kept = store.shared.guests.len() as u64;
    assert!(kept <= 10);
    assert_eq!(store.evicted_guest_sessions(), 5000 - kept);
}

#[test]
fn users_never_end_a_guests_session() {
    let store = MemoryStore::new().max_sessions(10);
    store.create_now(guest(1), record(None, 5));
    for nth in 0..500 {
        store.create_now(key(1, nth), record(Some(user(1)), 5));
    }
    assert!(store.has(guest(1)));
}

#[test]
fn what_is_in_use_outlives_a_flood() {
    let store = MemoryStore::new().max_guest_sessions(100);
    store.create_now(guest(0), record(None, 5));
    for nth in 1..10_000 {
        store.create_now(guest(nth), record(None, 5));
        if nth % 50 == 0 {
            assert!(store.has(guest(0)), "after {nth} others");
        }
    }
}

#[test]
fn a_rotation_in_a_full_store_moves_the_session() {
    let store = MemoryStore::new().max_sessions(4);
    for nth in 0..40 {
        store.create_now(key(2, nth), record(Some(user(2)), 5));
    }
    store.create_now(guest(1), record(None, 5));
    let rotation = Rotation {
        old: guest(1),
        expected: 1,
        left: None,
        new: key(1, 1),
        record: record(Some(user(1)), 5),
    };
    assert_eq!(
        done(store.shared.rotate(rotation, at(0))).unwrap(),
        Outcome::Done
    );
    assert!(store.has(key(1, 1)));
    assert!(!store.has(guest(1)));
    store.assert_index_is_true();
}

#[test]
fn a_record_of_4_mib_fits_whatever_the_bounds() {
    let smallest = MemoryStore::new().max_bytes(1).max_guest_bytes(1);
    for store in [
        MemoryStore::new(),
        smallest.clone(),
        smallest.max_sessions(1).max_guest_sessions(1),
        MemoryStore::new()
            .max_sessions(10_000_000)
            .max_bytes(8192 * MIB),
    ] {
        assert!(store.create_now(key(1, 1), record(Some(user(1)), 4 * MIB)));
        assert!(store.create_now(guest(1), record(None, 4 * MIB)));
        assert!(store.has(key(1, 1)) && store.has(guest(1)));
    }
}

#[test]
fn a_record_that_is_too_large_is_an_error_and_changes_nothing() {
    let store = MemoryStore::new().max_bytes(16 * MIB);
    let small = record(Some(user(1)), 5);
    let large = || record(Some(user(1)), 10 * MIB);
    store.create_now(key(1, 1), small.clone());
    done(store.shared.create(key(1, 2), large(), at(0))).unwrap_err();
    done(store.shared.update(key(1, 1), 1, large(), at(0))).unwrap_err();
    for (left, record) in [(None, large()), (Some(large()), small.clone())] {
        let rotation = Rotation {
            old: key(1, 1),
            expected: 1,
            left,
            new: key(1, 2),
            record,
        };
        done(store.shared.rotate(rotation, at(0))).unwrap_err();
    }
    assert_eq!(store.shared.list(user(1), at(0)), [(key(1, 1), small)]);
    assert_eq!(store.evicted_sessions(), 0);
}

#[test]
fn bounds_are_those_that_were_set() {
    let store = MemoryStore::new()
        .max_sessions(7)
        .max_guest_bytes(9 * MIB)
        .max_guest_sessions(5)
        .max_bytes(10 * MIB);
    let BoundsOfBoth { users, guests } = store.bounds;
    assert_eq!((users.sessions, users.bytes), (7, 10 * MIB));
    assert_eq!((guests.sessions, guests.bytes), (5, 9 * MIB));
}

#[test]
fn what_has_expired_makes_room_for_what_is_alive() {
    let store = MemoryStore::new().max_sessions(100);
    for nth in 0..100 {
        store.create_now(key(1, nth), record(Some(user(1)), 5));
    }
    let young = Record {
        expires_at: at(3 * HOUR),
        ..record(Some(user(2)), 5)
    };
    for nth in 0..100 {
        done(
            store
                .shared
                .create(key(2, nth), young.clone(), at(2 * HOUR)),
        )
        .unwrap();
    }
    // Those that had expired are no loss. The first one that was alive makes the store look for others that are not.
    assert_eq!(store.evicted_sessions(), 1);
    assert_eq!(store.shared.list(user(2), at(2 * HOUR)).len(), 99);
    store.assert_index_is_true();
}

#[tokio::test]
async fn what_has_expired_is_swept() {
    let store = MemoryStore::new();
    let longer = |user| Record {
        expires_at: at(2 * HOUR),
        ..record(user, 5)
    };
    for nth in 0..700 {
        store.create_now(key(1, nth), record(Some(user(1)), 5));
        store.create_now(guest(nth), record(None, 5));
    }
    store.create_now(key(1, 700), longer(Some(user(1))));
    store.create_now(guest(700), longer(None));
    assert_eq!(store.delete_expired(at(HOUR - 1)).await.unwrap(), 0);
    assert_eq!(store.delete_expired(at(HOUR)).await.unwrap(), 1400);
    assert_eq!(
        (store.shared.users.len(), store.shared.guests.len()),
        (1, 1)
    );
    store.assert_index_is_true();
    assert_eq!(store.delete_expired(at(HOUR)).await.unwrap(), 0);
    assert_eq!(
        (store.evicted_sessions(), store.evicted_guest_sessions()),
        (0, 0)
    );
}

#[test]
fn a_user_whose_record_becomes_nobodys_is_not_listed() {
    let store = MemoryStore::new();
    store.create_now(key(1, 1), record(Some(user(1)), 5));
    let rotation = Rotation {
        old: key(1, 1),
        expected: 1,
        left: Some(record(None, 5)),
        new: key(1, 2),
        record: record(Some(user(1)), 5),
    };
    assert_eq!(
        done(store.shared.rotate(rotation, at(0))).unwrap(),
        Outcome::Done
    );
    assert!(store.has(key(1, 1)));
    assert_eq!(
        (store.shared.users.len(), store.shared.guests.len()),
        (1, 1)
    );
    store.assert_index_is_true();
}

#[test]
fn clones_share() {
    let store = MemoryStore::new();
    store.clone().create_now(key(1, 1), record(None, 5));
    assert!(store.has(key(1, 1)));
    assert_eq!(
        format!("{store:?}"),
        "MemoryStore { sessions: 0, guest_sessions: 1, .. }"
    );
}

/// Readers take no lock, and yet see a verb whole: who has seen one session end sees the other one ended.
#[test]
fn readers_never_see_half_a_verb() {
    let store = MemoryStore::new();
    let (a, b) = (key(1, 1), key(1, 2));
    let version = |key| store.shared.load(key, at(0)).map(|record| record.version);
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for version in 0..20_000 {
                let record = Record {
                    version,
                    ..record(Some(user(1)), 5)
                };
                store.create_now(a, record.clone());
                store.create_now(b, record);
                assert_eq!(store.shared.delete_all(user(1), None, at(0)), 2);
            }
        });
        while !writer.is_finished() {
            for (first, second) in [(a, b), (b, a)] {
                let before = version(first);
                if before.is_some() && version(first).is_none() {
                    assert_ne!(
                        version(second),
                        before,
                        "one had ended, the other one had not"
                    );
                }
            }
        }
    });
}

#[derive(Clone, Debug)]
enum Verb {
    Create(u8, u32, bool, u64),
    Update(u8, u32, bool, usize),
    Rotate(u8, u32, u8, u32, bool),
    Delete(u8, u32),
    DeleteAll(u8),
    Later(u64),
}

fn verbs() -> impl Strategy<Value = Vec<Verb>> {
    let (group, nth) = (0..4u8, 0..12u32);
    let verb = prop_oneof![
        4 => (group.clone(), nth.clone(), any::<bool>(), 1..3 * HOUR)
            .prop_map(|(group, nth, owned, life)| Verb::Create(group, nth, owned, life)),
        2 => (group.clone(), nth.clone(), any::<bool>(), 0..2000usize)
            .prop_map(|(group, nth, owned, length)| Verb::Update(group, nth, owned, length)),
        3 => (group.clone(), nth.clone(), group.clone(), nth.clone(), any::<bool>())
            .prop_map(|(from, old, to, new, leaves)| Verb::Rotate(from, old, to, new, leaves)),
        1 => (group.clone(), nth).prop_map(|(group, nth)| Verb::Delete(group, nth)),
        1 => group.prop_map(Verb::DeleteAll),
        1 => (0..HOUR).prop_map(Verb::Later),
    ];
    prop::collection::vec(verb, 0..120)
}

proptest! {
    /// Whatever is done, the index is of what is there, and no bound is passed.
    #[test]
    fn the_index_is_true(verbs in verbs(), sessions in 2..20usize) {
        let store = MemoryStore::new().max_sessions(sessions).max_guest_sessions(sessions);
        let shared = &store.shared;
        let mut now = at(0);
        for verb in verbs {
            let whose = |group, owned: bool| owned.then(|| user(group));
            match verb {
                Verb::Create(group, nth, owned, life) => {
                    let expires_at = Timestamp::from_millis(now.as_millis() + life);
                    let record = Record { expires_at, ..record(whose(group, owned), 5) };
                    done(shared.create(key(group, nth), record, now)).unwrap();
                }
                Verb::Update(group, nth, owned, length) => {
                    done(shared.update(key(group, nth), 1, record(whose(group, owned), length), now)).unwrap();
                }
                Verb::Rotate(from, old, to, new, leaves) => {
                    let rotation = Rotation {
                        old: key(from, old),
                        expected: 1,
                        left: leaves.then(|| record(None, 5)),
                        new: key(to, new),
                        record: record(Some(user(to)), 5),
                    };
                    done(shared.rotate(rotation, now)).unwrap();
                }
                Verb::Delete(group, nth) => {
                    shared.delete(key(group, nth), None, now);
                }
                Verb::DeleteAll(group) => {
                    shared.delete_all(user(group), None, now);
                }
                Verb::Later(millis) => now = Timestamp::from_millis(now.as_millis() + millis),
            }
            store.assert_index_is_true();
            prop_assert!(shared.users.len() <= sessions);
            prop_assert!(shared.guests.len() <= sessions);
        }
    }
}
