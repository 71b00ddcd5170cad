//! The user behind a session, loaded once a request.

use std::any::{TypeId, type_name};

use http::request::Parts;

use crate::loader::{AnyUser, Users};
use crate::login;
use crate::refusal::Refusal;
use crate::session::Session;

/// Marks a request whose user is being loaded.
#[derive(Clone)]
struct Loading;

impl Session {
    /// The user as a `U`.
    pub(crate) async fn user<U>(&self, parts: &mut Parts) -> Result<Option<U>, Refusal>
    where
        U: Clone + Send + Sync + 'static,
    {
        let wanted = type_name::<U>();
        match &self.config().users {
            Users::IdOnly => {
                return Err(Refusal::set_up(format_args!(
                    "a handler asks for a user of type `{wanted}`, and the sessions were built `.without_user_loader()`: give the builder `.user_loader(..)` instead, or read `session.user_id()`",
                )));
            }
            Users::Loaded(loader) => {
                let (id, known) = loader.user_type();
                if id != TypeId::of::<U>() {
                    return Err(Refusal::set_up(format_args!(
                        "a handler asks for a user of type `{wanted}`, and the user loader loads `{known}`: give the builder a `.user_loader(..)` for `{wanted}`, or ask for `CurrentUser<{known}>`",
                    )));
                }
            }
        }
        let user = self.any_user(parts).await?;
        Ok(user.and_then(|user| user.downcast_ref::<U>().cloned()))
    }

    /// Whether somebody is logged in who (still) exists.
    pub(crate) async fn is_somebody(&self, parts: &mut Parts) -> Result<bool, Refusal> {
        match self.config().users {
            Users::IdOnly => Ok(self.is_logged_in()),
            Users::Loaded(_) => Ok(self.any_user(parts).await?.is_some()),
        }
    }

    /// The user of whichever type the loader loads. The loader is asked once for each session that the request has.
    pub(crate) async fn any_user(&self, parts: &mut Parts) -> Result<Option<AnyUser>, Refusal> {
        let Users::Loaded(loader) = &self.config().users else {
            return Ok(None);
        };
        let known = self.look(|loaded| {
            let identity = loaded.identity.as_ref()?;
            let user = match &loaded.user {
                Some((sid, user)) if *sid == identity.sid => Some(user.clone()),
                _ => None,
            };
            Some((identity.sid, identity.user_id.clone(), user))
        });
        let (sid, user_id) = match known.flatten() {
            None => return Ok(None),
            Some((_, _, Some(user))) => return Ok(Some(user)),
            Some((sid, user_id, None)) => (sid, user_id),
        };

        // A loader whose extractor asks for the user would go round in circles.
        if parts.extensions.insert(Loading).is_some() {
            return Err(Refusal::set_up(
                "the user loader takes an extractor that asks for the user: load what it needs without it",
            ));
        }
        let user = loader.load(&user_id, parts).await;
        parts.extensions.remove::<Loading>();
        let user = user?;

        self.look(|loaded| {
            let unchanged = loaded.identity.as_ref().is_some_and(|now| now.sid == sid);
            match &user {
                _ if !unchanged => {}
                Some(user) => loaded.user = Some((sid, user.clone())),
                None => login::disown(loaded),
            }
        });
        Ok(user)
    }
}
