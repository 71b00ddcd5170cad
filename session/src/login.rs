//! Beginning, renewing and ending a login.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::clock::Millis;
use crate::config::Config;
use crate::cookie_names::Slot;
use crate::data::{self, Data};
use crate::error::Error;
use crate::seal::RandomFailed;
use crate::session::{Session, parse, to_json};
use crate::state::{Former, Loaded, Lost, State};
use crate::wire::{Audience, Id, Identity, MAX_IDENTITY, Method, Pending};

impl Session {
    /// Logs somebody in, by the id that the user loader takes.
    ///
    /// A new session begins, whoever was logged in before. Data gathered while anonymous moves over as far as `carry_on_login` names
    /// its keys; data of the same user moves over, that of another never does.
    ///
    /// # Errors
    ///
    /// [`Error::NotJson`], if the id is `null` or no JSON; [`Error::TooLarge`]; [`Error::TooLate`]; [`Error::Random`].
    pub fn login(&self, user_id: impl Serialize) -> Result<(), Error> {
        self.login_with(Login::new(user_id))
    }

    /// Logs somebody in, with claims. See [`Login`].
    ///
    /// # Errors
    ///
    /// As [`login`](Self::login).
    pub fn login_with<I: Serialize>(&self, login: Login<I>) -> Result<(), Error> {
        let (user_id, claims) = login.into_json()?;
        self.change(|config, loaded| begin(config, loaded, user_id, claims))
    }

    /// Notes that somebody has begun to log in, and has yet to give a second factor: for ten minutes, until a login or logout.
    ///
    /// They are not logged in, and nothing but [`half_login`](Self::half_login) shows them. [`NextUrl::append_to`](crate::NextUrl::append_to)
    /// has an example of both pages. Keep such a fact here rather than under a
    /// key of your own: a guest's data can be put back by its owner for as long as guests last.
    ///
    /// # Errors
    ///
    /// As [`login`](Self::login).
    pub fn begin_login(&self, user_id: impl Serialize) -> Result<(), Error> {
        let user_id = user_id_json(&user_id)?;
        self.change(|config, loaded| half(config, loaded, user_id))
    }

    /// The id of who has begun to log in, as it was given to [`begin_login`](Self::begin_login).
    ///
    /// # Errors
    ///
    /// [`Error::WrongType`], if it is of another type.
    pub fn half_login<T: DeserializeOwned>(&self) -> Result<Option<T>, Error> {
        self.look(|loaded| {
            let user_id = loaded.pending.as_ref()?;
            Some(parse("user id", user_id.as_bytes()))
        })
        .flatten()
        .transpose()
    }

    /// Gives the session a new id, so that older copies of its cookies are worth nothing: call it whenever somebody's rights change.
    /// Login time, lifetime, claims and data stay, the data as this request has read it. GET and HEAD requests may still read the old
    /// session for 30 seconds.
    ///
    /// # Errors
    ///
    /// [`Error::NotLoggedIn`]; [`Error::TooLate`]; [`Error::Random`].
    pub fn renew(&self) -> Result<(), Error> {
        self.change(|config, loaded| renew(config, loaded, None))
    }

    /// As [`renew`](Self::renew), with other claims. Nothing can go on with the old ones: there are no 30 seconds.
    ///
    /// # Errors
    ///
    /// As [`renew`](Self::renew), and [`Error::NotJson`] or [`Error::TooLarge`] for the claims.
    pub fn renew_with_claims(&self, claims: impl Serialize) -> Result<(), Error> {
        let claims = claims_json(&claims)?;
        self.change(|config, loaded| renew(config, loaded, Some(claims)))
    }

