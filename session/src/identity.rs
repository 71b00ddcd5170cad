//! What login, renewal and logout make of a request's session.

use crate::clock::Millis;
use crate::config::Config;
use crate::data::Data;
use crate::error::Error;
use crate::login_terms::{ClaimsJson, Terms};
use crate::stamp::Stamp;
use crate::state::{Former, HalfLogin, Loaded, Lost};
use crate::wire::{Audience, Id, Identity, MAX_IDENTITY, MAX_PENDING, Method, Pending};

/// How long requests that are under way may still read a session that was renewed.
const RENEWAL_GRACE: Millis = Millis(30_000);

/// Notes who has begun to log in.
pub(crate) fn half(config: &Config, loaded: &mut Loaded, terms: Terms) -> Result<(), Error> {
    let stamp = terms.stamp.as_ref();
    let half = HalfLogin {
        stamp: stamp.map(|stamp| config.sealer.fingerprint(&terms.user_id, stamp)),
        user_id: terms.user_id,
    };
    let length = half.user_id.len();
    let pending = Pending {
        out: loaded.mark,
        stamp: half.stamp,
        user_id: half.user_id.clone(),
    };
    let size = config.sealer.text_len(pending.encode().len());
    if size > MAX_PENDING {
        return Err(Error::TooLarge {
            size,
            limit: MAX_PENDING,
            largest: vec![("user id".to_owned(), length)],
        });
    }
    if loaded.lost.is_some() && loaded.identity.is_some() {
        return Err(Error::Ended);
    }
    loaded.set_pending(Some(half));
    Ok(())
}

/// Begins a session for a user, whoever was logged in before.
pub(crate) fn begin(config: &Config, loaded: &mut Loaded, terms: Terms) -> Result<(), Error> {
    let now = config.now();
    if let (Some(half), Some(stamp)) = (&loaded.pending, &terms.stamp)
        && half.user_id == terms.user_id
        && let Some(known) = half.stamp
        && !config
            .sealer
            .is_fingerprint(known, &terms.user_id, stamp, now)
    {
        // Somebody began with a password that is not the user's any more.
        return Err(Error::Ended);
    }
    let stamp = terms.stamp.as_ref();
    let identity = checked(
        config,
        Identity {
            sid: Id::random(&config.sealer)?,
            started_at: now,
            authenticated_at: now,
            expires_at: now.plus(terms.lasts),
            method: terms.method,
            out: loaded.mark,
            stamp: stamp.map(|stamp| config.sealer.fingerprint(&terms.user_id, stamp)),
            user_id: terms.user_id,
            claims: terms.claims.map(|ClaimsJson(json)| json),
        },
    )?;
    let before = loaded.leave();
    let is_same_user = before
        .as_ref()
        .is_some_and(|before| before.user_id == identity.user_id);
    if before.is_none() {
        loaded.data.retain(&config.carry_on_login);
    } else if !is_same_user {
        loaded.data = Data::default();
        loaded.data_is_anothers = true;
    }
    if matches!(loaded.incoming.audience, Audience::Session(_)) && !is_same_user {
        discard_flashes(config, loaded, now);
    }
    if let Some(message) = &config.login_message {
        // It has done what it was for.
        let audience = loaded.incoming.audience;
        loaded.flashes.open(config, audience, now);
        loaded.flashes.discard(message);
    }
    loaded.guest = None;
    loaded.user = None;
    loaded.lost = None;
    loaded.former = Former::End;
    loaded.set_pending(None);
    loaded.label = terms.label;
    loaded.identity = Some(identity);
    Ok(())
}

/// What a renewal changes beside the session's id.
#[derive(Default)]
pub(crate) struct Renewal {
    pub(crate) claims: Option<ClaimsJson>,
    pub(crate) stamp: Option<Stamp>,
    /// Whether a password or the like was given just now.
    pub(crate) confirms: bool,
}

/// Gives the session a new id. Nothing may go on with other claims or another stamp than those it gets.
pub(crate) fn renew(config: &Config, loaded: &mut Loaded, renewal: Renewal) -> Result<(), Error> {
    let Some(before) = &loaded.identity else {
        return Err(Error::NotLoggedIn);
    };
    if loaded.lost.is_some() {
        return Err(Error::Ended);
    }
    let grace = if renewal.claims.is_some() || renewal.stamp.is_some() {
        Millis(0)
    } else {
        RENEWAL_GRACE
    };
    let mut renewed = Identity {
        sid: before.sid.renewed(&config.sealer)?,
        ..before.clone()
    };
    if let Some(ClaimsJson(json)) = renewal.claims {
        renewed.claims = Some(json);
    }
    if let Some(stamp) = &renewal.stamp {
        renewed.stamp = Some(config.sealer.fingerprint(&renewed.user_id, stamp));
    }
    if renewal.confirms {
        renewed.authenticated_at = config.now();
        renewed.method = match before.method {
            Method::Interactive => Method::Interactive,
            Method::Remembered | Method::Confirmed => Method::Confirmed,
        };
    }
    let renewed = checked(config, renewed)?;
    loaded.confirmed |= renewal.confirms;
    loaded.former = match loaded.former {
        Former::Stay => Former::Renewed { grace },
        Former::Renewed { grace: other } => Former::Renewed {
            grace: grace.min(other),
        },
        Former::End => Former::End,
    };
    if let Some((sid, _)) = &mut loaded.user {
        // The same user, under another session id.
        *sid = renewed.sid;
    }
    loaded.identity = Some(renewed);
    Ok(())
}

/// Ends the session. What the request brought ends at once, also if the request is given up before it is answered.
pub(crate) fn end(config: &Config, loaded: &mut Loaded) -> Result<(), Error> {
    let now = config.now();
    config.ended.end_all(&loaded.incoming.verified, now);
    drop(loaded.leave());
    discard_flashes(config, loaded, now);
    loaded.data = Data::default();
    loaded.guest = None;
    loaded.user = None;
    loaded.lost = None;
    loaded.former = Former::End;
    loaded.set_pending(None);
    loaded.logged_out = true;
    loaded.mark = Some(Id::random(&config.sealer)?);
    Ok(())
}

/// Takes away an identity whose user is gone. Its cookie stays: removing it could race with a login.
pub(crate) fn disown(loaded: &mut Loaded) {
    let changes = loaded.data.is_changed();
    loaded.identity = None;
    loaded.data = Data::default();
    loaded.user = None;
    loaded.lost = Some(Lost::UserGone { changes });
}

/// Flashes that the request brought were for whoever it came from, and are not shown to the next.
fn discard_flashes(config: &Config, loaded: &mut Loaded, now: Millis) {
    let audience = loaded.incoming.audience;
    loaded.flashes.open(config, audience, now);
    loaded.flashes.discard_stored();
}

/// Refuses an identity that would leave no room for the data beside it.
fn checked(config: &Config, identity: Identity) -> Result<Identity, Error> {
    let size = config.sealer.text_len(identity.encode().len());
    if size > MAX_IDENTITY {
        let claims = identity.claims.as_ref().map_or(0, |claims| claims.len());
        return Err(Error::TooLarge {
            size,
            limit: MAX_IDENTITY,
            largest: vec![
                ("claims".to_owned(), claims),
                ("user id".to_owned(), identity.user_id.len()),
            ],
        });
    }
    Ok(identity)
}
