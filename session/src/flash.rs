//! Flash messages: shown once, on the next page that asks. One cookie a message, so that parallel answers cannot lose one another's.

use std::fmt;

use serde::{Serialize, Serializer, ser::SerializeStruct as _};

use crate::clock::Millis;
use crate::config::Config;
use crate::cookie_names::Slot;
use crate::error::Error;
use crate::found::open;
use crate::keys::Purpose;
use crate::session::Session;
use crate::state::Lost;
use crate::wire::{Audience, FlashBody, MAX_ALL, MAX_FLASH};

/// A message for the next page.
///
/// It displays as its message. Template engines get `category` and `message`, and escape them like any other text.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Flash {
    /// Such as `"message"` (what [`Session::flash`](crate::Session::flash) gives), `"error"` or `"success"`.
    pub category: String,
    /// The text.
    pub message: String,
}

/// The message is not shown.
impl fmt::Debug for Flash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flash")
            .field("category", &self.category)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Flash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Serialize for Flash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut flash = serializer.serialize_struct("Flash", 2)?;
        flash.serialize_field("category", &self.category)?;
        flash.serialize_field("message", &self.message)?;
        flash.end()
    }
}

impl Session {
    /// Leaves a message of the category `"message"` for the next page that asks.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`], beyond about 1,400 bytes; [`Error::TooLate`]; [`Error::Ended`].
    pub fn flash(&self, message: impl Into<String>) -> Result<(), Error> {
        self.flash_with("message", message)
    }

    /// Leaves a message of a category for the next page that asks.
    ///
    /// At most eight messages, and 2 KiB in all, wait at once: the oldest give way, and the log says so. They wait for ten minutes.
    ///
    /// # Errors
    ///
    /// As [`flash`](Self::flash).
    pub fn flash_with(
        &self,
        category: impl Into<String>,
        message: impl Into<String>,
    ) -> Result<(), Error> {
        let flash = Flash {
            category: category.into(),
            message: message.into(),
        };
        self.change(|config, loaded| {
            // Whose user is gone sees no more data, but is still told why.
            if loaded.lost == Some(Lost::Ended) {
                return Err(Error::Ended);
            }
            let room = MAX_ALL.saturating_sub(loaded.incoming.sizes.total());
            loaded.flashes.add(config, flash, room)
        })
    }

    /// The messages that wait, oldest first. Each is given once, but for HEAD requests and prefetches, which nobody sees.
    pub fn get_flashed_messages(&self) -> Vec<Flash> {
        self.take_flashes(None, |_, flash| flash)
    }

    /// The messages of these categories that wait. Those of other categories go on waiting.
    pub fn get_flashed_messages_in(&self, categories: &[&str]) -> Vec<Flash> {
        self.take_flashes(Some(categories), |_, flash| flash)
    }

    /// Takes messages, as [`Flashes::take`] does.
    pub(crate) fn take_flashes<T>(
        &self,
        categories: Option<&[&str]>,
        make: impl Fn(usize, Flash) -> T,
    ) -> Vec<T> {
        // Once the response has left, or without cookies, none could be removed.
        self.change(|config, loaded| {
            // What is shown by a session that was replaced could not be removed.
            if loaded.lost == Some(Lost::Ended) {
                return Ok(Vec::new());
            }
            let audience = loaded.incoming.audience;
            loaded.flashes.open(config, audience, config.now());
            Ok(loaded.flashes.take(categories, make))
        })
        .unwrap_or_default()
    }
}

impl Session {
    /// Leaves the builder's `login_message` for the login page, unless it waits already.
    pub(crate) fn leave_login_message(&self) {
        let Some(message) = self.config().login_message.clone() else {
            return;
        };
        let waits = self.change(|config, loaded| {
            let audience = loaded.incoming.audience;
            loaded.flashes.open(config, audience, config.now());
            Ok(loaded.flashes.has(&message))
        });
        if let Ok(false) = waits
            && let Err(error) = self.flash_with(message.category, message.message)
        {
            tracing::warn!(target: "muffin_session", %error, "the login message could not be left");
        }
    }
}

/// How long a flash waits for a page.
pub(crate) const FLASH_LIFETIME: Millis = Millis(600_000);

/// A request's flashes: those it brought, opened when they are asked for, and those it adds.
pub(crate) struct Flashes {
    found: Vec<(Slot, Box<[u8]>)>,
    pub(crate) stored: Vec<Stored>,
    pub(crate) added: Vec<Added>,
    /// Whether showing a flash uses it up.
    consumes: bool,
    /// Counts the added ones, shown or not.
    next_index: u8,
}

/// A flash that the request brought.
pub(crate) struct Stored {
    pub(crate) slot: Slot,
    pub(crate) issued_at: Millis,
    pub(crate) body: FlashBody,
    pub(crate) size: usize,
    pub(crate) shown: bool,
}

impl Stored {
    fn is(&self, flash: &Flash) -> bool {
        self.body.category == flash.category && self.body.message == flash.message
    }
}

