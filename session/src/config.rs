//! A configuration that `build()` has checked: what every request reads and none changes.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::checker::DefaultChecker;
use crate::clock::{Clock, Millis};
use crate::cookie_names::{Attributes, Names};
use crate::cross_site::SiteCheck;
use crate::ended::EndedSessions;
use crate::flash::Flash;
use crate::loader::Users;
use crate::location::Location;
use crate::seal::Sealer;
use crate::store_calls::StoreCalls;
use crate::telemetry::Hooks;
use crate::tokens::Tokens;
use crate::wire::{Id, Method};

/// How long somebody's activity goes unnoticed by a store, at most.
const MOST_UNSEEN: Millis = Millis(600_000);

pub(crate) struct Config {
    /// The application's name and the cookies', as they were given: they tell users of several kinds apart.
    pub(crate) app_name: String,
    pub(crate) cookie_name: String,
    /// What keeps sessions, if cookies do not.
    pub(crate) store: Option<StoreCalls>,
    /// What knows which logins have ended, while cookies keep sessions.
    pub(crate) deny_list: Option<StoreCalls>,
    /// What has kept sessions before.
    pub(crate) moving_from: Option<StoreCalls>,
    /// Whether a store takes over sessions that are in cookies.
    pub(crate) moves_from_cookies: bool,
    pub(crate) names: Names,
    pub(crate) attributes: Attributes,
    pub(crate) sealer: Sealer,
    pub(crate) clock: Box<dyn Clock>,
    pub(crate) max_age: Option<Millis>,
    pub(crate) lifetime: Millis,
    /// The most that a login may be remembered.
    pub(crate) remember_limit: Millis,
    pub(crate) idle_timeout: Option<Millis>,
    pub(crate) guest_lifetime: Millis,
    pub(crate) ended: EndedSessions,
    pub(crate) auto_load: bool,
    pub(crate) users: Users,
    pub(crate) default_checker: Option<DefaultChecker>,
    pub(crate) tokens: Option<Tokens>,
    pub(crate) login_url: Location,
    pub(crate) confirm_url: Option<Location>,
    pub(crate) login_message: Option<Flash>,
    pub(crate) forbid_refused: bool,
    pub(crate) carry_on_login: Vec<String>,
    pub(crate) site_check: SiteCheck,
    /// Whom the application has told of what happens, if it has any.
    pub(crate) hooks: Option<Arc<Hooks>>,
    pub(crate) log_salt: RandomState,
    /// Whether it was said already that browsers drop the cookies.
    pub(crate) has_warned_of_plain_http: AtomicBool,
}

impl Config {
    pub(crate) fn now(&self) -> Millis {
        Millis::of(&*self.clock)
    }

    /// Whether there is a store that has to hear of anything.
    pub(crate) fn calls_a_store(&self) -> bool {
        self.store.is_some() || self.deny_list.is_some() || self.moving_from.is_some()
    }

    /// How often the last activity is noted.
    pub(crate) fn seen_interval(&self) -> Millis {
        let tenth = self
            .idle_timeout
            .map(|idle_timeout| Millis(idle_timeout.0 / 10));
        tenth.map_or(MOST_UNSEEN, |tenth| tenth.min(MOST_UNSEEN))
    }

    /// How long a login of this kind lasts, at most.
    pub(crate) fn lifetime_of(&self, method: Method) -> Millis {
        if method.is_remembered() {
            self.remember_limit
        } else {
            self.lifetime
        }
    }

    /// How long any login lasts, at most.
    pub(crate) fn longest_lifetime(&self) -> Millis {
        self.lifetime.max(self.remember_limit)
    }

    /// What stands for a session in the log: it tells sessions of this process apart, and nothing else can be done with it.
    pub(crate) fn log_id(&self, sid: Id) -> u64 {
        self.log_salt.hash_one(sid.0)
    }
}
