//! What cases stand on: a store, keys that nobody else has, and words for what went wrong.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use ring::rand::{SecureRandom, SystemRandom};

use crate::store::{Outcome, Record, RecordKey, Rotation, Store, StoreError, Timestamp, UserKey};

/// Nothing, or what the store did and should have done.
pub(super) type Verdict = Result<(), String>;

/// One promise, and how to find out.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) run: fn(Ground) -> Pin<Box<dyn Future<Output = Verdict> + Send>>,
}

/// The cases of a file, each named as its function.
macro_rules! cases {
    ($($name:ident),+ $(,)?) => {
        pub(super) const CASES: &[$crate::conformance::ground::Case] = &[$(
            $crate::conformance::ground::Case {
                name: stringify!($name),
                run: |ground| Box::pin($name(ground)),
            }
        ),+];
    };
}
pub(super) use cases;

pub(super) const SECOND: u64 = 1_000;
pub(super) const MINUTE: u64 = 60 * SECOND;
pub(super) const HOUR: u64 = 60 * MINUTE;

/// A store, and what a case has made in it. Clones are the same ground.
#[derive(Clone)]
pub(super) struct Ground {
    pub(super) store: Arc<dyn Store>,
    /// When the case began: now, by the clock on the wall. Servers that remove records by themselves go by it as well.
    pub(super) now: Timestamp,
    used: Arc<Mutex<Vec<RecordKey>>>,
}

