//! One verb at a time in a group, within this process.

use std::sync::Arc;

use tokio::sync::{OwnedRwLockWriteGuard, RwLock, RwLockReadGuard};

/// What the keys of one user's records begin with.
pub(super) type Group = [u8; 8];

/// Several groups share a lock: the more locks there are, the less they wait for each other.
const LOCKS: u64 = 1_024;

/// Readers see a verb's effect whole or not at all, so they are kept apart from writers as well.
#[derive(Clone)]
pub(super) struct Locks(Arc<[Arc<RwLock<()>>]>);

/// As long as it is held, nobody else is at work in the groups.
pub(super) struct Alone {
    _first: OwnedRwLockWriteGuard<()>,
    _second: Option<OwnedRwLockWriteGuard<()>>,
}

impl Locks {
    pub(super) fn new() -> Self {
        Self((0..LOCKS).map(|_| Arc::default()).collect())
    }

    pub(super) async fn read(&self, group: Group) -> RwLockReadGuard<'_, ()> {
        self.0[place(group)].read().await
    }

    /// Always in the same order, so that no two wait for each other.
    pub(super) async fn write(&self, groups: [Group; 2]) -> Alone {
        let [a, b] = groups.map(place);
        let lock = |at: usize| Arc::clone(&self.0[at]).write_owned();
        let first = lock(a.min(b)).await;
        let second = if a == b {
            None
        } else {
            Some(lock(a.max(b)).await)
        };
        Alone {
            _first: first,
            _second: second,
        }
    }
}

/// Groups are parts of hashes: any bits of them do.
fn place(group: Group) -> usize {
    usize::try_from(u64::from_be_bytes(group) % LOCKS).unwrap_or_default()
}
