//! What one request knows of its session: what came in, and what has become of it.

use std::any::{Any, TypeId};
use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::clock::Millis;
use crate::config::Config;
use crate::data::Data;
use crate::ended::Key;
use crate::ending::Endings;
use crate::error::Error;
use crate::flash::Flashes;
use crate::found::Leftover;
use crate::handle::{Handle, user_key};
use crate::record::Facts;
use crate::rotation::KeyId;
use crate::stamp::Fingerprint;
use crate::store::{RecordKey, UserKey};
use crate::telemetry::Asked;
use crate::wire::{Audience, Id, Identity};

/// How far the request has come.
#[derive(Default)]
pub(crate) enum State {
    /// Nothing has asked for the session: nothing was parsed, verified or loaded.
    #[default]
    Untouched,
    Loaded(Box<Loaded>),
    /// The store could not be reached, and is not asked again in this request.
    Unreachable,
    /// The head of the response has left: the session can be read, not changed.
    Sent(Sent),
}

/// What is left of a session once the head of its response has left.
#[derive(Default)]
pub(crate) struct Sent {
    /// The session as it was sent. It is not here while its cookies are written.
    pub(crate) loaded: Option<Box<Loaded>>,
    /// The logins that there were when it left. A logout can still end them, though not remove their cookies.
    pub(crate) logins: Vec<Ending>,
    /// Whether it was ended since.
    pub(crate) is_ended: bool,
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
    /// What the store has of the session, where there is one.
    pub(crate) stored: Option<Box<Stored>>,
    /// What the application calls the browser or device that has just logged in.
    pub(crate) label: Option<Box<str>>,
    pub(crate) flashes: Flashes,
    /// The user, once loaded, and the session that they were loaded for.
    pub(crate) user: Option<(Id, Arc<dyn Any + Send + Sync>)>,
    /// The mark of the last logout, this request's own included.
    pub(crate) mark: Option<Id>,
    pub(crate) logged_out: bool,
    /// Who has begun to log in, and whether this request has changed it.
    pub(crate) pending: Option<HalfLogin>,
    pub(crate) pending_changed: bool,
    /// What logouts end in a store or on a deny list, until it is known that they have, and what is on its way there.
    pub(crate) to_end: Endings,
    pub(crate) ending: Option<JoinHandle<Result<(), Error>>>,
    pub(crate) logouts: u32,
    /// Whether the data has nothing to do with what was read, since somebody else has logged in.
    pub(crate) data_is_anothers: bool,
    /// When this request has ended all of the user's sessions: what it begins after that is later.
    pub(crate) ended_all_at: Millis,
    /// Whether nothing is left in the store of an anonymous visitor.
    pub(crate) guest_is_gone: bool,
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
    /// Who was logged in when the request came, once a login or logout has ended that.
    pub(crate) left: Option<Left>,
    /// Whether a renewal says that a password was given again.
    pub(crate) confirmed: bool,
    /// The request, as hooks get to see it, if there are any.
    pub(crate) asked: Option<Arc<Asked>>,
    /// How many of a handler's commits are under way, and whether the request was given up.
    pub(crate) commits: u16,
    pub(crate) given_up: bool,
}

/// Somebody who was logged in.
pub(crate) struct Left {
    pub(crate) sid: Id,
    /// As JSON text.
    pub(crate) user_id: Arc<str>,
}

/// A session that a logout ends.
#[derive(Clone)]
pub(crate) struct Ending {
    pub(crate) key: Key,
    /// When it would have ended anyway.
    pub(crate) until: Millis,
    /// Whose it is, where a deny list has to know.
    pub(crate) user: Option<UserKey>,
}

impl Ending {
    /// That of a login.
    pub(crate) fn of(config: &Config, key: Key, identity: &Identity) -> Self {
        let list = config.deny_list.as_ref();
        Self {
            key,
            until: identity.expires_at,
            user: list.map(|_| user_key(config, &identity.user_id)),
        }
    }
}

/// What a store has of a session.
#[derive(Clone)]
pub(crate) struct Stored {
    pub(crate) handle: Handle,
    pub(crate) version: u64,
    pub(crate) facts: Facts,
}

/// Who has begun to log in.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct HalfLogin {
    /// As JSON text.
    pub(crate) user_id: Arc<str>,
    pub(crate) stamp: Option<Fingerprint>,
}

/// Whether a request brings a token in place of cookies.
#[derive(PartialEq, Eq)]
pub(crate) enum Bearer {
    None,
    /// The token as a JSON text.
    Token(Arc<str>),
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
    /// Which secret the identity that counted was made with, if it is in a cookie.
    pub(crate) made_with: Option<KeyId>,
    /// The sessions of all identities that are ours, whether they counted or not, and their ends.
    pub(crate) verified: Vec<Ending>,
    /// Whether the identity was over by the time that it came: nothing is left of it that a login or logout could end.
    pub(crate) is_over: bool,
    /// Whether an identity cookie of ours is there, of either kind.
    pub(crate) identity_cookie: bool,
    /// Whether a value in its place has verified, whatever it says.
    pub(crate) shows_identity: bool,
    /// What the cookies say of where a store has the session of somebody logged in, and the data of an anonymous visitor.
    pub(crate) handle: Option<Handle>,
    pub(crate) guest_handle: Option<Handle>,
    /// Where a record is that belongs to the cookies, and does not count.
    pub(crate) stale_record: Option<RecordKey>,
    /// Where the cookies say that a record is, and the store knows of none.
    pub(crate) missing_record: Option<RecordKey>,
    /// Whether the session has just been moved out of its cookies into the store.
    pub(crate) is_moved: bool,
    /// What is to be moved out of a store into cookies.
    pub(crate) moves_out: Option<RecordKey>,
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

impl Incoming {
    /// The session of the login that the request brought, in its cookies or in the store that it is moved out of.
    pub(crate) fn sid(&self) -> Option<Id> {
        let moved_out = || self.moves_out.and(self.verified.last());
        let in_cookies = self.session.map(|(key, _)| key.sid);
        in_cookies.or_else(|| Some(moved_out()?.key.sid))
    }
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
                made_with: None,
                verified: Vec::new(),
                identity_cookie: false,
                shows_identity: false,
                handle: None,
                guest_handle: None,
                stale_record: None,
                missing_record: None,
                is_moved: false,
                is_over: false,
                moves_out: None,
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
            stored: None,
            label: None,
            flashes,
            user: None,
            mark: None,
            logged_out: false,
            pending: None,
            pending_changed: false,
            to_end: Endings::default(),
            ending: None,
            logouts: 0,
            data_is_anothers: false,
            ended_all_at: Millis(0),
            guest_is_gone: false,
            former: Former::Stay,
            lost: None,
            bearer: Bearer::None,
            was_asked: false,
            is_meant: false,
            load_failed: false,
            asked_for_nobody: None,
            guarded: false,
            left: None,
            confirmed: false,
            asked: None,
            commits: 0,
            given_up: false,
        }
    }

    /// Whether changes have nowhere to be kept.
    pub(crate) fn has_lost_something(&self) -> bool {
        match self.lost {
            None => false,
            Some(Lost::UserGone { changes }) => changes,
            Some(Lost::Ended) => self.data.is_changed(),
        }
    }

    /// Whose session it is now.
    pub(crate) fn sid(&self) -> Option<Id> {
        self.identity.as_ref().map(|identity| identity.sid)
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
