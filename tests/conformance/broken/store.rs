//! A store with one flaw.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use muffin_session::{
    Outcome, Record, RecordKey, Rotation, Store, StoreError, StoreFuture, Timestamp, UserKey,
};
use tokio::task::yield_now;

use crate::own_store::MapStore;

/// What a store does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// `update` of a record that is gone makes it.
    UpdateRecreates,
    /// `update` replaces whatever version is there.
    UpdateIgnoresVersion,
    /// `update` looks, and writes a moment later.
    UpdateIsTwoSteps,
    /// `update` keeps the expiry that the record had.
    UpdateKeepsExpiry,
    /// `create` replaces what is there.
    CreateOverwrites,
    /// `create` takes an expired record for one that is there.
    CreateMindsTheExpired,
    /// `delete` removes whatever version is there.
    DeleteIgnoresVersion,
    /// `rotate` leaves the record under its old key.
    RotateLeavesTheOld,
    /// `rotate` drops what should be left under the old key.
    RotateForgetsWhatIsLeft,
    /// `rotate` replaces what is under the new key.
    RotateOverwrites,
    /// `rotate` removes, and creates a moment later.
    RotateIsTwoSteps,
    /// `list` gives what has expired, too.
    ListGivesTheExpired,
    /// `list` and `delete_all` take those for one user whose keys have the same group.
    GroupsAreUsers,
    /// `list` gives no more than 100 sessions.
    ListHasPages,
    /// `delete_all` leaves the session with the last key.
    DeleteAllForgetsOne,
    /// `delete_all` ends the session that it should spare.
    DeleteAllSparesNone,
    /// `delete_all` lists sessions, and deletes one after the other.
    DeleteAllIsManySteps,
    /// `delete_all` counts what has expired, too.
    DeleteAllCountsTheExpired,
    /// Records are there at the millisecond at which they expire.
    ExpiresLate,
    /// Expiry is kept in seconds.
    ExpiryInSeconds,
    /// Records expire by the wall's clock, whatever the caller's says.
    ExpiresByTheWall,
    /// `delete_expired` removes what has a minute to go.
    SweepsTooEarly,
    /// The last byte of content of a mebibyte and more is lost.
    LosesALastByte,
    /// Content is text.
    ContentIsText,
    /// Versions are floating point numbers.
    VersionsAreFloats,
    /// Keys are text in which case does not count.
    KeysIgnoreCase,
    /// Reads come from a copy that knows all writes but the last.
    ReadsLag,
    /// Content of more than a kibibyte makes it panic.
    Panics,
    /// Nothing works.
    IsDown,
}

/// A store that is right but for its flaw.
pub(super) struct Broken {
    flaw: Flaw,
    whole: MapStore,
    /// What reads see if they lag.
    copy: Mutex<BTreeMap<RecordKey, Record>>,
}

impl Broken {
    pub(super) fn new(flaw: Flaw) -> Self {
        Self {
            flaw,
            whole: MapStore::default(),
            copy: Mutex::default(),
        }
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }

    fn key(&self, key: RecordKey) -> RecordKey {
        let mut bytes = *key.as_bytes();
        if self.has(Flaw::KeysIgnoreCase) {
            bytes.make_ascii_lowercase();
        }
        RecordKey::from_bytes(bytes)
    }

    /// The time that counts.
    fn now(&self, now: Timestamp) -> Timestamp {
        match self.flaw {
            Flaw::ExpiresLate => Timestamp::from_millis(now.as_millis().saturating_sub(1)),
            Flaw::ExpiresByTheWall => {
                let since = std::time::UNIX_EPOCH.elapsed().expect("it is after 1970");
                Timestamp::from_millis(since.as_millis().try_into().expect("it is not that late"))
            }
            _ => now,
        }
    }

