//! How session layers hand their sessions to extractors: through the request, the innermost layer's first.

use std::any::{TypeId, type_name};
use std::sync::Arc;

use http::Extensions;
use http::request::Parts;

use crate::config::Config;
use crate::loader::Users;
use crate::refusal::Refusal;
use crate::session::Session;

/// The sessions of a request. Nothing outside of this crate can make one.
#[derive(Clone)]
struct Attached {
    session: Session,
    /// Those of the layers further out.
    outer: Option<Arc<Attached>>,
    /// Whether another configuration further out has cookies of the same names.
    clashes: bool,
}

impl Attached {
    fn clashes_with(&self, session: &Session) -> bool {
        let (ours, theirs) = (session.config(), self.session.config());
        self.clashes
            || (ours.names.prefix == theirs.names.prefix && !Arc::ptr_eq(ours, theirs))
            || self
                .outer
                .as_ref()
                .is_some_and(|outer| outer.clashes_with(session))
    }

    /// Two configurations with cookies of the same names would take each other's logins.
    fn without_clash(&self) -> Result<(), Refusal> {
        if !self.clashes {
            return Ok(());
        }
        Err(Refusal::set_up(
            "two session layers around a handler have cookies of the same names, so that each would take the other's logins: give one of them another `cookie_name(..)`",
        ))
    }
}

impl Session {
    /// Puts a session into a request, unread.
    pub(crate) fn attach(config: Arc<Config>, extensions: &mut Extensions) -> Self {
        let outer = extensions.remove::<Attached>().map(Arc::new);
        let session = Self::new(config);
        let attached = Attached {
            session: session.clone(),
            clashes: outer
                .as_ref()
                .is_some_and(|outer| outer.clashes_with(&session)),
            outer,
        };
        extensions.insert(attached);
        session
    }

    /// Takes all sessions out of a request's extensions.
    pub(crate) fn detach(extensions: &mut Extensions) {
        extensions.remove::<Attached>();
    }

    /// The request's session, as far as it has been read: that of the innermost layer.
    pub(crate) fn of(parts: &Parts) -> Option<Self> {
        Self::all_of(parts).next().cloned()
    }

    /// The sessions of all layers around, the innermost first.
    pub(crate) fn all_of(parts: &Parts) -> impl Iterator<Item = &Self> {
        let innermost = parts.extensions.get::<Attached>();
        std::iter::successors(innermost, |attached| attached.outer.as_deref())
            .map(|attached| &attached.session)
    }

    /// The request's session, unread: that of the innermost layer.
    pub(crate) fn find(parts: &Parts) -> Result<Self, Refusal> {
        let Some(attached) = parts.extensions.get::<Attached>() else {
            return Err(no_layer());
        };
        attached.without_clash()?;
        Ok(attached.session.clone())
    }

    /// The session, unread, whose users are `U`s: that of the innermost layer which loads them.
    pub(crate) fn find_of_user<U: 'static>(parts: &Parts) -> Result<Self, Refusal> {
        let wanted = TypeId::of::<U>();
        let found = Self::all_of(parts).find(|session| session.user_type() == Some(wanted));
        let (Some(session), Some(attached)) = (found, parts.extensions.get::<Attached>()) else {
            return Err(unknown_user(parts, type_name::<U>()));
        };
        attached.without_clash()?;
        Ok(session.clone())
    }

    /// The request's session, read: that of the innermost layer.
    pub(crate) async fn of_request(parts: &Parts) -> Result<Self, Refusal> {
        let session = Self::find(parts)?;
        session.read(parts).await?;
        Ok(session)
    }

    /// The session, read, whose users are `U`s: that of the innermost layer which loads them.
    pub(crate) async fn of_user<U: 'static>(parts: &Parts) -> Result<Self, Refusal> {
        let session = Self::find_of_user::<U>(parts)?;
        session.read(parts).await?;
        Ok(session)
    }

    fn user_type(&self) -> Option<TypeId> {
        match &self.config().users {
            Users::Loaded(loader) => Some(loader.user_type().0),
            Users::IdOnly => None,
        }
    }
}

fn no_layer() -> Refusal {
    Refusal::set_up(
        "a handler or guard asks for the session, and its route has no session layer: add `.layer(sessions)` to the router, after its routes and after `.route_layer(guard)`",
    )
}

fn unknown_user(parts: &Parts, wanted: &str) -> Refusal {
    let Some(session) = Session::of(parts) else {
        return no_layer();
    };
    match &session.config().users {
        Users::IdOnly => Refusal::set_up(format_args!(
            "a handler asks for a user of type `{wanted}`, and the sessions were built `.without_user_loader()`: give the builder `.user_loader(..)` instead, or read `session.user_id()`",
        )),
        Users::Loaded(loader) => {
            let (_, known) = loader.user_type();
            Refusal::set_up(format_args!(
                "a handler asks for a user of type `{wanted}`, and the user loader loads `{known}`: give the builder a `.user_loader(..)` for `{wanted}`, or ask for `CurrentUser<{known}>`; users of another kind need a session layer of their own, with another `cookie_name(..)`",
            ))
        }
    }
}
