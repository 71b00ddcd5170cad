//! Moving sessions: out of cookies or another store into a store, and out of a store into cookies. Each moves once.
//!
//! What is moved into a store goes to a place that follows from where it was, so that of several requests at once each comes to the same
//! record. A mark stays as long as the session could have lasted: what has been moved and has ended since does not come back.

use crate::clock::Millis;
use crate::config::Config;
use crate::ending::remove;
use crate::error::Error;
use crate::handle::{Handle, moved_mark, user_key};
use crate::record::{self, Content, Facts};
use crate::standing::{Counting, Shown};
use crate::store::{Outcome, Record, RecordKey, Timestamp};
use crate::store_calls::{Calls, StoreCalls};

/// The version that a record begins with.
pub(crate) const FIRST_VERSION: u64 = 1;

/// A session that has been moved out of cookies, or was before.
pub(crate) struct Moved {
    pub(crate) handle: Handle,
    /// `None` if it has ended since.
    pub(crate) record: Option<Record>,
}

/// Moves a session out of cookies.
pub(crate) async fn from_cookies(
    config: &Config,
    calls: Calls<'_>,
    shown: &Shown,
    counting: &Counting,
) -> Result<Moved, Error> {
    let identity = &shown.identity;
    let handle = Handle::moved(identity.sid, user_key(config, &identity.user_id));
    let key = handle.key();
    let until = identity.expires_at.into();
    let record = if let Some(there) = calls.load(key).await? {
        mark(calls, key, &there, until).await?;
        Some(there)
    } else {
        let facts = Facts {
            begun_at: identity.started_at,
            last_seen: counting.last_activity,
            label: None,
            identity: Some(identity.clone()),
        };
        let record = facts.record(config, &counting.data, FIRST_VERSION);
        move_in(config, calls, key, record, until).await?
    };
    Ok(Moved { handle, record })
}

/// A record of the store, or of the store of before, out of which it is then moved.
pub(crate) async fn load(
    config: &Config,
    calls: Calls<'_>,
    key: RecordKey,
) -> Result<Option<Record>, Error> {
    if let Some(record) = calls.load(key).await? {
        return Ok(Some(record));
    }
    match (&config.moving_from, &config.store) {
        (Some(old), Some(_)) => Box::pin(take_over(config, old, calls, key)).await,
        _ => Ok(None),
    }
}

/// Moves a record out of the store of before, if it is there.
async fn take_over(
    config: &Config,
    old: &StoreCalls,
    calls: Calls<'_>,
    key: RecordKey,
) -> Result<Option<Record>, Error> {
    let old = old.begin(calls.now());
    let Some(record) = old.load(key).await? else {
        return Ok(None);
    };
    let until = longest(&record);
    let moved = move_in(config, calls, key, record, until).await?;
    old.delete(key, None).await?;
    Ok(moved)
}

/// Puts a record where it belongs, unless it was there before and has ended since.
async fn move_in(
    config: &Config,
    calls: Calls<'_>,
    key: RecordKey,
    record: Record,
    until: Timestamp,
) -> Result<Option<Record>, Error> {
    let (mark_key, _) = moved_mark(key);
    if calls.load(mark_key).await?.is_some() {
        return Ok(None);
    }
    // The upper part of the version tells this move from another request's.
    let random = u32::from_be_bytes(config.sealer.random()?);
    let record = Record {
        version: u64::from(random) << LINEAGE | FIRST_VERSION,
        ..record
    };
    if !calls.create(key, record.clone()).await? {
        // Another request was faster.
        let Some(there) = calls.load(key).await? else {
            return Ok(None);
        };
        mark(calls, key, &there, until).await?;
        return Ok(Some(there));
    }
    if mark(calls, key, &record, until).await? {
        return Ok(Some(record));
    }
    // Somebody has moved it in between, and it has ended since: what was made here is its ghost.
    calls.delete(key, Some(record.version)).await?;
    Ok(None)
}

/// Bits of a version that count a moved record's changes.
const LINEAGE: u32 = 20;

/// Has the mark there. Whether it is of this very record.
async fn mark(
    calls: Calls<'_>,
    key: RecordKey,
    record: &Record,
    until: Timestamp,
) -> Result<bool, Error> {
    let (mark_key, owner) = moved_mark(key);
    let lineage = record.version >> LINEAGE;
    let mark = Record {
        user: Some(owner),
        expires_at: until,
        version: lineage,
        content: record::moved(),
    };
    if calls.create(mark_key, mark).await? {
        return Ok(true);
    }
    let known = calls.load(mark_key).await?;
    Ok(known.is_none_or(|mark| mark.version == lineage))
}

/// When a record's session is over, however active somebody is.
fn longest(record: &Record) -> Timestamp {
    match Content::decode(record.clone()) {
        Some(Content::Session(kept)) => match &kept.facts.identity {
            Some(identity) => identity.expires_at.into(),
            None => record.expires_at,
        },
        _ => record.expires_at,
    }
}

/// How long what has been moved into cookies may still be read where it was: requests come with the cookie of before that were under way,
/// or whose answer got lost. Whatever ends the session ends that too.
const LEAVING: Millis = Millis(600_000);

/// Has what has been moved into cookies end soon.
pub(crate) async fn leave(calls: Calls<'_>, key: RecordKey) -> Result<(), Error> {
    let soon = calls.now().plus(LEAVING).into();
    let mut tries = 0;
    while let Some(record) = calls.load(key).await? {
        if record.expires_at <= soon {
            return Ok(());
        }
        let expected = record.version;
        let leaving = Record {
            expires_at: soon,
            version: expected.wrapping_add(1),
            ..record
        };
        match calls.update(key, expected, leaving).await? {
            Outcome::Done | Outcome::Gone => return Ok(()),
            Outcome::Conflict if calls.is_late() => return Err(calls.late("update")),
            Outcome::Conflict => calls.pause(tries).await,
        }
        tries += 1;
    }
    Ok(())
}

/// Ends what has been moved into cookies where it was.
pub(crate) async fn end(calls: Calls<'_>, key: RecordKey) -> Result<(), Error> {
    let mut next = Some(key);
    while let Some(key) = next {
        next = remove(calls, key, None).await?;
    }
    Ok(())
}
