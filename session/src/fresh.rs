//! Fresh logins: whether a password was given not long ago.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::clock::Millis;
use crate::error::Error;
use crate::identity::{self, Renewal};
use crate::session::Session;
use crate::wire::Method;

impl Session {
    /// When somebody who is logged in last gave a password or the like: at the login, or at
    /// [`confirm_login`](Self::confirm_login). `None` if nobody is logged in. Of a remembered login it is when it began.
    pub fn authenticated_at(&self) -> Option<SystemTime> {
        let at = self.look(|loaded| Some(loaded.identity.as_ref()?.authenticated_at));
        UNIX_EPOCH.checked_add(at.flatten()?.into())
    }

    /// Whether somebody is logged in who gave a password or the like less than `within` ago. A remembered login is not fresh, however
    /// young it is, until [`confirm_login`](Self::confirm_login).
    ///
    /// `#[login_required(fresh = "10m")]` asks this before a handler runs.
    pub fn is_fresh(&self, within: Duration) -> bool {
        let now = self.config().now();
        self.look(|loaded| {
            loaded.identity.as_ref().is_some_and(|identity| {
                identity.method != Method::Remembered
                    && now < identity.authenticated_at.plus(Millis::from(within))
            })
        })
        .unwrap_or_default()
    }

    /// Whether somebody is logged in whose login outlives the browser: [`Login::remember`](crate::Login::remember).
    pub fn is_remembered(&self) -> bool {
        let method = self.look(|loaded| Some(loaded.identity.as_ref()?.method));
        method.flatten().is_some_and(Method::is_remembered)
    }

    /// Notes that whoever is logged in has just given their password again: the login is fresh from now on. Check the password first.
    ///
    /// It renews the session's id; the end of the login stays where it is.
    ///
    /// ```
    /// use axum::Form;
    /// use axum::response::Redirect;
    /// use muffin_session::{CurrentUser, Error, NextUrl, Session, login_required};
    /// # #[derive(Clone)] struct User;
    /// # impl User { fn has_password(&self, _: &str) -> bool { true } }
    /// # #[derive(serde::Deserialize)] struct Confirm { password: String }
    ///
    /// #[login_required]
    /// async fn confirm(
    ///     CurrentUser(user): CurrentUser<User>,
    ///     session: Session,
    ///     next: NextUrl,
    ///     Form(form): Form<Confirm>,
    /// ) -> Result<Redirect, Error> {
    ///     if user.has_password(&form.password) {
    ///         session.confirm_login()?;
    ///         return Ok(next.redirect_or("/"));
    ///     }
    ///     session.flash_with("error", "That is not your password")?;
    ///     Ok(Redirect::to(&next.append_to("/confirm")))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`renew`](Self::renew).
    pub fn confirm_login(&self) -> Result<(), Error> {
        let renewal = Renewal {
            confirms: true,
            ..Renewal::default()
        };
        self.change(|config, loaded| identity::renew(config, loaded, renewal))
    }
}
