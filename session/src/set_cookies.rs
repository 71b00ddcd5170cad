//! The cookies of one response: each is written for one reason only.

use std::cell::OnceCell;

use crate::clock::Millis;
use crate::config::Config;
use crate::cookie_names::Slot;
use crate::found::verified_names;
use crate::guest_ids;
use crate::handle::Handle;
use crate::keys::Purpose;
use crate::seal::RandomFailed;
use crate::standing::PENDING_LIFETIME;
use crate::state::{Former, Loaded, Lost};
use crate::wire::{Id, Identity, Pending};

/// What became of a request's changes.
pub(crate) enum Outcome {
    Kept,
    /// Their session was ended meanwhile: nobody is told that they were kept.
    Lost,
}

/// The `Set-Cookie` headers of one response.
pub(crate) struct Cookies<'c> {
    pub(crate) config: &'c Config,
    /// The time, once something has asked for it: most responses need none.
    now: OnceCell<Millis>,
    pub(crate) written: Vec<String>,
}

impl<'c> Cookies<'c> {
    pub(crate) fn new(config: &'c Config) -> Self {
        Self {
            config,
            now: OnceCell::new(),
            written: Vec::new(),
        }
    }

    /// The time: the same for the whole response.
    pub(crate) fn now(&self) -> Millis {
        *self.now.get_or_init(|| self.config.now())
    }

    pub(crate) fn write(&mut self, loaded: &mut Loaded) -> Result<Outcome, RandomFailed> {
        if self.former_has_ended(loaded) {
            let adds_flashes = loaded.flashes.unshown().next().is_some();
            let changes = loaded.data.is_changed() || adds_flashes || loaded.pending_changed;
            let renews = loaded.former != Former::Stay;
            let is_lost = loaded.lost.is_none() && (changes || renews);
            return Ok(if is_lost {
                Outcome::Lost
            } else {
                Outcome::Kept
            });
        }
        if let Some(lost) = loaded.lost {
            // Data has no owner any more. Who begins to log in needs none.
            if lost == (Lost::UserGone { changes: true }) {
                return Ok(Outcome::Lost);
            }
            self.pending(loaded)?;
            if lost != Lost::Ended {
                self.flashes(loaded)?;
            }
            return Ok(Outcome::Kept);
        }
        self.mark(loaded)?;
        self.identity(loaded)?;
        self.pending(loaded)?;
        if self.config.store.is_some() {
            self.guest_handle(loaded)?;
        } else if let Some(identity) = &loaded.identity {
            self.login_data(loaded, identity)?;
            self.seen(loaded, identity)?;
        } else {
            self.guest_data(loaded)?;
        }
        self.former_sessions(loaded);
        self.flashes(loaded)?;
        Ok(Outcome::Kept)
    }

    /// Ends the sessions that the request brought, if it is to. Whether the one that it builds on was over before.
    fn former_has_ended(&self, loaded: &Loaded) -> bool {
        let ended = &self.config.ended;
        if loaded.former != Former::End {
            if self.config.store.is_some() {
                // The store has said so if it was.
                return false;
            }
            let keyring = self.config.sealer.keyring();
            let made_with = loaded.incoming.made_with;
            if made_with.is_some_and(|secret| !keyring.has(secret)) {
                // Its secret was removed since, perhaps because it has leaked: nothing goes on under another one.
                return true;
            }
        }
        match (loaded.former, loaded.incoming.session, &loaded.identity) {
            (Former::End, ..) => {
                ended.end_all(&loaded.incoming.verified, self.now());
                false
            }
            (Former::Renewed { grace }, Some((key, _)), Some(identity)) => {
                !ended.replace(key, identity.sid, grace, identity.expires_at, self.now())
            }
            (_, Some((key, _)), Some(_)) => ended.get(key, self.now()).is_some(),
            _ => false,
        }
    }

    /// Writes nothing but where the session is, if a handler has had it saved: else nobody would find it.
    pub(crate) fn only_committed(&mut self, loaded: &Loaded) {
        self.written.clear();
        let Some(stored) = &loaded.stored else { return };
        let written = match &stored.facts.identity {
            Some(identity) => self.handle(loaded, stored.handle, identity),
            None if loaded.incoming.guest_handle == Some(stored.handle) => Ok(()),
            None => self.guests_handle(stored.handle),
        };
        if written.is_err() {
            self.written.clear();
        }
    }

