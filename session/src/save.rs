//! Saving: what the store has to do so that it says what the session has become.
//!
//! First a plan is made of what is to happen, then it is carried out, then what came of it is noted. Nothing is locked while the store is
//! called.

use crate::changes::Changes;
use crate::clock::Millis;
use crate::config::Config;
use crate::data::{Data, Updaters};
use crate::ending::{RecordEnd, end};
use crate::error::Error;
use crate::handle::{Handle, user_key};
use crate::load::UNDER_WAY;
use crate::moving::FIRST_VERSION;
use crate::record::{Content, Facts, Renewed};
use crate::session::fits_a_record;
use crate::state::{Former, Loaded, Stored};
use crate::store::{Outcome, Record, RecordKey, Rotation};
use crate::store_calls::{Calls, StoreCalls};
use crate::wire::Id;

/// What is to happen to a session's record.
pub(crate) struct Plan {
    step: Step,
    /// What the request's data changes in the data that is there.
    changes: Changes,
    /// What the record shall say.
    facts: Facts,
    data: Data,
    /// What of the data that is there goes on.
    goes_on: GoesOn,
    /// A record that has no use any more.
    ends: Option<RecordKey>,
    /// Whose session it is, and how many logouts there were before.
    sid: Option<Id>,
    logouts: u32,
}

#[derive(Clone)]
enum Step {
    /// Nothing but the end of `ends`.
    None,
    Create(Handle),
    Update(Box<Stored>),
    /// Nothing is left to be kept of an anonymous visitor.
    Remove(Box<Stored>),
    /// The last activity is noted, if nothing comes in between.
    Touch(Box<Stored>),
    Rotate {
        old: Box<Stored>,
        new: Handle,
        /// How long the old session may still be read, if this one is its renewal.
        grace: Option<Millis>,
    },
}

/// What of the data of a session goes on in the one after it.
#[derive(Clone, Copy)]
enum GoesOn {
    All,
    /// A guest's keys that a login carries on.
    Carried,
    Nothing,
}

/// What has come of a plan.
pub(crate) struct Saved {
    /// What the store has now.
    stored: Option<Box<Stored>>,
    data: Data,
    /// The data as it was when the plan was made.
    planned: Data,
    sid: Option<Id>,
    logouts: u32,
    guest_is_gone: bool,
}

/// Why a plan was not carried out.
pub(crate) enum NotSaved {
    /// The session was ended meanwhile.
    Ended,
    Failed(Error),
}

impl From<Error> for NotSaved {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Plan {
    /// What is to happen, if anything is.
    pub(crate) fn of(
        config: &Config,
        loaded: &mut Loaded,
        now: Millis,
    ) -> Result<Option<Self>, Error> {
        let facts = Facts::of(loaded, now);
        let ends = loaded
            .incoming
            .stale_record
            .filter(|_| loaded.former == Former::End);
        let user = facts
            .identity
            .as_ref()
            .map(|identity| user_key(config, &identity.user_id));
        let (step, goes_on, ends) = match (&facts.identity, loaded.stored.as_deref()) {
            (Some(_), None) if loaded.lost.is_some() => (Step::None, GoesOn::Nothing, ends),
            (Some(_), None) => {
                let handle = Handle::random(config, user)?;
                (Step::Create(handle), GoesOn::Nothing, ends)
            }
            (Some(identity), Some(stored)) => {
                let before = stored.facts.identity.as_ref();
                let goes_on = match before {
                    _ if loaded.data_is_anothers => GoesOn::Nothing,
                    Some(before) if before.user_id == identity.user_id => GoesOn::All,
                    Some(_) => GoesOn::Nothing,
                    None => GoesOn::Carried,
                };
                let step = if before.is_some_and(|before| before.sid == identity.sid) {
                    stays(config, loaded, stored, now)
                } else {
                    Step::Rotate {
                        old: Box::new(stored.clone()),
                        new: Handle::random(config, user)?,
                        grace: match loaded.former {
                            Former::Renewed { grace } => Some(grace),
                            Former::Stay | Former::End => None,
                        },
                    }
                };
                (step, goes_on, ends)
            }
            (None, stored) => {
                // The record of somebody whose user is gone stays what it is.
                let kept = stored.filter(|stored| stored.facts.identity.is_none());
                match kept {
                    _ if !loaded.data.is_changed() => (Step::None, GoesOn::All, ends),
                    Some(stored) if loaded.data.is_empty() => {
                        (Step::Remove(Box::new(stored.clone())), GoesOn::All, ends)
                    }
                    Some(stored) => (Step::Update(Box::new(stored.clone())), GoesOn::All, ends),
                    None if loaded.data.is_empty() => (Step::None, GoesOn::All, ends),
                    None => {
                        let handle = Handle::random(config, None)?;
                        (Step::Create(handle), GoesOn::Nothing, ends)
                    }
                }
            }
        };
        if matches!(step, Step::None) && ends.is_none() {
            return Ok(None);
        }
        let before = goes_on.of(config, loaded.data.original());
        Ok(Some(Self {
            changes: Changes::between(&before, &mut loaded.data),
            data: loaded.data.copied(),
            step,
            facts,
            goes_on,
            ends,
            sid: loaded.sid(),
            logouts: loaded.logouts,
        }))
    }

