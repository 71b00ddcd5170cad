//! Whether what verified counts now: an identity, a guest, a half-done login, the mark of a logout.

use crate::clock::Millis;
use crate::config::Config;
use crate::data::Data;
use crate::ended::Key;
use crate::found::{Found, Slotted, Verified, verify};
use crate::keys::Purpose;
use crate::seal::Opened;
use crate::wire::{Id, Identity, Pending, leading_id, owned_by};

/// The mark of the last logout.
#[derive(Clone, Copy)]
pub(crate) enum Mark {
    None,
    One(Id),
    /// Two that verify: nobody can tell which one is the last.
    Many,
}

impl Mark {
    pub(crate) fn of(config: &Config, found: &Found<'_>, now: Millis) -> Self {
        match verify(config, Purpose::Out, config.names.out(), &found.out) {
            // One that says it comes from the future counts as well: a mark can only end logins.
            Verified::One(opened) if now < opened.issued_at.plus(config.lifetime) => {
                leading_id(opened.body()).map_or(Self::None, Self::One)
            }
            Verified::Many => Self::Many,
            Verified::One(_) | Verified::None => Self::None,
        }
    }

    pub(crate) fn id(self) -> Option<Id> {
        match self {
            Self::One(id) => Some(id),
            Self::None | Self::Many => None,
        }
    }

    /// Whether what was made by a request that saw the mark `seen` was made before the last logout.
    fn ends(self, seen: Option<Id>) -> bool {
        match self {
            Self::None => false,
            Self::One(mark) => seen != Some(mark),
            Self::Many => true,
        }
    }
}

/// An identity that a request shows.
pub(crate) struct Shown {
    pub(crate) identity: Identity,
    pub(crate) key: Key,
    pub(crate) issued_at: Millis,
}

/// What matters of a request for whether its identity counts.
#[derive(Clone, Copy)]
pub(crate) struct Request {
    pub(crate) at: Millis,
    /// Whether it is a GET or HEAD.
    pub(crate) only_reads: bool,
}

/// Whether an identity counts.
pub(crate) enum Standing {
    Counts(Counting),
    Not(Why),
}

/// What goes with an identity that counts.
pub(crate) struct Counting {
    pub(crate) data: Data,
    pub(crate) last_activity: Millis,
    pub(crate) seen_cookie: bool,
    /// Whether another session has taken its place, and it may only be read for a little while.
    pub(crate) is_renewed: bool,
}

/// Why an identity does not count.
#[derive(Debug)]
pub(crate) enum Why {
    /// It says times that have not come.
    FromTheFuture,
    Expired,
    Idle,
    /// A logout of this browser came after it.
    LoggedOut,
    /// It was ended before its time.
    Ended(Millis),
    /// Its data is not there, and a missing cookie must not grant what the cookie would refuse.
    Incomplete,
}

impl Standing {
    pub(crate) fn of(
        config: &Config,
        shown: &Shown,
        mark: Mark,
        slotted: &Slotted<'_>,
        request: Request,
    ) -> Self {
        let now = request.at;
        let (identity, issued_at) = (&shown.identity, shown.issued_at);
        let ahead = [issued_at, identity.started_at, identity.authenticated_at]
            .iter()
            .any(|time| time.is_ahead_of(now));
        if ahead {
            return Self::Not(Why::FromTheFuture);
        }
        if now >= identity.expires_at || now >= identity.started_at.plus(config.lifetime) {
            return Self::Not(Why::Expired);
        }
        if mark.ends(identity.out) {
            return Self::Not(Why::LoggedOut);
        }
        let ended = config.ended.get(shown.key, now);
        if let Some(ended) = ended
            && (now >= ended.readable_until || !request.only_reads)
        {
            return Self::Not(Why::Ended(ended.at));
        }

        let mut last_activity = issued_at;
        let mut seen_cookie = false;
        if let Some(idle_timeout) = config.idle_timeout {
            let name = config.names.seen(slotted.slot);
            if let Verified::One(seen) = verify(config, Purpose::Seen, &name, &slotted.seen)
                && owned_by(&seen, identity.sid)
            {
                seen_cookie = true;
                if !seen.issued_at.is_ahead_of(now) {
                    last_activity = last_activity.max(seen.issued_at);
                }
            }
            if now >= last_activity.plus(idle_timeout) {
                return Self::Not(Why::Idle);
            }
        }

        let name = config.names.data(slotted.slot);
        let data = match verify(config, Purpose::Data, &name, &slotted.data) {
            Verified::One(opened)
                if owned_by(&opened, identity.sid) && !opened.issued_at.is_ahead_of(now) =>
            {
                read_data(opened)
            }
            _ => None,
        };
        match data {
            Some(data) => Self::Counts(Counting {
                data,
                last_activity,
                seen_cookie,
                is_renewed: ended.is_some(),
            }),
            None => Self::Not(Why::Incomplete),
        }
    }
}

/// An anonymous visitor's session.
pub(crate) enum Guest {
    None,
    /// Ours, but over, or one of two.
    Over,
    Counts(Id, Data),
}

impl Guest {
    pub(crate) fn of(config: &Config, found: &Found<'_>, now: Millis) -> Self {
        match verify(config, Purpose::Guest, config.names.guest(), &found.guest) {
            Verified::None => Self::None,
            Verified::Many => Self::Over,
            Verified::One(opened) => {
                let counts = is_of_the_last(&opened, config.guest_lifetime, now);
                let id = leading_id(opened.body());
                match (counts, id, read_data(opened)) {
                    (true, Some(id), Some(data)) => Self::Counts(id, data),
                    _ => Self::Over,
                }
            }
        }
    }
}

/// How long somebody may take for the second factor.
pub(crate) const PENDING_LIFETIME: Millis = Millis(600_000);

/// A half-done login.
pub(crate) enum HalfDone {
    None,
    /// Ours, but over, or one of two.
    Over,
    /// The user's id as JSON text.
    Counts(Box<str>),
}

impl HalfDone {
    pub(crate) fn of(config: &Config, found: &Found<'_>, mark: Mark, now: Millis) -> Self {
        let name = config.names.pending();
        match verify(config, Purpose::Pending, name, &found.pending) {
            Verified::None => Self::None,
            Verified::Many => Self::Over,
            Verified::One(opened) => match Pending::decode(opened.body()) {
                Some(pending)
                    if is_of_the_last(&opened, PENDING_LIFETIME, now)
                        && !mark.ends(pending.out) =>
                {
                    Self::Counts(pending.user_id)
                }
                _ => Self::Over,
            },
        }
    }
}

/// Whether it was issued within the last `span`.
fn is_of_the_last(opened: &Opened, span: Millis, now: Millis) -> bool {
    !opened.issued_at.is_ahead_of(now) && now < opened.issued_at.plus(span)
}

/// The JSON object after the owner's id.
fn read_data(opened: Opened) -> Option<Data> {
    let (buffer, start) = opened.into_parts();
    Data::read(buffer, start + Id::LEN)
}
