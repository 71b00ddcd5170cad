//! What one process may rely on beyond the contract: calls that are given up, what is in the store that nobody should find there, and
//! what the documentation says a verb costs.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use muffin_session::{
    Outcome, Record, RecordKey, Rotation, Store, Timestamp, TowerSessionsStore, UserKey,
};
use tower_sessions_core::SessionStore;
use tower_sessions_core::session::{self, Id};
use tower_sessions_core::session_store::{Error, Result};

use super::table::{Habit, Process, Table};

const NOW: Timestamp = Timestamp::from_millis(1_000_000);
const HOUR: Duration = Duration::from_secs(3_600);
const USER: UserKey = UserKey::from_bytes([7; 32]);

fn site() -> (Arc<Table>, Process, TowerSessionsStore<Process>) {
    let table = Table::new(Habit::Draws);
    let process = table.process();
    let store = process.store();
    (table, process, store)
}

fn key(number: u16) -> RecordKey {
    let mut bytes = [7; 32];
    bytes[30..].copy_from_slice(&number.to_be_bytes());
    RecordKey::from_bytes(bytes)
}

fn record(user: Option<UserKey>, version: u64) -> Record {
    Record {
        user,
        expires_at: Timestamp::from_millis(NOW.as_millis() + 3_600_000),
        version,
        content: b"content".to_vec(),
    }
}

fn to(new: RecordKey) -> Rotation {
    Rotation {
        old: key(1),
        expected: 1,
        left: None,
        new,
        record: record(Some(USER), 2),
    }
}

#[tokio::test]
async fn a_move_that_the_caller_gives_up_on_goes_on_to_its_end() {
    for step in 0..11 {
        let (_, process, store) = site();
        assert!(
            store
                .create(key(1), record(Some(USER), 1), NOW)
                .await
                .unwrap()
        );
        let mut stop = process.stop_before(step);
        let caller = tokio::spawn({
            let store = store.clone();
            async move { store.rotate(to(key(2)), NOW).await }
        });
        assert!(stop.arrived().await);
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
        // Whoever asks now waits until it is done.
        let asked = tokio::spawn({
            let store = store.clone();
            async move { store.list(USER, NOW).await.unwrap() }
        });
        stop.go();
        let listed: Vec<_> = asked
            .await
            .unwrap()
            .into_iter()
            .map(|(key, _)| key)
            .collect();
        assert_eq!(listed, [key(2)], "{step}");
        assert_eq!(store.load(key(1), NOW).await.unwrap(), None, "{step}");
    }
}

#[tokio::test]
async fn who_waits_and_gives_up_has_done_nothing() {
    let (_, process, store) = site();
    assert!(
        store
            .create(key(1), record(Some(USER), 1), NOW)
            .await
            .unwrap()
    );
    let mut stop = process.stop_before(0);
    let first = tokio::spawn({
        let store = store.clone();
        async move {
            store
                .update(key(1), 1, record(Some(USER), 2), NOW)
                .await
                .unwrap()
        }
    });
    assert!(stop.arrived().await);
    let mut waiting = store.delete(key(1), None, NOW);
    let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(waiting.as_mut().poll(cx)));
    assert!(polled.await.is_pending());
    drop(waiting);
    stop.go();
    assert_eq!(first.await.unwrap(), Outcome::Done);
    assert!(store.load(key(1), NOW).await.unwrap().is_some());
}

#[tokio::test]
async fn each_verb_costs_what_the_documentation_says() {
    let (_, process, store) = site();
    let guest = RecordKey::from_bytes([99; 32]);
    let mut before = 0;
    let mut cost = || {
        let calls = process.calls() - before;
        before += calls;
        calls
    };
    assert!(store.create(guest, record(None, 1), NOW).await.unwrap());
    assert_eq!(cost(), 2, "create for a visitor");
    assert!(
        store
            .create(key(1), record(Some(USER), 1), NOW)
            .await
            .unwrap()
    );
    assert_eq!(cost(), 5, "create for a user");
    store.load(key(1), NOW).await.unwrap().unwrap();
    assert_eq!(cost(), 1, "load");
    store
        .update(key(1), 1, record(Some(USER), 1), NOW)
        .await
        .unwrap();
    assert_eq!(cost(), 3, "update");
    store.rotate(to(key(2)), NOW).await.unwrap();
    assert_eq!(cost(), 11, "rotate of a user's session");
    let login = Rotation {
        old: guest,
        ..to(key(3))
    };
    store.rotate(login, NOW).await.unwrap();
    assert_eq!(cost(), 9, "rotate at login");
    assert_eq!(store.list(USER, NOW).await.unwrap().len(), 2);
    assert_eq!(cost(), 1 + 2, "list");
    store.delete(key(2), None, NOW).await.unwrap();
    assert_eq!(cost(), 5, "delete");
    assert_eq!(store.delete_all(USER, None, NOW).await.unwrap(), 1);
    assert_eq!(cost(), 8 + 3, "delete_all");
    assert_eq!(store.delete_expired(NOW).await.unwrap(), 0);
    assert_eq!(cost(), 0, "delete_expired");
}

