//! The user behind a request, loaded once: behind its session, or behind its token.

use std::sync::Arc;

use http::request::Parts;

use crate::identity::disown;
use crate::loader::{AnyUser, ErasedLoader, Users};
use crate::refusal::Refusal;
use crate::session::Session;
use crate::stamp::Fingerprint;
use crate::state::{Bearer, Loaded};
use crate::telemetry::{self, RejectedFor};
use crate::wire::Id;

/// Marks a request whose user is being loaded: a loader whose extractor asks for the user would go round in circles.
#[derive(Clone)]
struct Loading;

/// A request that is marked, for as long as the loader has it: also if nobody waits for the loader any more.
struct Marked<'p>(&'p mut Parts);

impl<'p> Marked<'p> {
    fn new(parts: &'p mut Parts) -> Result<Self, Refusal> {
        if parts.extensions.insert(Loading).is_some() {
            return Err(Refusal::set_up(
                "the user loader takes an extractor that asks for the user: load what it needs without it",
            ));
        }
        Ok(Self(parts))
    }
}

impl Drop for Marked<'_> {
    fn drop(&mut self) {
        self.0.extensions.remove::<Loading>();
    }
}

/// Who a request says that it comes from.
struct Claimed {
    by: By,
    /// The user's id as JSON text, or the token as a JSON text.
    id: Arc<str>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Session(Id, Option<Fingerprint>),
    Token,
}

impl By {
    /// What a loaded user is kept under.
    fn key(self) -> Id {
        match self {
            Self::Session(sid, _) => sid,
            Self::Token => Id([0; Id::LEN]),
        }
    }
}

impl Session {
    /// The user, of the type that the loader loads.
    pub(crate) async fn user<U>(&self, parts: &mut Parts) -> Result<Option<U>, Refusal>
    where
        U: Clone + Send + Sync + 'static,
    {
        let user = self.any_user(parts).await?;
        Ok(user.and_then(|user| user.downcast_ref::<U>().cloned()))
    }

    /// The user, of whichever type the loader loads, if this request has loaded them and they are still logged in.
    #[cfg(feature = "minijinja")]
    pub(crate) fn loaded_user(&self) -> Option<AnyUser> {
        match self.look(|loaded| claimed(loaded)).flatten() {
            Some(Known::User(user)) => Some(user),
            Some(Known::Failed | Known::Claimed(_)) | None => None,
        }
    }

    /// Whether somebody is logged in who (still) exists, or has sent a token that is somebody's.
    pub(crate) async fn is_somebody(&self, parts: &mut Parts) -> Result<bool, Refusal> {
        match self.config().users {
            Users::IdOnly => Ok(self.is_logged_in()),
            Users::Loaded(_) => Ok(self.any_user(parts).await?.is_some()),
        }
    }

    /// The user of whichever type the loader loads. The loader is asked once for each session that the request has, or for its token.
    pub(crate) async fn any_user(&self, parts: &mut Parts) -> Result<Option<AnyUser>, Refusal> {
        let Users::Loaded(sessions_loader) = &self.config().users else {
            return Ok(None);
        };
        let claimed = match self.look(|loaded| claimed(loaded)).flatten() {
            None => return Ok(None),
            Some(Known::User(user)) => return Ok(Some(user)),
            // The log has said why.
            Some(Known::Failed) => return Err(Refusal::failed()),
            Some(Known::Claimed(claimed)) => claimed,
        };
        let loader = match (claimed.by, &self.config().tokens) {
            (By::Token, Some(tokens)) => &tokens.loader,
            (By::Token | By::Session(..), _) => sessions_loader,
        };
        let user = if loader.takes_extractors() {
            let marked = Marked::new(parts)?;
            loader.load(&claimed.id, marked.0).await
        } else {
            loader.load(&claimed.id, parts).await
        };
        if user.is_err() {
            self.look(|loaded| loaded.load_failed = true);
        }
        let user = match user? {
            Some(user) if self.has_stamp_of(&**loader, &claimed, &user)? => Some(user),
            user => {
                let reason = match user {
                    Some(_) => RejectedFor::StampChanged,
                    None => RejectedFor::UserGone,
                };
                self.tell_disowned(parts, &claimed, reason);
                None
            }
        };

        self.look(|loaded| {
            let unchanged = claimed_by(loaded).is_some_and(|now| now.key() == claimed.by.key());
            match &user {
                _ if !unchanged => {}
                Some(user) => loaded.user = Some((claimed.by.key(), user.clone())),
                None if claimed.by == By::Token => loaded.bearer = Bearer::Nobodys,
                None => disown(loaded),
            }
        });
        Ok(user)
    }

    /// Whether the user's stamp is still the one that the login was made with. A token has none.
    fn has_stamp_of(
        &self,
        loader: &dyn ErasedLoader,
        claimed: &Claimed,
        user: &AnyUser,
    ) -> Result<bool, Refusal> {
        let By::Session(_, fingerprint) = claimed.by else {
            return Ok(true);
        };
        if !loader.has_stamp() {
            return Ok(true);
        }
        let config = self.config();
        let stamp = match loader.stamp(&**user) {
            Some(Ok(stamp)) => stamp,
            Some(Err(error)) => return Err(error.into_refusal()),
            // What a loader loads is of its own type.
            None => return Ok(false),
        };
        let is_same = fingerprint.is_some_and(|known| {
            config
                .sealer
                .is_fingerprint(known, &claimed.id, &stamp, config.now())
        });
        Ok(is_same)
    }

    /// Tells that somebody's login does not count, since of their user. A token is no login, and no secret of it is told.
    fn tell_disowned(&self, parts: &Parts, claimed: &Claimed, reason: RejectedFor) {
        if let By::Session(sid, _) = claimed.by {
            telemetry::rejected(self.config(), parts, reason, Some(sid), Some(&claimed.id));
        }
    }
}

fn claimed_by(loaded: &Loaded) -> Option<By> {
    match (&loaded.bearer, &loaded.identity) {
        (Bearer::Token(_), _) => Some(By::Token),
        (Bearer::None, Some(identity)) => Some(By::Session(identity.sid, identity.stamp)),
        (Bearer::Nobodys, _) | (Bearer::None, None) => None,
    }
}

/// What is known of the user of a request that says that it comes from somebody.
enum Known {
    User(AnyUser),
    /// The loader was asked, and failed.
    Failed,
    /// Nothing but what the request says.
    Claimed(Claimed),
}

fn claimed(loaded: &Loaded) -> Option<Known> {
    let by = claimed_by(loaded)?;
    match &loaded.user {
        Some((key, user)) if *key == by.key() => return Some(Known::User(user.clone())),
        _ if loaded.load_failed => return Some(Known::Failed),
        _ => {}
    }
    let id = match (&loaded.bearer, &loaded.identity) {
        (Bearer::Token(token), _) => token.clone(),
        (_, Some(identity)) => identity.user_id.clone(),
        (_, None) => return None,
    };
    Some(Known::Claimed(Claimed { by, id }))
}
