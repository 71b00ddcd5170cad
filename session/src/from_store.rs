//! From a request's cookies to its session, where a store keeps it, or knows what has become of it.

use http::request::Parts;

use crate::clock::Millis;
use crate::config::Config;
use crate::deny_list;
use crate::error::Error;
use crate::found::{Value, Verified, verify};
use crate::handle::{Handle, user_key};
use crate::keys::Purpose;
use crate::load::Reading;
use crate::login::data_cookie_size;
use crate::moving::{self, Moved};
use crate::record::{Content, Kept, Renewed};
use crate::standing::{Guest, Standing, Why, in_time};
use crate::state::{Ending, Loaded, Lost, Stored};
use crate::store::Record;
use crate::store_calls::{Calls, StoreCalls};
use crate::telemetry::{self, RejectedFor};
use crate::wire::{Audience, MAX_COOKIE};

/// The session of a request whose cookies say where the store has it.
pub(crate) async fn from_store(
    config: &Config,
    store: &StoreCalls,
    parts: &Parts,
    now: Millis,
) -> Result<Box<Loaded>, Error> {
    let mut reading = Reading::begin(config, parts, now);
    let calls = store.begin(now);
    let looked = match reading.shown() {
        Login::InStore(handle) => by_handle(reading, calls, handle).await?,
        // Boxed, as all that hardly ever happens: each request's future would have room for it.
        Login::InCookies if config.moves_from_cookies => {
            Box::pin(by_cookies(reading, calls)).await?
        }
        Login::InCookies => {
            reading.not_ours();
            Looked::Nobody(reading)
        }
        Login::Ambiguous => Looked::Nobody(reading),
    };
    match looked {
        Looked::LoggedIn(loaded) => Ok(loaded),
        Looked::Nobody(mut reading) => {
            reading.guest_of_store(calls).await?;
            Ok(reading.loaded)
        }
    }
}

/// How far the look for somebody who is logged in has come.
#[allow(
    clippy::large_enum_variant,
    reason = "it is taken apart where it is made"
)]
enum Looked<'r> {
    LoggedIn(Box<Loaded>),
    /// It goes on with guests.
    Nobody(Reading<'r>),
}

/// Looks for a session where its handle says.
async fn by_handle<'r>(
    mut reading: Reading<'r>,
    calls: Calls<'_>,
    handle: Handle,
) -> Result<Looked<'r>, Error> {
    let incoming = &mut reading.loaded.incoming;
    match find(reading.config, calls, handle).await? {
        Some(Found::Here(stored, kept)) => {
            if reading.counts(&kept) {
                return Ok(Looked::LoggedIn(reading.of_record(stored, *kept)));
            }
            reading.loaded.incoming.stale_record = Some(handle.key());
        }
        Some(Found::Renewed(renewed)) => {
            incoming.stale_record = Some(handle.key());
            reading.loaded.lost = Some(Lost::Ended);
            let kept = if reading.only_reads() && calls.now() < renewed.readable_until {
                Box::pin(successor(reading.config, calls, renewed)).await?
            } else {
                None
            };
            match kept {
                Some(kept) if reading.counts(&kept) => {
                    return Ok(Looked::LoggedIn(reading.of_successor(*kept)));
                }
                // Why it does not count is told.
                Some(_) => {}
                None => reading.rejected(RejectedFor::Ended, None),
            }
        }
        None => {
            incoming.missing_record = Some(handle.key());
            reading.rejected(RejectedFor::Unknown, None);
        }
    }
    Ok(Looked::Nobody(reading))
}

