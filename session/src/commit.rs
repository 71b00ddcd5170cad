//! From what a request has changed to the headers of its response. Each cookie is written for one reason only.

use axum::body::Body;
use axum::response::Response;
use http::header::SET_COOKIE;
use http::{HeaderValue, StatusCode};

use crate::cache::cache_headers;
use crate::clock::Millis;
use crate::config::Config;
use crate::cookie_names::{Slot, header_value};
use crate::flash::{FLASH_LIFETIME, Flashes};
use crate::keys::Purpose;
use crate::refusal::problem;
use crate::seal::RandomFailed;
use crate::session::Session;
use crate::standing::PENDING_LIFETIME;
use crate::state::{Loaded, State};
use crate::wire::{FlashBody, Id, Identity, MAX_ALL, MAX_FLASH, Pending};

/// Writes what has changed into the response. From here on a change is an error.
pub(crate) fn commit(session: &Session, response: &mut Response<Body>) {
    let state = std::mem::replace(&mut *session.state(), State::Sent);
    let config = session.config();
    refuse_foreign(config, response);
    let State::Loaded(mut loaded) = state else {
        return;
    };
    let mut cookies = Cookies {
        config,
        now: config.now(),
        written: Vec::new(),
    };
    if let Err(RandomFailed) = cookies.write(&mut loaded) {
        tracing::error!(target: "muffin_session", "the system's random generator failed: nothing of the session was kept");
        *response = problem(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong");
        return;
    }
    if !cookies.written.is_empty() {
        response.extensions_mut().insert(Ours);
    }
    let headers = response.headers_mut();
    let no_store = loaded.guarded || !cookies.written.is_empty();
    for cookie in cookies.written.into_iter().filter_map(header_value) {
        headers.append(SET_COOKIE, cookie);
    }
    cache_headers(headers, no_store);
}

struct Cookies<'c> {
    config: &'c Config,
    now: Millis,
    written: Vec<String>,
}