impl Ground {
    pub(super) fn new(store: &Arc<dyn Store>) -> Self {
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self {
            store: Arc::clone(store),
            now: Timestamp::from_millis(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)),
            used: Arc::default(),
        }
    }

    /// The same ground, and another way to its store.
    pub(super) fn through(&self, store: Arc<dyn Store>) -> Self {
        Self {
            store,
            ..self.clone()
        }
    }

    /// A future of its own, to be under way while others are.
    pub(super) fn task<F>(&self, future: impl FnOnce(Self) -> F) -> F {
        future(self.clone())
    }

    /// Removes what the case has made. It looks from the epoch, where nothing has expired.
    pub(super) async fn clean(&self) {
        let used = std::mem::take(&mut *self.used.lock().unwrap_or_else(PoisonError::into_inner));
        for key in used {
            // What fails here has failed in the case, or is nothing that a test could mend.
            let _ = self
                .store
                .delete(key, None, Timestamp::from_millis(0))
                .await;
        }
    }

    /// A user that nobody else has.
    #[expect(clippy::unused_self, reason = "users belong to a ground")]
    pub(super) fn user(&self) -> UserKey {
        UserKey::from_bytes(random())
    }

    /// Another user whose keys begin with the same bytes.
    #[expect(clippy::unused_self, reason = "users belong to a ground")]
    pub(super) fn neighbour(&self, user: UserKey) -> UserKey {
        UserKey::from_bytes(in_group(user.group(), random()))
    }

    /// A key for a session of the user, to be removed at the end.
    pub(super) fn key_of(&self, user: UserKey) -> RecordKey {
        self.key(in_group(user.group(), random()))
    }

    /// A key for an anonymous visitor's session, to be removed at the end.
    pub(super) fn guest_key(&self) -> RecordKey {
        self.key(random())
    }

    /// These bytes as a key, to be removed at the end.
    pub(super) fn key(&self, bytes: [u8; 32]) -> RecordKey {
        let key = RecordKey::from_bytes(bytes);
        self.used
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(key);
        key
    }

    /// This much later than the case began.
    pub(super) fn later(&self, millis: u64) -> Timestamp {
        Timestamp::from_millis(self.now.as_millis() + millis)
    }

    /// A record that expires in an hour.
    pub(super) fn record(
        &self,
        user: impl Into<Option<UserKey>>,
        version: u64,
        content: &str,
    ) -> Record {
        Record {
            user: user.into(),
            expires_at: self.later(HOUR),
            version,
            content: content.as_bytes().to_vec(),
        }
    }

    /// A new session of the user, under a key of its own.
    pub(super) async fn session_of(
        &self,
        user: UserKey,
        version: u64,
    ) -> Result<(RecordKey, Record), String> {
        let key = self.key_of(user);
        let record = self.record(user, version, "of a user");
        self.made(key, &record).await?;
        Ok((key, record))
    }

    /// This many new sessions of the user, of version 1.
    pub(super) async fn sessions(
        &self,
        user: UserKey,
        count: usize,
    ) -> Result<Vec<RecordKey>, String> {
        let created =
            (0..count).map(|_| self.task(|ground| async move { ground.session_of(user, 1).await }));
        let created = together(created).await?;
        Ok(created.into_iter().map(|(key, _)| key).collect())
    }

    /// A new session of an anonymous visitor.
    pub(super) async fn session_of_a_guest(
        &self,
        version: u64,
    ) -> Result<(RecordKey, Record), String> {
        let key = self.guest_key();
        let record = self.record(None, version, "of a guest");
        self.made(key, &record).await?;
        Ok((key, record))
    }

    /// Creates a record where none is.
    pub(super) async fn made(&self, key: RecordKey, record: &Record) -> Verdict {
        let created = self.create(key, record, self.now).await?;
        same("`create` under a key that has no record", created, true)
    }

    pub(super) async fn load(
        &self,
        key: RecordKey,
        now: Timestamp,
    ) -> Result<Option<Record>, String> {
        words("load", self.store.load(key, now).await)
    }

    pub(super) async fn create(
        &self,
        key: RecordKey,
        record: &Record,
        now: Timestamp,
    ) -> Result<bool, String> {
        words("create", self.store.create(key, record.clone(), now).await)
    }

    pub(super) async fn update(
        &self,
        key: RecordKey,
        expected: u64,
        record: &Record,
        now: Timestamp,
    ) -> Result<Outcome, String> {
        let updated = self.store.update(key, expected, record.clone(), now).await;
        words("update", updated)
    }

    pub(super) async fn rotate(
        &self,
        rotation: &Rotation,
        now: Timestamp,
    ) -> Result<Outcome, String> {
        words("rotate", self.store.rotate(rotation.clone(), now).await)
    }

    pub(super) async fn delete(
        &self,
        key: RecordKey,
        expected: Option<u64>,
        now: Timestamp,
    ) -> Result<Outcome, String> {
        words("delete", self.store.delete(key, expected, now).await)
    }

    /// The user's sessions, in the order of their keys.
    pub(super) async fn list(
        &self,
        user: UserKey,
        now: Timestamp,
    ) -> Result<Vec<(RecordKey, Record)>, String> {
        let mut found = words("list", self.store.list(user, now).await)?;
        found.sort_by_key(|(key, _)| *key);
        Ok(found)
    }

    pub(super) async fn delete_all(
        &self,
        user: UserKey,
        except: Option<RecordKey>,
        now: Timestamp,
    ) -> Result<u64, String> {
        words("delete_all", self.store.delete_all(user, except, now).await)
    }

    pub(super) async fn delete_expired(&self, now: Timestamp) -> Result<u64, String> {
        words("delete_expired", self.store.delete_expired(now).await)
    }

    /// `load` now must give this.
    pub(super) async fn holds(
        &self,
        when: &str,
        key: RecordKey,
        wanted: Option<&Record>,
    ) -> Verdict {
        self.holds_at(when, key, wanted, self.now).await
    }

    /// `load` at that time must give this.
    pub(super) async fn holds_at(
        &self,
        when: &str,
        key: RecordKey,
        wanted: Option<&Record>,
        now: Timestamp,
    ) -> Verdict {
        let found = self.load(key, now).await?;
        same_record(&format!("{when}: `load`"), found.as_ref(), wanted)
    }

    /// `list` now must give these keys.
    pub(super) async fn lists(
        &self,
        when: &str,
        user: UserKey,
        wanted: impl IntoIterator<Item = RecordKey>,
    ) -> Verdict {
        let found = self.list(user, self.now).await?;
        let found: Vec<_> = found.into_iter().map(|(key, _)| key).collect();
        let mut wanted: Vec<_> = wanted.into_iter().collect();
        wanted.sort_unstable();
        same_keys(&format!("{when}: `list`"), &found, &wanted)
    }
}

/// Runs futures as tasks, so that they are under way at once. What they gave, in order.
pub(super) async fn together<T, F>(futures: impl IntoIterator<Item = F>) -> Result<Vec<T>, String>
where
    T: Send + 'static,
    F: Future<Output = Result<T, String>> + Send + 'static,
{
    let tasks: Vec<_> = futures.into_iter().map(tokio::spawn).collect();
    let mut given = Vec::with_capacity(tasks.len());
    let mut flaw = None;
    // Each is awaited also if one has failed: nothing runs on into the next case.
    for task in tasks {
        match task.await {
            Ok(Ok(value)) => given.push(value),
            Ok(Err(reason)) => flaw = flaw.or(Some(reason)),
            Err(error) => flaw = flaw.or_else(|| Some(panicked(error))),
        }
    }
    flaw.map_or(Ok(given), Err)
}

/// Two futures at once, as tasks.
pub(super) async fn both<A, B>(
    a: impl Future<Output = Result<A, String>> + Send + 'static,
    b: impl Future<Output = Result<B, String>> + Send + 'static,
) -> Result<(A, B), String>
where
    A: Send + 'static,
    B: Send + 'static,
{
    let (a, b) = (tokio::spawn(a), tokio::spawn(b));
    let (a, b) = (a.await, b.await);
    Ok((a.map_err(panicked)??, b.map_err(panicked)??))
}

