//! From a request's cookies to its session: find ours, verify them, and decide whether they count.

use http::request::Parts;

use crate::clock::Millis;
use crate::config::Config;
use crate::cookie_header::{self, Candidates};
use crate::cookie_names::Slot;
use crate::data::Data;
use crate::flash::Flashes;
use crate::keys::Purpose;
use crate::seal::Opened;
use crate::state::{Incoming, Loaded, Sizes};
use crate::wire::{Audience, Id, Identity, leading_id, owned_by, text_bounds};

/// Names of other sessions' cookies that one request looks at: each costs a MAC.
const MAX_LEFTOVERS: usize = 4;

/// After a session was ended, requests that were under way with it get errors for what they write. Later ones are just anonymous.
const UNDER_WAY: Millis = Millis(60_000);

/// The session of a request.
pub(crate) fn load(config: &Config, parts: &Parts, now: Millis) -> Loaded {
    let found = Found::in_request(config, parts);
    let mut incoming = Incoming::default();
    let flashes = Flashes::found(found.flashes, consumes_flashes(parts));

    incoming.sizes.out = found.out.size(config.names.out());
    let mark = match verify(config, Purpose::Out, config.names.out(), &found.out) {
        Verified::One(opened)
            if !opened.issued_at.is_ahead_of(now)
                && now < opened.issued_at.plus(config.lifetime) =>
        {
            leading_id(opened.body()).map_or(Mark::None, Mark::One)
        }
        Verified::Many => Mark::Many,
        Verified::One(_) | Verified::None => Mark::None,
    };

    let name = config.names.identity();
    let identity = match verify(config, Purpose::Identity, name, &found.identity) {
        Verified::One(opened) => {
            incoming.identity_cookie = true;
            incoming.sizes.identity = found.identity.size(name);
            Identity::decode(opened.body()).map(|identity| (identity, opened.issued_at))
        }
        Verified::Many => {
            incoming.identity_cookie = true;
            tracing::warn!(
                target: "muffin_session",
                "a request has two valid identities: it counts as nobody's. Does another host or path of this site set our cookies?",
            );
            None
        }
        Verified::None => {
            if !found.identity.is_empty() {
                tracing::debug!(target: "muffin_session", "an identity cookie is not ours");
            }
            None
        }
    };

    let mut ended_lately = false;
    if let Some((identity, issued_at)) = identity {
        let slotted = Slotted::in_request(config, parts, Slot::of(identity.sid));
        match stand(config, &identity, issued_at, mark, &slotted, now) {
            Standing::Counts {
                data,
                last_activity,
                seen_cookie,
                is_renewed,
            } => {
                incoming.session = Some((identity.sid, last_activity));
                incoming.audience = Audience::Session(identity.sid);
                incoming.seen_cookie = seen_cookie;
                incoming.sizes = Sizes {
                    data: slotted.data.size(&config.names.data(slotted.slot)),
                    seen: slotted.seen.size(&config.names.seen(slotted.slot)),
                    ..incoming.sizes
                };
                incoming.leftovers = slotted.leftovers(config);
                incoming.guest_cookie = !found.guest.is_empty()
                    && !matches!(verify_guest(config, &found.guest, now), Guest::None);
                let mut loaded = Loaded::anonymous(incoming, flashes);
                loaded.identity = Some(identity);
                loaded.data = data;
                loaded.mark = mark.id();
                loaded.dropped = is_renewed;
                return loaded;
            }
            Standing::Not(why) => {
                ended_lately = matches!(why, Why::Ended(at) if now < at.plus(UNDER_WAY));
                tracing::debug!(
                    target: "muffin_session",
                    session = format_args!("{:016x}", config.log_id(identity.sid)),
                    ?why,
                    "an identity does not count",
                );
            }
        }
    } else if found.identity.is_empty() && found.has_slotted {
        incoming.leftovers = Slotted::in_request(config, parts, Slot::NOBODY).leftovers(config);
    }

    let guest = verify_guest(config, &found.guest, now);
    incoming.guest_cookie = !matches!(guest, Guest::None);
    incoming.sizes.data = found.guest.size(config.names.guest());
    let mut loaded = Loaded::anonymous(incoming, flashes);
    loaded.mark = mark.id();
    loaded.dropped = ended_lately;
    if let Guest::Counts(id, data) = guest {
        loaded.incoming.audience = Audience::Guest(id);
        loaded.guest = Some(id);
        loaded.data = data;
    }
    loaded
}

