//! From a request's cookies to its session: find ours, verify them, and take what counts.

use http::header::ORIGIN;
use http::request::Parts;
use http::{HeaderValue, Method};

use crate::clock::Millis;
use crate::config::Config;
use crate::cookie_names::Slot;
use crate::flash::Flashes;
use crate::found::{Found, Slotted, verified};
use crate::keys::Purpose;
use crate::standing::{Counting, Guest, HalfDone, Mark, Request, Shown, Standing, Why};
use crate::state::{Bearer, Incoming, Loaded, Lost};
use crate::wire::{Audience, Identity};

/// After a session was ended, requests that were under way with it get errors for what they write. Later ones are just anonymous.
const UNDER_WAY: Millis = Millis(60_000);

/// The session of a request.
pub(crate) fn load(config: &Config, parts: &Parts, now: Millis) -> Box<Loaded> {
    if let Some(tokens) = &config.tokens
        && tokens.are_in(&parts.headers)
    {
        let mut loaded = Box::new(Loaded::anonymous(now, Flashes::found(Vec::new(), false)));
        loaded.bearer = match tokens.one_in(&parts.headers) {
            Some(token) => Bearer::Token(token),
            None => Bearer::Nobodys,
        };
        return loaded;
    }
    let mut found = Found::in_headers(config, &parts.headers);
    let flashes = Flashes::found(std::mem::take(&mut found.flashes), consumes_flashes(parts));
    let mut loaded = Box::new(Loaded::anonymous(now, flashes));
    loaded.incoming.is_cross_site_read = is_cross_site_read(parts);
    loaded.incoming.is_plain_http = is_plain_http(parts);

    let (mark, size) = Mark::of(config, &found, now);
    loaded.mark = mark.id();
    loaded.incoming.sizes.out = size;

    let (half_done, size) = HalfDone::of(config, &found, mark, now);
    loaded.incoming.sizes.pending = size;
    match half_done {
        HalfDone::None => {}
        HalfDone::Over => loaded.incoming.pending_cookie = true,
        HalfDone::Counts(half) => {
            loaded.incoming.pending_cookie = true;
            loaded.pending = Some(half);
        }
    }

    if let Some(shown) = identity(config, &found, &mut loaded.incoming) {
        let identity = &shown.identity;
        let slotted = Slotted::in_headers(config, &parts.headers, Slot::of(identity.sid));
        let request = Request {
            at: now,
            only_reads: matches!(parts.method, Method::GET | Method::HEAD),
        };
        match Standing::of(config, &shown, mark, &slotted, request) {
            Standing::Counts(counting) => {
                let (guest, _) = Guest::of(config, &found, now);
                loaded.incoming.guest_cookie = !matches!(guest, Guest::None);
                logged_in(&mut loaded, shown, counting, &slotted);
                return loaded;
            }
            Standing::Not(why) => {
                if matches!(why, Why::Ended(at) if now < at.plus(UNDER_WAY)) {
                    loaded.lost = Some(Lost::Ended);
                }
                tracing::debug!(
                    target: "muffin_session",
                    session = format_args!("{:016x}", config.log_id(identity.sid)),
                    ?why,
                    "an identity does not count",
                );
            }
        }
    }
    if found.has_slotted {
        let slotted = Slotted::in_headers(config, &parts.headers, Slot::NOBODY);
        let leftovers = slotted.others();
        if found.identity.is_empty() {
            loaded.incoming.leftovers = leftovers;
        } else {
            loaded.incoming.stale = leftovers;
        }
    }

    let (guest, size) = Guest::of(config, &found, now);
    loaded.incoming.guest_cookie = !matches!(guest, Guest::None);
    loaded.incoming.sizes.data = size;
    if let Guest::Counts(id, data) = guest {
        loaded.guest = Some(id);
        loaded.data = data;
    }
    loaded
}

/// The identity that a request shows, whether it counts or not. Two are none.
fn identity(config: &Config, found: &Found<'_>, incoming: &mut Incoming) -> Option<Shown> {
    if found.identity.is_empty() {
        return None;
    }
    let name = config.names.identity();
    let mut count = 0;
    let mut shown = None;
    for opened in verified(config, Purpose::Identity, name, &found.identity) {
        count += 1;
        incoming.sizes.identity += name.len() + opened.text_len;
        if let Some(identity) = Identity::decode(opened.body()) {
            let key = config
                .ended
                .key(identity.sid, &identity.user_id, opened.issued_at);
            incoming.verified.push((key, identity.expires_at));
            shown = Some(Shown {
                identity,
                key,
                issued_at: opened.issued_at,
            });
        }
    }
    match count {
        0 => {
            tracing::debug!(target: "muffin_session", "an identity cookie is not ours");
            None
        }
        1 => shown,
        _ => {
            tracing::warn!(
                target: "muffin_session",
                "a request has two valid identities: it counts as nobody's. Does another host or path of this site set our cookies?",
            );
            None
        }
    }
}

fn logged_in(loaded: &mut Loaded, shown: Shown, counting: Counting, slotted: &Slotted<'_>) {
    let incoming = &mut loaded.incoming;
    incoming.session = Some((shown.key, counting.last_activity));
    incoming.audience = Audience::Session(shown.identity.sid);
    incoming.seen_cookie = counting.seen_cookie;
    incoming.sizes.data = counting.data_size;
    incoming.sizes.seen = counting.seen_size;
    incoming.leftovers = slotted.others();
    loaded.identity = Some(shown.identity);
    loaded.data = counting.data;
    if counting.is_renewed {
        loaded.lost = Some(Lost::Ended);
    }
}

/// Whether the answer is shown to somebody: a HEAD or a prefetch must not use up a flash.
fn consumes_flashes(parts: &Parts) -> bool {
    let prefetch = ["sec-purpose", "purpose"].iter().any(|name| {
        parts
            .headers
            .get(*name)
            .is_some_and(|value| value.as_bytes().starts_with(b"prefetch"))
    });
    parts.method != Method::HEAD && !prefetch
}

/// Whether the page that made a request came over plain http, where browsers drop `Secure` cookies: but for this machine's own names.
fn is_plain_http(parts: &Parts) -> bool {
    let origin = parts.headers.get(ORIGIN).map(HeaderValue::as_bytes);
    let Some(host) = origin.and_then(|origin| origin.strip_prefix(b"http://")) else {
        return false;
    };
    let is_own = |name: &&[u8]| host.starts_with(name);
    let own: [&[u8]; 3] = [b"localhost", b"127.", b"[::1]"];
    let host_end = host
        .iter()
        .position(|&byte| byte == b':')
        .unwrap_or(host.len());
    !own.iter().any(is_own) && !host[..host_end].ends_with(b".localhost")
}

/// Whether another site's page made a request that is not meant to change anything, such as a link or a picture.
fn is_cross_site_read(parts: &Parts) -> bool {
    matches!(parts.method, Method::GET | Method::HEAD)
        && parts
            .headers
            .get("sec-fetch-site")
            .is_some_and(|site| site == "cross-site" || site == "same-site")
}