/// Looks again and again while a task is under way, and once after it. What the task gave, and what was seen.
pub(super) async fn during<T, S, F>(
    future: impl Future<Output = Result<T, String>> + Send + 'static,
    mut look: impl FnMut() -> F,
) -> Result<(T, Vec<S>), String>
where
    T: Send + 'static,
    F: Future<Output = Result<S, String>>,
{
    let task = tokio::spawn(future);
    let mut seen = Vec::new();
    loop {
        let over = task.is_finished();
        match look().await {
            Ok(saw) => seen.push(saw),
            Err(reason) => {
                task.abort();
                return Err(reason);
            }
        }
        if over {
            break;
        }
        turns(1 + seen.len() as u64 % 3).await;
    }
    Ok((task.await.map_err(panicked)??, seen))
}

/// Lets others run, this many times. Where two tasks go on side by side the number changes from time to time: in step, on one thread, they
/// would meet at the same moments only.
pub(super) async fn turns(count: u64) {
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn panicked(error: tokio::task::JoinError) -> String {
    format!("a call panicked: {error}")
}

/// What an answer must be.
#[expect(
    clippy::needless_pass_by_value,
    reason = "answers are small, and made where they are given"
)]
pub(super) fn same<T: PartialEq + Debug>(what: &str, got: T, wanted: T) -> Verdict {
    if got == wanted {
        return Ok(());
    }
    Err(format!("{what} must give {wanted:?}, and gave {got:?}"))
}

/// What a record must be. Content is compared, and described by its length alone.
pub(super) fn same_record(what: &str, got: Option<&Record>, wanted: Option<&Record>) -> Verdict {
    match (got, wanted) {
        (got, wanted) if got == wanted => Ok(()),
        (Some(got), Some(wanted)) => Err(format!(
            "{what} must give the record as it went in, but {}",
            difference(got, wanted)
        )),
        (None, Some(_)) => Err(format!("{what} must give the record, and gave none")),
        (Some(got), _) => Err(format!(
            "{what} must give no record, and gave one of version {}",
            got.version
        )),
        (None, None) => Ok(()),
    }
}

fn difference(got: &Record, wanted: &Record) -> String {
    if got.version != wanted.version {
        return format!(
            "its version is {} instead of {}",
            got.version, wanted.version
        );
    }
    if got.user != wanted.user {
        return format!("its user is {:?} instead of {:?}", got.user, wanted.user);
    }
    if got.expires_at != wanted.expires_at {
        let (got, wanted) = (got.expires_at.as_millis(), wanted.expires_at.as_millis());
        return format!("it expires at {got} instead of {wanted}");
    }
    let (is, was) = (got.content.len(), wanted.content.len());
    if is != was {
        return format!("its content has {is} bytes instead of {was}");
    }
    let at = got
        .content
        .iter()
        .zip(&wanted.content)
        .position(|(got, wanted)| got != wanted);
    format!(
        "its content differs at byte {} of {was}",
        at.unwrap_or_default()
    )
}

/// Which keys must be listed. Both are sorted.
pub(super) fn same_keys(what: &str, got: &[RecordKey], wanted: &[RecordKey]) -> Verdict {
    if got == wanted {
        return Ok(());
    }
    let missing = wanted.iter().filter(|key| !got.contains(key)).count();
    let added = got.iter().filter(|key| !wanted.contains(key)).count();
    Err(format!(
        "{what} must give {} sessions, and gave {}: {missing} are missing, {added} do not belong there",
        wanted.len(),
        got.len(),
    ))
}

fn words<T>(verb: &str, answer: Result<T, StoreError>) -> Result<T, String> {
    answer.map_err(|error| format!("`{verb}` failed: {error}"))
}

/// What [`Ground`] must give when the last moment has come, in words.
pub(super) const AT_LAST: &str = "one millisecond before it expires";

/// A rotation that leaves nothing.
pub(super) fn moves(old: RecordKey, expected: u64, new: RecordKey, record: Record) -> Rotation {
    Rotation {
        old,
        expected,
        left: None,
        new,
        record,
    }
}

/// A key's bytes: the group, and the others.
pub(super) fn in_group(group: [u8; 8], mut bytes: [u8; 32]) -> [u8; 32] {
    bytes[..8].copy_from_slice(&group);
    bytes
}

pub(super) fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    let filled = SystemRandom::new().fill(&mut bytes);
    assert!(filled.is_ok(), "the system has no random numbers");
    bytes
}