    /// Whether a save is about the last activity alone.
    pub(crate) fn only_touches(&self) -> bool {
        matches!(self.step, Step::Touch(_))
    }

    /// Does it.
    pub(crate) async fn carry_out(
        &mut self,
        config: &Config,
        store: &StoreCalls,
        now: Millis,
    ) -> Result<Saved, NotSaved> {
        let calls = store.begin(now);
        let saving = Saving {
            config,
            calls,
            facts: self.facts.clone(),
            goes_on: self.goes_on,
            changes: &mut self.changes,
        };
        let data = self.data.copied();
        let mut guest_is_gone = false;
        let (stored, data) = match self.step.clone() {
            Step::None => (None, data),
            Step::Create(handle) => saving.create(handle, data).await?,
            Step::Update(stored) => saving.update(stored.here(), data).await?,
            // Boxed, as all that happens seldom: each future of a save would have room for it.
            Step::Remove(stored) => {
                let (stored, data) = Box::pin(saving.remove(stored.here(), data)).await?;
                guest_is_gone = stored.is_none();
                (stored, data)
            }
            Step::Touch(stored) => saving.touch(stored, data).await?,
            Step::Rotate { old, new, grace } => {
                Box::pin(saving.rotate(old, new, grace, data)).await?
            }
        };
        if let Some(key) = self.ends {
            Box::pin(end(config, calls, key, None)).await?;
        }
        Ok(Saved {
            stored,
            data,
            planned: self.data.copied(),
            sid: self.sid,
            logouts: self.logouts,
            guest_is_gone,
        })
    }

    /// Gives the changes back that were not saved.
    pub(crate) fn put_back(self, loaded: &mut Loaded) {
        if loaded.logouts == self.logouts && loaded.sid() == self.sid {
            self.changes.put_back(&self.data, &mut loaded.data);
        }
    }
}

/// What becomes of a record whose session goes on under its key.
fn stays(config: &Config, loaded: &Loaded, stored: &Stored, now: Millis) -> Step {
    if loaded.data.is_changed() {
        return Step::Update(Box::new(stored.clone()));
    }
    let at = loaded.incoming.at;
    let due = config.seen_interval();
    let is_due = at.minus(stored.facts.last_seen) >= due
        // A later request may have noted a later time meanwhile.
        && now.minus(at) < due.max(Millis(1));
    if is_due && loaded.lost.is_none() {
        Step::Touch(Box::new(stored.clone()))
    } else {
        Step::None
    }
}

impl Facts {
    /// What the record of a request's session says, beside the data.
    fn of(loaded: &Loaded, now: Millis) -> Self {
        let before = loaded.stored.as_ref().map(|stored| &stored.facts);
        let goes_on = before.filter(|before| match (&before.identity, &loaded.identity) {
            (Some(before), Some(identity)) => before.sid.is_same_login(identity.sid),
            (None, None) => true,
            _ => false,
        });
        let identity = loaded.identity.clone();
        Self {
            begun_at: match (goes_on, &identity) {
                (Some(before), _) => before.begun_at,
                (None, Some(identity)) => identity.started_at,
                (None, None) => now,
            },
            last_seen: if identity.is_some() && goes_on.is_some() {
                loaded.incoming.at
            } else {
                now
            },
            label: match (&loaded.label, goes_on) {
                (Some(label), _) => Some(label.clone()),
                (None, Some(before)) => before.label.clone(),
                (None, None) => None,
            },
            identity,
        }
    }
}

impl GoesOn {
    fn of(self, config: &Config, mut data: Data) -> Data {
        match self {
            Self::All => data,
            Self::Carried => {
                data.retain(&config.carry_on_login);
                data
            }
            Self::Nothing => Data::default(),
        }
    }
}

/// A plan being carried out.
struct Saving<'p> {
    config: &'p Config,
    calls: Calls<'p>,
    facts: Facts,
    goes_on: GoesOn,
    changes: &'p mut Changes,
}

