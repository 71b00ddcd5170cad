//! What one request knows of its session: what came in, and what has become of it.

use std::any::{Any, TypeId};
use std::sync::Arc;

use crate::clock::Millis;
use crate::config::Config;
use crate::data::Data;
use crate::ended::Key;
use crate::flash::Flashes;
use crate::found::Leftover;
use crate::stamp::Fingerprint;
use crate::wire::{Audience, Id, Identity};

/// How far the request has come.
#[derive(Default)]
pub(crate) enum State {
    /// Nothing has asked for the session: nothing was parsed, verified or loaded.
    #[default]
    Untouched,
    Loaded(Box<Loaded>),
    /// The head of the response has left: the session can be read, not changed.
    Sent(Sent),
}

/// What is left of a session once the head of its response has left.
#[derive(Default)]
pub(crate) struct Sent {
    /// The session as it was sent.
    pub(crate) loaded: Option<Box<Loaded>>,
    /// The sessions that a logout can still end, though not remove the cookies of.
    pub(crate) sessions: Vec<(Key, Millis)>,
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
    /// Who has begun to log in, and whether this request has changed it.
    pub(crate) pending: Option<HalfLogin>,
    pub(crate) pending_changed: bool,
    /// What becomes of the sessions that the request brought.
    pub(crate) former: Former,
    /// Why what this request writes has no owner, if so.
    pub(crate) lost: Option<Lost>,
    /// The token that the request brings in place of cookies.
    pub(crate) bearer: Bearer,
    /// Whether an extractor has asked for the user.
    pub(crate) was_asked: bool,
    /// Whether the guard that decides just now is about this session's users.
    pub(crate) is_meant: bool,
    /// Whether the user loader has failed.
    pub(crate) load_failed: bool,
    /// Which extractor has last asked for a user who may not be there.
    pub(crate) asked_for_nobody: Option<TypeId>,
    /// Whether a guard has decided over this request.
    pub(crate) guarded: bool,
}

/// Who has begun to log in.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct HalfLogin {
    /// As JSON text.
    pub(crate) user_id: Box<str>,
    pub(crate) stamp: Option<Fingerprint>,
}

/// Whether a request brings a token in place of cookies.
#[derive(PartialEq, Eq)]
pub(crate) enum Bearer {
    None,
    /// The token as a JSON text.
    Token(Box<str>),
    /// One that is nobody's.
    Nobodys,
}

/// What becomes of the sessions that a request brought.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Former {
    Stay,
    /// By a login or logout.
    End,
    /// The one that counts is replaced, and can be read for this long.
    Renewed {
        grace: Millis,
    },
}

/// Why what a request writes has no owner.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    /// Its session was ended, or replaced, before or while it was under way.
    Ended,
    /// The loader knows no such user. `changes` tells whether data had been changed by then.
    UserGone { changes: bool },
}

/// What a request brought, as far as it verified.
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a cookie that is there or not"
)]
pub(crate) struct Incoming {
    /// When the request was read.
    pub(crate) at: Millis,
    /// The session of the identity that counted, and its last activity.
    pub(crate) session: Option<(Key, Millis)>,
    /// The sessions of all identities that are ours, whether they counted or not, and their ends.
    pub(crate) verified: Vec<(Key, Millis)>,
    /// Whether the session has a last-activity cookie.
    pub(crate) seen_cookie: bool,
    /// Whether a guest cookie of ours is there.
    pub(crate) guest_cookie: bool,
    /// Whether a half-done login's cookie of ours is there.
    pub(crate) pending_cookie: bool,
    /// Cookies that belong to no session any more, if they are ours.
    pub(crate) leftovers: Vec<Leftover>,
    /// The same beside an identity that does not count: a login or logout removes them.
    pub(crate) stale: Vec<Leftover>,
    /// Whose flashes the request's flashes are.
    pub(crate) audience: Audience,
    /// Whether a page made it that came over plain http, from another host than this machine's own.
    pub(crate) is_plain_http: bool,
    /// Whether another site's page made a request that is not meant to change anything.
    pub(crate) is_cross_site_read: bool,
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

impl Sizes {
    pub(crate) fn total(self) -> usize {
        self.identity + self.data + self.seen + self.out + self.pending
    }
}

impl Loaded {
    /// The session of an anonymous visitor who brought nothing.
    pub(crate) fn anonymous(at: Millis, flashes: Flashes) -> Self {
        Self {
            incoming: Incoming {
                at,
                session: None,
                verified: Vec::new(),
                seen_cookie: false,
                guest_cookie: false,
                pending_cookie: false,
                leftovers: Vec::new(),
                stale: Vec::new(),
                audience: Audience::Nobody,
                is_plain_http: false,
                is_cross_site_read: false,
                sizes: Sizes::default(),
            },
            identity: None,
            guest: None,
            data: Data::default(),
            flashes,
            user: None,
            mark: None,
            logged_out: false,
            pending: None,
            pending_changed: false,
            former: Former::Stay,
            lost: None,
            bearer: Bearer::None,
            was_asked: false,
            is_meant: false,
            load_failed: false,
            asked_for_nobody: None,
            guarded: false,
        }
    }

    /// Notes who has begun to log in, or that nobody has.
    pub(crate) fn set_pending(&mut self, half: Option<HalfLogin>) {
        self.pending_changed |= self.pending != half || half.is_some();
        self.pending = half;
    }

    /// Whose flashes they are now.
    pub(crate) fn audience(&self) -> Audience {
        match (&self.identity, self.lost) {
            (Some(identity), _) => Audience::Session(identity.sid),
            // The browser still shows the identity, and gets to see its flashes.
            (None, Some(Lost::UserGone { .. })) => self.incoming.audience,
            (None, _) => Audience::Nobody,
        }
    }

    /// What stands for the session of an identity: the one that the request brought, or a new one.
    pub(crate) fn key_of(&self, config: &Config, identity: &Identity) -> Key {
        match self.incoming.session {
            Some((key, _)) if key.sid == identity.sid => key,
            _ => config
                .ended
                .key(identity.sid, &identity.user_id, self.incoming.at),
        }
    }

    /// Whether the identity is another one than the request brought.
    pub(crate) fn is_new_session(&self) -> bool {
        let now = self.identity.as_ref().map(|identity| identity.sid);
        now.is_some() && now != self.incoming.session.map(|(key, _)| key.sid)
    }
}
