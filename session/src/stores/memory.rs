//! Sessions in this process's memory.

mod shared;
mod space;
mod stripes;
mod losses;

use std::fmt;
use std::sync::Arc;

use self::shared::Shared;
use self::space::Bounds;
use crate::store::{Outcome, Record, RecordKey, Rotation, Store, StoreFuture, Timestamp, UserKey};

const MIB: usize = 1024 * 1024;

/// A [`Store`] in this process's memory, bounded. Clones share what is kept.
///
/// ```
/// use muffin_session::MemoryStore;
///
/// // Half a million logins in 512 MiB at most, and 50,000 visitors who are not logged in, in 64 MiB.
/// let store = MemoryStore::new()
///     .max_sessions(500_000)
///     .max_bytes(512 * 1024 * 1024)
///     .max_guest_sessions(50_000)
///     .max_guest_bytes(64 * 1024 * 1024);
/// # drop(store);
/// ```
///
/// # What it is good for
///
/// Applications that are one process and may log everybody out when they are deployed; development; tests. No call leaves
/// the process, and none waits but for other threads' changes, which take microseconds.
///
/// # What is lost when
///
/// - **When the process ends, everything**: each restart and each deployment logs everybody out.
/// - **Between processes, everything**: a second process, a rolling deployment's new one too, knows none of the first one's sessions,
///   so behind a load balancer people are logged out by chance.
/// - **When it is full, sessions that nobody has used lately**, more or less: of anonymous visitors when theirs are too many, of users
///   when theirs are. The two have bounds of their own, so that no flood of visitors ends anybody's login. The log says
///   so once a minute at most, and [`evicted_sessions`](Self::evicted_sessions) counts.
///
/// # Memory
///
/// Bounds count a record's content and 272 bytes besides, which is more than it takes: a million records of 200 bytes took 413 MB where
/// that was measured. Bounds are upper ones: since large spaces are divided among locks, a session may have to go when a few percent are
/// still free. A store that is nearly empty takes next to nothing.
///
/// Expired records stay until [`delete_expired`](Store::delete_expired) is called, a verb comes across them that would change them, or the
/// store is full: then it removes them by itself, once a minute at most.
#[derive(Clone)]
pub struct MemoryStore {
    bounds: BoundsOfBoth,
    shared: Arc<Shared>,
}

#[derive(Clone, Copy)]
struct BoundsOfBoth {
    users: Bounds,
    guests: Bounds,
}

impl MemoryStore {
    /// A store with room for 250,000 sessions of users in 256 MiB, and for 100,000 of anonymous visitors in 64 MiB.
    pub fn new() -> Self {
        Self::bounded(BoundsOfBoth {
            users: Bounds {
                sessions: 250_000,
                bytes: 256 * MIB,
            },
            guests: Bounds {
                sessions: 100_000,
                bytes: 64 * MIB,
            },
        })
    }

    /// How many sessions of users are kept at most: 250,000 unless set, and 2 at least. What this returns is empty.
    #[must_use]
    pub fn max_sessions(mut self, sessions: usize) -> Self {
        self.bounds.users.sessions = sessions;
        Self::bounded(self.bounds)
    }

    /// How many bytes sessions of users may take: 256 MiB unless set, and 8 MiB at least. What this returns is empty.
    ///
    /// If sessions are larger on average than this divided by [`max_sessions`](Self::max_sessions), this is the bound that counts.
    /// A record of 4 MiB fits whatever the bounds. One that takes more than half of this, or more than 10 MiB, may be refused with a
    /// [`StoreError`](crate::StoreError).
    #[must_use]
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.bounds.users.bytes = bytes;
        Self::bounded(self.bounds)
    }

    /// How many sessions of anonymous visitors are kept at most: 100,000 unless set, and 2 at least. What this returns is empty.
    #[must_use]
    pub fn max_guest_sessions(mut self, sessions: usize) -> Self {
        self.bounds.guests.sessions = sessions;
        Self::bounded(self.bounds)
    }

    /// How many bytes sessions of anonymous visitors may take: 64 MiB unless set, and 8 MiB at least. What this returns is empty.
    #[must_use]
    pub fn max_guest_bytes(mut self, bytes: usize) -> Self {
        self.bounds.guests.bytes = bytes;
        Self::bounded(self.bounds)
    }

    /// How many sessions of users have ended because the store was full, since the process began: 0, if its bounds are wide enough.
    pub fn evicted_sessions(&self) -> u64 {
        self.shared.users.losses.total()
    }

    /// How many sessions of anonymous visitors have ended because the store was full, since the process began.
    pub fn evicted_guest_sessions(&self) -> u64 {
        self.shared.guests.losses.total()
    }

    fn bounded(bounds: BoundsOfBoth) -> Self {
        Self {
            bounds,
            shared: Arc::new(Shared::new(bounds.users, bounds.guests)),
        }
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("sessions", &self.shared.users.len())
            .field("guest_sessions", &self.shared.guests.len())
            .finish_non_exhaustive()
    }
}

impl Store for MemoryStore {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn load(&self, key: RecordKey, now: Timestamp) -> StoreFuture<'_, Option<Record>> {
        Box::pin(async move { Ok(self.shared.load(key, now)) })
    }

    fn create(&self, key: RecordKey, record: Record, now: Timestamp) -> StoreFuture<'_, bool> {
        Box::pin(async move { self.shared.create(key, record, now).await })
    }

    fn update(
        &self,
        key: RecordKey,
        expected: u64,
        record: Record,
        now: Timestamp,
    ) -> StoreFuture<'_, Outcome> {
        Box::pin(async move { self.shared.update(key, expected, record, now).await })
    }

    fn rotate(&self, rotation: Rotation, now: Timestamp) -> StoreFuture<'_, Outcome> {
        Box::pin(async move { self.shared.rotate(rotation, now).await })
    }

    fn delete(
        &self,
        key: RecordKey,
        expected: Option<u64>,
        now: Timestamp,
    ) -> StoreFuture<'_, Outcome> {
        Box::pin(async move { Ok(self.shared.delete(key, expected, now)) })
    }

    fn list(&self, user: UserKey, now: Timestamp) -> StoreFuture<'_, Vec<(RecordKey, Record)>> {
        Box::pin(async move { Ok(self.shared.list(user, now)) })
    }

    fn delete_all(
        &self,
        user: UserKey,
        except: Option<RecordKey>,
        now: Timestamp,
    ) -> StoreFuture<'_, u64> {
        Box::pin(async move { Ok(self.shared.delete_all(user, except, now)) })
    }

    fn delete_expired(&self, now: Timestamp) -> StoreFuture<'_, u64> {
        Box::pin(async move { Ok(self.shared.delete_expired(now).await) })
    }
}

#[cfg(test)]
#[path = "memory/tests.rs"]
mod tests;
