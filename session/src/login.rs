//! Beginning, renewing and ending a login.

use std::sync::Arc;

use crate::config::Config;
use crate::ending::Endings;
use crate::error::Error;
use crate::identity::{self, Renewal};
use crate::login_terms::{Login, claims_json, stamp};
use crate::seal::RandomFailed;
use crate::session::{Session, parse};
use crate::state::{Bearer, Lost, Sent, State};
use crate::telemetry::Happened;
use crate::wire::Id;
use serde::Serialize;
use serde::de::DeserializeOwned;

impl Session {
    /// Logs somebody in, by the id that the user loader takes.
    ///
    /// A new session begins, whoever was logged in before. Data gathered while anonymous moves over as far as `carry_on_login` names
    /// its keys; data of the same user moves over, that of another never does.
    ///
    /// # Errors
    ///
    /// [`Error::Stamp`], always, if the user loader has a `stamp`: then call [`login_user`](Self::login_user). [`Error::NotJson`], if the
    /// id is `null` or no JSON; [`Error::TooLarge`]; [`Error::TooLate`]; [`Error::Random`].
    pub fn login(&self, user_id: impl Serialize) -> Result<(), Error> {
        self.login_with(Login::new(user_id))
    }

    /// Logs somebody in, by id, where the user loader has a `stamp`: of the user, the login keeps a fingerprint of it.
    ///
    /// # Errors
    ///
    /// As [`login`](Self::login), and [`Error::Stamp`], if the user is not of the loader's type.
    pub fn login_user<U: Send + Sync + 'static>(
        &self,
        user_id: impl Serialize,
        user: &U,
    ) -> Result<(), Error> {
        self.login_with(Login::new(user_id).user(user))
    }

    /// Logs somebody in, with claims, for another time than usual, or remembered. See [`Login`].
    ///
    /// # Errors
    ///
    /// As [`login`](Self::login); [`Error::TooLong`]; [`Error::Stamp`]; [`Error::Ended`], if the login was begun with credentials that
    /// have changed since.
    pub fn login_with<I: Serialize>(&self, login: Login<'_, I>) -> Result<(), Error> {
        let terms = login.check(self.config())?;
        self.change(|config, loaded| identity::begin(config, loaded, terms))
    }

    /// Notes that somebody has begun to log in, and has yet to give a second factor: for ten minutes, until a login or logout.
    ///
    /// They are not logged in, and nothing but [`half_login`](Self::half_login) shows them. [`NextUrl::append_to`](crate::NextUrl::append_to)
    /// has an example of both pages. Keep such a fact here rather than under a
    /// key of your own: a guest's data can be put back by its owner for as long as guests last. For the same reason, count attempts at the
    /// second factor in a database.
    ///
    /// # Errors
    ///
    /// As [`login`](Self::login). If the user loader has a `stamp`, call [`begin_login_with`](Self::begin_login_with).
    pub fn begin_login(&self, user_id: impl Serialize) -> Result<(), Error> {
        self.begin_login_with(Login::new(user_id))
    }

    /// As [`begin_login`](Self::begin_login), where the user loader has a `stamp`: `Login::new(id).user(&user)`. The login that follows
    /// is refused if the stamp has changed by then. How long it lasts, and its claims, are for that login to say.
    ///
    /// # Errors
    ///
    /// As [`login_with`](Self::login_with).
    pub fn begin_login_with<I: Serialize>(&self, login: Login<'_, I>) -> Result<(), Error> {
        let terms = login.check(self.config())?;
        self.change(|config, loaded| identity::half(config, loaded, terms))
    }

    /// The id of who has begun to log in, as it was given to [`begin_login`](Self::begin_login).
    ///
    /// # Errors
    ///
    /// [`Error::WrongType`], if it is of another type.
    pub fn half_login<T: DeserializeOwned>(&self) -> Result<Option<T>, Error> {
        self.look(|loaded| {
            let half = loaded.pending.as_ref()?;
            Some(parse("user id", half.user_id.as_bytes()))
        })
        .flatten()
        .transpose()
    }

    /// Gives the session a new id, and ends the copies of its cookies that were made before: call it whenever somebody's rights change.
    /// Login time, lifetime, claims and data stay, the data as this request has read it. GET and HEAD requests may still read the old
    /// session for 30 seconds.
    ///
    /// With a store or a deny list, copies end everywhere; with cookies alone, only in this process, until it restarts.
    ///
    /// # Errors
    ///
    /// [`Error::NotLoggedIn`]; [`Error::TooLate`]; [`Error::Random`].
    pub fn renew(&self) -> Result<(), Error> {
        self.change(|config, loaded| identity::renew(config, loaded, Renewal::default()))
    }

    /// As [`renew`](Self::renew), with other claims. Where copies end, they end at once: there are no 30 seconds.
    ///
    /// With cookies alone, a copy with the old claims goes on in other processes, and in this one after a restart. So do not add a
    /// restriction to a login that is there: put it into the database, or end the logins by a `stamp`.
    ///
    /// # Errors
    ///
    /// As [`renew`](Self::renew), and [`Error::NotJson`] or [`Error::TooLarge`] for the claims.
    pub fn renew_with_claims(&self, claims: impl Serialize) -> Result<(), Error> {
        let renewal = Renewal {
            claims: Some(claims_json(&claims)?),
            ..Renewal::default()
        };
        self.change(|config, loaded| identity::renew(config, loaded, renewal))
    }

    /// As [`renew`](Self::renew), with the stamp that the user has now: after somebody has changed their password, say. Every other
    /// login of theirs ends, since its stamp is not the user's any more, and this one goes on.
    ///
    /// `user` is the user as they are from now on, as the user loader loads them.
    ///
    /// # Errors
    ///
    /// As [`renew`](Self::renew), and [`Error::Stamp`], if the loader has no stamp, or the user is not of its type.
    pub fn refresh_stamp<U: Send + Sync + 'static>(&self, user: &U) -> Result<(), Error> {
        let stamp = stamp(self.config(), Some(user))?;
        if stamp.is_none() {
            return Err(Error::Stamp(
                "the user loader has no stamp, so that other logins would go on: write `#[user_loader(stamp = User::password_hash)]`, say".to_owned(),
            ));
        }
        let renewal = Renewal {
            stamp,
            ..Renewal::default()
        };
        self.change(|config, loaded| identity::renew(config, loaded, renewal))
    }

    /// Ends the session: identity, data, and flashes of before. Harmless if nobody is logged in.
    ///
    /// Flashes that this request adds are kept, so that "You are logged out" can be shown.
    ///
    /// A GET that another site's page has started (a link, a picture) logs nobody out, unless the cross-site check is off: the log says
    /// so. Once the head of the response has left, the session still ends, but its cookies stay in the browser.
    pub fn logout(&self) {
        let config = self.config();
        let mut late = None;
        let result = match &mut *self.state() {
            State::Loaded(loaded)
                if loaded.incoming.is_cross_site_read && config.site_check.is_on =>
            {
                tracing::warn!(target: "muffin_session", "a logout that another site's page has started by a GET did not take place: log out by POST");
                return;
            }
            // A token has no session to end.
            State::Loaded(loaded) if loaded.bearer != Bearer::None => return,
            State::Loaded(loaded) => {
                // At once, so that it holds also if the request is given up before it is answered.
                let records = loaded.take_records();
                let logins = loaded.incoming.verified.clone();
                if config.store.is_some() || config.deny_list.is_some() {
                    loaded.to_end.records.extend(records);
                    loaded.to_end.logins.extend(logins);
                }
                loaded.ending = loaded.to_end.clone().in_background(config);
                loaded.logouts += 1;
                identity::end(config, loaded)
            }
            State::Sent(sent) => {
                late = sent.end(config);
                Err(Error::TooLate)
            }
            State::Untouched | State::Unreachable => Err(Error::TooLate),
        };
        if let Some(logout) = late {
            logout.tell(config);
        }
        if let Err(error) = result {
            tracing::error!(target: "muffin_session", %error, "a logout could not write its cookies");
        }
    }

    /// Whether an identity is there. With a user loader, whether the user still exists is known once the user was loaded.
    pub fn is_logged_in(&self) -> bool {
        self.look(|loaded| loaded.identity.is_some())
            .unwrap_or_default()
    }

    /// The id of who is logged in, as it was given to [`login`](Self::login). Whether that user still exists, and has the stamp that the
    /// login was made with, is known once something asks for the user: a guard, or [`CurrentUser`](crate::CurrentUser).
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

impl Sent {
    /// Ends the session after its response has left: nobody waits for it, and what fails is in the log. What that was, if it was not over.
    pub(crate) fn end(&mut self, config: &Arc<Config>) -> Option<Happened> {
        self.is_ended = true;
        let now = config.now();
        let logins = std::mem::take(&mut self.logins);
        config.ended.end_all(&logins, now);
        let mut logout = None;
        let records = match &mut self.loaded {
            Some(loaded) => {
                logout = match loaded.lost {
                    Some(Lost::Ended) => None,
                    _ => Happened::late_logout(loaded),
                };
                loaded.lost = Some(Lost::Ended);
                loaded.take_records()
            }
            None => Vec::new(),
        };
        drop(Endings { records, logins }.in_background(config));
        logout
    }
}

/// Bytes that the cookie of data with JSON of this many bytes takes, as browsers count. A guest's name is shorter: what fits a guest
/// must fit the login that it moves into.
pub(crate) fn data_cookie_size(config: &Config, json: usize) -> usize {
    config.names.data_len() + config.sealer.text_len(Id::LEN + json)
}

impl From<RandomFailed> for Error {
    fn from(RandomFailed: RandomFailed) -> Self {
        Self::Random
    }
}