    /// What is kept of a record.
    fn kept(&self, mut record: Record) -> Record {
        match self.flaw {
            Flaw::ExpiryInSeconds => {
                let seconds = record.expires_at.as_millis() / 1000;
                record.expires_at = Timestamp::from_millis(seconds * 1000);
            }
            Flaw::LosesALastByte if record.content.len() >= 1024 * 1024 => {
                record.content.pop();
            }
            Flaw::ContentIsText => {
                record.content = String::from_utf8_lossy(&record.content)
                    .into_owned()
                    .into_bytes();
            }
            Flaw::VersionsAreFloats => record.version = float(record.version),
            Flaw::Panics => assert!(record.content.len() <= 1024, "content is too long"),
            _ => {}
        }
        record
    }

    fn expected(&self, expected: u64) -> u64 {
        if self.has(Flaw::VersionsAreFloats) {
            float(expected)
        } else {
            expected
        }
    }

    /// Before each write: the copy learns of all earlier ones.
    fn write(&self) -> Result<(), StoreError> {
        if self.has(Flaw::ReadsLag) {
            *self.copy() = self.whole.records().clone();
        }
        self.up()
    }

    fn copy(&self) -> MutexGuard<'_, BTreeMap<RecordKey, Record>> {
        self.copy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn up(&self) -> Result<(), StoreError> {
        if self.has(Flaw::IsDown) {
            return Err(StoreError::new("connection refused"));
        }
        Ok(())
    }

    /// All that belongs to a user, by the store's own idea.
    fn of_user(&self, user: UserKey, now: Timestamp) -> Vec<(RecordKey, Record)> {
        let records = self.whole.records();
        let belongs = |record: &Record| match record.user {
            Some(other) if self.has(Flaw::GroupsAreUsers) => other.group() == user.group(),
            other => other == Some(user),
        };
        let counts =
            |record: &Record| now < record.expires_at || self.has(Flaw::ListGivesTheExpired);
        let found = records
            .iter()
            .filter(|(_, record)| belongs(record) && counts(record));
        found.map(|(key, record)| (*key, record.clone())).collect()
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]
fn float(version: u64) -> u64 {
    version as f64 as u64
}

impl Store for Broken {
    fn name(&self) -> &'static str {
        "broken"
    }

