//! What each verb does, step by step. The caller holds the locks: only other processes can come in between.
//!
//! The order of the steps is what keeps a crash or another process from doing harm: a session is listed before it is made, and it is
//! written down that one has ended before it is removed. Whoever has changed a session looks for that afterwards.

use std::collections::BTreeSet;
use std::time::Duration;

use tower_sessions_core::SessionStore;

use super::index::{Entry, busy};
use super::shelf::{Shelf, Slot, with_slack};
use super::stored::{
    Mark, Stored, decode_generation, encode_generation, ended_id, ended_text, generation_id,
    new_mark, session_id,
};
use crate::store::Outcome::{Conflict, Done, Gone};
use crate::store::{Outcome, Record, RecordKey, Rotation, StoreError, Timestamp, UserKey};

/// How long it stays written down that a session has ended: no verb of any process takes that long.
const REMEMBERED: Duration = Duration::from_secs(10 * 60);

/// How often `delete_all` looks whether other processes have added sessions meanwhile.
const ROUNDS: usize = 8;

/// What is where a key's record would be.
enum Place {
    Free,
    Expired,
    Live(Stored),
    /// The record of another key that has the same id.
    Others,
    Unreadable,
}

impl<S: SessionStore> Shelf<S> {
    pub(super) async fn load(
        &self,
        key: RecordKey,
        now: Timestamp,
    ) -> Result<Option<Record>, StoreError> {
        Ok(self.live(key, now).await?.map(|stored| stored.record))
    }

    pub(super) async fn create(
        &self,
        key: RecordKey,
        record: Record,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        if !self.clear(key, now).await? {
            return Ok(false);
        }
        let (user, entry) = (record.user, entry(key, &record));
        self.enlist_new(user, entry, now).await?;
        let stored = Stored::new(key, record, entry.until);
        if !self.make(&stored, now).await? {
            return Ok(false);
        }
        if let Some(user) = user {
            self.settle(user, entry, None, now).await?;
        }
        Ok(true)
    }

    pub(super) async fn update(
        &self,
        key: RecordKey,
        expected: u64,
        record: Record,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let Some(stored) = self.live(key, now).await? else {
            return Ok(Gone);
        };
        if stored.record.version != expected {
            return Ok(Conflict);
        }
        let mut indexed_until = stored.indexed_until;
        if let Some(user) = stored.record.user
            && record.expires_at > indexed_until
        {
            let entry = entry(key, &record);
            self.enlist_new(Some(user), entry, now).await?;
            self.settle(user, entry, None, now).await?;
            indexed_until = entry.until;
        }
        let changed = Stored {
            indexed_until,
            record: Record {
                user: stored.record.user,
                ..record
            },
            ..stored
        };
        let replaced = self.replace_with(&changed, now).await;
        // Another process may have ended it since it was read: then it has just come back, or the store has missed it.
        if self.has(ended_id(key, changed.birth)).await? {
            self.remove(session_id(key)).await?;
            return Ok(Gone);
        }
        replaced.map(|()| Done)
    }

    pub(super) async fn rotate(
        &self,
        rotation: Rotation,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let Rotation {
            old: old_key,
            expected,
            left,
            new: new_key,
            record,
        } = rotation;
        // Before anything is read that `delete_all` may end.
        let generation = match record.user {
            Some(user) => self.generation(user).await?,
            None => None,
        };
        let Some(old) = self.live(old_key, now).await? else {
            return Ok(Gone);
        };
        if old.record.version != expected {
            return Ok(Conflict);
        }
        if !self.clear(new_key, now).await? {
            return Err(taken());
        }
        let (old_user, user) = (old.record.user, record.user);
        let same_user = user.filter(|_| user == old_user);
        let new_entry = entry(new_key, &record);
        self.enlist_new(user, new_entry, now).await?;
        let new = Stored::new(new_key, record, new_entry.until);
        let left = match left {
            Some(left) => Some(self.listed(&old, left, now).await?),
            None => None,
        };
        let left_user = left.as_ref().and_then(|left| left.record.user);

        if old_user.is_some() {
            // Never are two alive.
            if !self.mark_ended(&old).await? {
                return Ok(Gone);
            }
            self.put_away(&old, left.as_ref(), now).await?;
            if !self.make(&new, now).await? {
                return Err(taken());
            }
        } else {
            // Nothing is lost.
            if !self.make(&new, now).await? {
                return Err(taken());
            }
            if !self.mark_ended(&old).await? {
                self.end(&new).await?;
                return Ok(Gone);
            }
            self.put_away(&old, left.as_ref(), now).await?;
        }

        if let Some(same_user) = same_user {
            // If all have been ended since, the old one would have been, and so this one is.
            let since = self.generation(same_user).await?;
            if since.is_some() && since != generation {
                self.end(&new).await?;
                return Ok(Gone);
            }
        }
        if let Some(user) = user {
            let old = same_user.filter(|_| left_user.is_none()).map(|_| old_key);
            self.settle(user, new_entry, old, now).await?;
        }
        if let Some(user) = old_user.filter(|_| same_user.is_none() && left_user != old_user) {
            self.strike(user, |key| key == old_key, now).await?;
        }
        Ok(Done)
    }