/// Whether the answer is shown to somebody: a HEAD or a prefetch must not use up a flash.
fn consumes_flashes(parts: &Parts) -> bool {
    let prefetch = ["sec-purpose", "purpose"].iter().any(|name| {
        parts
            .headers
            .get(*name)
            .is_some_and(|value| value.as_bytes().starts_with(b"prefetch"))
    });
    parts.method != http::Method::HEAD && !prefetch
}

/// Cookies whose names do not depend on a session.
#[derive(Default)]
struct Found<'h> {
    identity: Candidates<'h>,
    guest: Candidates<'h>,
    out: Candidates<'h>,
    flashes: Vec<(Slot, &'h [u8])>,
    has_slotted: bool,
}

impl<'h> Found<'h> {
    fn in_request(config: &Config, parts: &'h Parts) -> Self {
        let mut found = Self::default();
        cookie_header::each(
            &parts.headers,
            &config.names.prefix,
            |name, value| match name {
                b"id" => found.identity.push(value),
                b"guest" => found.guest.push(value),
                b"out" => found.out.push(value),
                [b'f', b'l', b'a', b's', b'h', b'.', slot @ ..] => {
                    if let Some(slot) = Slot::read(slot)
                        && found.flashes.len() < Flashes::MAX
                        && !found.flashes.contains(&(slot, value))
                    {
                        found.flashes.push((slot, value));
                    }
                }
                [b'd', b'a', b't', b'a', b'.', ..] | [b's', b'e', b'e', b'n', b'.', ..] => {
                    found.has_slotted = true;
                }
                _ => {}
            },
        );
        found
    }
}

/// Cookies whose names follow from a session's id.
struct Slotted<'h> {
    slot: Slot,
    data: Candidates<'h>,
    seen: Candidates<'h>,
    others: Vec<(Purpose, Slot, &'h [u8])>,
}

impl<'h> Slotted<'h> {
    fn in_request(config: &Config, parts: &'h Parts, slot: Slot) -> Self {
        let mut slotted = Self {
            slot,
            data: Candidates::default(),
            seen: Candidates::default(),
            others: Vec::new(),
        };
        cookie_header::each(&parts.headers, &config.names.prefix, |name, value| {
            let (purpose, candidates, text) = match name {
                [b'd', b'a', b't', b'a', b'.', text @ ..] => {
                    (Purpose::Data, &mut slotted.data, text)
                }
                [b's', b'e', b'e', b'n', b'.', text @ ..] => {
                    (Purpose::Seen, &mut slotted.seen, text)
                }
                _ => return,
            };
            if text == slot.as_str().as_bytes() {
                candidates.push(value);
            } else if slotted.others.len() < MAX_LEFTOVERS
                && let Some(other) = Slot::read(text)
            {
                slotted.others.push((purpose, other, value));
            }
        });
        slotted
    }

    /// Names of other sessions' cookies, as far as they verify. What does not verify is left alone: it may be another program's.
    fn leftovers(&self, config: &Config) -> Vec<String> {
        let name = |purpose, slot| match purpose {
            Purpose::Seen => config.names.seen(slot),
            _ => config.names.data(slot),
        };
        self.others
            .iter()
            .map(|&(purpose, slot, value)| (purpose, name(purpose, slot), value))
            .filter(|(purpose, name, value)| open(config, *purpose, name, value).is_some())
            .map(|(_, name, _)| name)
            .collect()
    }
}

/// The mark of the last logout.
#[derive(Clone, Copy)]
enum Mark {
    None,
    One(Id),
    /// Two that verify: nobody can tell which one is the last.
    Many,
}

