//! The contract of a store: what keeps sessions where cookies are not enough.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What keeps sessions: a database, a cache, or this process's memory.
///
/// A store keeps [`Record`]s under [`RecordKey`]s. It looks into neither: which changes a request has made, and how two requests at once
/// are merged, is settled before a record reaches it. All it has to do is to replace a record only if it is still the one that was read.
///
/// # The contract
///
/// - **One verb is one step.** Whoever reads sees all of a verb's effect or nothing of it, also if the process is killed in between.
///   What has been answered with [`Outcome::Done`] is seen by every call that begins after that, from every process. A replica that
///   lags behind its primary does not do.
/// - **Nothing comes back.** [`update`](Self::update) and [`rotate`](Self::rotate) never make a record that is gone, and replace one only
///   if its version is the one expected.
/// - **Time is the caller's.** `now` is the time at which the caller looks. A record is there while `now < record.expires_at`; from then on
///   every verb treats it as gone, whether it has been removed or not. A server's own clock may remove records later than that, never
///   sooner.
/// - **Nothing is dropped silently.** A store that is bounded and full ends the sessions of anonymous visitors first
///   ([`Record::user`] is `None`), and says so in the log. A store that loses everything when it restarts says so in its documentation.
/// - **A failure is an error.** A store neither guesses nor waits without end. What it cannot tell is a [`StoreError`]; the caller gives up
///   on a call after a while by dropping its future, after which the verb may or may not have taken place.
/// - **Bytes come back as they went.** Content may be any bytes, of 4 MiB at least.
///
/// `muffin_session::conformance` (feature `test-util`) tests a store against all of this in one line.
///
/// # Writing one
///
/// Each verb gives a boxed future, so that a `Box<dyn Store>` is a store too. This is the whole of one that keeps records in a map:
///
/// ```
/// use std::collections::BTreeMap;
/// use std::sync::{Mutex, MutexGuard, PoisonError};
/// use muffin_session::{Outcome, Record, RecordKey, Rotation, Store, StoreFuture, Timestamp, UserKey};
///
/// type Records = BTreeMap<RecordKey, Record>;
///
/// #[derive(Default)]
/// struct MapStore(Mutex<Records>);
///
/// impl MapStore {
///     /// With one lock for the length of a verb, each verb is one step.
///     fn records(&self) -> MutexGuard<'_, Records> {
///         self.0.lock().unwrap_or_else(PoisonError::into_inner)
///     }
/// }
///
/// /// Whether a record is there, and has the version that is expected.
/// fn compare(records: &Records, key: RecordKey, expected: Option<u64>, now: Timestamp) -> Outcome {
///     match records.get(&key).filter(|record| now < record.expires_at) {
///         None => Outcome::Gone,
///         Some(record) if expected.is_some_and(|expected| expected != record.version) => Outcome::Conflict,
///         Some(_) => Outcome::Done,
///     }
/// }
///
/// impl Store for MapStore {
///     fn name(&self) -> &'static str {
///         "map"
///     }
///
///     fn load(&self, key: RecordKey, now: Timestamp) -> StoreFuture<'_, Option<Record>> {
///         Box::pin(async move {
///             let records = self.records();
///             Ok(records.get(&key).filter(|record| now < record.expires_at).cloned())
///         })
///     }
///
///     fn create(&self, key: RecordKey, record: Record, now: Timestamp) -> StoreFuture<'_, bool> {
///         Box::pin(async move {
///             let mut records = self.records();
///             let is_free = compare(&records, key, None, now) == Outcome::Gone;
///             if is_free {
///                 records.insert(key, record);
///             }
///             Ok(is_free)
///         })
///     }
///
///     fn update(&self, key: RecordKey, expected: u64, record: Record, now: Timestamp) -> StoreFuture<'_, Outcome> {
///         Box::pin(async move {
///             let mut records = self.records();
///             let outcome = compare(&records, key, Some(expected), now);
///             if outcome == Outcome::Done {
///                 records.insert(key, record);
///             }
///             Ok(outcome)
///         })
///     }
///
///     fn rotate(&self, rotation: Rotation, now: Timestamp) -> StoreFuture<'_, Outcome> {
///         Box::pin(async move {
///             let mut records = self.records();
///             let outcome = compare(&records, rotation.old, Some(rotation.expected), now);
///             if outcome != Outcome::Done {
///                 return Ok(outcome);
///             }
///             if compare(&records, rotation.new, None, now) == Outcome::Done {
///                 return Ok(Outcome::Conflict);
///             }
///             match rotation.left {
///                 Some(left) => records.insert(rotation.old, left),
///                 None => records.remove(&rotation.old),
///             };
///             records.insert(rotation.new, rotation.record);
///             Ok(Outcome::Done)
///         })
///     }
///
///     fn delete(&self, key: RecordKey, expected: Option<u64>, now: Timestamp) -> StoreFuture<'_, Outcome> {
///         Box::pin(async move {
///             let mut records = self.records();
///             let outcome = compare(&records, key, expected, now);
///             if outcome == Outcome::Done {
///                 records.remove(&key);
///             }
///             Ok(outcome)
///         })
///     }
///
///     fn list(&self, user: UserKey, now: Timestamp) -> StoreFuture<'_, Vec<(RecordKey, Record)>> {
///         Box::pin(async move {
///             let records = self.records();
///             let theirs = records.iter().filter(|(_, record)| record.user == Some(user) && now < record.expires_at);
///             Ok(theirs.map(|(key, record)| (*key, record.clone())).collect())
///         })
///     }
///
///     fn delete_all(&self, user: UserKey, except: Option<RecordKey>, now: Timestamp) -> StoreFuture<'_, u64> {
///         Box::pin(async move {
///             let mut records = self.records();
///             let ended = records.extract_if(.., |key, record| {
///                 record.user == Some(user) && Some(*key) != except && now < record.expires_at
///             });
///             Ok(ended.count() as u64)
///         })
///     }
///
///     fn delete_expired(&self, now: Timestamp) -> StoreFuture<'_, u64> {
///         Box::pin(async move {
///             let over = self.records().extract_if(.., |_, record| record.expires_at <= now).count();
///             Ok(over as u64)
///         })
///     }
/// }
/// # #[cfg(feature = "test-util")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// # muffin_session::conformance::check(MapStore::default()).await;
/// # });
/// ```
pub trait Store: Send + Sync + 'static {
    /// What the store is called in errors and the log, such as `"redis"`.
    fn name(&self) -> &'static str;

    /// The record under a key, if it is there.
    fn load(&self, key: RecordKey, now: Timestamp) -> StoreFuture<'_, Option<Record>>;

    /// Puts a record under a key that has none. Whether it did: a record that is there stays as it is.
    fn create(&self, key: RecordKey, record: Record, now: Timestamp) -> StoreFuture<'_, bool>;

    /// Replaces the record under a key if its version is `expected`. User and key stay what they are.
    fn update(
        &self,
        key: RecordKey,
        expected: u64,
        record: Record,
        now: Timestamp,
    ) -> StoreFuture<'_, Outcome>;

    /// Moves a session to another key: see [`Rotation`].
    ///
    /// Where both keys are of one [group](RecordKey::group), it is one step. A store that is spread over several servers, and cannot do
    /// it in one step for two groups, removes an old record that has a user before it makes the new one, so that never two are alive;
    /// and an old one that has none (an anonymous visitor's) after that, so that nothing is lost.
    fn rotate(&self, rotation: Rotation, now: Timestamp) -> StoreFuture<'_, Outcome>;

    /// Removes a record: whatever its version, or only if that is `expected`.
    fn delete(
        &self,
        key: RecordKey,
        expected: Option<u64>,
        now: Timestamp,
    ) -> StoreFuture<'_, Outcome>;

    /// All records of a user that are there, in any order.
    fn list(&self, user: UserKey, now: Timestamp) -> StoreFuture<'_, Vec<(RecordKey, Record)>>;

    /// Removes all records of a user but one. How many there were.
    ///
    /// A record that was there when the call began is gone when it ends, and so is one that has been rotated out of it meanwhile.
    fn delete_all(
        &self,
        user: UserKey,
        except: Option<RecordKey>,
        now: Timestamp,
    ) -> StoreFuture<'_, u64>;

    /// Removes records whose time is over. How many there were: 0 is no error, and neither is a store that sees to it by itself.
    fn delete_expired(&self, now: Timestamp) -> StoreFuture<'_, u64>;

    /// Makes what the store needs before it can be used, such as a table: nothing, unless a store says otherwise. What is there stays as it is,
    /// and several processes may do it at once. [`Sessions::prepare_store`](crate::Sessions::prepare_store) calls it.
    fn prepare(&self) -> StoreFuture<'_, ()> {
        Box::pin(async { Ok(()) })
    }
}