/// Moves a session into the store that is in cookies.
async fn by_cookies<'r>(mut reading: Reading<'r>, calls: Calls<'_>) -> Result<Looked<'r>, Error> {
    let Some((shown, slotted, standing)) = reading.identity() else {
        reading.not_ours();
        return Ok(Looked::Nobody(reading));
    };
    let counting = match standing {
        Standing::Counts(counting) if !counting.is_renewed => counting,
        Standing::Counts(_) => {
            reading.loaded.lost = Some(Lost::Ended);
            reading.rejected(RejectedFor::Ended, Some(&shown.identity));
            return Ok(Looked::Nobody(reading));
        }
        Standing::Not(why) => {
            reading.refused(&shown.identity, &why);
            return Ok(Looked::Nobody(reading));
        }
    };
    let config = reading.config;
    // What was ended while it was in cookies stays so: by the deny list of then, and by what has ended all of the user's sessions since.
    let user_id = &shown.identity.user_id;
    let ended = match deny_list::verdict(config, calls.now(), user_id, shown.key).await? {
        Some(ended) => Some(ended),
        None => deny_list::get(calls, user_key(config, user_id), shown.key).await?,
    };
    if let Some(ended) = ended {
        reading.refused(&shown.identity, &Why::Ended(ended.at));
        return Ok(Looked::Nobody(reading));
    }
    let Moved { handle, record } = moving::from_cookies(config, calls, &shown, &counting).await?;
    match record.and_then(|record| Found::decode(handle, record)) {
        Some(Found::Here(stored, kept)) => {
            reading.logged_in(shown, counting, &slotted);
            reading.loaded.incoming.is_moved = true;
            return Ok(Looked::LoggedIn(reading.of_record(stored, *kept)));
        }
        Some(Found::Renewed(_)) => {
            reading.loaded.incoming.stale_record = Some(handle.key());
            reading.loaded.lost = Some(Lost::Ended);
            reading.rejected(RejectedFor::Ended, Some(&shown.identity));
        }
        None => reading.refused(&shown.identity, &Why::Moved),
    }
    Ok(Looked::Nobody(reading))
}

/// The session of a request whose cookies hold it, where a store knows which have ended, or has those of before.
pub(crate) async fn from_cookies_and_store(
    config: &Config,
    parts: &Parts,
    now: Millis,
) -> Result<Box<Loaded>, Error> {
    let mut reading = Reading::begin(config, parts, now);
    match reading.identity() {
        Some((shown, slotted, Standing::Counts(mut counting))) => {
            let user_id = &shown.identity.user_id;
            match deny_list::verdict(config, now, user_id, shown.key).await? {
                Some(ended) if now >= ended.readable_until || !reading.only_reads() => {
                    reading.refused(&shown.identity, &Why::Ended(ended.at));
                }
                ended => {
                    counting.is_renewed |= ended.is_some();
                    reading.logged_in(shown, counting, &slotted);
                    return Ok(reading.loaded);
                }
            }
        }
        Some((shown, _, Standing::Not(why))) => reading.refused(&shown.identity, &why),
        None => {}
    }
    if let Some(old) = &config.moving_from {
        let calls = old.begin(now);
        if let Login::InStore(handle) = reading.shown()
            && let Some(Found::Here(_, kept)) = find(config, calls, handle).await?
            && reading.counts(&kept)
            && may_move_out(config, now, &kept).await?
        {
            reading.loaded.incoming.moves_out = Some(handle.key());
            return Ok(reading.moved_out(*kept));
        }
        if let Some(handle) = reading.guest_handle()
            && let Some(Found::Here(_, mut kept)) = find(config, calls, handle).await?
            && kept.facts.identity.is_none()
            && fits_cookies(config, &kept)
        {
            reading.leftovers();
            reading.loaded.incoming.moves_out = Some(handle.key());
            kept.data.touch();
            reading.loaded.data = kept.data;
            return Ok(reading.loaded);
        }
    }
    reading.not_ours();
    reading.anonymous();
    Ok(reading.loaded)
}

/// Whether a session may be kept in cookies from now on: it fits, and has not ended since it was moved.
async fn may_move_out(config: &Config, now: Millis, kept: &Kept) -> Result<bool, Error> {
    let Some(identity) = &kept.facts.identity else {
        return Ok(false);
    };
    let key = config
        .ended
        .key(identity.sid, &identity.user_id, kept.facts.begun_at);
    if config.ended.get(key, now).is_some() || !fits_cookies(config, kept) {
        return Ok(false);
    }
    let ended = deny_list::verdict(config, now, &identity.user_id, key).await?;
    Ok(ended.is_none())
}

