//! What hooks are told: what has happened, whose session it was, when, and in which request.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::Method;
use serde::de::DeserializeOwned;

use super::asked::Asked;
use crate::clock::Millis;

/// Something that has happened to a session, as [`Builder::on_event`](crate::Builder::on_event) and its kin tell it.
///
/// Clones are cheap and can be sent to a task that writes them down. What it says beside [`user_id`](Self::user_id),
/// [`path`](Self::path) and [`extension`](Self::extension) comes from nobody but this crate; a path is what a client sent: escape it.
#[derive(Clone)]
pub struct SessionEvent {
    kind: EventKind,
    at: Millis,
    told: Told,
}

/// What is told beside the kind and the time.
#[derive(Clone, Default)]
pub(crate) struct Told {
    /// As JSON text.
    pub(crate) user_id: Option<Arc<str>>,
    pub(crate) request: Option<Arc<Asked>>,
}

impl Told {
    /// Of a user, outside of any request.
    pub(crate) fn of_user(user_id: Arc<str>) -> Self {
        Self {
            user_id: Some(user_id),
            request: None,
        }
    }
}

impl SessionEvent {
    pub(super) fn new(kind: EventKind, at: Millis, told: Told) -> Self {
        Self { kind, at, told }
    }

    /// What has happened.
    pub fn kind(&self) -> EventKind {
        self.kind
    }

    /// Its name, the same as in the log: `"session.login"`, say.
    pub fn name(&self) -> &'static str {
        self.kind.name()
    }

    /// Why, in a word that is the same in the log and as a label of metrics: of what was refused or does not count, and of sessions that
    /// were ended from elsewhere, by what.
    pub fn reason(&self) -> Option<&'static str> {
        match self.kind {
            EventKind::Refused(reason) => Some(reason.as_str()),
            EventKind::Rejected(reason) => Some(reason.as_str()),
            EventKind::Ended { by, .. } => Some(by.as_str()),
            _ => None,
        }
    }

    /// When, by the builder's [`clock`](crate::Builder::clock).
    pub fn at(&self) -> SystemTime {
        let since: Duration = self.at.into();
        UNIX_EPOCH.checked_add(since).unwrap_or(UNIX_EPOCH)
    }

    /// Whose session it is or was, as the id was given to [`Session::login`](crate::Session::login). `None` if nobody was logged in, or by
    /// a token, or if the id is of another type: `serde_json::Value` takes all.
    pub fn user_id<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_str(self.told.user_id.as_deref()?).ok()
    }

    /// The request's method. `None` if it did not happen in a request: see [`Sessions::end_sessions_of`](crate::Sessions::end_sessions_of).
    pub fn method(&self) -> Option<&Method> {
        Some(&self.told.request.as_ref()?.method)
    }

    /// The request's path, without its query.
    pub fn path(&self) -> Option<&str> {
        Some(self.told.request.as_ref()?.uri.path())
    }

    /// What others have put into the request's extensions by the time that its session was read: the peer's address is a
    /// `ConnectInfo<SocketAddr>` where the application is served with it, and middleware may have added an id of the request, say.
    pub fn extension<T: Clone + Send + Sync + 'static>(&self) -> Option<&T> {
        self.told.request.as_ref()?.extensions.get()
    }
}

/// What has happened and why are shown, and nothing of who or where.
impl fmt::Debug for SessionEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionEvent")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// What has happened to a session. `docs/observing.md` in the repository has them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// Somebody has logged in: `session.login`.
    #[non_exhaustive]
    Login {
        /// Whether the login outlives the browser: [`Login::remember`](crate::Login::remember).
        remembered: bool,
        /// Whether somebody, the same or another, was logged in before. That session has ended; its user's id was
        /// told by an [`Ended`](Self::Ended) or [`Logout`](Self::Logout).
        over: bool,
    },
    /// A session has a new id: `session.renewed`.
    #[non_exhaustive]
    Renewed {
        /// Whether a password was given again: [`Session::confirm_login`](crate::Session::confirm_login).
        confirmed: bool,
    },
    /// Somebody has logged out: `session.logout`.
    Logout,
    /// Sessions were ended by something else than their own logout: `session.ended`.
    #[non_exhaustive]
    Ended {
        /// By what.
        by: EndedBy,
        /// How many, where a store says it.
        count: Option<u64>,
    },
    /// A request was not let pass: `session.refused`.
    Refused(RefusedFor),
    /// A cookie says that somebody is logged in, and does not count, so that the request is nobody's: `session.expired`,
    /// `session.forged` or `session.rejected`. Browsers go on sending it, so it is told for each request.
    Rejected(RejectedFor),
    /// What a request has changed has nowhere to go, since its session was ended meanwhile: `session.lost`.
    Lost,
    /// The store has failed, or did not answer in time: `session.store_failed`.
    #[non_exhaustive]
    StoreFailed {
        /// What the store is called.
        store: &'static str,
        /// What it was asked to do.
        verb: &'static str,
    },
}

