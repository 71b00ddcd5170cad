//! A configuration that `build()` has checked: what every request reads and none changes.

use std::hash::{BuildHasher as _, RandomState};

use crate::checker::DefaultChecker;
use crate::clock::{Clock, Millis};
use crate::cookie_names::{Attributes, Names};
use crate::cross_site::SiteCheck;
use crate::ended::EndedSessions;
use crate::loader::Users;
use crate::location::Location;
use crate::seal::Sealer;
use crate::wire::Id;

pub(crate) struct Config {
    pub(crate) names: Names,
    pub(crate) attributes: Attributes,
    pub(crate) sealer: Sealer,
    pub(crate) clock: Box<dyn Clock>,
    pub(crate) max_age: Option<Millis>,
    pub(crate) lifetime: Millis,
    pub(crate) idle_timeout: Option<Millis>,
    pub(crate) guest_lifetime: Millis,
    pub(crate) ended: EndedSessions,
    pub(crate) auto_load: bool,
    pub(crate) users: Users,
    pub(crate) default_checker: Option<DefaultChecker>,
    pub(crate) login_url: Location,
    pub(crate) forbid_refused: bool,
    pub(crate) carry_on_login: Vec<String>,
    pub(crate) site_check: SiteCheck,
    pub(crate) log_salt: RandomState,
}

impl Config {
    pub(crate) fn now(&self) -> Millis {
        Millis::of(&*self.clock)
    }

    /// What stands for a session in the log: it tells sessions of this process apart, and nothing else can be done with it.
    pub(crate) fn log_id(&self, sid: Id) -> u64 {
        self.log_salt.hash_one(sid.0)
    }
}
