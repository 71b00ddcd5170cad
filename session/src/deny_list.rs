//! The deny list of signed cookies: which logins have ended, in a store that all processes see.

use crate::clock::Millis;
use crate::config::Config;
use crate::denials::Denials;
use crate::ended::{Ended, Key};
use crate::error::Error;
use crate::handle::{denials_key, user_key};
use crate::moving::FIRST_VERSION;
use crate::record::{self, Content};
use crate::save::NotSaved;
use crate::state::{Ending, Former, Loaded};
use crate::store::{Outcome, Record, UserKey};
use crate::store_calls::{Calls, StoreCalls};
use crate::wire::Identity;

/// Whether the list says that a session of this user is over, or about to be.
pub(crate) async fn get(calls: Calls<'_>, user: UserKey, key: Key) -> Result<Option<Ended>, Error> {
    let (at, _) = denials_key(user);
    let denials = read(calls, calls.load(at).await?)?;
    Ok(denials.get(key))
}

/// Whether the deny list, if there is one, says that a session of this user is over, or about to be.
pub(crate) async fn verdict(
    config: &Config,
    now: Millis,
    user_id: &str,
    key: Key,
) -> Result<Option<Ended>, Error> {
    match &config.deny_list {
        Some(list) => get(list.begin(now), user_key(config, user_id), key).await,
        None => Ok(None),
    }
}

/// A session that a request puts into another one's place.
pub(crate) struct Renewal {
    key: Key,
    identity: Identity,
    grace: Millis,
}

impl Renewal {
    pub(crate) fn of(loaded: &Loaded) -> Option<Self> {
        match (loaded.former, loaded.incoming.session, &loaded.identity) {
            (Former::Renewed { grace }, Some((key, _)), Some(identity)) => Some(Self {
                key,
                identity: identity.clone(),
                grace,
            }),
            _ => None,
        }
    }
}

/// Writes a renewal down, unless the session of before has ended.
pub(crate) async fn renew(config: &Config, renewal: Renewal, now: Millis) -> Result<(), NotSaved> {
    let Some(list) = &config.deny_list else {
        return Ok(());
    };
    let Renewal {
        key,
        identity,
        grace,
    } = renewal;
    let user = user_key(config, &identity.user_id);
    let (_, successor) = identity.sid.halves();
    let until = identity.expires_at;
    let readable_until = match grace {
        Millis(0) => grace,
        grace => now.plus(grace),
    };
    let replaced = change(config, list, user, now, |denials| {
        denials.replace(key, successor, readable_until, until, now)
    });
    if replaced.await? {
        Ok(())
    } else {
        Err(NotSaved::Ended)
    }
}

/// Ends these logins.
pub(crate) async fn end(config: &Config, endings: &[Ending], now: Millis) -> Result<(), Error> {
    let Some(list) = &config.deny_list else {
        return Ok(());
    };
    for ending in endings {
        let (key, until) = (ending.key, ending.until);
        if let Some(user) = ending.user {
            change(config, list, user, now, |denials| {
                denials.end(key, until, now);
            })
            .await?;
        }
    }
    Ok(())
}

/// Ends all logins of a user but one, if that one has not ended itself: whether that is so.
pub(crate) async fn end_all(
    config: &Config,
    list: &StoreCalls,
    user: UserKey,
    spared: Option<Key>,
    now: Millis,
) -> Result<bool, Error> {
    change(config, list, user, now, |denials| {
        denials.end_all(spared, now)
    })
    .await
}

/// Changes what the list says of a user, whatever others do at the same time.
async fn change<T>(
    config: &Config,
    list: &StoreCalls,
    user: UserKey,
    now: Millis,
    mut change: impl FnMut(&mut Denials) -> T,
) -> Result<T, Error> {
    let calls = list.begin(now);
    let (at, owner) = denials_key(user);
    let mut tries = 0;
    loop {
        let known = calls.load(at).await?;
        let version = known.as_ref().map(|record| record.version);
        let mut denials = read(calls, known)?;
        let changed = change(&mut denials);
        let record = Record {
            user: Some(owner),
            expires_at: denials.until(config.longest_lifetime()).into(),
            version: version.map_or(FIRST_VERSION, |version| version.wrapping_add(1)),
            content: record::denials(&denials),
        };
        let done = match version {
            None => calls.create(at, record).await?,
            Some(version) => calls.update(at, version, record).await? == Outcome::Done,
        };
        if done {
            return Ok(changed);
        }
        if calls.is_late() {
            return Err(calls.late("update"));
        }
        calls.pause(tries).await;
        tries += 1;
    }
}

/// What the list says of a user. What cannot be read is no empty list: somebody who was logged out would be in again.
fn read(calls: Calls<'_>, record: Option<Record>) -> Result<Denials, Error> {
    match record.map(Content::decode) {
        None => Ok(Denials::default()),
        Some(Some(Content::Denials(denials))) => Ok(denials),
        Some(_) => Err(calls.failed("load", &"the user's ended logins cannot be read")),
    }
}
