//! A request's cookies of ours, sorted by what they are for. Nothing is verified here but what is to be removed.

use http::HeaderMap;

use crate::config::Config;
use crate::cookie_header::{self, Candidates};
use crate::cookie_names::Slot;
use crate::flash::Flashes;
use crate::keys::Purpose;
use crate::seal::Opened;
use crate::wire::text_bounds;

/// Names of other sessions' cookies that one request looks at: each costs a MAC.
const MAX_LEFTOVERS: usize = 4;

/// Cookies whose names do not depend on a session.
#[derive(Default)]
pub(crate) struct Found<'h> {
    pub(crate) identity: Candidates<'h>,
    pub(crate) guest: Candidates<'h>,
    pub(crate) out: Candidates<'h>,
    pub(crate) pending: Candidates<'h>,
    pub(crate) flashes: Vec<(Slot, &'h [u8])>,
    /// Whether there are cookies whose names depend on a session.
    pub(crate) has_slotted: bool,
}

impl<'h> Found<'h> {
    pub(crate) fn in_headers(config: &Config, headers: &'h HeaderMap) -> Self {
        let mut found = Self::default();
        cookie_header::each(headers, &config.names.prefix, |name, value| match name {
            b"id" => found.identity.push(value),
            b"guest" => found.guest.push(value),
            b"out" => found.out.push(value),
            b"pending" => found.pending.push(value),
            _ => match slotted(name) {
                Some((Purpose::Flash, slot)) => found.push_flash(slot, value),
                Some(_) => found.has_slotted = true,
                None => {}
            },
        });
        found
    }

    fn push_flash(&mut self, slot: Slot, value: &'h [u8]) {
        if self.flashes.len() < Flashes::MAX && !self.flashes.contains(&(slot, value)) {
            self.flashes.push((slot, value));
        }
    }
}

/// Cookies whose names follow from a session's id: of one session, and of others.
pub(crate) struct Slotted<'h> {
    pub(crate) slot: Slot,
    pub(crate) data: Candidates<'h>,
    pub(crate) seen: Candidates<'h>,
    others: Vec<(Purpose, Slot, &'h [u8])>,
}

impl<'h> Slotted<'h> {
    pub(crate) fn in_headers(config: &Config, headers: &'h HeaderMap, slot: Slot) -> Self {
        let mut found = Self {
            slot,
            data: Candidates::default(),
            seen: Candidates::default(),
            others: Vec::new(),
        };
        cookie_header::each(headers, &config.names.prefix, |name, value| {
            match slotted(name) {
                Some((Purpose::Data, of)) if of == slot => found.data.push(value),
                Some((Purpose::Seen, of)) if of == slot => found.seen.push(value),
                Some((purpose @ (Purpose::Data | Purpose::Seen), of))
                    if found.others.len() < MAX_LEFTOVERS =>
                {
                    found.others.push((purpose, of, value));
                }
                _ => {}
            }
        });
        found
    }

    /// Other sessions' cookies, for when it turns out that they have to be looked at.
    pub(crate) fn others(&self) -> Vec<Leftover> {
        let kept = |&(purpose, slot, value): &(Purpose, Slot, &[u8])| Leftover {
            purpose,
            slot,
            value: value.into(),
        };
        self.others.iter().map(kept).collect()
    }
}

/// A cookie that belongs to no session that counts, unverified.
pub(crate) struct Leftover {
    purpose: Purpose,
    slot: Slot,
    value: Box<[u8]>,
}

/// Names of leftovers, as far as they verify. What does not verify is left alone: it may be another program's.
pub(crate) fn verified_names(config: &Config, leftovers: &[Leftover]) -> Vec<String> {
    let mut names: Vec<_> = leftovers
        .iter()
        .filter_map(|leftover| {
            let name = match leftover.purpose {
                Purpose::Seen => config.names.seen(leftover.slot),
                _ => config.names.data(leftover.slot),
            };
            open(config, leftover.purpose, &name, &leftover.value).map(|_| name)
        })
        .collect();
    // Two values of one name are removed once.
    names.sort();
    names.dedup();
    names
}

/// The purpose and slot that a name says, after the common prefix.
fn slotted(name: &[u8]) -> Option<(Purpose, Slot)> {
    let dot = name.iter().position(|&byte| byte == b'.')?;
    let purpose = match &name[..dot] {
        b"data" => Purpose::Data,
        b"seen" => Purpose::Seen,
        b"flash" => Purpose::Flash,
        _ => return None,
    };
    Some((purpose, Slot::read(&name[dot + 1..])?))
}

/// What verifying the values of one name came to, and the bytes that those take which are ours.
pub(crate) struct Verified {
    pub(crate) value: Value,
    pub(crate) size: usize,
}

pub(crate) enum Value {
    None,
    One(Opened),
    /// Two that are different: nobody can tell which one is meant, so neither is.
    Many,
}

/// All different values of one name that are ours.
pub(crate) fn verified<'v>(
    config: &'v Config,
    purpose: Purpose,
    name: &'v str,
    candidates: &'v Candidates<'_>,
) -> impl Iterator<Item = Opened> + 'v {
    candidates
        .iter()
        .filter_map(move |value| open(config, purpose, name, value))
}

pub(crate) fn verify(
    config: &Config,
    purpose: Purpose,
    name: &str,
    candidates: &Candidates<'_>,
) -> Verified {
    let mut size = 0;
    let mut value = Value::None;
    for opened in verified(config, purpose, name, candidates) {
        size += name.len() + opened.text_len;
        value = match value {
            Value::None => Value::One(opened),
            Value::One(_) | Value::Many => Value::Many,
        };
    }
    Verified { value, size }
}

/// Lengths first, then the tag, and nothing else before.
pub(crate) fn open(config: &Config, purpose: Purpose, name: &str, value: &[u8]) -> Option<Opened> {
    let fits = |protection| {
        let (fewest, most) = text_bounds(protection, purpose, name);
        (fewest..=most).contains(&value.len())
    };
    if !config.sealer.keyring().protections().any(fits) {
        return None;
    }
    let opened = config.sealer.open(purpose, name, value, || config.now())?;
    fits(opened.protection).then_some(opened)
}
