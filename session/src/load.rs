//! From a request's cookies to its session: find ours, verify them, and take what counts.

use http::request::Parts;

use crate::clock::Millis;
use crate::config::Config;
use crate::cookie_names::Slot;
use crate::flash::Flashes;
use crate::found::{Found, Slotted, Verified, verify};
use crate::keys::Purpose;
use crate::standing::{Counting, Guest, HalfDone, Mark, Standing, Why};
use crate::state::{Incoming, Loaded};
use crate::wire::{Audience, Identity};

/// After a session was ended, requests that were under way with it get errors for what they write. Later ones are just anonymous.
const UNDER_WAY: Millis = Millis(60_000);

/// The session of a request.
pub(crate) fn load(config: &Config, parts: &Parts, now: Millis) -> Loaded {
    let mut found = Found::in_headers(config, &parts.headers);
    let flashes = Flashes::found(std::mem::take(&mut found.flashes), consumes_flashes(parts));
    let mut loaded = Loaded::anonymous(Incoming::default(), flashes);

    let mark = Mark::of(config, &found, now);
    loaded.mark = mark.id();
    loaded.incoming.sizes.out = found.out.size(config.names.out());
    loaded.incoming.sizes.pending = found.pending.size(config.names.pending());

    match HalfDone::of(config, &found, mark, now) {
        HalfDone::None => {}
        HalfDone::Over => loaded.incoming.pending_cookie = true,
        HalfDone::Counts(user_id) => {
            loaded.incoming.pending_cookie = true;
            loaded.pending = Some(user_id);
        }
    }

    if let Some((identity, issued_at)) = identity(config, &found, &mut loaded.incoming) {
        let slot = Slot::of(identity.sid);
        let slotted = Slotted::in_headers(config, &parts.headers, slot);
        match Standing::of(config, &identity, issued_at, mark, &slotted, now) {
            Standing::Counts(counting) => {
                let guest = Guest::of(config, &found, now);
                loaded.incoming.guest_cookie = !matches!(guest, Guest::None);
                logged_in(config, &mut loaded, identity, counting, &slotted);
                return loaded;
            }
            Standing::Not(why) => {
                loaded.dropped = matches!(why, Why::Ended(at) if now < at.plus(UNDER_WAY));
                tracing::debug!(
                    target: "muffin_session",
                    session = format_args!("{:016x}", config.log_id(identity.sid)),
                    ?why,
                    "an identity does not count",
                );
            }
        }
    } else if found.identity.is_empty() && found.has_slotted {
        let slotted = Slotted::in_headers(config, &parts.headers, Slot::NOBODY);
        loaded.incoming.leftovers = slotted.leftovers(config);
    }

    let guest = Guest::of(config, &found, now);
    loaded.incoming.guest_cookie = !matches!(guest, Guest::None);
    loaded.incoming.sizes.data = found.guest.size(config.names.guest());
    if let Guest::Counts(id, data) = guest {
        loaded.incoming.audience = Audience::Guest(id);
        loaded.guest = Some(id);
        loaded.data = data;
    }
    loaded
}

/// The identity that a request shows, and when it was issued, whether it counts or not.
fn identity(
    config: &Config,
    found: &Found<'_>,
    incoming: &mut Incoming,
) -> Option<(Identity, Millis)> {
    let name = config.names.identity();
    match verify(config, Purpose::Identity, name, &found.identity) {
        Verified::One(opened) => {
            incoming.identity_cookie = true;
            incoming.sizes.identity = found.identity.size(name);
            let identity = Identity::decode(opened.body())?;
            Some((identity, opened.issued_at))
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
    }
}

fn logged_in(
    config: &Config,
    loaded: &mut Loaded,
    identity: Identity,
    counting: Counting,
    slotted: &Slotted<'_>,
) {
    let incoming = &mut loaded.incoming;
    incoming.session = Some((identity.sid, counting.last_activity));
    incoming.audience = Audience::Session(identity.sid);
    incoming.seen_cookie = counting.seen_cookie;
    incoming.sizes.data = slotted.data.size(&config.names.data(slotted.slot));
    incoming.sizes.seen = slotted.seen.size(&config.names.seen(slotted.slot));
    incoming.leftovers = slotted.leftovers(config);
    loaded.identity = Some(identity);
    loaded.data = counting.data;
    loaded.dropped = counting.is_renewed;
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