    pub(super) async fn delete(
        &self,
        key: RecordKey,
        expected: Option<u64>,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let stored = match self.place(key, now).await? {
            Place::Live(stored) => stored,
            Place::Free | Place::Expired | Place::Others => return Ok(Gone),
            // Whatever it says is to go.
            Place::Unreadable if expected.is_none() => {
                self.remove(session_id(key)).await?;
                return Ok(Done);
            }
            Place::Unreadable => return Err(unreadable()),
        };
        if expected.is_some_and(|expected| expected != stored.record.version) {
            return Ok(Conflict);
        }
        let is_first = self.end(&stored).await?;
        if let Some(user) = stored.record.user {
            self.strike(user, |ended| ended == key, now).await?;
        }
        Ok(if is_first { Done } else { Gone })
    }

    pub(super) async fn list(
        &self,
        user: UserKey,
        now: Timestamp,
    ) -> Result<Vec<(RecordKey, Record)>, StoreError> {
        let mut found = Vec::new();
        for Entry { key, .. } in self.index(user).await?.entries {
            let record = self.load(key, now).await?;
            found.extend(
                record
                    .filter(|record| record.user == Some(user))
                    .map(|record| (key, record)),
            );
        }
        Ok(found)
    }

    pub(super) async fn delete_all(
        &self,
        user: UserKey,
        except: Option<RecordKey>,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let is_kept = |key| Some(key) == except;
        // What has been ended, and what was not there when it was looked for.
        let (mut ended, mut absent) = (BTreeSet::new(), BTreeSet::new());
        for _ in 0..ROUNDS {
            // Who lists a session before the list is read, and makes it after it has been looked for, sees that all have been ended.
            self.renew_generation(user).await?;
            let entries = self.index(user).await?.entries.into_iter();
            let rest: Vec<_> = entries
                .map(|entry| entry.key)
                .filter(|key| !is_kept(*key) && !ended.contains(key))
                .collect();
            let is_known = rest.iter().all(|key| absent.contains(key));
            absent.clear();
            for key in rest {
                let was_there = !is_known && self.end_listed(user, key, now).await?;
                let found = if was_there { &mut ended } else { &mut absent };
                found.insert(key);
            }
            // What was on the list may have moved to a key that was listed too late to be read: there is an end when nothing is new.
            if is_known {
                let have_ended = |key| ended.contains(&key) || absent.contains(&key);
                self.strike(user, have_ended, now).await?;
                return Ok(ended.len() as u64);
            }
        }
        Err(busy())
    }

    /// The record under a key, if it is there.
    async fn live(&self, key: RecordKey, now: Timestamp) -> Result<Option<Stored>, StoreError> {
        match self.place(key, now).await? {
            Place::Live(stored) => Ok(Some(stored)),
            Place::Free | Place::Expired | Place::Others => Ok(None),
            Place::Unreadable => Err(unreadable()),
        }
    }

    async fn place(&self, key: RecordKey, now: Timestamp) -> Result<Place, StoreError> {
        let text = match self.get(session_id(key)).await? {
            Slot::Nothing => return Ok(Place::Free),
            Slot::Text(text) => text,
            Slot::Unreadable => return Ok(Place::Unreadable),
        };
        Ok(match Stored::decode(&text) {
            None => Place::Unreadable,
            Some(stored) if stored.key != key => Place::Others,
            Some(stored) if now < stored.record.expires_at => Place::Live(stored),
            Some(_) => Place::Expired,
        })
    }

    /// Makes room for a new record. Whether there is: what is there and alive stays.
    async fn clear(&self, key: RecordKey, now: Timestamp) -> Result<bool, StoreError> {
        match self.place(key, now).await? {
            Place::Free => Ok(true),
            Place::Expired => self.remove(session_id(key)).await.map(|()| true),
            Place::Live(_) | Place::Others => Ok(false),
            Place::Unreadable => Err(unreadable()),
        }
    }