impl Cookies<'_> {
    fn write(&mut self, loaded: &mut Loaded) -> Result<(), RandomFailed> {
        if self.is_lost(loaded) {
            return Ok(());
        }
        for ending in &loaded.ending {
            let from = self.now.plus(ending.grace);
            self.config
                .ended
                .insert(ending.sid, from, ending.until, self.now);
        }
        self.log(loaded);
        self.identity(loaded)?;
        self.pending(loaded)?;
        if let Some(identity) = &loaded.identity {
            self.login_data(loaded, identity)?;
            self.seen(loaded, identity)?;
        } else {
            self.guest_data(loaded)?;
        }
        self.former_session(loaded);
        self.flashes(loaded)
    }

    /// Whether what this request did has no owner any more: its session was ended, or replaced, while it was under way.
    fn is_lost(&self, loaded: &Loaded) -> bool {
        let Some((sid, _)) = loaded.incoming.session else {
            return loaded.dropped;
        };
        let now = loaded.identity.as_ref().map(|identity| identity.sid);
        let builds_on_it = now == Some(sid) || loaded.ending.iter().any(|ending| ending.renewed);
        let ended = builds_on_it && self.config.ended.get(sid, self.now).is_some();
        if ended && (loaded.data.is_changed() || now != Some(sid)) {
            tracing::warn!(
                target: "muffin_session",
                session = format_args!("{:016x}", self.config.log_id(sid)),
                "changes are lost: the session was ended while the request was under way",
            );
        }
        ended || (loaded.dropped && !loaded.is_new_session() && !loaded.logged_out)
    }

    fn log(&self, loaded: &Loaded) {
        let log_id = |sid: Id| self.config.log_id(sid);
        for ending in &loaded.ending {
            let event = if ending.renewed { "renewed" } else { "ended" };
            let session = log_id(ending.sid);
            tracing::info!(target: "muffin_session", session = format_args!("{session:016x}"), "session {event}");
        }
        if let Some(identity) = &loaded.identity
            && loaded.is_new_session()
        {
            let session = log_id(identity.sid);
            tracing::info!(target: "muffin_session", session = format_args!("{session:016x}"), "session begun");
        }
    }

    /// The identity: written by login and renewal, removed by logout. The mark: written by logout.
    fn identity(&mut self, loaded: &Loaded) -> Result<(), RandomFailed> {
        let config = self.config;
        if loaded.logged_out
            && let Some(mark) = loaded.mark
        {
            let until = Some(config.lifetime);
            self.set(Purpose::Out, config.names.out(), self.now, &mark.0, until)?;
        }
        match &loaded.identity {
            Some(identity) if loaded.is_new_session() => {
                let max_age = self.max_age(identity.expires_at);
                let name = config.names.identity();
                self.set(
                    Purpose::Identity,
                    name,
                    self.now,
                    &identity.encode(),
                    max_age,
                )
            }
            None if loaded.logged_out && loaded.incoming.identity_cookie => {
                self.remove(config.names.identity());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Who has begun to log in: written by that, removed by login and logout.
    fn pending(&mut self, loaded: &Loaded) -> Result<(), RandomFailed> {
        let name = self.config.names.pending();
        let is_over = loaded.pending_changed || loaded.logged_out || loaded.is_new_session();
        match &loaded.pending {
            Some(user_id) if loaded.pending_changed => {
                let pending = Pending {
                    out: loaded.mark,
                    stamp: None,
                    user_id: user_id.clone(),
                };
                let until = Some(PENDING_LIFETIME);
                self.set(Purpose::Pending, name, self.now, &pending.encode(), until)?;
            }
            None if loaded.incoming.pending_cookie && is_over => self.remove(name),
            _ => {}
        }
        Ok(())
    }

    /// The data of somebody logged in: written by login, since an identity without it does not count, and when it changed.
    fn login_data(&mut self, loaded: &Loaded, identity: &Identity) -> Result<(), RandomFailed> {
        if loaded.incoming.guest_cookie {
            self.remove(self.config.names.guest());
        }
        if loaded.is_new_session() || loaded.data.is_changed() {
            let name = self.config.names.data(Slot::of(identity.sid));
            let max_age = self.max_age(identity.expires_at);
            self.set_data(Purpose::Data, &name, identity.sid, loaded, max_age)?;
        }
        Ok(())
    }

    /// The last activity: written once a tenth of the idle time has passed.
    fn seen(&mut self, loaded: &Loaded, identity: &Identity) -> Result<(), RandomFailed> {
        let Some(idle_timeout) = self.config.idle_timeout else {
            return Ok(());
        };
        match loaded.incoming.session {
            Some((sid, last_activity))
                if sid == identity.sid
                    && self.now.minus(last_activity) >= Millis(idle_timeout.0 / 10) =>
            {
                let name = self.config.names.seen(Slot::of(sid));
                let max_age = self.max_age(identity.expires_at);
                self.set(Purpose::Seen, &name, self.now, &sid.0, max_age)
            }
            _ => Ok(()),
        }
    }

    /// The data of an anonymous visitor: written when it changed, removed when it is empty or by logout.
    fn guest_data(&mut self, loaded: &mut Loaded) -> Result<(), RandomFailed> {
        let config = self.config;
        let is_changed = loaded.data.is_changed();
        if is_changed && !loaded.data.is_empty() {
            let guest = match loaded.guest {
                Some(guest) => guest,
                None => Id::random(&config.sealer)?,
            };
            loaded.guest = Some(guest);
            let until = self.now.plus(config.guest_lifetime);
            let max_age = self.max_age(until);
            let name = config.names.guest();
            self.set_data(Purpose::Guest, name, guest, loaded, max_age)?;
        } else if (is_changed || loaded.logged_out) && loaded.incoming.guest_cookie {
            loaded.guest = None;
            self.remove(config.names.guest());
        }
        Ok(())
    }

    /// What is left of the session that a login, renewal or logout has ended, and of sessions before.
    fn former_session(&mut self, loaded: &Loaded) {
        let now = loaded.identity.as_ref().map(|identity| identity.sid);
        let names = &self.config.names;
        if let Some((sid, _)) = loaded.incoming.session
            && now != Some(sid)
            && (now.is_some() || loaded.logged_out)
        {
            let slot = Slot::of(sid);
            self.remove(&names.data(slot));
            if loaded.incoming.seen_cookie {
                self.remove(&names.seen(slot));
            }
        }
        for name in &loaded.incoming.leftovers {
            self.remove(name);
        }
    }

    /// Flashes: written when they are added, removed when they were shown, written again when their audience has become another one,
    /// as it does at login.
    fn flashes(&mut self, loaded: &mut Loaded) -> Result<(), RandomFailed> {
        let audience = loaded.audience();
        let before = loaded.incoming.audience;
        let moves = audience != before;
        if moves || loaded.flashes.unshown().next().is_some() {
            loaded.flashes.open(self.config, before, self.now);
        }

        let mut kept = Vec::new();
        let mut next_index = 0_u8;
        for stored in &loaded.flashes.stored {
            let name = self.config.names.flash(stored.slot);
            // Those of this response come after those that wait, also within one tick of the clock.
            next_index = next_index.max(stored.body.index.saturating_add(1));
            if stored.shown {
                self.remove(&name);
            } else {
                let body = moves.then(|| FlashBody {
                    audience,
                    ..stored.body.clone()
                });
                kept.push((name, stored.issued_at, body, stored.size, true));
            }
        }
        for added in loaded.flashes.unshown() {
            let name = self.config.names.flash(self.config.sealer.random()?.into());
            let body = FlashBody {
                audience,
                index: next_index.saturating_add(added.index),
                category: added.flash.category.clone(),
                message: added.flash.message.clone(),
            };
            let length = FlashBody::FIXED + body.category.len() + body.message.len();
            let size = name.len() + self.config.sealer.text_len(length);
            kept.push((name, self.now, Some(body), size, false));
        }

        let room = MAX_FLASH.min(MAX_ALL.saturating_sub(self.other_cookies(loaded)));
        let mut dropped = 0;
        let mut total: usize = kept.iter().map(|(.., size, _)| size).sum();
        for (index, (name, issued_at, body, size, is_stored)) in kept.iter().enumerate() {
            if total > room || kept.len() - index > Flashes::MAX {
                total -= size;
                dropped += 1;
                if *is_stored {
                    self.remove(name);
                }
            } else if let Some(body) = body {
                let max_age = issued_at.plus(FLASH_LIFETIME).minus(self.now);
                let body = body.encode();
                self.set(Purpose::Flash, name, *issued_at, &body, Some(max_age))?;
            }
        }
        if dropped > 0 {
            tracing::warn!(target: "muffin_session", dropped, "too many flashes wait: the oldest gave way");
        }
        Ok(())
    }

    /// Bytes that the next request's cookies of ours will take, flashes left out.
    fn other_cookies(&self, loaded: &Loaded) -> usize {
        let written = |name: &str| {
            self.written
                .iter()
                .filter_map(|cookie| cookie.strip_prefix(name)?.strip_prefix('='))
                .map(|rest| name.len() + rest.find(';').unwrap_or(rest.len()))
                .sum::<usize>()
        };
        let names = &self.config.names;
        let (data, seen) = match &loaded.identity {
            Some(identity) => {
                let slot = Slot::of(identity.sid);
                (written(&names.data(slot)), written(&names.seen(slot)))
            }
            None => (written(names.guest()), 0),
        };
        // What is removed counts as well: at most as much as it took before.
        let sizes = loaded.incoming.sizes;
        written(names.identity()).max(sizes.identity)
            + data.max(sizes.data)
            + seen.max(sizes.seen)
            + written(names.out()).max(sizes.out)
            + written(names.pending()).max(sizes.pending)
    }

    fn set_data(
        &mut self,
        purpose: Purpose,
        name: &str,
        owner: Id,
        loaded: &Loaded,
        max_age: Option<Millis>,
    ) -> Result<(), RandomFailed> {
        let mut body = Vec::with_capacity(256);
        body.extend_from_slice(&owner.0);
        loaded.data.write(&mut body);
        self.set(purpose, name, self.now, &body, max_age)
    }

    fn set(
        &mut self,
        purpose: Purpose,
        name: &str,
        issued_at: Millis,
        body: &[u8],
        max_age: Option<Millis>,
    ) -> Result<(), RandomFailed> {
        let value = self.config.sealer.seal(purpose, name, issued_at, body)?;
        let cookie = self.config.attributes.keep(name, &value, max_age);
        self.written.push(cookie);
        Ok(())
    }

    fn remove(&mut self, name: &str) {
        self.written.push(self.config.attributes.remove(name));
    }

    /// How long the browser shall keep a cookie whose value counts until `until`: as configured, and no longer than it counts.
    fn max_age(&self, until: Millis) -> Option<Millis> {
        let counts = until.minus(self.now);
        self.config.max_age.map(|max_age| max_age.min(counts))
    }
}

/// Marks a response whose session cookies are a session layer's own, for another layer further out.
#[derive(Clone)]
struct Ours;

/// Drops cookies of our names that something else has set: one name must not be set twice in one response, and a login is not a
/// handler's to write.
fn refuse_foreign(config: &Config, response: &mut Response<Body>) {
    let prefix = config.names.prefix.as_bytes();
    let is_ours = |value: &HeaderValue| value.as_bytes().starts_with(prefix);
    let headers = response.headers();
    if !headers.get_all(SET_COOKIE).iter().any(is_ours)
        || response.extensions().get::<Ours>().is_some()
    {
        return;
    }
    tracing::warn!(target: "muffin_session", "a handler has set a cookie with a name of the session's: it is not sent");
    let others: Vec<_> = headers
        .get_all(SET_COOKIE)
        .iter()
        .filter(|value| !is_ours(value))
        .cloned()
        .collect();
    let headers = response.headers_mut();
    headers.remove(SET_COOKIE);
    for other in others {
        headers.append(SET_COOKIE, other);
    }
}
