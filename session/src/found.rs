//! A request's cookies of ours, sorted by what they are for. Nothing is verified here but what is to be removed.

use http::HeaderMap;

use crate::config::Config;
use crate::cookie_header::{self, Candidates};
use crate::cookie_names::Slot;
use crate::flash::Flashes;
use crate::keys::Purpose;
use crate::seal::Opened;
use crate::wire::{MAX_COOKIE, text_bounds};

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
                    if found.others.len() < MAX_LEFTOVERS && value.len() <= MAX_COOKIE =>
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

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::COOKIE;

    use super::*;
    use crate::Sessions;
    use crate::clock::Millis;
    use crate::secret::Secret;
    use crate::wire::Id;

    fn config() -> std::sync::Arc<Config> {
        let builder = Sessions::builder(Secret::new("k4Jq2vX9sLw4RtY8zKb3NcM6hGd1FfAe"));
        builder.without_user_loader().build().unwrap().config
    }

    fn slot(number: u8) -> Slot {
        Slot::of(Id([number; 16]))
    }

    fn slotted(config: &Config, cookies: &[(String, &str)]) -> (usize, usize, usize) {
        let pairs: Vec<_> = cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::try_from(pairs.join("; ")).unwrap());
        let found = Slotted::in_headers(config, &headers, slot(0));
        (
            found.data.iter().count(),
            found.seen.iter().count(),
            found.others().len(),
        )
    }

    #[test]
    fn cookies_of_other_sessions_are_left_over_and_no_more_than_four() {
        let config = config();
        let names = &config.names;
        let own = [(names.data(slot(0)), "a"), (names.seen(slot(0)), "a")];
        assert_eq!(slotted(&config, &own), (1, 1, 0));
        let of_another = [(names.data(slot(1)), "a"), (names.seen(slot(1)), "a")];
        assert_eq!(slotted(&config, &of_another), (0, 0, 2));
        let of_many: Vec<_> = (1..9)
            .map(|number| (names.seen(slot(number)), "a"))
            .collect();
        assert_eq!(slotted(&config, &of_many), (0, 0, MAX_LEFTOVERS));
        for (length, expected) in [(MAX_COOKIE, 1), (MAX_COOKIE + 1, 0)] {
            let long = "a".repeat(length);
            let cookie = [(names.data(slot(1)), &*long)];
            assert_eq!(slotted(&config, &cookie), (0, 0, expected), "{length}");
        }
    }

    #[test]
    fn leftovers_are_named_if_they_are_ours() {
        let config = config();
        let leftover = |purpose, slot: Slot, body: &[u8], name: &str| Leftover {
            purpose,
            slot,
            value: config
                .sealer
                .sealed(purpose, name, Millis(1), body)
                .unwrap()
                .into_bytes()
                .into(),
        };
        let (data, seen) = (config.names.data(slot(1)), config.names.seen(slot(2)));
        let leftovers = [
            leftover(Purpose::Seen, slot(2), &[2; 16], &seen),
            leftover(
                Purpose::Data,
                slot(1),
                &[&[1; 16][..], b"{}"].concat(),
                &data,
            ),
            // Of another name than the one that it stood under.
            leftover(Purpose::Seen, slot(3), &[2; 16], &seen),
        ];
        assert_eq!(verified_names(&config, &leftovers), [data, seen]);
    }
}