    /// Puts a new record where none is. Whether it did.
    async fn make(&self, stored: &Stored, now: Timestamp) -> Result<bool, StoreError> {
        let id = session_id(stored.key);
        let lifetime = now.until(stored.record.expires_at);
        if self.add(id, stored.encode(), lifetime).await? {
            return Ok(true);
        }
        // The store underneath does not show what is over by its own clock, and counts it all the same.
        if !matches!(self.place(stored.key, now).await?, Place::Free) {
            return Ok(false);
        }
        self.remove(id).await?;
        self.add(id, stored.encode(), lifetime).await
    }

    async fn replace_with(&self, stored: &Stored, now: Timestamp) -> Result<(), StoreError> {
        let lifetime = now.until(stored.record.expires_at);
        self.replace(session_id(stored.key), stored.encode(), lifetime)
            .await
    }

    /// Lists a session that is about to be made, if it is a user's.
    async fn enlist_new(
        &self,
        user: Option<UserKey>,
        entry: Entry,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(user) = user else {
            return Ok(());
        };
        if let Some(key) = self.enlist(user, entry, now).await? {
            tracing::warn!(
                target: "muffin_session",
                "a user has more sessions than can be listed: one that would have expired soon has been ended",
            );
            self.end_listed(user, key, now).await?;
        }
        Ok(())
    }

    /// The mark of the last time that all of the user's sessions were ended, if that was not long ago.
    async fn generation(&self, user: UserKey) -> Result<Option<Mark>, StoreError> {
        match self.get(generation_id(user)).await? {
            Slot::Text(text) => Ok(decode_generation(&text)),
            Slot::Nothing | Slot::Unreadable => Ok(None),
        }
    }

    async fn renew_generation(&self, user: UserKey) -> Result<(), StoreError> {
        let (id, text) = (generation_id(user), encode_generation(new_mark()));
        if !self.has(id).await? && self.add(id, text.clone(), REMEMBERED).await? {
            return Ok(());
        }
        self.replace(id, text, REMEMBERED).await
    }

    /// What stays under the key of a session that moves. It is listed already, unless it is somebody else's or stays longer.
    async fn listed(
        &self,
        old: &Stored,
        left: Record,
        now: Timestamp,
    ) -> Result<Stored, StoreError> {
        let is_listed = left.user == old.record.user && left.expires_at <= old.indexed_until;
        let until = if is_listed || left.user.is_none() {
            old.indexed_until
        } else {
            let entry = entry(old.key, &left);
            self.enlist_new(left.user, entry, now).await?;
            entry.until
        };
        Ok(Stored::new(old.key, left, until))
    }

    /// Writes down that a session has ended. Whether this is the first to do so, as far as the store can tell.
    async fn mark_ended(&self, stored: &Stored) -> Result<bool, StoreError> {
        let id = ended_id(stored.key, stored.birth);
        self.add(id, ended_text(), REMEMBERED).await
    }

    /// Removes a session that is written down as ended, or puts in its place what is left of it.
    async fn put_away(
        &self,
        old: &Stored,
        left: Option<&Stored>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        match left {
            Some(left) => self.replace_with(left, now).await,
            None => self.remove(session_id(old.key)).await,
        }
    }

    /// Ends a session. Whether this is the first to do so.
    async fn end(&self, stored: &Stored) -> Result<bool, StoreError> {
        let is_first = self.mark_ended(stored).await?;
        self.remove(session_id(stored.key)).await?;
        Ok(is_first)
    }

    /// Ends a session that a user's index has. Whether there was one.
    async fn end_listed(
        &self,
        user: UserKey,
        key: RecordKey,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        match self.place(key, now).await? {
            Place::Live(stored) if stored.record.user == Some(user) => self.end(&stored).await,
            Place::Unreadable => self.remove(session_id(key)).await.map(|()| true),
            Place::Live(_) | Place::Free | Place::Expired | Place::Others => Ok(false),
        }
    }
}

/// How a session is listed.
fn entry(key: RecordKey, record: &Record) -> Entry {
    Entry {
        key,
        until: with_slack(record.expires_at),
    }
}

fn unreadable() -> StoreError {
    StoreError::new("a stored session cannot be read")
}

fn taken() -> StoreError {
    StoreError::new("a session's new key is taken")
}