/// What a verb of a [`Store`] gives.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// What a session, or what else is kept, is for a [`Store`].
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// Whose it is. `None` for anonymous visitors. The record's key and the user's have the same group.
    pub user: Option<UserKey>,
    /// From when on it is gone.
    pub expires_at: Timestamp,
    /// Another number for each content that the record has had.
    pub version: u64,
    /// What it says. It holds what the application keeps in sessions: personal data, most likely.
    pub content: Vec<u8>,
}

/// The content is not shown.
impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("user", &self.user)
            .field("expires_at", &self.expires_at)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// What a [`Store`] keeps a record under: 32 bytes, of which nobody can tell what stands in a cookie.
///
/// The first 8 bytes are the [group](Self::group), the others a part of the SHA-256 of what the cookie says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey([u8; RecordKey::LEN]);

impl RecordKey {
    /// Bytes of a key.
    pub const LEN: usize = 32;

    /// The key that these bytes are.
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// What all keys of one user's records begin with: [`UserKey::group`]. Keys of anonymous visitors have groups of their own.
    ///
    /// A store that is spread over several servers keeps a group on one of them, so that each verb is one step there.
    pub fn group(&self) -> [u8; 8] {
        first_eight(&self.0)
    }
}

/// What a [`Store`] finds a user's records by: a hash of the user's id and the application's name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserKey([u8; UserKey::LEN]);