    fn load(&self, key: RecordKey, now: Timestamp) -> StoreFuture<'_, Option<Record>> {
        let (key, now) = (self.key(key), self.now(now));
        Box::pin(async move {
            self.up()?;
            if self.has(Flaw::ReadsLag) {
                let copy = self.copy();
                return Ok(copy
                    .get(&key)
                    .filter(|record| now < record.expires_at)
                    .cloned());
            }
            self.whole.load(key, now).await
        })
    }

    fn create(&self, key: RecordKey, record: Record, now: Timestamp) -> StoreFuture<'_, bool> {
        let (key, now) = (self.key(key), self.now(now));
        Box::pin(async move {
            self.write()?;
            let record = self.kept(record);
            match self.flaw {
                Flaw::CreateOverwrites => {
                    self.whole.records().insert(key, record);
                    Ok(true)
                }
                Flaw::CreateMindsTheExpired => {
                    self.whole
                        .create(key, record, Timestamp::from_millis(0))
                        .await
                }
                _ => self.whole.create(key, record, now).await,
            }
        })
    }

    fn update(
        &self,
        key: RecordKey,
        expected: u64,
        record: Record,
        now: Timestamp,
    ) -> StoreFuture<'_, Outcome> {
        let (key, now) = (self.key(key), self.now(now));
        Box::pin(async move {
            self.write()?;
            let (mut record, expected) = (self.kept(record), self.expected(expected));
            let Some(before) = self.whole.load(key, now).await? else {
                if self.has(Flaw::UpdateRecreates) {
                    self.whole.records().insert(key, record);
                    return Ok(Outcome::Done);
                }
                return Ok(Outcome::Gone);
            };
            match self.flaw {
                Flaw::UpdateIgnoresVersion => {
                    self.whole.update(key, before.version, record, now).await
                }
                Flaw::UpdateIsTwoSteps if before.version == expected => {
                    yield_now().await;
                    self.whole.records().insert(key, record);
                    Ok(Outcome::Done)
                }
                Flaw::UpdateKeepsExpiry => {
                    record.expires_at = before.expires_at;
                    self.whole.update(key, expected, record, now).await
                }
                _ => self.whole.update(key, expected, record, now).await,
            }
        })
    }

    fn rotate(&self, mut rotation: Rotation, now: Timestamp) -> StoreFuture<'_, Outcome> {
        let now = self.now(now);
        Box::pin(async move {
            self.write()?;
            rotation.old = self.key(rotation.old);
            rotation.new = self.key(rotation.new);
            rotation.expected = self.expected(rotation.expected);
            rotation.record = self.kept(rotation.record);
            rotation.left = rotation.left.map(|left| self.kept(left));
            match self.flaw {
                Flaw::RotateLeavesTheOld => {
                    let old = self.whole.load(rotation.old, now).await?;
                    rotation.left = rotation.left.or(old);
                }
                Flaw::RotateForgetsWhatIsLeft => rotation.left = None,
                Flaw::RotateOverwrites => {
                    let same = self.whole.load(rotation.old, now).await?;
                    if same.is_some_and(|old| old.version == rotation.expected) {
                        self.whole.records().remove(&rotation.new);
                    }
                }
                Flaw::RotateIsTwoSteps => {
                    let Rotation {
                        old,
                        expected,
                        left,
                        new,
                        record,
                    } = rotation;
                    let outcome = self.whole.delete(old, Some(expected), now).await?;
                    if outcome == Outcome::Done {
                        yield_now().await;
                        let mut records = self.whole.records();
                        records.insert(new, record);
                        records.extend(left.map(|left| (old, left)));
                    }
                    return Ok(outcome);
                }
                _ => {}
            }
            self.whole.rotate(rotation, now).await
        })
    }

    fn delete(
        &self,
        key: RecordKey,
        expected: Option<u64>,
        now: Timestamp,
    ) -> StoreFuture<'_, Outcome> {
        let (key, now) = (self.key(key), self.now(now));
        let mut expected = expected.map(|expected| self.expected(expected));
        if self.has(Flaw::DeleteIgnoresVersion) {
            expected = None;
        }
        Box::pin(async move {
            self.write()?;
            self.whole.delete(key, expected, now).await
        })
    }

    fn list(&self, user: UserKey, now: Timestamp) -> StoreFuture<'_, Vec<(RecordKey, Record)>> {
        let now = self.now(now);
        Box::pin(async move {
            self.up()?;
            let mut found = self.of_user(user, now);
            if self.has(Flaw::ListHasPages) {
                found.truncate(100);
            }
            Ok(found)
        })
    }

    fn delete_all(
        &self,
        user: UserKey,
        except: Option<RecordKey>,
        now: Timestamp,
    ) -> StoreFuture<'_, u64> {
        let (mut except, now) = (except.map(|key| self.key(key)), self.now(now));
        Box::pin(async move {
            self.write()?;
            let found = self.of_user(user, now);
            match self.flaw {
                Flaw::DeleteAllSparesNone => except = None,
                Flaw::DeleteAllForgetsOne if except.is_none() => {
                    except = found.last().map(|(key, _)| *key);
                }
                Flaw::GroupsAreUsers | Flaw::DeleteAllIsManySteps => {
                    let mut ended = 0;
                    for (key, _) in found {
                        if Some(key) != except && self.whole.records().remove(&key).is_some() {
                            ended += 1;
                        }
                        if self.has(Flaw::DeleteAllIsManySteps) {
                            yield_now().await;
                        }
                    }
                    return Ok(ended);
                }
                Flaw::DeleteAllCountsTheExpired => {
                    return self
                        .whole
                        .delete_all(user, except, Timestamp::from_millis(0))
                        .await;
                }
                _ => {}
            }
            self.whole.delete_all(user, except, now).await
        })
    }

    fn delete_expired(&self, now: Timestamp) -> StoreFuture<'_, u64> {
        let mut now = self.now(now);
        if self.has(Flaw::SweepsTooEarly) {
            now = Timestamp::from_millis(now.as_millis() + 60_000);
        }
        Box::pin(async move {
            self.write()?;
            self.whole.delete_expired(now).await
        })
    }
}
