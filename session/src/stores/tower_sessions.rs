//! Stores made for tower-sessions: what they lack is made up for here, as far as it can be.
//!
//! Such a store keeps a record under an id and does no more. It cannot replace a record only if it is still the one that was read, cannot
//! move one, and cannot say which are of one user. Within this process, locks give the first two; an index of each user's sessions gives
//! the third. What other processes do meanwhile is looked for afterwards, where that is possible.

mod index;
mod locks;
mod shelf;
mod stored;
mod verbs;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tower_sessions_core::SessionStore;
use tracing::Instrument as _;

use self::locks::{Group, Locks};
use self::shelf::Shelf;
use crate::store::{
    Outcome, Record, RecordKey, Rotation, Store, StoreError, StoreFuture, Timestamp, UserKey,
};

/// How long a verb may go on once its caller has given up on it. It ends before that, or its locks would.
const LIMIT: Duration = Duration::from_secs(30);

/// Keeps sessions in any store that is made for [tower-sessions](https://docs.rs/tower-sessions), version 0.15.
///
/// There are such stores for databases that this library has none for. They promise less than a [`Store`]: **one process at a time keeps
/// the whole contract**. With several processes over one such store,
///
/// - of two changes to one session at once, in two processes, one may be lost without a word;
/// - a session that is ended in one process while another one changes it may be seen for some milliseconds more, and stays alive if that
///   other process is killed in them;
/// - a login may be missing from its user's sessions, and survive [`delete_all`](Store::delete_all), if another process wrote down a login
///   of the same user at the same time and stalled in doing so.
///
/// `docs/tower-sessions-stores.md` in the repository has each promise, the sequence that breaks it, and what is known of the stores
/// there are. Where there is a store of this library's own for a database, take that.
///
/// ```
/// use muffin_session::{Store, TowerSessionsStore};
/// use tower_sessions_core::SessionStore;
///
/// fn sessions_in(store: impl SessionStore) -> impl Store {
///     TowerSessionsStore::new(store)
/// }
/// ```
///
/// Locks belong to the value and its clones: make one for each store in a process, and clone it.
///
/// # Removing what has expired
///
/// [`delete_expired`](Store::delete_expired) does nothing here, since the trait has no such verb. Many stores implement
/// `tower_sessions_core::ExpiredDeletion` besides: keep a clone of the store, and run its `continuously_delete_expired` in a task.
/// Records are removed a day after their time, so that a server whose clock is wrong removes none too soon.
///
/// # Costs
///
/// In calls of the store underneath, one after the other: `load` 1, `update` 3, `create` 2 for a visitor and 5 for a user, `rotate` 9 at a
/// login and 11 within a user's sessions, `delete` 5, `list` 1 and 1 for each session, `delete_all` 8 and 3 for each session. A call that
/// its caller gives up on goes on to its end, for 30 seconds at most. Content takes 4 bytes for 3.
///
/// A user has at most 4,096 sessions. One more ends the one that would expire first, with a warning in the log.
pub struct TowerSessionsStore<S> {
    shelf: Arc<Shelf<S>>,
    locks: Locks,
}

impl<S: SessionStore> TowerSessionsStore<S> {
    /// Keeps sessions there.
    pub fn new(store: S) -> Self {
        Self {
            shelf: Arc::new(Shelf::new(store)),
            locks: Locks::new(),
        }
    }

    /// Runs a verb alone in its groups, and to its end even if the caller gives up: half of it would be neither.
    async fn alone<T, F>(
        &self,
        groups: [Group; 2],
        verb: impl FnOnce(Arc<Shelf<S>>) -> F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        // Who waits here has begun nothing, and may go.
        let guards = self.locks.write(groups).await;
        let verb = verb(Arc::clone(&self.shelf));
        let to_its_end = async move {
            let answer = tokio::time::timeout(LIMIT, verb).await;
            drop(guards);
            answer
        };
        match tokio::spawn(to_its_end.in_current_span()).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(StoreError::new("no answer within 30 seconds")),
            Err(_) => Err(StoreError::new("a call broke off")),
        }
    }
}

/// The same store, with the same locks.
impl<S> Clone for TowerSessionsStore<S> {
    fn clone(&self) -> Self {
        Self {
            shelf: Arc::clone(&self.shelf),
            locks: self.locks.clone(),
        }
    }
}

/// What the store underneath says of itself is not shown: it may have a password in it.
impl<S> fmt::Debug for TowerSessionsStore<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TowerSessionsStore").finish_non_exhaustive()
    }
}

impl<S: SessionStore> Store for TowerSessionsStore<S> {
    fn name(&self) -> &'static str {
        "tower-sessions"
    }

    fn load(&self, key: RecordKey, now: Timestamp) -> StoreFuture<'_, Option<Record>> {
        Box::pin(async move {
            let _guard = self.locks.read(key.group()).await;
            self.shelf.load(key, now).await
        })
    }

    fn create(&self, key: RecordKey, record: Record, now: Timestamp) -> StoreFuture<'_, bool> {
        Box::pin(self.alone([key.group(); 2], move |shelf| async move {
            shelf.create(key, record, now).await
        }))
    }

    fn update(
        &self,
        key: RecordKey,
        expected: u64,
        record: Record,
        now: Timestamp,
    ) -> StoreFuture<'_, Outcome> {
        Box::pin(self.alone([key.group(); 2], move |shelf| async move {
            shelf.update(key, expected, record, now).await
        }))
    }

    fn rotate(&self, rotation: Rotation, now: Timestamp) -> StoreFuture<'_, Outcome> {
        let groups = [rotation.old.group(), rotation.new.group()];
        Box::pin(self.alone(groups, move |shelf| async move {
            shelf.rotate(rotation, now).await
        }))
    }

    fn delete(
        &self,
        key: RecordKey,
        expected: Option<u64>,
        now: Timestamp,
    ) -> StoreFuture<'_, Outcome> {
        Box::pin(self.alone([key.group(); 2], move |shelf| async move {
            shelf.delete(key, expected, now).await
        }))
    }

    fn list(&self, user: UserKey, now: Timestamp) -> StoreFuture<'_, Vec<(RecordKey, Record)>> {
        Box::pin(async move {
            let _guard = self.locks.read(user.group()).await;
            self.shelf.list(user, now).await
        })
    }

    fn delete_all(
        &self,
        user: UserKey,
        except: Option<RecordKey>,
        now: Timestamp,
    ) -> StoreFuture<'_, u64> {
        Box::pin(self.alone([user.group(); 2], move |shelf| async move {
            shelf.delete_all(user, except, now).await
        }))
    }

    fn delete_expired(&self, _now: Timestamp) -> StoreFuture<'_, u64> {
        Box::pin(async { Ok(0) })
    }
}
