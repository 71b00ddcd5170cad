//! Logins that have begun and not yet ended: what must be the same when the browser comes back from the provider.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use muffin_session::SessionValue;
use serde::{Deserialize, Serialize};

/// How long somebody may take at the provider.
const PATIENCE: Duration = Duration::from_mins(10);
/// How many logins may be under way in one browser: one a tab. More would not fit into a cookie.
const TABS: usize = 3;
/// The most bytes of a page to lead back to. A longer one is forgotten, rather than that nobody can log in from it.
const LONGEST_NEXT: usize = 512;

/// The logins that are under way in this browser, newest last.
///
/// They are kept in the session, which before a login is a guest's: only the browser that has begun a login can end it. Each has a
/// `state` of its own, so that two tabs do not spoil each other's.
#[derive(Default, Serialize, Deserialize, SessionValue)]
#[session(key = "logins")]
pub(crate) struct Attempts(Vec<Attempt>);

/// A login that is under way.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Attempt {
    /// Comes back in the URL: the answer belongs to this attempt (RFC 6749, section 10.12).
    pub(crate) state: String,
    /// Comes back in the ID token: the token was made for this attempt (OpenID Connect Core, section 3.1.2.1).
    pub(crate) nonce: String,
    /// Goes to the provider with the code: whoever has only the code gets nothing for it (RFC 7636).
    pub(crate) verifier: String,
    /// The page that was asked for. It was checked when it came in.
    pub(crate) next: Option<String>,
    /// In seconds since 1970.
    pub(crate) begun_at: u64,
}

impl Attempts {
    /// Adds one. The oldest go where there are too many.
    pub(crate) fn add(&mut self, mut attempt: Attempt) {
        attempt.next = attempt.next.filter(|next| next.len() <= LONGEST_NEXT);
        self.0.push(attempt);
        let surplus = self.0.len().saturating_sub(TABS);
        self.0.drain(..surplus);
    }

    /// Takes out the one with this state: a `state` counts once. Those that have waited too long go as well.
    pub(crate) fn take(&mut self, state: &str, now: u64) -> Option<Attempt> {
        self.0
            .retain(|attempt| now.saturating_sub(attempt.begun_at) < PATIENCE.as_secs());
        let place = self.0.iter().position(|attempt| attempt.state == state)?;
        Some(self.0.remove(place))
    }
}

/// The time, in seconds since 1970.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(state: &str, begun_at: u64) -> Attempt {
        Attempt {
            state: state.to_owned(),
            nonce: "n".repeat(22),
            verifier: "v".repeat(43),
            next: None,
            begun_at,
        }
    }

    #[test]
    fn each_is_taken_once_by_its_own_state() {
        let mut attempts = Attempts::default();
        attempts.add(attempt("one", 100));
        attempts.add(attempt("two", 101));
        assert!(attempts.take("three", 102).is_none());
        assert_eq!(attempts.take("one", 102).unwrap().begun_at, 100);
        assert!(attempts.take("one", 102).is_none());
        assert_eq!(attempts.take("two", 102).unwrap().begun_at, 101);
    }

    #[test]
    fn what_has_waited_too_long_does_not_count() {
        let begin = |now| {
            let mut attempts = Attempts::default();
            attempts.add(attempt("one", 1_000));
            attempts.take("one", now)
        };
        assert!(begin(1_000 + 599).is_some());
        assert!(begin(1_000 + 600).is_none());
    }

    #[test]
    fn as_many_as_are_kept_fit_into_a_cookie() {
        let mut attempts = Attempts::default();
        for state in ["one", "two", "three", "four"] {
            let mut attempt = attempt(&state.repeat(6), 1_780_000_000);
            attempt.next = Some("/".repeat(LONGEST_NEXT));
            attempts.add(attempt);
        }
        assert!(attempts.take(&"one".repeat(6), 1_780_000_000).is_none());
        let mut long = attempt("five", 1_780_000_000);
        long.next = Some("/".repeat(LONGEST_NEXT + 1));
        attempts.add(long);
        let json = serde_json::to_string(&attempts).unwrap();
        assert!(json.len() < 2_900, "{}", json.len());
        let taken = attempts.take("five", 1_780_000_000).unwrap();
        assert_eq!(taken.next, None);
    }
}
