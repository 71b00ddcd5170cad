//! Which sessions a user has: a record of its own, since the store underneath cannot say.
//!
//! It is read, changed and written back. Two processes that do so at once lose one of the changes; whoever adds a session therefore looks
//! again once it has been made. A session that is listed and gone does no harm. One that is there and not listed would.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use std::time::Duration;
use tower_sessions_core::SessionStore;

use super::shelf::{Shelf, Slot};
use super::stored::{INDEX, Reader, index_id};
use crate::store::{RecordKey, StoreError, Timestamp, UserKey};

/// How many sessions a user may have: 213 KiB of text.
pub(super) const MOST: usize = 4_096;

/// How often a change is tried that other processes undo.
const TRIES: usize = 4;

/// How long an index without sessions is kept: longer than any verb takes.
const EMPTY: Duration = Duration::from_secs(10 * 60);

pub(super) struct Index {
    user: UserKey,
    pub(super) entries: Vec<Entry>,
    /// Whether it has been stored.
    exists: bool,
}

#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub(super) key: RecordKey,
    /// Until when the session may be there. Later than its own time, so that not every change to a session changes the index.
    pub(super) until: Timestamp,
}

impl Index {
    fn new(user: UserKey) -> Self {
        Self {
            user,
            entries: Vec::new(),
            exists: false,
        }
    }

    pub(super) fn has(&self, key: RecordKey) -> bool {
        self.entries.iter().any(|entry| entry.key == key)
    }

    fn put(&mut self, new: Entry) {
        match self.entries.iter_mut().find(|entry| entry.key == new.key) {
            Some(entry) => entry.until = entry.until.max(new.until),
            None => self.entries.push(new),
        }
    }

    /// Takes out what is one too many: of the others, the one that would end first.
    fn crowd_out(&mut self, newest: RecordKey) -> Option<RecordKey> {
        if self.entries.len() <= MOST {
            return None;
        }
        let first = self
            .entries
            .iter()
            .filter(|entry| entry.key != newest)
            .min_by_key(|entry| entry.until)?
            .key;
        self.entries.retain(|entry| entry.key != first);
        Some(first)
    }

    fn encode(&self) -> String {
        let mut bytes = Vec::with_capacity(64 + 40 * self.entries.len());
        bytes.push(INDEX);
        bytes.extend_from_slice(self.user.as_bytes());
        for entry in &self.entries {
            bytes.extend_from_slice(entry.key.as_bytes());
            bytes.extend_from_slice(&entry.until.as_millis().to_be_bytes());
        }
        BASE64.encode(bytes)
    }

    fn decode(text: &str) -> Option<Self> {
        let bytes = BASE64.decode(text).ok()?;
        let mut bytes = Reader::new(&bytes, INDEX)?;
        let mut index = Self {
            user: UserKey::from_bytes(bytes.take()?),
            entries: Vec::with_capacity(bytes.rest().len() / 40),
            exists: true,
        };
        while !bytes.rest().is_empty() {
            index.entries.push(Entry {
                key: RecordKey::from_bytes(bytes.take()?),
                until: bytes.time()?,
            });
        }
        Some(index)
    }
}

impl<S: SessionStore> Shelf<S> {
    pub(super) async fn index(&self, user: UserKey) -> Result<Index, StoreError> {
        match self.get(index_id(user)).await? {
            Slot::Nothing => Ok(Index::new(user)),
            Slot::Text(text) => Index::decode(&text)
                .filter(|index| index.user == user)
                .ok_or_else(unreadable),
            Slot::Unreadable => Err(unreadable()),
        }
    }

    /// Whether it took place: another process may have made the index just before.
    pub(super) async fn write_index(
        &self,
        index: &mut Index,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        index.entries.retain(|entry| now < entry.until);
        let last = index.entries.iter().map(|entry| entry.until).max();
        let lifetime = last.map_or(EMPTY, |last| now.until(last).max(EMPTY));
        let (id, text) = (index_id(index.user), index.encode());
        if !index.exists {
            return self.add(id, text, lifetime).await;
        }
        self.replace(id, text, lifetime).await?;
        Ok(true)
    }

    /// Lists a session, before it is made. Which one had to give way.
    pub(super) async fn enlist(
        &self,
        user: UserKey,
        entry: Entry,
        now: Timestamp,
    ) -> Result<Option<RecordKey>, StoreError> {
        for _ in 0..TRIES {
            let mut index = self.index(user).await?;
            index.put(entry);
            let crowded_out = index.crowd_out(entry.key);
            if self.write_index(&mut index, now).await? {
                return Ok(crowded_out);
            }
        }
        Err(busy())
    }

    /// Looks again once a session has been made: its entry must be there, and `old`'s must not.
    pub(super) async fn settle(
        &self,
        user: UserKey,
        entry: Entry,
        old: Option<RecordKey>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        for _ in 0..TRIES {
            let mut index = self.index(user).await?;
            let (is_listed, old) = (index.has(entry.key), old.filter(|&old| index.has(old)));
            if is_listed && old.is_none() {
                return Ok(());
            }
            index.put(entry);
            index.entries.retain(|entry| Some(entry.key) != old);
            // An entry that another process has lost is looked for once more.
            if self.write_index(&mut index, now).await? && is_listed {
                return Ok(());
            }
        }
        Err(busy())
    }

    /// Takes sessions out that have ended.
    pub(super) async fn strike(
        &self,
        user: UserKey,
        have_ended: impl Fn(RecordKey) -> bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut index = self.index(user).await?;
        let before = index.entries.len();
        index.entries.retain(|entry| !have_ended(entry.key));
        if index.entries.len() < before {
            self.write_index(&mut index, now).await?;
        }
        Ok(())
    }
}

fn unreadable() -> StoreError {
    StoreError::new("the list of a user's sessions cannot be read")
}

pub(super) fn busy() -> StoreError {
    StoreError::new("other processes kept changing the list of a user's sessions")
}
