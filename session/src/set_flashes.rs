//! Flashes on their way out: added, shown, moved to another audience, and kept within what browsers and proxies take.

use crate::cookie_names::Slot;
use crate::flash::{FLASH_LIFETIME, Flashes};
use crate::keys::Purpose;
use crate::seal::RandomFailed;
use crate::set_cookies::Cookies;
use crate::state::Loaded;
use crate::wire::{FlashBody, MAX_ALL, MAX_FLASH};

impl Cookies<'_> {
    /// Flashes: written when they are added, removed when they were shown, written again when their audience has become another one,
    /// as it does at login.
    pub(crate) fn flashes(&mut self, loaded: &mut Loaded) -> Result<(), RandomFailed> {
        let audience = loaded.audience();
        let before = loaded.incoming.audience;
        let moves = audience != before;
        if moves || loaded.flashes.unshown().next().is_some() {
            loaded.flashes.open(self.config, before, self.now());
        }
        if loaded.flashes.are_none() {
            return Ok(());
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
            kept.push((name, self.now(), Some(body), size, false));
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
                let max_age = issued_at.plus(FLASH_LIFETIME).minus(self.now());
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
}