impl EventKind {
    /// Its name, the same as in the log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Login { .. } => "session.login",
            Self::Renewed { .. } => "session.renewed",
            Self::Logout => "session.logout",
            Self::Ended { .. } => "session.ended",
            Self::Refused(_) => "session.refused",
            Self::Rejected(RejectedFor::Lifetime | RejectedFor::Idle) => "session.expired",
            Self::Rejected(RejectedFor::Forged) => "session.forged",
            Self::Rejected(_) => "session.rejected",
            Self::Lost => "session.lost",
            Self::StoreFailed { .. } => "session.store_failed",
        }
    }
}

/// Declares reasons, each with its word.
macro_rules! reasons {
    ($(#[$outer:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$inner])* $variant,)+
        }

        impl $name {
            /// All of them.
            #[cfg(any(test, feature = "metrics"))]
            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The word for it in the log and as a label of metrics.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }
    };
}

reasons! {
    /// Why a request was not let pass.
    RefusedFor {
        /// Nobody is logged in.
        NotLoggedIn = "not_logged_in",
        /// The checker said no to the user.
        Denied = "denied",
        /// The password was given too long ago.
        NotFresh = "not_fresh",
        /// The checker has answered with a response of its own.
        Answered = "answered",
        /// Another site has made an unsafe request.
        CrossSite = "cross_site",
    }
}

reasons! {
    /// Why a cookie that says that somebody is logged in does not count.
    RejectedFor {
        /// The login's time is over.
        Lifetime = "lifetime",
        /// There was no activity for the idle timeout.
        Idle = "idle",
        /// It does not verify. Whether somebody has made it up, it was cut short, or comes from another application or a key that was
        /// removed, nobody can tell.
        Forged = "forged",
        /// Its session was ended: it is a copy, or comes from a request that was under way.
        Ended = "ended",
        /// A logout of this browser came after it.
        LoggedOut = "logged_out",
        /// Two are there that verify: nobody can tell which one is meant.
        Ambiguous = "ambiguous",
        /// The store has no such session: it was ended there, its time is over, or the store was emptied.
        Unknown = "unknown",
        /// It was moved into a store, and has ended there.
        Moved = "moved",
        /// The cookie with its data is not there.
        Incomplete = "incomplete",
        /// It says times that have not come.
        FromTheFuture = "from_the_future",
        /// The user loader knows no such user.
        UserGone = "user_gone",
        /// The user's stamp has changed since: a password, say.
        StampChanged = "stamp_changed",
    }
}

reasons! {
    /// What has ended sessions that did not log out themselves.
    EndedBy {
        /// Somebody has logged in over the session, in the same browser.
        Login = "login",
        /// Another session of the user: [`Session::end_session`](crate::Session::end_session),
        /// [`end_other_sessions`](crate::Session::end_other_sessions), [`end_all_sessions`](crate::Session::end_all_sessions).
        User = "user",
        /// The application: [`Sessions::end_session_of`](crate::Sessions::end_session_of),
        /// [`end_sessions_of`](crate::Sessions::end_sessions_of).
        Application = "application",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_word_of_its_own_that_a_label_can_be() {
        let refused = RefusedFor::ALL.iter().map(|reason| reason.as_str());
        let rejected = RejectedFor::ALL.iter().map(|reason| reason.as_str());
        let ended = EndedBy::ALL.iter().map(|by| by.as_str());
        let mut words: Vec<_> = refused.chain(rejected).chain(ended).collect();
        let is_plain = |byte: u8| byte == b'_' || byte.is_ascii_lowercase();
        assert!(words.iter().all(|word| word.bytes().all(is_plain)));
        let count = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), count, "{words:?}");
    }

    #[test]
    fn debug_shows_neither_who_nor_where() {
        let told = Told::of_user("\"canary\"".into());
        let event = SessionEvent::new(EventKind::Logout, Millis(7), told);
        assert_eq!(event.user_id::<String>().as_deref(), Some("canary"));
        assert_eq!(
            format!("{event:?}"),
            "SessionEvent { kind: Logout, .. }",
            "and no time, that tells requests apart"
        );
    }

    #[test]
    fn a_time_that_the_system_cannot_say_is_no_panic() {
        let event = SessionEvent::new(EventKind::Lost, Millis(u64::MAX), Told::default());
        assert!(event.at() >= UNIX_EPOCH);
    }
}