#[tokio::test]
async fn a_record_of_another_key_is_never_shown() {
    let (table, _, store) = site();
    assert!(store.create(key(1), record(None, 1), NOW).await.unwrap());
    let ours: Vec<Id> = table.rows.lock().unwrap().keys().copied().collect();
    assert!(store.create(key(2), record(None, 1), NOW).await.unwrap());
    {
        // As if both keys had the same id.
        let mut rows = table.rows.lock().unwrap();
        let theirs = rows
            .iter()
            .find(|(id, _)| !ours.contains(id))
            .unwrap()
            .1
            .clone();
        rows.insert(
            ours[0],
            session::Record {
                id: ours[0],
                ..theirs
            },
        );
    }
    assert_eq!(store.load(key(1), NOW).await.unwrap(), None);
    assert!(store.load(key(2), NOW).await.unwrap().is_some());
    assert_eq!(
        store.update(key(1), 1, record(None, 2), NOW).await.unwrap(),
        Outcome::Gone
    );
    assert_eq!(
        store.delete(key(1), None, NOW).await.unwrap(),
        Outcome::Gone
    );
    assert!(!store.create(key(1), record(None, 1), NOW).await.unwrap());
}

#[tokio::test]
async fn what_cannot_be_read_is_an_error_and_can_be_ended() {
    let texts = ["", "not base64!", "AQ", "Aw", "AgAAAA"];
    let values = texts.map(Some).into_iter().chain([None]);
    for text in values {
        let (table, _, store) = site();
        assert!(
            store
                .create(key(1), record(Some(USER), 1), NOW)
                .await
                .unwrap()
        );
        let spoil = |nth: usize| {
            let mut rows = table.rows.lock().unwrap();
            // The session's text is the one that holds its content.
            let mut sorted: Vec<_> = rows.values_mut().collect();
            sorted.sort_by_key(|row| row.data["muffin-session"].as_str().unwrap().len());
            let row = &mut *sorted[nth];
            row.data.clear();
            match text {
                Some(text) => row.data.insert("muffin-session".to_owned(), text.into()),
                None => row.data.insert("somebody else's".to_owned(), 1.into()),
            };
        };
        spoil(1);
        let error = store.load(key(1), NOW).await.unwrap_err();
        assert_eq!(error.to_string(), "a stored session cannot be read");
        store
            .create(key(1), record(None, 1), NOW)
            .await
            .unwrap_err();
        store
            .update(key(1), 1, record(None, 2), NOW)
            .await
            .unwrap_err();
        store.delete(key(1), Some(1), NOW).await.unwrap_err();
        store.list(USER, NOW).await.unwrap_err();
        assert_eq!(
            store.delete_all(USER, None, NOW).await.unwrap(),
            1,
            "{text:?}"
        );
        assert_eq!(store.load(key(1), NOW).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_list_that_cannot_be_read_is_an_error() {
    let (table, _, store) = site();
    assert!(
        store
            .create(key(1), record(Some(USER), 1), NOW)
            .await
            .unwrap()
    );
    {
        let mut rows = table.rows.lock().unwrap();
        let shortest = rows
            .values_mut()
            .min_by_key(|row| row.data["muffin-session"].as_str().unwrap().len());
        shortest.unwrap().data.clear();
    }
    for error in [
        store.list(USER, NOW).await.unwrap_err(),
        store.delete_all(USER, None, NOW).await.unwrap_err(),
        store
            .create(key(2), record(Some(USER), 1), NOW)
            .await
            .unwrap_err(),
    ] {
        assert_eq!(
            error.to_string(),
            "the list of a user's sessions cannot be read"
        );
    }
}

#[tokio::test]
async fn records_are_kept_a_day_longer_by_the_clock_on_the_wall() {
    let (table, _, store) = site();
    let before = SystemTime::now();
    assert!(
        store
            .create(key(1), record(Some(USER), 1), NOW)
            .await
            .unwrap()
    );
    let after = SystemTime::now();
    let day = 24 * HOUR;
    for row in table.rows.lock().unwrap().values() {
        // The list is kept as long as an entry in it, which is a day longer than the session.
        assert!(row.expiry_date >= before + HOUR + day);
        assert!(row.expiry_date <= after + HOUR + 2 * day);
    }
    let endless = Record {
        expires_at: Timestamp::from_millis(u64::MAX),
        ..record(None, 1)
    };
    assert!(store.create(key(2), endless.clone(), NOW).await.unwrap());
    assert_eq!(store.load(key(2), NOW).await.unwrap(), Some(endless));
}

#[tokio::test]
async fn a_record_that_the_store_hides_as_expired_gives_way() {
    let (table, _, store) = site();
    assert!(store.create(key(1), record(None, 1), NOW).await.unwrap());
    for row in table.rows.lock().unwrap().values_mut() {
        row.expiry_date = SystemTime::UNIX_EPOCH.into();
    }
    assert_eq!(store.load(key(1), NOW).await.unwrap(), None);
    assert!(store.create(key(1), record(None, 2), NOW).await.unwrap());
    assert_eq!(
        store.load(key(1), NOW).await.unwrap(),
        Some(record(None, 2))
    );
    assert_eq!(
        table.rows.lock().unwrap().len(),
        1,
        "no record is left under an id that was drawn"
    );
}

#[tokio::test]
async fn one_session_too_many_ends_the_one_that_would_expire_first() {
    use base64::Engine as _;
    let base64 = base64::engine::general_purpose::STANDARD_NO_PAD;
    let (table, _, store) = site();
    assert!(
        store
            .create(key(0), record(Some(USER), 1), NOW)
            .await
            .unwrap()
    );
    {
        // As many more as can be listed: each a key, and a time.
        let mut rows = table.rows.lock().unwrap();
        let list = rows
            .values_mut()
            .min_by_key(|row| row.data["muffin-session"].as_str().unwrap().len())
            .unwrap();
        let text = list.data.get_mut("muffin-session").unwrap();
        let mut bytes = base64.decode(text.as_str().unwrap()).unwrap();
        for number in 1..4_096 {
            bytes.extend_from_slice(key(number).as_bytes());
            bytes.extend_from_slice(&u64::MAX.to_be_bytes());
        }
        *text = base64.encode(bytes).into();
    }
    let longer = Record {
        expires_at: Timestamp::from_millis(NOW.as_millis() + 9_000_000),
        ..record(Some(USER), 1)
    };
    let listed = async || {
        store
            .list(USER, NOW)
            .await
            .unwrap()
            .into_iter()
            .map(|(key, _)| key)
            .collect::<Vec<_>>()
    };
    assert_eq!(listed().await, [key(0)]);
    assert!(store.create(key(5_000), longer, NOW).await.unwrap());
    assert_eq!(listed().await, [key(5_000)]);
    assert_eq!(store.load(key(0), NOW).await.unwrap(), None);
}

/// A store that fails, and says more about it than should be in a log.
#[derive(Debug)]
struct Failing(fn(String) -> Error);

impl Failing {
    fn error<T>(&self) -> Result<T> {
        Err((self.0)("postgres://me:secret@db".to_owned()))
    }
}

#[async_trait]
impl SessionStore for Failing {
    async fn create(&self, _: &mut session::Record) -> Result<()> {
        self.error()
    }
    async fn save(&self, _: &session::Record) -> Result<()> {
        self.error()
    }
    async fn load(&self, _: &Id) -> Result<Option<session::Record>> {
        self.error()
    }
    async fn delete(&self, _: &Id) -> Result<()> {
        self.error()
    }
}

#[tokio::test]
async fn what_a_store_says_of_its_failures_is_not_repeated() {
    for (kind, text) in [
        (
            Error::Backend as fn(String) -> Error,
            "the store's database failed",
        ),
        (Error::Encode, "the store could not write a session"),
        (Error::Decode, "a stored session cannot be read"),
    ] {
        let store = TowerSessionsStore::new(Failing(kind));
        let error = store.load(key(1), NOW).await.unwrap_err();
        assert_eq!(error.to_string(), text);
        assert_eq!(format!("{store:?}"), "TowerSessionsStore { .. }");
    }
}

/// A store that panics.
#[derive(Debug)]
struct Panicking;

#[async_trait]
impl SessionStore for Panicking {
    async fn save(&self, _: &session::Record) -> Result<()> {
        panic!("a bug")
    }
    async fn load(&self, _: &Id) -> Result<Option<session::Record>> {
        Ok(None)
    }
    async fn delete(&self, _: &Id) -> Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_panic_is_an_error_and_leaves_no_lock_behind() {
    let store = TowerSessionsStore::new(Panicking);
    for _ in 0..2 {
        let error = store
            .create(key(1), record(None, 1), NOW)
            .await
            .unwrap_err();
        assert_eq!(error.to_string(), "a call broke off");
    }
    assert_eq!(store.load(key(1), NOW).await.unwrap(), None);
}

/// A store that never answers.
#[derive(Debug)]
struct Silent;

#[async_trait]
impl SessionStore for Silent {
    async fn save(&self, _: &session::Record) -> Result<()> {
        std::future::pending().await
    }
    async fn load(&self, _: &Id) -> Result<Option<session::Record>> {
        Ok(None)
    }
    async fn delete(&self, _: &Id) -> Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_gives_its_locks_back() {
    let store = TowerSessionsStore::new(Silent);
    let error = store
        .create(key(1), record(None, 1), NOW)
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "no answer within 30 seconds");
    assert_eq!(store.load(key(1), NOW).await.unwrap(), None);
}
