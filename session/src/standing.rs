//! Whether what verified counts now: an identity, a guest, a half-done login, the mark of a logout.

use crate::clock::Millis;
use crate::config::Config;
use crate::data::Data;
use crate::ended::Key;
use crate::found::{Found, Slotted, Value, Verified, verify};
use crate::keys::Purpose;
use crate::rotation::KeyId;
use crate::seal::Opened;
use crate::state::HalfLogin;
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
    /// The mark, and the bytes that its cookie takes.
    pub(crate) fn of(config: &Config, found: &Found<'_>, now: Millis) -> (Self, usize) {
        let Verified { value, size } = verify(config, Purpose::Out, config.names.out(), &found.out);
        let mark = match value {
            // One that says it comes from the future counts as well: a mark can only end logins.
            Value::One(opened) if now < opened.issued_at.plus(config.longest_lifetime()) => {
                leading_id(opened.body()).map_or(Self::None, Self::One)
            }
            Value::Many => Self::Many,
            Value::One(_) | Value::None => Self::None,
        };
        (mark, size)
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
    /// Which secret it was made with.
    pub(crate) made_with: KeyId,
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
    /// Bytes that the cookies take.
    pub(crate) data_size: usize,
    pub(crate) seen_size: usize,
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
    /// It was moved to a store, and has ended there.
    Moved,
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
        if let Err(why) = in_time(config, identity, issued_at, mark, now) {
            return Self::Not(why);
        }
        // What a retired secret signs does not say that anything happened after its time.
        if is_later_than_its_issue(identity, issued_at) {
            return Self::Not(Why::FromTheFuture);
        }
        let ended = config.ended.get(shown.key, now);
        if let Some(ended) = ended
            && (now >= ended.readable_until || !request.only_reads)
        {
            return Self::Not(Why::Ended(ended.at));
        }

        let mut last_activity = issued_at;
        let mut seen_cookie = false;
        let mut seen_size = 0;
        if let Some(idle_timeout) = config.idle_timeout {
            let name = config.names.seen(slotted.slot);
            let verified = verify(config, Purpose::Seen, &name, &slotted.seen);
            seen_size = verified.size;
            if let Value::One(seen) = verified.value
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
        let verified = verify(config, Purpose::Data, &name, &slotted.data);
        let data = match verified.value {
            Value::One(opened)
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
                data_size: verified.size,
                seen_size,
                is_renewed: ended.is_some(),
            }),
            None => Self::Not(Why::Incomplete),
        }
    }
}

/// Whether an identity says of something that it happened after it was issued, and more than clocks differ.
fn is_later_than_its_issue(identity: &Identity, issued_at: Millis) -> bool {
    [identity.started_at, identity.authenticated_at]
        .iter()
        .any(|time| time.is_ahead_of(issued_at))
}

/// Whether an identity counts by its times, and by the mark of the last logout.
pub(crate) fn in_time(
    config: &Config,
    identity: &Identity,
    issued_at: Millis,
    mark: Mark,
    now: Millis,
) -> Result<(), Why> {
    let ahead = [issued_at, identity.started_at, identity.authenticated_at]
        .iter()
        .any(|time| time.is_ahead_of(now));
    if ahead {
        return Err(Why::FromTheFuture);
    }
    let lifetime = config.lifetime_of(identity.method);
    if now >= identity.expires_at || now >= identity.started_at.plus(lifetime) {
        return Err(Why::Expired);
    }
    if mark.ends(identity.out) {
        return Err(Why::LoggedOut);
    }
    Ok(())
}

/// An anonymous visitor's session.
pub(crate) enum Guest {
    None,
    /// Ours, but over, or one of two.
    Over,
    Counts(Id, Data),
}

impl Guest {
    /// The guest, and the bytes that its cookie takes.
    pub(crate) fn of(config: &Config, found: &Found<'_>, now: Millis) -> (Self, usize) {
        let Verified { value, size } =
            verify(config, Purpose::Guest, config.names.guest(), &found.guest);
        let guest = match value {
            Value::None => Self::None,
            Value::Many => Self::Over,
            Value::One(opened) => {
                let counts = is_of_the_last(&opened, config.guest_lifetime, now);
                let id = leading_id(opened.body());
                match (counts, id, read_data(opened)) {
                    (true, Some(id), Some(data)) => Self::Counts(id, data),
                    _ => Self::Over,
                }
            }
        };
        (guest, size)
    }
}

/// How long somebody may take for the second factor.
pub(crate) const PENDING_LIFETIME: Millis = Millis(600_000);

/// A half-done login.
pub(crate) enum HalfDone {
    None,
    /// Ours, but over, or one of two.
    Over,
    Counts(HalfLogin),
}

impl HalfDone {
    /// The half-done login, and the bytes that its cookie takes.
    pub(crate) fn of(config: &Config, found: &Found<'_>, mark: Mark, now: Millis) -> (Self, usize) {
        let name = config.names.pending();
        let Verified { value, size } = verify(config, Purpose::Pending, name, &found.pending);
        let half_done = match value {
            Value::None => Self::None,
            Value::Many => Self::Over,
            Value::One(opened) => match Pending::decode(opened.body()) {
                Some(pending)
                    if is_of_the_last(&opened, PENDING_LIFETIME, now)
                        && !mark.ends(pending.out) =>
                {
                    Self::Counts(HalfLogin {
                        user_id: pending.user_id,
                        stamp: pending.stamp,
                    })
                }
                _ => Self::Over,
            },
        };
        (half_done, size)
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