    /// Where the store has the session of somebody logged in, unless the browser knows.
    fn handle(
        &mut self,
        loaded: &Loaded,
        handle: Handle,
        identity: &Identity,
    ) -> Result<(), RandomFailed> {
        if loaded.incoming.handle == Some(handle) {
            return Ok(());
        }
        let max_age = self.login_max_age(loaded, identity);
        let name = self.config.names.identity();
        self.set(Purpose::Handle, name, self.now(), handle.bytes(), max_age)
    }

    /// Where the store has an anonymous visitor's data.
    fn guests_handle(&mut self, handle: Handle) -> Result<(), RandomFailed> {
        let max_age = self.max_age(self.config.guest_lifetime);
        let name = self.config.names.guest();
        self.set(
            Purpose::GuestHandle,
            name,
            self.now(),
            handle.bytes(),
            max_age,
        )
    }

    /// The mark: written by logout.
    fn mark(&mut self, loaded: &Loaded) -> Result<(), RandomFailed> {
        let config = self.config;
        if loaded.logged_out
            && let Some(mark) = loaded.mark
        {
            let until = Some(config.longest_lifetime());
            self.set(Purpose::Out, config.names.out(), self.now(), &mark.0, until)?;
        }
        Ok(())
    }

    /// The identity, or where the store has it: written by login and renewal, removed by logout.
    fn identity(&mut self, loaded: &Loaded) -> Result<(), RandomFailed> {
        let config = self.config;
        match (&loaded.identity, &loaded.stored) {
            (Some(identity), Some(stored)) if config.store.is_some() => {
                self.handle(loaded, stored.handle, identity)
            }
            (Some(identity), _) if config.store.is_none() && loaded.is_new_session() => {
                let max_age = self.login_max_age(loaded, identity);
                let name = config.names.identity();
                // The time of issue counts as activity: of a renewal, when its request came, or a password was given again.
                let issued_at = match loaded.former {
                    Former::Renewed { .. } => {
                        let confirmed_at = identity.authenticated_at.min(self.now());
                        loaded.incoming.at.max(confirmed_at)
                    }
                    Former::Stay | Former::End => self.now(),
                };
                let issued_at = issued_at.max(loaded.ended_all_at.plus(Millis(1)));
                self.set(
                    Purpose::Identity,
                    name,
                    issued_at,
                    &identity.encode(),
                    max_age,
                )
            }
            (None, _) if loaded.logged_out && loaded.incoming.identity_cookie => {
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
            Some(half) if loaded.pending_changed => {
                let pending = Pending {
                    out: loaded.mark,
                    stamp: half.stamp,
                    user_id: half.user_id.clone(),
                };
                let until = Some(PENDING_LIFETIME);
                self.set(Purpose::Pending, name, self.now(), &pending.encode(), until)?;
            }
            None if loaded.incoming.pending_cookie && is_over => self.remove(name),
            _ => {}
        }
        Ok(())
    }

    /// The data of somebody logged in: written by login, since an identity without it does not count, and when it changed.
    fn login_data(&mut self, loaded: &Loaded, identity: &Identity) -> Result<(), RandomFailed> {
        if loaded.incoming.guest_cookie && loaded.is_new_session() {
            self.remove(self.config.names.guest());
        }
        if loaded.is_new_session() || loaded.data.is_changed() {
            let name = self.config.names.data(Slot::of(identity.sid));
            let max_age = self.login_max_age(loaded, identity);
            self.set_data(Purpose::Data, &name, identity.sid, loaded, max_age)?;
        }
        Ok(())
    }

    /// The last activity: written once a tenth of the idle time has passed.
    fn seen(&mut self, loaded: &Loaded, identity: &Identity) -> Result<(), RandomFailed> {
        let Some(idle_timeout) = self.config.idle_timeout else {
            return Ok(());
        };
        let at = loaded.incoming.at;
        let tenth = Millis(idle_timeout.0 / 10);
        match loaded.incoming.session {
            Some((key, last_activity))
                if key.sid == identity.sid
                    && at.minus(last_activity) >= tenth
                    // A later request may have written a later time meanwhile, which must not be rolled back.
                    && self.now().minus(at) < tenth.max(Millis(1)) =>
            {
                let name = self.config.names.seen(Slot::of(key.sid));
                let max_age = self.login_max_age(loaded, identity);
                // When the request came: how long it took is no activity.
                self.set(Purpose::Seen, &name, at, &key.sid.0, max_age)
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
                None => guest_ids::next(&config.sealer)?,
            };
            loaded.guest = Some(guest);
            let max_age = self.max_age(config.guest_lifetime);
            let name = config.names.guest();
            self.set_data(Purpose::Guest, name, guest, loaded, max_age)?;
        } else if (is_changed || loaded.logged_out) && loaded.incoming.guest_cookie {
            loaded.guest = None;
            self.remove(config.names.guest());
        }
        Ok(())
    }

    /// Where the store has an anonymous visitor's data: written with the first of it, removed when it is empty, or by login and logout.
    fn guest_handle(&mut self, loaded: &Loaded) -> Result<(), RandomFailed> {
        let config = self.config;
        let name = config.names.guest();
        let stored = loaded.stored.as_ref();
        match stored.filter(|stored| stored.facts.identity.is_none()) {
            Some(stored) => {
                let is_sent = loaded.incoming.guest_handle == Some(stored.handle);
                // Where browsers are told how long to keep it, they are told again when the time is another one.
                if !is_sent || (config.max_age.is_some() && loaded.data.is_changed()) {
                    self.guests_handle(stored.handle)?;
                }
            }
            None if loaded.incoming.guest_cookie => {
                let is_emptied = loaded.identity.is_none() && loaded.data.is_changed();
                let is_over = loaded.logged_out || loaded.guest_is_gone || is_emptied;
                if loaded.is_new_session() || is_over {
                    self.remove(name);
                }
            }
            None => {}
        }
        Ok(())
    }

    /// What is left of the session that a login, renewal or logout has ended, and of sessions before.
    fn former_sessions(&mut self, loaded: &Loaded) {
        let names = &self.config.names;
        let is_moved = loaded.incoming.is_moved;
        let has_another = loaded.is_new_session() || loaded.logged_out;
        if let Some((key, _)) = loaded.incoming.session
            && (is_moved || (has_another && self.config.store.is_none()))
        {
            let slot = Slot::of(key.sid);
            self.remove(&names.data(slot));
            if loaded.incoming.seen_cookie {
                self.remove(&names.seen(slot));
            }
        }
        // Of those beside an identity that does not count, nothing is known to be over until a login or logout.
        let stale = has_another.then_some(&loaded.incoming.stale);
        for leftovers in std::iter::once(&loaded.incoming.leftovers).chain(stale) {
            for name in verified_names(self.config, leftovers) {
                self.remove(&name);
            }
        }
    }

    fn set_data(
        &mut self,
        purpose: Purpose,
        name: &str,
        owner: Id,
        loaded: &Loaded,
        max_age: Option<Millis>,
    ) -> Result<(), RandomFailed> {
        let mut body = Vec::with_capacity(Id::LEN + loaded.data.json_len());
        body.extend_from_slice(&owner.0);
        loaded.data.write(&mut body);
        self.set(purpose, name, self.now(), &body, max_age)
    }

    pub(crate) fn set(
        &mut self,
        purpose: Purpose,
        name: &str,
        issued_at: Millis,
        body: &[u8],
        max_age: Option<Millis>,
    ) -> Result<(), RandomFailed> {
        let Config {
            sealer, attributes, ..
        } = self.config;
        let mut cookie = attributes.begin(name, sealer.text_len(body.len()));
        sealer.seal(&mut cookie, purpose, name, issued_at, body)?;
        attributes.keep(&mut cookie, max_age);
        self.written.push(cookie);
        Ok(())
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.written.push(self.config.attributes.remove(name));
    }

    /// How long the browser shall keep a login's cookies: those of one that is remembered, for as long as it lasts.
    fn login_max_age(&self, loaded: &Loaded, identity: &Identity) -> Option<Millis> {
        // A login's cookies are kept from its beginning, not from when its answer is made.
        let begins_here = loaded.former == Former::End && loaded.is_new_session();
        let from = if begins_here {
            identity.started_at
        } else {
            self.now()
        };
        if identity.method.is_remembered() {
            Some(identity.expires_at.minus(from))
        } else {
            self.max_age(identity.expires_at.minus(from))
        }
    }

    /// How long the browser shall keep a cookie whose value counts for this long: as configured, and no longer than it counts.
    fn max_age(&self, counts: Millis) -> Option<Millis> {
        self.config.max_age.map(|max_age| max_age.min(counts))
    }
}
