//! The verbs, on what all clones of a store share.

use std::sync::Arc;

use super::losses::Said;
use super::space::{Bounds, Evicted, Kept, Space};
use super::stripes::{Held, Stripes};
use crate::store::{Outcome, Record, RecordKey, Rotation, StoreError, Timestamp, UserKey};

/// How many records a sweep looks at before it lets others run.
const KEYS_AT_ONCE: usize = 256;

/// What clones share.
///
/// Records are in two spaces, of users and of guests. Whoever changes one holds the [stripe](Stripes) of its group. Evictions alone do not:
/// they may take a record away while somebody holds its stripe, so a change takes nothing for granted that it has looked up before.
pub(super) struct Shared {
    pub(super) users: Space,
    pub(super) guests: Space,
    pub(super) stripes: Stripes,
}

impl Shared {
    pub(super) fn new(users: Bounds, guests: Bounds) -> Self {
        Self {
            users: Space::new("users", users),
            guests: Space::new("anonymous visitors", guests),
            stripes: Stripes::default(),
        }
    }

    fn space_of(&self, user: Option<UserKey>) -> &Space {
        if user.is_some() {
            &self.users
        } else {
            &self.guests
        }
    }

    fn peek(&self, key: &RecordKey) -> Option<Arc<Kept>> {
        self.users.peek(key).or_else(|| self.guests.peek(key))
    }

    pub(super) fn load(&self, key: RecordKey, now: Timestamp) -> Option<Record> {
        let look = || self.users.get(&key).or_else(|| self.guests.get(&key));
        let kept = self.stripes.read(key.group(), look)?;
        kept.is_alive(now).then(|| kept.record())
    }

    pub(super) async fn create(
        &self,
        key: RecordKey,
        record: Record,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let kept = self.fitting(record)?;
        let mut evicted = Evicted::default();
        {
            let mut held = self.stripes.change(key.group());
            if self.alive(&mut held, key, now).is_some() {
                return Ok(false);
            }
            self.insert(&mut held, key, kept, &mut evicted);
        }
        self.part_with(evicted, now).await;
        Ok(true)
    }

    pub(super) async fn update(
        &self,
        key: RecordKey,
        expected: u64,
        record: Record,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let kept = self.fitting(record)?;
        let mut evicted = Evicted::default();
        {
            let mut held = self.stripes.change(key.group());
            let before = match self.expect(&mut held, key, Some(expected), now) {
                Ok(before) => before,
                Err(outcome) => return Ok(outcome),
            };
            if !self.replace(&mut held, key, &before, kept, &mut evicted) {
                return Ok(Outcome::Gone);
            }
        }
        self.part_with(evicted, now).await;
        Ok(Outcome::Done)
    }

    pub(super) async fn rotate(
        &self,
        rotation: Rotation,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let Rotation {
            old,
            expected,
            left,
            new,
            record,
        } = rotation;
        let kept = self.fitting(record)?;
        let left = left.map(|left| self.fitting(left)).transpose()?;
        let mut evicted = Evicted::default();
        {
            let mut held = self.stripes.change_both(old.group(), new.group());
            let before = match self.expect(&mut held, old, Some(expected), now) {
                Ok(before) => before,
                Err(outcome) => return Ok(outcome),
            };
            // Nobody draws a key that is taken. If it should be, nothing is overwritten.
            if self.alive(&mut held, new, now).is_some() {
                return Ok(Outcome::Conflict);
            }
            let moved = match left {
                Some(left) => self.replace(&mut held, old, &before, left, &mut evicted),
                None => self.remove(&mut held, old, &before),
            };
            if !moved {
                return Ok(Outcome::Gone);
            }
            self.insert(&mut held, new, kept, &mut evicted);
        }
        self.part_with(evicted, now).await;
        Ok(Outcome::Done)
    }

    pub(super) fn delete(&self, key: RecordKey, expected: Option<u64>, now: Timestamp) -> Outcome {
        let mut held = self.stripes.change(key.group());
        match self.expect(&mut held, key, expected, now) {
            Ok(before) if self.remove(&mut held, key, &before) => Outcome::Done,
            Ok(_) => Outcome::Gone,
            Err(outcome) => outcome,
        }
    }

    /// The user's records that are there. The stripe is held, so that nobody changes one meanwhile.
    fn of_user(
        &self,
        held: &mut Held<'_>,
        user: UserKey,
        now: Timestamp,
    ) -> Vec<(RecordKey, Arc<Kept>)> {
        held.keys_of(user.group())
            .into_iter()
            .filter_map(|key| Some((key, self.users.peek(&key)?)))
            .filter(|(_, kept)| kept.user == Some(user) && kept.is_alive(now))
            .collect()
    }

    pub(super) fn list(&self, user: UserKey, now: Timestamp) -> Vec<(RecordKey, Record)> {
        let found = self.of_user(&mut self.stripes.change(user.group()), user, now);
        // Contents are copied when the stripe is free again.
        found
            .into_iter()
            .map(|(key, kept)| (key, kept.record()))
            .collect()
    }