/// The version after this one.
fn next(version: u64) -> u64 {
    version.wrapping_add(1)
}

/// What the store has by then, and the data of it.
type Written = (Option<Box<Stored>>, Data);

impl Saving<'_> {
    fn record(&self, data: &Data, version: u64) -> Result<Record, NotSaved> {
        fits_a_record(data)?;
        Ok(self.facts.record(self.config, data, version))
    }

    fn written(self, handle: Handle, version: u64, data: Data) -> Written {
        let stored = Stored {
            handle,
            version,
            facts: self.facts,
        };
        (Some(Box::new(stored)), data)
    }

    async fn create(self, handle: Handle, data: Data) -> Result<Written, NotSaved> {
        let mut handle = handle;
        let record = self.record(&data, FIRST_VERSION)?;
        // That a random id is taken happens once in the lifetime of the universe, or where the random generator is broken.
        for _ in 0..3 {
            if self.calls.create(handle.key(), record.clone()).await? {
                return Ok(self.written(handle, FIRST_VERSION, data));
            }
            handle = Handle::random(self.config, record.user).map_err(Error::from)?;
        }
        Err(NotSaved::Failed(Error::Random))
    }

    async fn update(
        mut self,
        (handle, mut expected): (Handle, u64),
        mut data: Data,
    ) -> Result<Written, NotSaved> {
        for tries in 0.. {
            let record = self.record(&data, next(expected))?;
            match self.calls.update(handle.key(), expected, record).await? {
                Outcome::Done => return Ok(self.written(handle, next(expected), data)),
                Outcome::Gone => return Err(NotSaved::Ended),
                Outcome::Conflict => {
                    (expected, data) = Box::pin(self.again(handle, tries, "update")).await?;
                }
            }
        }
        Err(NotSaved::Ended)
    }

    /// Removes a guest's record, unless others have put something into it meanwhile.
    async fn remove(
        mut self,
        (handle, mut expected): (Handle, u64),
        mut data: Data,
    ) -> Result<Written, NotSaved> {
        for tries in 0.. {
            if !data.is_empty() {
                return self.update((handle, expected), data).await;
            }
            match self.calls.delete(handle.key(), Some(expected)).await? {
                Outcome::Done | Outcome::Gone => return Ok((None, data)),
                Outcome::Conflict => {
                    (expected, data) = Box::pin(self.again(handle, tries, "delete")).await?;
                }
            }
        }
        Err(NotSaved::Ended)
    }

    /// Notes the last activity. If something else has changed the record meanwhile, that was activity too.
    async fn touch(self, stored: Box<Stored>, data: Data) -> Result<Written, NotSaved> {
        let (handle, expected) = (stored.handle, stored.version);
        let record = self.record(&data, next(expected))?;
        match self.calls.update(handle.key(), expected, record).await? {
            Outcome::Done => Ok(self.written(handle, next(expected), data)),
            Outcome::Gone | Outcome::Conflict => Ok((Some(stored), data)),
        }
    }

    async fn rotate(
        mut self,
        old: Box<Stored>,
        mut new: Handle,
        grace: Option<Millis>,
        mut data: Data,
    ) -> Result<Written, NotSaved> {
        let mut expected = old.version;
        let was_guest = old.facts.identity.is_none();
        for tries in 0.. {
            let now = self.calls.now();
            let left = grace.map(|grace| Record {
                user: self.user(),
                expires_at: now.plus(UNDER_WAY).into(),
                version: next(expected),
                content: Renewed {
                    successor: new.key(),
                    readable_until: now.plus(grace),
                }
                .content(),
            });
            let rotation = Rotation {
                old: old.handle.key(),
                expected,
                left,
                new: new.key(),
                record: self.record(&data, FIRST_VERSION)?,
            };
            match self.calls.rotate(rotation).await? {
                Outcome::Done => return Ok(self.written(new, FIRST_VERSION, data)),
                // Nothing of a guest has to be there for a login.
                Outcome::Gone if was_guest => return self.create(new, data).await,
                Outcome::Gone => return Err(NotSaved::Ended),
                Outcome::Conflict => {
                    match Box::pin(self.again(old.handle, tries, "rotate")).await {
                        Ok(again) => {
                            (expected, data) = again;
                            // Should it have been the new key that was taken, another one is free.
                            new = Handle::random(self.config, self.user()).map_err(Error::from)?;
                        }
                        Err(NotSaved::Ended) if was_guest => return self.create(new, data).await,
                        Err(not_saved) => return Err(not_saved),
                    }
                }
            }
        }
        Err(NotSaved::Ended)
    }

    fn user(&self) -> Option<crate::store::UserKey> {
        let identity = self.facts.identity.as_ref()?;
        Some(user_key(self.config, &identity.user_id))
    }

    /// Reads the record once more, since another request has changed it meanwhile, and applies the changes to what it says by now.
    async fn again(
        &mut self,
        handle: Handle,
        tries: u32,
        verb: &'static str,
    ) -> Result<(u64, Data), NotSaved> {
        if self.calls.is_late() {
            return Err(self.calls.late(verb).into());
        }
        self.calls.pause(tries).await;
        let Some(record) = self.calls.load(handle.key()).await? else {
            return Err(NotSaved::Ended);
        };
        let version = record.version;
        match Content::decode(record) {
            Some(Content::Session(kept)) => {
                let mut data = self.goes_on.of(self.config, kept.data);
                self.changes.apply(&mut data)?;
                self.facts.last_seen = self.facts.last_seen.max(kept.facts.last_seen);
                Ok((version, data))
            }
            // It was renewed, and goes on elsewhere.
            _ => Err(NotSaved::Ended),
        }
    }
}