/// A flash that this request adds.
pub(crate) struct Added {
    pub(crate) index: u8,
    pub(crate) flash: Flash,
    shown: bool,
}

impl Flashes {
    /// The most flashes at once, and the most that one request opens.
    pub(crate) const MAX: usize = 8;
    /// Bytes of a category: its length takes one byte.
    const MAX_CATEGORY: usize = 255;

    pub(crate) fn found(found: Vec<(Slot, &[u8])>, consumes: bool) -> Self {
        Self {
            // What is longer is none of ours: no copy is made of it.
            found: found
                .into_iter()
                .filter(|(_, value)| value.len() <= MAX_FLASH)
                .map(|(slot, value)| (slot, value.into()))
                .collect(),
            stored: Vec::new(),
            added: Vec::new(),
            consumes,
            next_index: 0,
        }
    }

    /// Adds a flash, if it fits into `room` bytes.
    pub(crate) fn add(&mut self, config: &Config, flash: Flash, room: usize) -> Result<(), Error> {
        let name = config.names.flash(Slot::NOBODY);
        let body = FlashBody::FIXED + flash.category.len() + flash.message.len();
        let size = name.len() + config.sealer.text_len(body);
        let limit = MAX_FLASH.min(room);
        if size > limit || flash.category.len() > Self::MAX_CATEGORY {
            return Err(Error::TooLarge {
                size,
                limit,
                largest: vec![("flash".to_owned(), flash.message.len())],
            });
        }
        self.added.push(Added {
            index: self.next_index,
            flash,
            shown: false,
        });
        self.next_index = self.next_index.saturating_add(1);
        Ok(())
    }

    /// Verifies what the request brought, once, and keeps what was meant for `audience`.
    pub(crate) fn open(&mut self, config: &Config, audience: Audience, now: Millis) {
        let verified: Vec<_> = std::mem::take(&mut self.found)
            .into_iter()
            .filter_map(|(slot, value)| {
                let name = config.names.flash(slot);
                let opened = open(config, Purpose::Flash, &name, &value)?;
                Some((slot, name.len() + value.len(), opened))
            })
            .collect();
        let times = |slot| verified.iter().filter(|(other, ..)| *other == slot).count();
        for (slot, size, opened) in &verified {
            let (slot, size) = (*slot, *size);
            let counts = !opened.issued_at.is_ahead_of(now)
                && now < opened.issued_at.plus(FLASH_LIFETIME)
                // Two that are different: nobody can tell which one is meant.
                && times(slot) == 1;
            match FlashBody::decode(opened.body()) {
                Some(body) if counts && body.audience == audience => self.stored.push(Stored {
                    slot,
                    issued_at: opened.issued_at,
                    body,
                    size,
                    shown: false,
                }),
                _ => {}
            }
        }
        self.stored
            .sort_by_key(|stored| (stored.issued_at, stored.body.index, stored.slot));
    }

    /// Takes the messages of these categories, or of all: oldest first. The others stay for another time. `make` is told the place of each
    /// among all of the request's.
    pub(crate) fn take<T>(
        &mut self,
        categories: Option<&[&str]>,
        make: impl Fn(usize, Flash) -> T,
    ) -> Vec<T> {
        let wanted = |category: &str| categories.is_none_or(|wanted| wanted.contains(&category));
        let mut taken = Vec::new();
        for (place, stored) in self.stored.iter_mut().enumerate() {
            if !stored.shown && wanted(&stored.body.category) {
                stored.shown = self.consumes;
                let flash = Flash {
                    category: stored.body.category.clone(),
                    message: stored.body.message.clone(),
                };
                taken.push(make(place, flash));
            }
        }
        let brought = self.stored.len();
        for (place, added) in self.added.iter_mut().enumerate() {
            if !added.shown && wanted(&added.flash.category) {
                added.shown = self.consumes;
                taken.push(make(brought + place, added.flash.clone()));
            }
        }
        taken
    }

    /// Whether a message waits, or is added.
    fn has(&self, flash: &Flash) -> bool {
        self.stored
            .iter()
            .any(|stored| !stored.shown && stored.is(flash))
            || self.unshown().any(|added| added.flash == *flash)
    }

    /// Has a message removed, unshown, that waits or is added.
    pub(crate) fn discard(&mut self, flash: &Flash) {
        for stored in self.stored.iter_mut().filter(|stored| stored.is(flash)) {
            stored.shown = true;
        }
        self.added.retain(|added| added.flash != *flash);
    }

    /// Has the opened ones removed, unshown.
    pub(crate) fn discard_stored(&mut self) {
        for stored in &mut self.stored {
            stored.shown = true;
        }
    }

    /// Whether there are none, as far as they were opened.
    pub(crate) fn are_none(&self) -> bool {
        self.stored.is_empty() && self.added.is_empty()
    }

    /// The added ones that were not shown in this very request.
    pub(crate) fn unshown(&self) -> impl Iterator<Item = &Added> {
        self.added.iter().filter(|added| !added.shown)
    }
}
