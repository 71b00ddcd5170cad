//! What the memory store is held against: the same records in the standard library's hash map, without order, bounds or locks of any use.
//!
//! Records that do not fit into the processor's caches have to be fetched from memory, whoever keeps them. How much of a load's growth that
//! is, this tells.

use std::collections::HashMap;
use std::hint::black_box;

use muffin_session::{Record, RecordKey, Timestamp};

use crate::figures::Stopwatch;
use crate::population::{Random, Session};

/// A map of sessions, and what is in it.
pub(crate) struct Yardstick {
    records: HashMap<RecordKey, Record>,
    sessions: Vec<Session>,
}

impl Yardstick {
    pub(crate) fn new(sessions: &[Session], now: Timestamp) -> Self {
        let records = sessions.iter().map(|session| session.row(now));
        Self {
            records: records.collect(),
            sessions: sessions.to_vec(),
        }
    }

    /// Loads, as often as the watch says.
    pub(crate) async fn load(&self, watch: &mut Stopwatch, random: &mut Random) {
        while watch.goes_on() {
            let session = self.sessions[random.index(self.sessions.len())];
            let key = session.key();
            let load = async { self.records.get(&key).cloned() };
            black_box(watch.time(load).await);
        }
    }
}
