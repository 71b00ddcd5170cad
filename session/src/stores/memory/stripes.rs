//! Locks that make a verb one step, and whose keys are whose.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::store::RecordKey;

/// The first bytes of a key.
type Group = [u8; 8];

/// How many locks there are: one for each value of the byte by which a group finds its own.
const STRIPES: usize = 256;

/// A lock for each part of the groups. All sessions of a user are under one, so whoever holds it can change several of them in one step.
///
/// Readers hold none, and look again if a change was under way: they never see one session of a user changed and another one not yet.
pub(super) struct Stripes(Box<[Stripe]>);

// On cache lines of their own, since readers look at the count.
#[repr(align(64))]
#[derive(Default)]
struct Stripe {
    /// Counts beginnings and ends of changes: it is odd while one is under way.
    changes: AtomicU64,
    /// The keys of users' records, in order: those of one group are neighbours.
    keys: Mutex<BTreeSet<RecordKey>>,
}

impl Default for Stripes {
    fn default() -> Self {
        Self((0..STRIPES).map(|_| Stripe::default()).collect())
    }
}

impl Stripes {
    /// Looks at one record, between changes to its group and never during one.
    ///
    /// What `look` sees of a change it sees behind a lock that the changing thread took after it had made the count odd. So whoever has seen
    /// some of a change sees the count changed too.
    pub(super) fn read<T>(&self, group: Group, look: impl Fn() -> T) -> T {
        let stripe = &self.0[place(group)];
        let before = stripe.changes.load(Ordering::Acquire);
        if before.is_multiple_of(2) {
            let seen = look();
            if stripe.changes.load(Ordering::Acquire) == before {
                return seen;
            }
        }
        let _keys = stripe.lock();
        look()
    }

    /// Begins a change to records of a group.
    pub(super) fn change(&self, group: Group) -> Held<'_> {
        Held {
            first: self.begin(place(group)),
            second: None,
        }
    }

    /// Begins a change to records of two groups. Locks are taken in the order of their places, so that no two wait for each other.
    pub(super) fn change_both(&self, one: Group, other: Group) -> Held<'_> {
        let (one, other) = (place(one), place(other));
        let (low, high) = (one.min(other), one.max(other));
        Held {
            first: self.begin(low),
            second: (low != high).then(|| self.begin(high)),
        }
    }

    #[cfg(test)]
    pub(super) fn all_keys(&self) -> BTreeSet<RecordKey> {
        self.0
            .iter()
            .flat_map(|stripe| stripe.lock().clone())
            .collect()
    }

    fn begin(&self, place: usize) -> Change<'_> {
        let stripe = &self.0[place];
        let keys = stripe.lock();
        stripe.changes.fetch_add(1, Ordering::AcqRel);
        Change {
            place,
            stripe,
            keys,
        }
    }
}

impl Stripe {
    fn lock(&self) -> MutexGuard<'_, BTreeSet<RecordKey>> {
        // A key too many or too few is the worst that a panic could have left: lists look the records up.
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The stripes of a change that is under way, until it is dropped.
pub(super) struct Held<'a> {
    first: Change<'a>,
    second: Option<Change<'a>>,
}

impl Held<'_> {
    /// Notes the key of a user's record.
    pub(super) fn remember(&mut self, key: RecordKey) {
        self.keys(key.group()).insert(key);
    }

    /// The key is no longer that of a user's record.
    pub(super) fn forget(&mut self, key: RecordKey) {
        self.keys(key.group()).remove(&key);
    }

    /// The keys of a group's users.
    pub(super) fn keys_of(&mut self, group: Group) -> Vec<RecordKey> {
        let edge = |rest: u8| {
            let mut bytes = [rest; RecordKey::LEN];
            bytes[..group.len()].copy_from_slice(&group);
            RecordKey::from_bytes(bytes)
        };
        let range = edge(0)..=edge(u8::MAX);
        self.keys(group).range(range).copied().collect()
    }

    fn keys(&mut self, group: Group) -> &mut BTreeSet<RecordKey> {
        match &mut self.second {
            Some(second) if second.place == place(group) => &mut second.keys,
            _ => {
                debug_assert_eq!(self.first.place, place(group), "the stripe is held");
                &mut self.first.keys
            }
        }
    }
}

/// A change to one stripe, until it is dropped.
struct Change<'a> {
    place: usize,
    stripe: &'a Stripe,
    keys: MutexGuard<'a, BTreeSet<RecordKey>>,
}

impl Drop for Change<'_> {
    fn drop(&mut self) {
        self.stripe.changes.fetch_add(1, Ordering::Release);
    }
}

/// Which stripe is a group's. Groups are parts of hashes: any byte does.
fn place(group: Group) -> usize {
    usize::from(group[7])
}