    /// Ends the session: identity, data, and flashes of before. Harmless if nobody is logged in.
    ///
    /// Flashes that this request adds are kept, so that "You are logged out" can be shown.
    ///
    /// A GET that another site's page has started (a link, a picture) logs nobody out, unless the cross-site check is off: the log says
    /// so. Once the head of the response has left, the session still ends, but its cookies stay in the browser.
    pub fn logout(&self) {
        let config = self.config();
        let result = match &mut *self.state() {
            State::Loaded(loaded)
                if loaded.incoming.is_cross_site_read && config.site_check.is_on =>
            {
                tracing::warn!(target: "muffin_session", "a logout that another site's page has started by a GET did not take place: log out by POST");
                return;
            }
            State::Loaded(loaded) => end(config, loaded),
            State::Sent(sessions) => {
                let now = config.now();
                for (key, until) in sessions.drain(..) {
                    config.ended.end(key, until, now);
                }
                Err(Error::TooLate)
            }
            State::Untouched => Err(Error::TooLate),
        };
        if let Err(error) = result {
            tracing::error!(target: "muffin_session", %error, "a logout could not write its cookies");
        }
    }

    /// Whether an identity is there. With a user loader, whether the user still exists is known once the user was loaded.
    pub fn is_logged_in(&self) -> bool {
        self.look(|loaded| loaded.identity.is_some())
            .unwrap_or_default()
    }

    /// The id of who is logged in, as it was given to [`login`](Self::login).
    ///
    /// # Errors
    ///
    /// [`Error::WrongType`], if it is of another type.
    pub fn user_id<T: DeserializeOwned>(&self) -> Result<Option<T>, Error> {
        self.look(|loaded| {
            let identity = loaded.identity.as_ref()?;
            Some(parse("user id", identity.user_id.as_bytes()))
        })
        .flatten()
        .transpose()
    }

    /// The claims that the login was given. See [`Login::claims`].
    ///
    /// # Errors
    ///
    /// [`Error::WrongType`], if they are of another type.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<Option<T>, Error> {
        self.look(|loaded| {
            let claims = loaded.identity.as_ref()?.claims.as_deref()?;
            Some(parse("claims", claims.as_bytes()))
        })
        .flatten()
        .transpose()
    }
}

/// How long requests that are under way may still read a session that was renewed.
const RENEWAL_GRACE: Millis = Millis(30_000);

/// A login: whose it is, and what goes with it. Given to [`Session::login_with`](crate::Session::login_with).
///
/// ```
/// use muffin_session::{Error, Login, Session};
/// use serde_json::json;
///
/// fn log_in(session: &Session) -> Result<(), Error> {
///     session.login_with(Login::new(42).claims(&json!({ "must_change_password": true }))?)
/// }
/// ```
#[derive(Clone)]
pub struct Login<I> {
    user_id: I,
    claims: Option<ClaimsJson>,
}

/// Neither the user nor the claims are shown.
impl<I> std::fmt::Debug for Login<I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Login(..)")
    }
}

/// Claims as JSON text, their keys in order.
#[derive(Clone)]
pub(crate) struct ClaimsJson(Box<str>);

impl<I: Serialize> Login<I> {
    /// The login of the user with this id.
    pub fn new(user_id: I) -> Self {
        Self {
            user_id,
            claims: None,
        }
    }

    /// Facts about the login that grant or restrict, such as a second factor that was given, or "must change the password".
    ///
    /// They are part of the identity itself: unlike data, an older copy of them cannot be put back beside it, and a missing cookie
    /// cannot hide them. Only a login and [`renew_with_claims`](crate::Session::renew_with_claims) set them.
    ///
    /// # Errors
    ///
    /// [`Error::NotJson`], if they are no JSON object.
    pub fn claims(mut self, claims: &impl Serialize) -> Result<Self, Error> {
        self.claims = Some(claims_json(claims)?);
        Ok(self)
    }

    /// The id, and the claims.
    pub(crate) fn into_json(self) -> Result<(Box<str>, Option<ClaimsJson>), Error> {
        Ok((user_id_json(&self.user_id)?, self.claims))
    }
}

/// An id as JSON text. `null` is nobody's.
fn user_id_json(user_id: &impl Serialize) -> Result<Box<str>, Error> {
    let json = to_json("user id", user_id)?;
    if json == "null" {
        return Err(Error::NotJson {
            key: "user id".to_owned(),
            reason: "null is nobody's id".to_owned(),
        });
    }
    Ok(json.into())
}