impl Loaded {
    /// The records that a logout ends. Nothing of them is there any more for what comes after.
    pub(crate) fn take_records(&mut self) -> Vec<RecordEnd> {
        let incoming = &mut self.incoming;
        let stored = self.stored.take().map(|stored| stored.at());
        let others = [incoming.stale_record.take(), incoming.missing_record.take()];
        let others = others.into_iter().flatten().map(|key| (key, None));
        stored.into_iter().chain(others).collect()
    }
}

impl Stored {
    /// The handle, and the version.
    fn here(&self) -> (Handle, u64) {
        (self.handle, self.version)
    }

    /// Where the record is, and its version.
    fn at(&self) -> RecordEnd {
        (self.handle.key(), Some(self.version))
    }
}

impl Saved {
    /// Notes what the store has now. What has been changed since the plan was made stays changed, but for what was updated: that has to
    /// run again, on what is there by now, once nothing is locked.
    pub(crate) fn note(self, loaded: &mut Loaded) -> Updaters {
        loaded.incoming.stale_record = None;
        loaded.guest_is_gone |= self.guest_is_gone;
        if loaded.logouts != self.logouts {
            // What was saved just then was to be ended.
            loaded
                .to_end
                .records
                .extend(self.stored.map(|stored| stored.at()));
            return Updaters::new();
        }
        loaded.stored = self.stored;
        if loaded.sid() != self.sid {
            // Somebody else has logged in meanwhile: the data is theirs.
            return Updaters::new();
        }
        loaded.data_is_anothers = false;
        let since = Changes::between(&self.planned, &mut loaded.data);
        loaded.data = self.data.as_read();
        since.apply_settled(&mut loaded.data);
        since.into_updated()
    }
}
