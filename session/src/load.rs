//! From a request's cookies to its session: find ours, verify them, and take what counts.

use http::Method;
use http::request::Parts;

use crate::clock::Millis;
use crate::config::Config;
use crate::cookie_names::Slot;
use crate::error::Error;
use crate::flash::Flashes;
use crate::found::{Found, Slotted, verified};
use crate::from_store::{from_cookies_and_store, from_store};
use crate::keys::Purpose;
use crate::signs::Signs;
use crate::standing::{Counting, Guest, HalfDone, Mark, Request, Shown, Standing, Why};
use crate::state::{Bearer, Ending, Incoming, Loaded, Lost};
use crate::telemetry::{self, RejectedFor};
use crate::wire::{Audience, Identity};

/// After a session was ended, requests that were under way with it get errors for what they write. Later ones are just anonymous.
pub(crate) const UNDER_WAY: Millis = Millis(60_000);

/// The session of a request, if the request alone says what it is.
pub(crate) fn load_at_once(config: &Config, parts: &Parts) -> Option<Box<Loaded>> {
    let with_token = with_token(config, parts);
    if with_token.is_some() || config.calls_a_store() {
        return with_token;
    }
    Some(from_cookies(config, parts, config.now()))
}

/// The session of a request, as a store has it or knows of it.
pub(crate) async fn load(config: &Config, parts: &Parts) -> Result<Box<Loaded>, Error> {
    let now = config.now();
    // Boxed, so that where there is no store, no future has to carry it.
    match &config.store {
        Some(store) => Box::pin(from_store(config, store, parts, now)).await,
        None => Box::pin(from_cookies_and_store(config, parts, now)).await,
    }
}

/// From signed cookies alone.
fn from_cookies(config: &Config, parts: &Parts, now: Millis) -> Box<Loaded> {
    let mut reading = Reading::begin(config, parts, now);
    match reading.identity() {
        Some((shown, slotted, Standing::Counts(counting))) => {
            reading.logged_in(shown, counting, &slotted);
        }
        Some((shown, _, Standing::Not(why))) => {
            reading.refused(&shown.identity, &why);
            reading.anonymous();
        }
        None => {
            reading.not_ours();
            reading.anonymous();
        }
    }
    reading.loaded
}

/// Where a request brings a token, its cookies are not looked at.
fn with_token(config: &Config, parts: &Parts) -> Option<Box<Loaded>> {
    let tokens = config.tokens.as_ref()?;
    if !tokens.are_in(&parts.headers) {
        return None;
    }
    let mut loaded = Box::new(Loaded::anonymous(
        config.now(),
        Flashes::found(Vec::new(), false),
    ));
    loaded.bearer = match tokens.one_in(&parts.headers) {
        Some(token) => Bearer::Token(token),
        None => Bearer::Nobodys,
    };
    Some(loaded)
}

/// A request's cookies on the way to its session.
pub(crate) struct Reading<'r> {
    pub(crate) config: &'r Config,
    parts: &'r Parts,
    pub(crate) found: Found<'r>,
    pub(crate) mark: Mark,
    pub(crate) now: Millis,
    pub(crate) loaded: Box<Loaded>,
}

impl<'r> Reading<'r> {
    /// What does not depend on where sessions are kept.
    pub(crate) fn begin(config: &'r Config, parts: &'r Parts, now: Millis) -> Self {
        let mut found = Found::in_headers(config, &parts.headers);
        let signs = Signs::of(parts);
        let flashes = Flashes::found(std::mem::take(&mut found.flashes), signs.is_shown);
        let mut loaded = Box::new(Loaded::anonymous(now, flashes));
        loaded.incoming.is_cross_site_read = signs.is_cross_site_read;
        loaded.incoming.is_plain_http = signs.is_plain_http;

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
        Self {
            config,
            parts,
            found,
            mark,
            now,
            loaded,
        }
    }

    /// Whether the request is a GET or HEAD.
    pub(crate) fn only_reads(&self) -> bool {
        matches!(self.parts.method, Method::GET | Method::HEAD)
    }

