//! Ending sessions where it is known that they are: their records in a store, and their logins on a deny list.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tracing::Instrument as _;

use crate::config::Config;
use crate::deny_list;
use crate::error::Error;
use crate::record::Content;
use crate::state::Ending;
use crate::store::{Outcome, RecordKey};
use crate::store_calls::Calls;

/// A record that is to be removed: whatever its version, or this one if nothing has changed it.
pub(crate) type RecordEnd = (RecordKey, Option<u64>);

/// What is to be ended, until it is known that it has.
#[derive(Clone, Default)]
pub(crate) struct Endings {
    pub(crate) records: Vec<RecordEnd>,
    pub(crate) logins: Vec<Ending>,
}

impl Endings {
    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty() && self.logins.is_empty()
    }

    /// Forgets those that `done` has ended.
    pub(crate) fn forget(&mut self, done: &Self) {
        self.records.drain(..done.records.len());
        self.logins.drain(..done.logins.len());
    }

    /// Ends them. It does no harm to do it twice.
    pub(crate) async fn carry_out(&self, config: &Config) -> Result<(), Error> {
        let now = config.now();
        if let Some(store) = &config.store {
            for &(key, version) in &self.records {
                end(config, store.begin(now), key, version).await?;
            }
        }
        deny_list::end(config, &self.logins, now).await
    }

    /// Ends them without anybody who waits for it, if there is a runtime to do it.
    pub(crate) fn in_background(
        self,
        config: &Arc<Config>,
    ) -> Option<JoinHandle<Result<(), Error>>> {
        if self.is_empty() {
            return None;
        }
        let config = config.clone();
        let ending = async move { self.carry_out(&config).await };
        let runtime = Handle::try_current().ok()?;
        Some(runtime.spawn(ending.in_current_span()))
    }
}

/// Removes a session's record, and if it was renewed meanwhile, its successor's: in the store, and in the one that it is moved from.
pub(crate) async fn end(
    config: &Config,
    calls: Calls<'_>,
    key: RecordKey,
    version: Option<u64>,
) -> Result<(), Error> {
    let mut next = Some(key);
    let mut version = version;
    // Each renewal leaves a record for a little while that says where the session has gone.
    while let Some(key) = next.take() {
        next = remove(calls, key, version.take()).await?;
        if let Some(old) = &config.moving_from {
            let successor = remove(old.begin(calls.now()), key, None).await?;
            next = next.or(successor);
        }
    }
    Ok(())
}

/// Removes a record. Where its session has gone, if it was renewed.
pub(crate) async fn remove(
    calls: Calls<'_>,
    key: RecordKey,
    version: Option<u64>,
) -> Result<Option<RecordKey>, Error> {
    let mut known = version;
    let mut tries = 0;
    loop {
        let (version, successor) = match known.take() {
            Some(version) => (version, None),
            None => match calls.load(key).await? {
                None => return Ok(None),
                Some(record) => {
                    let version = record.version;
                    match Content::decode(record) {
                        Some(Content::Renewed(renewed)) => (version, Some(renewed.successor)),
                        _ => (version, None),
                    }
                }
            },
        };
        match calls.delete(key, Some(version)).await? {
            Outcome::Done | Outcome::Gone => return Ok(successor),
            Outcome::Conflict if calls.is_late() => return Err(calls.late("delete")),
            Outcome::Conflict => calls.pause(tries).await,
        }
        tries += 1;
    }
}
