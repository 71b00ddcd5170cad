//! The store underneath: texts under ids, for a while.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tower_sessions_core::SessionStore;
use tower_sessions_core::session::{Id, Record};
use tower_sessions_core::session_store::Error;

use crate::store::{StoreError, Timestamp};

/// Everything is one text in one field: no store stumbles over it, whatever it makes of numbers and lists.
const FIELD: &str = "muffin-session";

/// How much longer than needed records are kept: no server's clock is wrong by more, even if its time zone is.
pub(super) const SLACK: Duration = Duration::from_secs(24 * 60 * 60);

/// The end of the year 9999, in seconds since the epoch: no later time has a name there.
const END_OF_TIME: u64 = 253_402_300_799;

/// What is under an id.
pub(super) enum Slot {
    Nothing,
    Text(String),
    /// Something that has not been put there by this library, or has been damaged since.
    Unreadable,
}

pub(super) struct Shelf<S> {
    store: S,
}

impl<S: SessionStore> Shelf<S> {
    pub(super) fn new(store: S) -> Self {
        Self { store }
    }

    pub(super) async fn get(&self, id: Id) -> Result<Slot, StoreError> {
        match self.store.load(&id).await {
            Ok(None) => Ok(Slot::Nothing),
            Ok(Some(mut record)) => Ok(match record.data.remove(FIELD) {
                Some(Value::String(text)) => Slot::Text(text),
                _ => Slot::Unreadable,
            }),
            Err(Error::Decode(_)) => Ok(Slot::Unreadable),
            Err(error) => Err(in_short(&error)),
        }
    }

    /// Whether anything is there.
    pub(super) async fn has(&self, id: Id) -> Result<bool, StoreError> {
        Ok(!matches!(self.get(id).await?, Slot::Nothing))
    }

    /// In place of what is there. Some stores refuse, or do nothing, if nothing is.
    pub(super) async fn replace(
        &self,
        id: Id,
        text: String,
        lifetime: Duration,
    ) -> Result<(), StoreError> {
        let record = record(id, text, lifetime);
        self.store
            .save(&record)
            .await
            .map_err(|error| in_short(&error))
    }

    /// Where nothing is. Whether it did, as far as the store can tell: some put it in place of what is there.
    pub(super) async fn add(
        &self,
        id: Id,
        text: String,
        lifetime: Duration,
    ) -> Result<bool, StoreError> {
        let mut record = record(id, text, lifetime);
        if let Err(error) = self.store.create(&mut record).await {
            // Some do not say why they have failed.
            return match self.has(id).await {
                Ok(true) => Ok(false),
                _ => Err(in_short(&error)),
            };
        }
        if record.id != id {
            // A store that finds the id taken draws another one, which nobody would look under.
            self.remove(record.id).await?;
            return Ok(false);
        }
        Ok(true)
    }

    pub(super) async fn remove(&self, id: Id) -> Result<(), StoreError> {
        self.store
            .delete(&id)
            .await
            .map_err(|error| in_short(&error))
    }
}

/// By this machine's clock: how long a record is still needed is known, when that is not.
fn record(id: Id, text: String, lifetime: Duration) -> Record {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let until = since_epoch
        .saturating_add(lifetime)
        .saturating_add(SLACK)
        .min(Duration::from_secs(END_OF_TIME));
    let expires = UNIX_EPOCH.checked_add(until).unwrap_or(UNIX_EPOCH);
    Record {
        id,
        data: [(FIELD.to_owned(), Value::String(text))].into(),
        expiry_date: expires.into(),
    }
}

/// A time that is later by the slack.
pub(super) fn with_slack(time: Timestamp) -> Timestamp {
    let slack = u64::try_from(SLACK.as_millis()).unwrap_or(u64::MAX);
    Timestamp::from_millis(time.as_millis().saturating_add(slack))
}

/// What stores say may hold addresses and content: it is not repeated.
fn in_short(error: &Error) -> StoreError {
    StoreError::new(match error {
        Error::Encode(_) => "the store could not write a session",
        Error::Decode(_) => "the store could not read a session",
        Error::Backend(_) => "the store's database failed",
    })
}