impl Mark {
    fn id(self) -> Option<Id> {
        match self {
            Self::One(id) => Some(id),
            Self::None | Self::Many => None,
        }
    }
}

/// Whether an identity counts.
enum Standing {
    Counts {
        data: Data,
        last_activity: Millis,
        seen_cookie: bool,
        /// Whether another session has taken its place, and it may only be read for a little while.
        is_renewed: bool,
    },
    Not(Why),
}

/// Why an identity does not count.
#[derive(Debug)]
enum Why {
    /// It says times that have not come.
    FromTheFuture,
    Expired,
    Idle,
    /// A logout of this browser came after it.
    LoggedOut,
    /// It was ended before its time.
    Ended(#[allow(dead_code, reason = "shown by Debug")] Millis),
    /// Its data is not there, and a missing cookie must not grant what the cookie would refuse.
    Incomplete,
}

fn stand(
    config: &Config,
    identity: &Identity,
    issued_at: Millis,
    mark: Mark,
    slotted: &Slotted<'_>,
    now: Millis,
) -> Standing {
    let ahead = [issued_at, identity.started_at, identity.authenticated_at]
        .iter()
        .any(|time| time.is_ahead_of(now));
    if ahead {
        return Standing::Not(Why::FromTheFuture);
    }
    if now >= identity.expires_at || now >= identity.started_at.plus(config.lifetime) {
        return Standing::Not(Why::Expired);
    }
    let is_logged_out = match mark {
        Mark::None => false,
        Mark::One(mark) => identity.out != Some(mark),
        Mark::Many => true,
    };
    if is_logged_out {
        return Standing::Not(Why::LoggedOut);
    }
    let ended = config.ended.get(identity.sid, now);
    if let Some(at) = ended
        && at <= now
    {
        return Standing::Not(Why::Ended(at));
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
            return Standing::Not(Why::Idle);
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
        Some(data) => Standing::Counts {
            data,
            last_activity,
            seen_cookie,
            is_renewed: ended.is_some(),
        },
        None => Standing::Not(Why::Incomplete),
    }
}

enum Guest {
    None,
    /// Ours, but over, or one of two.
    Over,
    Counts(Id, Data),
}

fn verify_guest(config: &Config, candidates: &Candidates<'_>, now: Millis) -> Guest {
    match verify(config, Purpose::Guest, config.names.guest(), candidates) {
        Verified::None => Guest::None,
        Verified::Many => Guest::Over,
        Verified::One(opened) => {
            let age_counts = !opened.issued_at.is_ahead_of(now)
                && now < opened.issued_at.plus(config.guest_lifetime);
            let id = leading_id(opened.body());
            match (age_counts, id, read_data(opened)) {
                (true, Some(id), Some(data)) => Guest::Counts(id, data),
                _ => Guest::Over,
            }
        }
    }
}

/// The JSON object after the owner's id.
fn read_data(opened: Opened) -> Option<Data> {
    let (buffer, start) = opened.into_parts();
    Data::read(buffer, start + Id::LEN)
}

enum Verified {
    None,
    One(Opened),
    /// Two that are different: nobody can tell which one is meant, so neither is.
    Many,
}

fn verify(config: &Config, purpose: Purpose, name: &str, candidates: &Candidates<'_>) -> Verified {
    let mut verified = candidates
        .iter()
        .filter_map(|value| open(config, purpose, name, value));
    match (verified.next(), verified.next()) {
        (None, _) => Verified::None,
        (Some(opened), None) => Verified::One(opened),
        (Some(_), Some(_)) => Verified::Many,
    }
}

/// Lengths first, then the tag, and nothing else before.
pub(crate) fn open(config: &Config, purpose: Purpose, name: &str, value: &[u8]) -> Option<Opened> {
    let (fewest, most) = text_bounds(&config.sealer, purpose, name);
    if !(fewest..=most).contains(&value.len()) {
        return None;
    }
    config.sealer.open(purpose, name, value)
}
