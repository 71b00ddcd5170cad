//! What one request knows of its session: what came in, and what has become of it.

use std::any::Any;
use std::sync::Arc;

use crate::clock::Millis;
use crate::data::Data;
use crate::flash::Flashes;
use crate::wire::{Audience, Id, Identity};

/// How far the request has come.
#[derive(Default)]
pub(crate) enum State {
    /// Nothing has asked for the session: nothing was parsed, verified or loaded.
    #[default]
    Untouched,
    Loaded(Box<Loaded>),
    /// The head of the response has left.
    Sent,
}

/// A session, once something asked for it.
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is something that happened or did not"
)]
pub(crate) struct Loaded {
    /// What the request brought. It does not change.
    pub(crate) incoming: Incoming,
    /// Who is logged in now.
    pub(crate) identity: Option<Identity>,
    /// The guest session that `data` belongs to while nobody is logged in.
    pub(crate) guest: Option<Id>,
    pub(crate) data: Data,
    pub(crate) flashes: Flashes,
    /// The user, once loaded, and the session that they were loaded for.
    pub(crate) user: Option<(Id, Arc<dyn Any + Send + Sync>)>,
    /// The mark of the last logout, this request's own included.
    pub(crate) mark: Option<Id>,
    pub(crate) logged_out: bool,
    /// Who has begun to log in, as JSON text, and whether this request has changed it.
    pub(crate) pending: Option<Box<str>>,
    pub(crate) pending_changed: bool,
    /// Sessions that this request ends.
    pub(crate) ending: Vec<Ending>,
    /// Whether the identity was taken away while it was in use, so that nothing this request writes has an owner.
    pub(crate) dropped: bool,
    /// Whether an extractor has asked for a user who may not be there.
    pub(crate) asks_for_nobody: bool,
    /// Whether a guard has decided over this request.
    pub(crate) guarded: bool,
}

/// A session that ends before its time.
pub(crate) struct Ending {
    pub(crate) sid: Id,
    pub(crate) until: Millis,
    /// How long requests that are under way may still read it.
    pub(crate) grace: Millis,
    /// Whether its end is the condition for what replaces it: a renewal of a session that ended meanwhile does not take place.
    pub(crate) renewed: bool,
}

/// What a request brought, as far as it verified.
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a cookie that is there or not"
)]
#[derive(Default)]
pub(crate) struct Incoming {
    /// The session of the identity that counted, and its last activity.
    pub(crate) session: Option<(Id, Millis)>,
    /// Whether an identity cookie of ours is there, whether it counted or not.
    pub(crate) identity_cookie: bool,
    /// Whether the session has a last-activity cookie.
    pub(crate) seen_cookie: bool,
    /// Whether a guest cookie of ours is there.
    pub(crate) guest_cookie: bool,
    /// Whether a half-done login's cookie of ours is there.
    pub(crate) pending_cookie: bool,
    /// Names of cookies of ours that belong to no session any more.
    pub(crate) leftovers: Vec<String>,
    /// Whose flashes the request's flashes are.
    pub(crate) audience: Audience,
    /// Bytes that each kind of our cookies takes in the request, flashes left out.
    pub(crate) sizes: Sizes,
}

/// Bytes of names and values, by kind of cookie.
#[derive(Clone, Copy, Default)]
pub(crate) struct Sizes {
    pub(crate) identity: usize,
    /// The data of whoever it is: a login's or a guest's.
    pub(crate) data: usize,
    pub(crate) seen: usize,
    pub(crate) out: usize,
    pub(crate) pending: usize,
}

impl Loaded {
    /// The session of an anonymous visitor who brought nothing.
    pub(crate) fn anonymous(incoming: Incoming, flashes: Flashes) -> Self {
        Self {
            incoming,
            identity: None,
            guest: None,
            data: Data::default(),
            flashes,
            user: None,
            mark: None,
            logged_out: false,
            pending: None,
            pending_changed: false,
            ending: Vec::new(),
            dropped: false,
            asks_for_nobody: false,
            guarded: false,
        }
    }

    /// Notes who has begun to log in, or that nobody has.
    pub(crate) fn set_pending(&mut self, user_id: Option<Box<str>>) {
        self.pending_changed |= self.pending != user_id || user_id.is_some();
        self.pending = user_id;
    }

    /// Whose session it is now.
    pub(crate) fn audience(&self) -> Audience {
        match (&self.identity, self.guest) {
            (Some(identity), _) => Audience::Session(identity.sid),
            (None, Some(guest)) => Audience::Guest(guest),
            (None, None) => Audience::Newcomer,
        }
    }

    /// Whether the identity is another one than the request brought.
    pub(crate) fn is_new_session(&self) -> bool {
        let now = self.identity.as_ref().map(|identity| identity.sid);
        now.is_some() && now != self.incoming.session.map(|(sid, _)| sid)
    }
}
