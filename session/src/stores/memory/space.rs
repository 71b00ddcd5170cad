//! A bounded space for records: of users, or of guests.

use std::sync::Arc;

use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, Lifecycle, OptionsBuilder, Weighter};

use super::losses::Losses;
use crate::store::{Record, RecordKey, Timestamp, UserKey};

/// What a record takes besides its content: key, fields, its place in the cache and in the index, and what the allocator adds.
const OVERHEAD: usize = 272;

/// The fewest bytes that one lock of the cache guards, if there are several: a record of 4 MiB must find room.
const LEAST_SHARD_BYTES: usize = 16 * 1024 * 1024;

/// The fewest sessions that one lock guards. With fewer, the luck of how keys spread would make much of the space useless.
const LEAST_SHARD_SESSIONS: usize = 4096;

/// The part of the space for records that have been read since they came. The others are the first to go, so that a flood of new ones
/// cannot displace those that are in use; the more room they have, the longer a new one has to be read for the first time.
const HOT: f64 = 0.75;

/// The largest record that a shard takes, in eighths of it. It has to be less than [`HOT`], and room for 4 MiB in the smallest shard.
const LARGEST_EIGHTHS: u64 = 5;

/// How much a space holds at most.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    pub(super) sessions: usize,
    pub(super) bytes: usize,
}

/// A record as it is kept.
pub(super) struct Kept {
    pub(super) user: Option<UserKey>,
    pub(super) expires_at: Timestamp,
    pub(super) version: u64,
    pub(super) content: Box<[u8]>,
}

impl Kept {
    pub(super) fn new(record: Record) -> Self {
        let Record {
            user,
            expires_at,
            version,
            content,
        } = record;
        Self {
            user,
            expires_at,
            version,
            content: content.into_boxed_slice(),
        }
    }

    pub(super) fn record(&self) -> Record {
        Record {
            user: self.user,
            expires_at: self.expires_at,
            version: self.version,
            content: self.content.to_vec(),
        }
    }

    pub(super) fn is_alive(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }
}

/// Records, within [`Bounds`].
pub(super) struct Space {
    cache: Cache<RecordKey, Arc<Kept>, Cost, DefaultHashBuilder, Evictions>,
    cost: Cost,
    /// The largest record that there is room for, as a cost.
    largest: u64,
    /// What had to go.
    pub(super) losses: Losses,
}

impl Space {
    pub(super) fn new(whose: &'static str, bounds: Bounds) -> Self {
        let sessions = bounds.sessions.max(2);
        let bytes = bounds.bytes.max(LEAST_SHARD_BYTES / 2);
        let shards = (bytes / LEAST_SHARD_BYTES)
            .min(sessions / LEAST_SHARD_SESSIONS)
            // The cache takes the next power of two.
            .checked_ilog2()
            .map_or(1, |log| 1 << log.min(8));
        let least = bytes / sessions;
        // So that the last session finds room, too.
        let capacity = if least > OVERHEAD {
            least * sessions
        } else {
            bytes
        };
        let cost = Cost {
            least: least as u64,
        };
        let options = OptionsBuilder::new()
            .shards(shards)
            .estimated_items_capacity(sessions)
            .weight_capacity(capacity as u64)
            .hot_allocation(HOT)
            // Keys that are gone never come back, so nothing is gained from knowing them.
            .ghost_allocation(0.0)
            .build()
            .expect("capacities are set");
        let cache = Cache::with_options(options, cost, DefaultHashBuilder::default(), Evictions);
        Self {
            largest: cache.shard_capacity() / 8 * LARGEST_EIGHTHS,
            cache,
            cost,
            losses: Losses::new(whose),
        }
    }

    pub(super) fn fits(&self, kept: &Kept) -> bool {
        self.cost.of(kept) <= self.largest
    }

    pub(super) fn len(&self) -> usize {
        self.cache.len()
    }

    /// The record under a key, which counts as used.
    pub(super) fn get(&self, key: &RecordKey) -> Option<Arc<Kept>> {
        self.cache.get(key)
    }

    /// The record under a key, for bookkeeping.
    pub(super) fn peek(&self, key: &RecordKey) -> Option<Arc<Kept>> {
        self.cache.peek(key)
    }

    pub(super) fn contains(&self, key: &RecordKey) -> bool {
        self.cache.contains_key(key)
    }

    pub(super) fn insert(&self, key: RecordKey, kept: Arc<Kept>, evicted: &mut Evicted) {
        self.cache.insert_with_lifecycle(key, kept, evicted);
    }

    /// Whether there was a record to be replaced.
    pub(super) fn replace(&self, key: RecordKey, kept: Arc<Kept>, evicted: &mut Evicted) -> bool {
        let new = Arc::clone(&kept);
        let replaced = self.cache.replace_with_lifecycle(key, kept, false, evicted);
        // The cache hands on what has been replaced as well. That is no loss; the new record, if it had to go at once, is one.
        evicted
            .records
            .retain(|(other, kept)| *other != key || Arc::ptr_eq(kept, &new));
        replaced.is_ok()
    }

    /// Whether there was a record.
    pub(super) fn remove(&self, key: &RecordKey) -> bool {
        self.cache.remove(key).is_some()
    }

    /// Whether there was a record that had expired.
    pub(super) fn remove_expired(&self, key: &RecordKey, now: Timestamp) -> bool {
        let removed = self.cache.remove_if(key, |kept| !kept.is_alive(now));
        removed.is_some()
    }

    /// All that was there from the beginning to the end of the iteration. No lock is held between two items.
    pub(super) fn iter(&self) -> impl Iterator<Item = (RecordKey, Arc<Kept>)> + Send + '_ {
        self.cache.iter()
    }
}

/// What a record costs of a space's bytes: what it takes, or its share if that is more. Then neither of the two bounds is passed.
#[derive(Clone, Copy)]
struct Cost {
    least: u64,
}

impl Cost {
    fn of(self, kept: &Kept) -> u64 {
        self.least.max((kept.content.len() + OVERHEAD) as u64)
    }
}

impl Weighter<RecordKey, Arc<Kept>> for Cost {
    fn weight(&self, _: &RecordKey, kept: &Arc<Kept>) -> u64 {
        self.of(kept)
    }
}

/// What a change has driven out of a space.
#[derive(Default)]
pub(super) struct Evicted {
    pub(super) records: Vec<(RecordKey, Arc<Kept>)>,
}

impl Evicted {
    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }
}

/// Hands on what the cache evicts.
#[derive(Clone)]
struct Evictions;

impl Lifecycle<RecordKey, Arc<Kept>> for Evictions {
    type RequestState = Evicted;

    fn on_evict(&self, evicted: &mut Evicted, key: RecordKey, kept: Arc<Kept>) {
        evicted.records.push((key, kept));
    }
}