pub(crate) fn claims_json(claims: &impl Serialize) -> Result<ClaimsJson, Error> {
    let json = to_json("claims", claims)?;
    match data::in_order(&json) {
        Some(json) => Ok(ClaimsJson(json.into())),
        None => Err(Error::NotJson {
            key: "claims".to_owned(),
            reason: "claims are an object: a struct or a map".to_owned(),
        }),
    }
}

/// Notes who has begun to log in.
pub(crate) fn half(config: &Config, loaded: &mut Loaded, user_id: Box<str>) -> Result<(), Error> {
    let length = user_id.len();
    let pending = Pending {
        out: loaded.mark,
        stamp: None,
        user_id: user_id.clone(),
    };
    let size = config.sealer.text_len(pending.encode().len());
    if size > MAX_IDENTITY {
        return Err(Error::TooLarge {
            size,
            limit: MAX_IDENTITY,
            largest: vec![("user id".to_owned(), length)],
        });
    }
    if loaded.lost.is_some() && loaded.identity.is_some() {
        return Err(Error::Ended);
    }
    loaded.set_pending(Some(user_id));
    Ok(())
}

/// Begins a session for a user, whoever was logged in before.
pub(crate) fn begin(
    config: &Config,
    loaded: &mut Loaded,
    user_id: Box<str>,
    claims: Option<ClaimsJson>,
) -> Result<(), Error> {
    let now = config.now();
    let identity = checked(
        config,
        Identity {
            sid: Id::random(&config.sealer)?,
            started_at: now,
            authenticated_at: now,
            expires_at: now.plus(config.lifetime),
            method: Method::Interactive,
            out: loaded.mark,
            stamp: None,
            user_id,
            claims: claims.map(|ClaimsJson(json)| json),
        },
    )?;
    let before = loaded.identity.take();
    let is_same_user = before
        .as_ref()
        .is_some_and(|before| before.user_id == identity.user_id);
    if before.is_none() {
        loaded.data.retain(&config.carry_on_login);
    } else if !is_same_user {
        loaded.data = Data::default();
    }
    if matches!(loaded.incoming.audience, Audience::Session(_)) && !is_same_user {
        discard_flashes(config, loaded, now);
    }
    loaded.guest = None;
    loaded.user = None;
    loaded.lost = None;
    loaded.former = Former::End;
    loaded.set_pending(None);
    loaded.identity = Some(identity);
    Ok(())
}

/// Gives the session a new id, and other claims if there are any: then nothing may go on with the old ones.
pub(crate) fn renew(
    config: &Config,
    loaded: &mut Loaded,
    claims: Option<ClaimsJson>,
) -> Result<(), Error> {
    let Some(before) = &loaded.identity else {
        return Err(Error::NotLoggedIn);
    };
    if loaded.lost.is_some() {
        return Err(Error::Ended);
    }
    let grace = match claims {
        Some(_) => Millis(0),
        None => RENEWAL_GRACE,
    };
    let renewed = checked(
        config,
        Identity {
            sid: Id::random(&config.sealer)?,
            claims: match claims {
                Some(ClaimsJson(json)) => Some(json),
                None => before.claims.clone(),
            },
            ..before.clone()
        },
    )?;
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
    for &(key, until) in &loaded.incoming.verified {
        config.ended.end(key, until, now);
    }
    loaded.identity = None;
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

/// Bytes that the cookie of data with JSON of this many bytes takes, as browsers count. A guest's name is shorter: what fits a guest
/// must fit the login that it moves into.
pub(crate) fn data_cookie_size(config: &Config, json: usize) -> usize {
    let name = config.names.data(Slot::NOBODY).len();
    name + config.sealer.text_len(Id::LEN + json)
}

impl From<RandomFailed> for Error {
    fn from(RandomFailed: RandomFailed) -> Self {
        Self::Random
    }
}