    pub(super) fn delete_all(
        &self,
        user: UserKey,
        except: Option<RecordKey>,
        now: Timestamp,
    ) -> u64 {
        let mut held = self.stripes.change(user.group());
        let mut ended = 0;
        for (key, kept) in self.of_user(&mut held, user, now) {
            if Some(key) != except && self.remove(&mut held, key, &kept) {
                ended += 1;
            }
        }
        ended
    }

    pub(super) async fn delete_expired(&self, now: Timestamp) -> u64 {
        self.sweep(&self.users, now).await + self.sweep(&self.guests, now).await
    }

    /// Removes what has expired from a space. How many there were.
    async fn sweep(&self, space: &Space, now: Timestamp) -> u64 {
        let mut removed = 0;
        for (nth, (key, kept)) in space.iter().enumerate() {
            if !kept.is_alive(now) {
                let mut held = self.stripes.change(key.group());
                // What has taken its place meanwhile stays.
                removed += u64::from(space.remove_expired(&key, now));
                self.forget(&mut held, key);
            }
            if nth % KEYS_AT_ONCE == KEYS_AT_ONCE - 1 {
                tokio::task::yield_now().await;
            }
        }
        removed
    }

    /// A record as it is kept, if there is room for one of its size.
    fn fitting(&self, record: Record) -> Result<Arc<Kept>, StoreError> {
        let kept = Kept::new(record);
        if self.space_of(kept.user).fits(&kept) {
            return Ok(Arc::new(kept));
        }
        Err(StoreError::new(format_args!(
            "a record of {} bytes is larger than the bounds of this store allow",
            kept.content.len()
        )))
    }

    /// The record under a key. One that has expired is dropped on the way.
    fn alive(&self, held: &mut Held<'_>, key: RecordKey, now: Timestamp) -> Option<Arc<Kept>> {
        let kept = self.peek(&key)?;
        if kept.is_alive(now) {
            return Some(kept);
        }
        self.remove(held, key, &kept);
        None
    }

    /// The record under a key if it has the version expected; otherwise what a verb has to answer.
    fn expect(
        &self,
        held: &mut Held<'_>,
        key: RecordKey,
        expected: Option<u64>,
        now: Timestamp,
    ) -> Result<Arc<Kept>, Outcome> {
        let kept = self.alive(held, key, now).ok_or(Outcome::Gone)?;
        match expected {
            Some(expected) if expected != kept.version => Err(Outcome::Conflict),
            _ => Ok(kept),
        }
    }

    /// Puts a record under a key that has none.
    fn insert(&self, held: &mut Held<'_>, key: RecordKey, kept: Arc<Kept>, evicted: &mut Evicted) {
        if kept.user.is_some() {
            held.remember(key);
        }
        self.space_of(kept.user).insert(key, kept, evicted);
    }

    /// Puts a record in the place of another one. Whether that was still there: it may have been evicted.
    fn replace(
        &self,
        held: &mut Held<'_>,
        key: RecordKey,
        before: &Kept,
        after: Arc<Kept>,
        evicted: &mut Evicted,
    ) -> bool {
        if before.user.is_some() == after.user.is_some() {
            return self.space_of(after.user).replace(key, after, evicted);
        }
        let was_there = self.remove(held, key, before);
        if was_there {
            self.insert(held, key, after, evicted);
        }
        was_there
    }

    /// Removes a record. Whether it was still there: it may have been evicted.
    fn remove(&self, held: &mut Held<'_>, key: RecordKey, before: &Kept) -> bool {
        let was_there = self.space_of(before.user).remove(&key);
        self.forget(held, key);
        was_there
    }

    /// Forgets whose a key is, unless there is a record of a user under it.
    fn forget(&self, held: &mut Held<'_>, key: RecordKey) {
        if !self.users.contains(&key) {
            held.forget(key);
        }
    }

    /// Sees to what has been evicted. No stripe is held: those of what was evicted are taken one by one.
    async fn part_with(&self, evicted: Evicted, now: Timestamp) {
        if evicted.is_empty() {
            return;
        }
        for (key, kept) in &evicted.records {
            if kept.user.is_some() {
                self.forget(&mut self.stripes.change(key.group()), *key);
            }
        }
        let lost = |is_user| {
            let ended = |kept: &Kept| kept.user.is_some() == is_user && kept.is_alive(now);
            evicted
                .records
                .iter()
                .filter(|(_, kept)| ended(kept))
                .count()
        };
        for (space, lost) in [(&self.users, lost(true)), (&self.guests, lost(false))] {
            if space.losses.note(lost, now) == Said::Something {
                // What has expired must not take room from what is alive, should nobody sweep.
                self.sweep(space, now).await;
            }
        }
    }
}