    /// The identity that the request's cookies show, and whether it counts.
    pub(crate) fn identity(&mut self) -> Option<(Shown, Slotted<'r>, Standing)> {
        let (config, parts) = (self.config, self.parts);
        let (count, shown) = identity(config, &self.found, &mut self.loaded.incoming);
        if count > 1 {
            self.rejected(RejectedFor::Ambiguous, None);
        }
        let shown = shown?;
        let slotted = Slotted::in_headers(config, &parts.headers, Slot::of(shown.identity.sid));
        let request = Request {
            at: self.now,
            only_reads: self.only_reads(),
        };
        let standing = Standing::of(config, &shown, self.mark, &slotted, request);
        Some((shown, slotted, standing))
    }

    /// Somebody is logged in.
    pub(crate) fn logged_in(&mut self, shown: Shown, counting: Counting, slotted: &Slotted<'_>) {
        let (guest, _) = Guest::of(self.config, &self.found, self.now);
        let loaded = &mut self.loaded;
        let incoming = &mut loaded.incoming;
        incoming.guest_cookie = !matches!(guest, Guest::None);
        incoming.session = Some((shown.key, counting.last_activity));
        incoming.made_with = Some(shown.made_with);
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

    /// Somebody's identity does not count.
    pub(crate) fn refused(&mut self, identity: &Identity, why: &Why) {
        if matches!(why, Why::Ended(at) if self.now < at.plus(UNDER_WAY)) {
            self.loaded.lost = Some(Lost::Ended);
        }
        let reason = match why {
            Why::FromTheFuture => RejectedFor::FromTheFuture,
            Why::Expired => RejectedFor::Lifetime,
            Why::Idle => RejectedFor::Idle,
            Why::LoggedOut => RejectedFor::LoggedOut,
            Why::Ended(_) => RejectedFor::Ended,
            Why::Moved => RejectedFor::Moved,
            Why::Incomplete => RejectedFor::Incomplete,
        };
        self.loaded.incoming.is_over = !matches!(why, Why::FromTheFuture | Why::Incomplete);
        self.rejected(reason, Some(identity));
    }

    /// What is there in the place of an identity, and of which none verifies.
    pub(crate) fn not_ours(&self) {
        if !self.found.identity.is_empty() && !self.loaded.incoming.shows_identity {
            self.rejected(RejectedFor::Forged, None);
        }
    }

    /// Tells that what the request shows of somebody logged in does not count.
    pub(crate) fn rejected(&self, reason: RejectedFor, identity: Option<&Identity>) {
        let sid = identity.map(|identity| identity.sid);
        let user_id = identity.map(|identity| &identity.user_id);
        telemetry::rejected(self.config, self.parts, reason, sid, user_id);
    }

    /// Nobody is logged in: what is left is a guest's.
    pub(crate) fn anonymous(&mut self) {
        self.leftovers();
        let (guest, size) = Guest::of(self.config, &self.found, self.now);
        let loaded = &mut self.loaded;
        loaded.incoming.guest_cookie |= !matches!(guest, Guest::None);
        loaded.incoming.sizes.data = size;
        if let Guest::Counts(id, data) = guest {
            loaded.guest = Some(id);
            loaded.data = data;
        }
    }

    /// Cookies of sessions, while nobody is logged in by cookies.
    pub(crate) fn leftovers(&mut self) {
        if self.found.has_slotted {
            let slotted = Slotted::in_headers(self.config, &self.parts.headers, Slot::NOBODY);
            let leftovers = slotted.others();
            if self.found.identity.is_empty() {
                self.loaded.incoming.leftovers = leftovers;
            } else {
                self.loaded.incoming.stale = leftovers;
            }
        }
    }
}

/// How many identities a request shows that are ours, and the one, whether it counts or not. Two are none.
fn identity(config: &Config, found: &Found<'_>, incoming: &mut Incoming) -> (usize, Option<Shown>) {
    if found.identity.is_empty() {
        return (0, None);
    }
    let name = config.names.identity();
    let mut count = 0;
    let mut shown = None;
    for opened in verified(config, Purpose::Identity, name, &found.identity) {
        count += 1;
        incoming.shows_identity = true;
        incoming.sizes.identity += name.len() + opened.text_len;
        if opened.used.is_old {
            telemetry::old_key(opened.used.key);
        }
        if let Some(identity) = Identity::decode(opened.body()) {
            let key = config
                .ended
                .key(identity.sid, &identity.user_id, opened.issued_at);
            incoming.verified.push(Ending::of(config, key, &identity));
            incoming.identity_cookie = true;
            shown = Some(Shown {
                identity,
                key,
                issued_at: opened.issued_at,
                made_with: opened.used.key,
            });
        }
    }
    (count, shown.filter(|_| count == 1))
}
