//! A login: whose it is, how long it lasts, and what goes with it.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::clock::Millis;
use crate::config::Config;
use crate::error::Error;
use crate::json;
use crate::loader::Users;
use crate::session::to_json;
use crate::stamp::Stamp;
use crate::wire::Method;

/// A login: whose it is, how long it lasts, and what goes with it. Given to [`Session::login_with`](crate::Session::login_with).
///
/// ```
/// use std::time::Duration;
/// use muffin_session::{Error, Login, Session};
/// use serde_json::json;
///
/// fn log_in(session: &Session, remember: bool) -> Result<(), Error> {
///     let mut login = Login::new(42).claims(&json!({ "must_change_password": true }))?;
///     if remember {
///         login = login.remember(Duration::from_hours(14 * 24));
///     }
///     session.login_with(login)
/// }
/// ```
#[derive(Clone)]
#[must_use = "a login does nothing until it is given to `session.login_with(..)`"]
pub struct Login<'u, I> {
    user_id: I,
    user: Option<&'u (dyn Any + Send + Sync)>,
    claims: Option<ClaimsJson>,
    lifetime: Option<Duration>,
    remember: Option<Duration>,
    label: Option<Box<str>>,
}

/// Neither the user nor the claims are shown.
impl<I> fmt::Debug for Login<'_, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(..)")
    }
}

/// Claims as JSON text, their keys in order.
#[derive(Clone)]
pub(crate) struct ClaimsJson(pub(crate) Box<str>);

impl<I: Serialize> Login<'static, I> {
    /// The login of the user with this id: the one that the user loader takes.
    pub fn new(user_id: I) -> Self {
        Self {
            user_id,
            user: None,
            claims: None,
            lifetime: None,
            remember: None,
            label: None,
        }
    }
}

impl<I: Serialize> Login<'_, I> {
    /// The user, as the user loader loads them. Needed where that loader has a `stamp`, of which the login keeps a fingerprint.
    pub fn user<U: Send + Sync + 'static>(self, user: &U) -> Login<'_, I> {
        Login {
            user: Some(user),
            user_id: self.user_id,
            claims: self.claims,
            lifetime: self.lifetime,
            remember: self.remember,
            label: self.label,
        }
    }

    /// Facts about the login that grant or restrict, such as a second factor that was given, or "must change the password".
    ///
    /// They are part of the identity itself: unlike data, an older copy of them cannot be put back beside it, and a missing cookie
    /// cannot hide them. Only a login and [`renew_with_claims`](crate::Session::renew_with_claims) set them; the latter says where copies
    /// with older claims end.
    ///
    /// # Errors
    ///
    /// [`Error::NotJson`], if they are no JSON object.
    pub fn claims(mut self, claims: &impl Serialize) -> Result<Self, Error> {
        self.claims = Some(claims_json(claims)?);
        Ok(self)
    }

    /// Ends the login sooner than the builder's `lifetime` would: with a token of an identity provider, say. A longer one changes
    /// nothing.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }

    /// Keeps the login for this long, also when the browser is closed: "remember me". Otherwise it ends with the browser (unless the
    /// builder has a `max_age`) and with the builder's `lifetime`.
    ///
    /// Whoever finds the browser later finds it logged in. A remembered login is therefore not a fresh one, from its very beginning:
    /// handlers that ask for `fresh = ".."` want the password first. At most the builder's `remember_limit`.
    pub fn remember(mut self, duration: Duration) -> Self {
        self.remember = Some(duration);
        self
    }

    /// What to call the browser or device in a list of the user's sessions, such as its `User-Agent`. At most 255 bytes of it are kept,
    /// and only where sessions are in a store. It is what the visitor sent: escape it where it is shown.
    pub fn label(mut self, label: &str) -> Self {
        let label = &label[..label.floor_char_boundary(MAX_LABEL)];
        self.label = (!label.is_empty()).then(|| label.into());
        self
    }

    /// What it says, checked.
    pub(crate) fn check(self, config: &Config) -> Result<Terms, Error> {
        let user_id = user_id_json(&self.user_id)?;
        let stamp = stamp(config, self.user)?;
        let (method, mut lasts) = match self.remember.map(Millis::from) {
            None => (Method::Interactive, config.lifetime),
            Some(asked) if asked <= config.remember_limit => (Method::Remembered, asked),
            Some(asked) => {
                return Err(Error::TooLong {
                    asked: asked.into(),
                    limit: config.remember_limit.into(),
                });
            }
        };
        if let Some(lifetime) = self.lifetime {
            lasts = lasts.min(lifetime.into());
        }
        Ok(Terms {
            user_id,
            claims: self.claims,
            stamp,
            method,
            lasts,
            label: self.label,
        })
    }
}

/// What a login says, all of it checked.
pub(crate) struct Terms {
    /// As JSON text.
    pub(crate) user_id: Arc<str>,
    pub(crate) claims: Option<ClaimsJson>,
    pub(crate) stamp: Option<Stamp>,
    pub(crate) method: Method,
    /// How long it lasts, at most.
    pub(crate) lasts: Millis,
    pub(crate) label: Option<Box<str>>,
}

/// Bytes of a label.
const MAX_LABEL: usize = 255;

/// The user's stamp, if the loader has one: then there must be a user.
pub(crate) fn stamp(
    config: &Config,
    user: Option<&(dyn Any + Send + Sync)>,
) -> Result<Option<Stamp>, Error> {
    let loader = match &config.users {
        Users::Loaded(loader) if loader.has_stamp() => loader,
        Users::Loaded(_) | Users::IdOnly => return Ok(None),
    };
    let wanted = loader.user_type().1;
    let Some(user) = user else {
        return Err(Error::Stamp(format!(
            "the user loader has a stamp, and the login has no user to take it from: write `session.login_user(id, &user)`, or `Login::new(id).user(&user)`, with a `{wanted}`"
        )));
    };
    match loader.stamp(user) {
        None => Err(Error::Stamp(format!(
            "the user that was given is not of the type that the user loader loads: give a `&{wanted}`"
        ))),
        Some(Err(error)) => Err(Error::Stamp(error.to_string())),
        Some(Ok(stamp)) => Ok(Some(stamp)),
    }
}

/// An id as JSON text. `null` is nobody's.
pub(crate) fn user_id_json(user_id: &impl Serialize) -> Result<Arc<str>, Error> {
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
    match json::in_order(&json) {
        Some(json) => Ok(ClaimsJson(json.into())),
        None => Err(Error::NotJson {
            key: "claims".to_owned(),
            reason: "claims are an object: a struct or a map".to_owned(),
        }),
    }
}