/// Whether cookies can hold the data. What does not fit stays where it is.
fn fits_cookies(config: &Config, kept: &Kept) -> bool {
    let size = data_cookie_size(config, kept.data.json_len());
    if size > MAX_COOKIE {
        tracing::warn!(target: "muffin_session", size, "a session is too large to move into cookies: whose it is has to log in again");
    }
    size <= MAX_COOKIE
}

/// Where the session is that a request's cookies show.
enum Login {
    InStore(Handle),
    /// In cookies of before, if anywhere.
    InCookies,
    /// Two are shown: nobody can tell which one is meant, so neither is.
    Ambiguous,
}

/// What the store has under a handle.
enum Found {
    Here(Box<Stored>, Box<Kept>),
    /// It was renewed, and has gone elsewhere.
    Renewed(Renewed),
}

async fn find(config: &Config, calls: Calls<'_>, handle: Handle) -> Result<Option<Found>, Error> {
    let record = moving::load(config, calls, handle.key()).await?;
    Ok(record.and_then(|record| Found::decode(handle, record)))
}

impl Found {
    fn decode(handle: Handle, record: Record) -> Option<Self> {
        let version = record.version;
        match Content::decode(record)? {
            Content::Session(kept) => {
                let stored = Stored {
                    handle,
                    version,
                    facts: kept.facts.clone(),
                };
                Some(Self::Here(Box::new(stored), kept))
            }
            Content::Renewed(renewed) => Some(Self::Renewed(renewed)),
            Content::Moved | Content::Denials(_) => None,
        }
    }
}

/// Renewals within the time that one leaves a trace, beyond which nobody follows.
const MOST_RENEWALS: usize = 8;

/// What a renewed session has become.
async fn successor(
    config: &Config,
    calls: Calls<'_>,
    renewed: Renewed,
) -> Result<Option<Box<Kept>>, Error> {
    let mut key = renewed.successor;
    for _ in 0..MOST_RENEWALS {
        let record = moving::load(config, calls, key).await?;
        match record.and_then(Content::decode) {
            Some(Content::Session(kept)) => return Ok(Some(kept)),
            // Each leads to a later one.
            Some(Content::Renewed(renewed)) if calls.now() < renewed.readable_until => {
                key = renewed.successor;
            }
            _ => return Ok(None),
        }
    }
    Ok(None)
}