impl UserKey {
    /// Bytes of a key.
    pub const LEN: usize = 32;

    /// The key that these bytes are.
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// What the keys of the user's records begin with. Two users may have the same one.
    pub fn group(&self) -> [u8; 8] {
        first_eight(&self.0)
    }
}

fn first_eight(bytes: &[u8; 32]) -> [u8; 8] {
    let mut first = [0; 8];
    first.copy_from_slice(&bytes[..8]);
    first
}

/// Shown by their first bytes: enough to tell two apart.
macro_rules! show_first_bytes {
    ($type:ident) => {
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let number = u64::from_be_bytes(first_eight(&self.0));
                write!(f, concat!(stringify!($type), "({:016x}..)"), number)
            }
        }
    };
}

show_first_bytes!(RecordKey);
show_first_bytes!(UserKey);

/// A session's move to another key, at login and renewal: if the old record is there with the version expected, the new one takes its
/// place, in one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// The key of the record that is there.
    pub old: RecordKey,
    /// The version that it must have.
    pub expected: u64,
    /// What stays under the old key for a little while, for requests that are under way: by default nothing.
    pub left: Option<Record>,
    /// The key that the session has from then on. No record is there.
    pub new: RecordKey,
    /// The session under its new key. It may be of another user than the old record was, or of one where that was nobody's.
    pub record: Record,
}

/// What became of a verb that takes a record for granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It took place.
    Done,
    /// It did not take place: the record has another version than expected.
    Conflict,
    /// It did not take place: there is no such record.
    Gone,
}

/// Milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The time that is this many milliseconds after the Unix epoch.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// As databases keep it: no time that is ever used passes what an `i64` holds.
    pub fn as_i64(self) -> i64 {
        i64::try_from(self.0).unwrap_or(i64::MAX)
    }

    /// How long it is until `later`: zero, if that is not later.
    pub fn until(self, later: Self) -> Duration {
        Duration::from_millis(later.0.saturating_sub(self.0))
    }
}

impl From<Timestamp> for SystemTime {
    fn from(Timestamp(millis): Timestamp) -> Self {
        // A time that the system cannot name counts as the epoch.
        UNIX_EPOCH
            .checked_add(Duration::from_millis(millis))
            .unwrap_or(UNIX_EPOCH)
    }
}

/// Why a store could not answer. What it says goes into the log: no secret, no address with a password in it, and no content.
#[derive(Debug)]
pub struct StoreError {
    reason: String,
}

impl StoreError {
    /// An error with a reason for the log, in a few words.
    pub fn new(reason: impl fmt::Display) -> Self {
        Self {
            reason: reason.to_string(),
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for StoreError {}

/// Stores behind pointers are stores.
macro_rules! store_behind {
    ($pointer:ident) => {
        impl<T: Store + ?Sized> Store for $pointer<T> {
            fn name(&self) -> &'static str {
                (**self).name()
            }

            fn load(&self, key: RecordKey, now: Timestamp) -> StoreFuture<'_, Option<Record>> {
                (**self).load(key, now)
            }

            fn create(
                &self,
                key: RecordKey,
                record: Record,
                now: Timestamp,
            ) -> StoreFuture<'_, bool> {
                (**self).create(key, record, now)
            }

            fn update(
                &self,
                key: RecordKey,
                expected: u64,
                record: Record,
                now: Timestamp,
            ) -> StoreFuture<'_, Outcome> {
                (**self).update(key, expected, record, now)
            }

            fn rotate(&self, rotation: Rotation, now: Timestamp) -> StoreFuture<'_, Outcome> {
                (**self).rotate(rotation, now)
            }

            fn delete(
                &self,
                key: RecordKey,
                expected: Option<u64>,
                now: Timestamp,
            ) -> StoreFuture<'_, Outcome> {
                (**self).delete(key, expected, now)
            }

            fn list(
                &self,
                user: UserKey,
                now: Timestamp,
            ) -> StoreFuture<'_, Vec<(RecordKey, Record)>> {
                (**self).list(user, now)
            }

            fn delete_all(
                &self,
                user: UserKey,
                except: Option<RecordKey>,
                now: Timestamp,
            ) -> StoreFuture<'_, u64> {
                (**self).delete_all(user, except, now)
            }

            fn delete_expired(&self, now: Timestamp) -> StoreFuture<'_, u64> {
                (**self).delete_expired(now)
            }

            fn prepare(&self) -> StoreFuture<'_, ()> {
                (**self).prepare()
            }
        }
    };
}

store_behind!(Arc);
store_behind!(Box);
