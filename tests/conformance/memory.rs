//! The store in this process's memory.

use muffin_session::{
    MemoryStore, Outcome, Record, RecordKey, Rotation, Store, Timestamp, UserKey, conformance,
};

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract() {
    conformance::check(MemoryStore::new()).await;
}

#[tokio::test]
async fn keeps_the_contract_on_one_thread() {
    conformance::check(MemoryStore::new()).await;
}

/// Several runs at once, in one store, through different pointers.
#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract_while_it_is_busy() {
    // So few sessions that space is not divided: a part of it might be too small for the large records of all runs.
    let store = MemoryStore::new().max_sessions(4000);
    let boxed: Box<dyn Store> = Box::new(store.clone());
    let arc: std::sync::Arc<dyn Store> = std::sync::Arc::new(store.clone());
    let runs = [
        tokio::spawn(conformance::check(store.clone())),
        tokio::spawn(conformance::check(boxed)),
        tokio::spawn(conformance::check(arc)),
    ];
    for run in runs {
        run.await.unwrap();
    }
    assert_eq!(store.evicted_sessions(), 0);
    assert_eq!(
        format!("{store:?}"),
        "MemoryStore { sessions: 0, guest_sessions: 0, .. }",
        "the suite cleans up"
    );
}

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn key(group: u64, rest: u8) -> RecordKey {
    let mut bytes = [rest; RecordKey::LEN];
    bytes[..8].copy_from_slice(&group.to_be_bytes());
    RecordKey::from_bytes(bytes)
}

fn user(group: u64) -> UserKey {
    UserKey::from_bytes(*key(group, 1).as_bytes())
}

fn record(user: Option<UserKey>, version: u64) -> Record {
    Record {
        user,
        expires_at: Timestamp::from_millis(NOW.as_millis() + 60_000),
        version,
        content: vec![1, 2, 3],
    }
}

#[tokio::test]
async fn a_flood_of_guests_ends_no_login() {
    let store = MemoryStore::new()
        .max_sessions(1000)
        .max_guest_sessions(1000);
    for number in 0..500 {
        let session = record(Some(user(number)), 1);
        assert!(store.create(key(number, 2), session, NOW).await.unwrap());
    }
    for number in 0..20_000 {
        let session = record(None, 1);
        assert!(
            store
                .create(key(u64::MAX - number, 2), session, NOW)
                .await
                .unwrap()
        );
    }
    for number in 0..500 {
        assert!(store.load(key(number, 2), NOW).await.unwrap().is_some());
        assert_eq!(store.list(user(number), NOW).await.unwrap().len(), 1);
    }
    assert_eq!(store.evicted_sessions(), 0);
    assert_eq!(store.evicted_guest_sessions(), 19_000);
}

/// Logins need room for users, also while there is none left for guests.
#[tokio::test]
async fn a_guest_logs_in_during_a_flood() {
    let store = MemoryStore::new().max_guest_sessions(100);
    let flood = async |from: u64| {
        for number in from..from + 1000 {
            store
                .create(key(number, 2), record(None, 1), NOW)
                .await
                .unwrap();
        }
    };
    flood(1).await;
    store
        .create(key(5000, 2), record(None, 1), NOW)
        .await
        .unwrap();
    let rotation = Rotation {
        old: key(5000, 2),
        expected: 1,
        left: None,
        new: key(6000, 2),
        record: record(Some(user(6000)), 2),
    };
    assert_eq!(store.rotate(rotation, NOW).await.unwrap(), Outcome::Done);
    flood(10_000).await;
    assert_eq!(
        store.load(key(6000, 2), NOW).await.unwrap(),
        Some(record(Some(user(6000)), 2))
    );
}

/// What has been evicted does not come back, and is not listed.
#[tokio::test]
async fn what_is_evicted_is_gone() {
    let store = MemoryStore::new().max_sessions(50);
    for number in 0..200 {
        store
            .create(key(7, number), record(Some(user(7)), 1), NOW)
            .await
            .unwrap();
    }
    assert_eq!(store.evicted_sessions(), 150);
    let listed = store.list(user(7), NOW).await.unwrap();
    assert_eq!(listed.len(), 50);
    for number in 0..200 {
        let key = key(7, number);
        let is_listed = listed.iter().any(|(listed, _)| *listed == key);
        assert_eq!(store.load(key, NOW).await.unwrap().is_some(), is_listed);
        let updated = store
            .update(key, 1, record(Some(user(7)), 2), NOW)
            .await
            .unwrap();
        let wanted = if is_listed {
            Outcome::Done
        } else {
            Outcome::Gone
        };
        assert_eq!(updated, wanted);
    }
    assert_eq!(store.delete_all(user(7), None, NOW).await.unwrap(), 50);
}

#[tokio::test]
async fn a_record_that_fits_nowhere_is_an_error() {
    let store = MemoryStore::new().max_bytes(8 * 1024 * 1024);
    let large = Record {
        content: vec![0; 5 * 1024 * 1024],
        ..record(Some(user(7)), 1)
    };
    let error = store.create(key(7, 2), large, NOW).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "a record of 5242880 bytes is larger than the bounds of this store allow"
    );
    assert!(store.load(key(7, 2), NOW).await.unwrap().is_none());
}