impl Reading<'_> {
    /// What the request's cookies say of somebody logged in.
    fn shown(&mut self) -> Login {
        let name = self.config.names.identity();
        let found = &self.found.identity;
        let Verified { value, size } = verify(self.config, Purpose::Handle, name, found);
        let incoming = &mut self.loaded.incoming;
        incoming.sizes.identity += size;
        let is_ours = !matches!(value, Value::None);
        incoming.identity_cookie |= is_ours;
        incoming.shows_identity |= is_ours;
        let handle = match value {
            Value::None => return Login::InCookies,
            Value::One(opened) => {
                if opened.used.is_old {
                    telemetry::old_key(opened.used.key);
                }
                Handle::decode(opened.body())
            }
            Value::Many => None,
        };
        let is_alone = found.iter().count() == 1
            || matches!(
                verify(self.config, Purpose::Identity, name, found).value,
                Value::None
            );
        match handle {
            Some(handle) if is_alone => {
                incoming.handle = Some(handle);
                Login::InStore(handle)
            }
            _ => {
                self.rejected(RejectedFor::Ambiguous, None);
                Login::Ambiguous
            }
        }
    }

    /// Where the data of an anonymous visitor is. Two are none.
    fn guest_handle(&mut self) -> Option<Handle> {
        let name = self.config.names.guest();
        let Verified { value, size } =
            verify(self.config, Purpose::GuestHandle, name, &self.found.guest);
        let incoming = &mut self.loaded.incoming;
        incoming.guest_cookie |= !matches!(value, Value::None);
        if let Value::One(opened) = value {
            incoming.sizes.data = size;
            incoming.guest_handle = Handle::decode(opened.body());
        }
        incoming.guest_handle
    }

    /// Whether what a record says of somebody counts now.
    fn counts(&mut self, kept: &Kept) -> bool {
        let facts = &kept.facts;
        let Some(identity) = &facts.identity else {
            return false;
        };
        let standing = in_time(self.config, identity, facts.begun_at, self.mark, self.now);
        let is_idle = self
            .config
            .idle_timeout
            .is_some_and(|idle_timeout| self.now >= facts.last_seen.plus(idle_timeout));
        let why = match standing {
            Err(why) => why,
            Ok(()) if is_idle => Why::Idle,
            Ok(()) => return true,
        };
        self.refused(identity, &why);
        false
    }

    /// Somebody is logged in by a record.
    fn of_record(mut self, stored: Box<Stored>, kept: Kept) -> Box<Loaded> {
        let is_moved = self.loaded.incoming.is_moved;
        if !is_moved {
            self.other_cookies();
        }
        let loaded = &mut self.loaded;
        loaded.stored = Some(stored);
        loaded.fill(self.config, kept);
        self.loaded
    }

    /// Somebody is logged in by a record that was renewed meanwhile: it can be read, and nothing else.
    fn of_successor(mut self, kept: Kept) -> Box<Loaded> {
        self.other_cookies();
        self.loaded.fill(self.config, kept);
        self.loaded
    }

    /// Somebody is logged in whose session is to be kept in cookies from now on.
    fn moved_out(mut self, mut kept: Kept) -> Box<Loaded> {
        self.other_cookies();
        kept.data.touch();
        self.loaded.fill(self.config, kept);
        let incoming = &mut self.loaded.incoming;
        // No cookie of theirs is there yet, and what ends the session must end it all the same.
        if let (Some((key, _)), Some(identity)) = (incoming.session.take(), &self.loaded.identity) {
            let ending = Ending::of(self.config, key, identity);
            incoming.verified.push(ending);
        }
        self.loaded
    }

    /// What else is there of somebody who is logged in by a record.
    fn other_cookies(&mut self) {
        self.leftovers();
        let is_guest = self.guest_handle().is_some();
        if !is_guest && !self.found.guest.is_empty() {
            let (guest, _) = Guest::of(self.config, &self.found, self.now);
            self.loaded.incoming.guest_cookie |= !matches!(guest, Guest::None);
        }
    }

    /// Nobody is logged in: what is left is a guest's, in the store, or in cookies of before.
    async fn guest_of_store(&mut self, calls: Calls<'_>) -> Result<(), Error> {
        let Some(handle) = self.guest_handle() else {
            if self.config.moves_from_cookies {
                self.anonymous();
            } else {
                self.leftovers();
            }
            return Ok(());
        };
        self.leftovers();
        match find(self.config, calls, handle).await? {
            Some(Found::Here(stored, kept))
                if kept.facts.identity.is_none() && !kept.facts.begun_at.is_ahead_of(self.now) =>
            {
                self.loaded.data = kept.data;
                self.loaded.stored = Some(stored);
            }
            _ => {}
        }
        Ok(())
    }
}

impl Loaded {
    /// Takes what a record says.
    fn fill(&mut self, config: &Config, kept: Kept) {
        let Kept { facts, data } = kept;
        self.data = data;
        if let Some(identity) = facts.identity {
            let key = config
                .ended
                .key(identity.sid, &identity.user_id, facts.begun_at);
            self.incoming.session = Some((key, facts.last_seen));
            self.incoming.audience = Audience::Session(identity.sid);
            self.identity = Some(identity);
        }
    }
}
