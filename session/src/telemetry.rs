//! What has happened, told to whoever listens: the log, metrics, and the application's hooks. Every event with a name goes through here.
//!
//! Nothing is locked while it is told, and nothing is told before it has happened.

mod asked;
mod event;
mod happened;
mod hooks;
mod measured;

use std::time::Duration;

use http::Uri;
use http::request::Parts;

pub(crate) use self::asked::{Asked, Refusable};
pub(crate) use self::event::Told;
pub use self::event::{EndedBy, EventKind, RefusedFor, RejectedFor, SessionEvent};
pub(crate) use self::happened::Happened;
pub(crate) use self::hooks::Hooks;
pub(crate) use self::measured::{Answer, describe};

use crate::clock::Millis;
use crate::config::Config;
use crate::next_url;
use crate::refusal::RefusalKind;
use crate::rotation::KeyId;
use crate::state::Loaded;
use crate::wire::Id;

/// An event of this name, for the log.
macro_rules! log {
    ($level:ident, $name:literal, $($rest:tt)+) => {
        tracing::event!(name: $name, target: "muffin_session", tracing::Level::$level, $($rest)+)
    };
}
use log;

/// A session, as the log knows it: see [`Config::log_id`].
fn shown(config: &Config, sid: Id) -> impl tracing::Value {
    tracing::field::display(LogId(config.log_id(sid)))
}

struct LogId(u64);

impl std::fmt::Display for LogId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Counts an event, and tells the hooks of it.
fn tell(config: &Config, kind: EventKind, told: impl FnOnce() -> Told) {
    measured::count(kind);
    if let Some(hooks) = &config.hooks {
        hooks.run(&SessionEvent::new(kind, config.now(), told()));
    }
}

/// A guard has refused a request, or a checker has answered it. `user_id` is asked for only if somebody listens.
pub(crate) fn refused(
    config: &Config,
    parts: &Parts,
    kind: RefusalKind,
    user_id: impl FnOnce() -> Option<std::sync::Arc<str>>,
) {
    let reason = match kind {
        RefusalKind::NotLoggedIn => RefusedFor::NotLoggedIn,
        RefusalKind::Denied => RefusedFor::Denied,
        RefusalKind::NotFresh => RefusedFor::NotFresh,
        // Guards themselves refuse for no other reason: what fails is told where it fails.
        RefusalKind::Answered | RefusalKind::Unavailable | RefusalKind::Failed => {
            RefusedFor::Answered
        }
    };
    log!(DEBUG, "session.refused", reason = reason.as_str(), method = %parts.method, path = %next_url::original_uri(parts).path().escape_debug(), "refused");
    tell(config, EventKind::Refused(reason), || Told {
        user_id: user_id(),
        request: Some(Asked::of(parts)),
    });
}

/// A request was refused that another site has made.
pub(crate) fn cross_site(config: &Config, asked: Asked) {
    let reason = RefusedFor::CrossSite;
    let path = asked.uri.path().escape_debug();
    log!(WARN, "session.refused", reason = reason.as_str(), method = %asked.method, path = %path, "refused: {}", crate::cross_site::MEND);
    tell(config, EventKind::Refused(reason), || Told {
        user_id: None,
        request: Some(asked.into()),
    });
}

/// A request's cookie says that somebody is logged in, and does not count. `session` is not known of one that does not verify.
pub(crate) fn rejected(
    config: &Config,
    parts: &Parts,
    reason: RejectedFor,
    session: Option<Id>,
    user_id: Option<&std::sync::Arc<str>>,
) {
    let word = reason.as_str();
    let session = session.map(|sid| shown(config, sid));
    match reason {
        RejectedFor::Lifetime | RejectedFor::Idle => {
            log!(
                DEBUG,
                "session.expired",
                session,
                reason = word,
                "an identity does not count"
            );
        }
        RejectedFor::Forged => {
            log!(DEBUG, "session.forged", "an identity cookie is not ours");
        }
        RejectedFor::Ambiguous => {
            log!(
                WARN,
                "session.rejected",
                reason = word,
                "a request has two valid identities: it counts as nobody's. Does another host or path of this site set our cookies?"
            );
        }
        RejectedFor::Unknown => {
            log!(
                DEBUG,
                "session.rejected",
                reason = word,
                "the store has no such session"
            );
        }
        RejectedFor::StampChanged => {
            log!(
                INFO,
                "session.rejected",
                session,
                reason = word,
                "a login does not count: the user's stamp has changed since"
            );
        }
        _ => {
            log!(
                DEBUG,
                "session.rejected",
                session,
                reason = word,
                "an identity does not count"
            );
        }
    }
    tell(config, EventKind::Rejected(reason), || Told {
        user_id: user_id.cloned(),
        request: Some(Asked::of(parts)),
    });
}

/// An identity was verified with a key that signs no more.
pub(crate) fn old_key(key: KeyId) {
    log!(DEBUG, "session.old_key", %key, "an identity cookie is signed with an old key");
    measured::old_key();
}

/// A request's changes have nowhere to go.
pub(crate) fn lost(config: &Config, loaded: &Loaded) {
    log!(
        WARN,
        "session.lost",
        "changes are lost: the session was ended while the request was under way"
    );
    tell(config, EventKind::Lost, || Told {
        user_id: loaded
            .identity
            .as_ref()
            .map(|identity| identity.user_id.clone()),
        request: loaded.asked.clone(),
    });
}

/// Sessions were ended by something else than their own request.
pub(crate) fn ended(config: &Config, by: EndedBy, count: Option<u64>, told: Told) {
    if count == Some(0) {
        return;
    }
    log!(
        INFO,
        "session.ended",
        by = by.as_str(),
        count,
        "sessions were ended from elsewhere"
    );
    tell(config, EventKind::Ended { by, count }, || told);
}

/// Where calls of one store are told of.
pub(crate) struct StoreWatch<'s> {
    pub(crate) store: &'static str,
    pub(crate) verb: &'static str,
    pub(crate) hooks: Option<&'s Hooks>,
}

impl StoreWatch<'_> {
    /// The store has answered, after a part of the time that it has.
    pub(crate) fn answered(&self, took: Duration, limit: Duration) {
        let &Self { store, verb, .. } = self;
        measured::store_call(store, verb, Answer::Ok, Some(took));
        if took >= limit / 2 {
            let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            log!(
                WARN,
                "session.store_slow",
                store,
                verb,
                millis,
                "the sessions' store is slow: it took more than half of the time that it has"
            );
        }
    }

    /// It was not asked, since it goes on failing.
    pub(crate) fn skipped(&self) {
        let &Self { store, verb, .. } = self;
        measured::store_call(store, verb, Answer::Skipped, None);
        log!(
            DEBUG,
            "session.store_skipped",
            store,
            verb,
            "not called: the store fails"
        );
    }

    /// A call has come to something else than what it was for.
    pub(crate) fn called(&self, answer: Answer, took: Duration) {
        measured::store_call(self.store, self.verb, answer, Some(took));
    }

    /// A step could not be done.
    pub(crate) fn failed(&self, at: Millis, reason: &dyn std::fmt::Display) {
        let &Self { store, verb, hooks } = self;
        log!(ERROR, "session.store_failed", store, verb, %reason, "the sessions' store failed");
        if let Some(hooks) = hooks {
            let kind = EventKind::StoreFailed { store, verb };
            hooks.run(&SessionEvent::new(kind, at, Told::default()));
        }
    }
}

/// What a request was sent to, before routers took parts of it away.
fn uri_of(parts: &Parts) -> Uri {
    next_url::original_uri(parts).clone()
}
