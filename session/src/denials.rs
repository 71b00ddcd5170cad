//! Which logins of one user have ended before their time, as a record that all processes see: the deny list of signed cookies.

use crate::clock::Millis;
use crate::ended::{Ended, History, Key};
use crate::wire::Reader;

/// The most logins of one user that are told apart. With more, everything counts as ended that began before the oldest of them ended.
const MOST: usize = 256;

/// Logins of one user that have ended, or of which not every session counts.
#[derive(Default)]
pub(crate) struct Denials {
    /// What was issued up to then has ended, whichever login it belongs to.
    not_before: Millis,
    /// The login that has not.
    spared: Option<u64>,
    logins: Vec<Login>,
}

struct Login {
    /// The half of the ids that all its sessions share.
    id: u64,
    history: History,
    /// When it would have ended anyway.
    until: Millis,
}

impl Denials {
    /// Whether the session is over, or about to be.
    pub(crate) fn get(&self, key: Key) -> Option<Ended> {
        let (login, session) = key.sid.halves();
        if key.issued_at <= self.not_before && self.spared != Some(login) {
            return Some(Ended {
                at: self.not_before,
                readable_until: Millis(0),
            });
        }
        let known = self.logins.iter().find(|known| known.id == login)?;
        // All processes write to this list: what it does not know of has not happened.
        known.history.verdict(session, Millis(0))
    }

    /// Ends a session's login, whichever of its sessions counts. It would have ended at `until` anyway.
    pub(crate) fn end(&mut self, key: Key, until: Millis, now: Millis) {
        let history = self.history(key, until, now);
        history.end(now.max(key.issued_at));
    }

    /// Puts another session of the same login in a session's place: whether that took place.
    pub(crate) fn replace(
        &mut self,
        key: Key,
        successor: u64,
        readable_until: Millis,
        until: Millis,
        now: Millis,
    ) -> bool {
        if self.get(key).is_some() {
            return false;
        }
        let (_, session) = key.sid.halves();
        let history = self.history(key, until, now);
        history.replace(session, successor, readable_until, now.max(key.issued_at));
        true
    }

    /// Ends all of the user's logins but one. Nothing ends if that one has itself: whether it has not.
    pub(crate) fn end_all(&mut self, spared: Option<Key>, now: Millis) -> bool {
        if spared.is_some_and(|key| self.get(key).is_some()) {
            return false;
        }
        let spared = spared.map(|key| key.sid.halves().0);
        // What ended by the clock of another process, which is ahead of this one's, has ended all the same.
        let ended = self.logins.iter().filter(|known| spared != Some(known.id));
        let last = ended.map(|known| known.history.at).max();
        self.not_before = self.not_before.max(now).max(last.unwrap_or(now));
        self.logins.retain(|known| spared == Some(known.id));
        self.spared = spared;
        true
    }

    /// When there is nothing left to know: `longest` is how long any login lasts.
    pub(crate) fn until(&self, longest: Millis) -> Millis {
        let logins = self.logins.iter().map(|known| known.until);
        let all = (self.not_before > Millis(0)).then(|| self.not_before.plus(longest));
        logins.chain(all).max().unwrap_or(Millis(0))
    }

    fn history(&mut self, key: Key, until: Millis, now: Millis) -> &mut History {
        self.logins.retain(|known| known.until > now);
        let (login, session) = key.sid.halves();
        let known = self.logins.iter().position(|known| known.id == login);
        let index = known.unwrap_or_else(|| {
            if self.logins.len() >= MOST {
                self.forget_oldest();
            }
            self.logins.push(Login {
                id: login,
                history: History::of(session, now.max(key.issued_at)),
                until,
            });
            self.logins.len() - 1
        });
        &mut self.logins[index].history
    }

    fn forget_oldest(&mut self) {
        let ages = self.logins.iter().enumerate();
        if let Some((oldest, _)) = ages.min_by_key(|(_, known)| known.history.at) {
            let forgotten = self.logins.swap_remove(oldest);
            self.not_before = self.not_before.max(forgotten.history.at);
            self.spared = None;
        }
    }

    pub(crate) fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.not_before.0.to_be_bytes());
        to.push(u8::from(self.spared.is_some()));
        to.extend_from_slice(&self.spared.unwrap_or_default().to_be_bytes());
        for Login { id, history, until } in &self.logins {
            for number in [
                *id,
                history.current,
                history.previous,
                history.readable_until.0,
                history.at.0,
                until.0,
            ] {
                to.extend_from_slice(&number.to_be_bytes());
            }
        }
    }

    pub(crate) fn read(rest: &mut Reader<'_>) -> Option<Self> {
        let not_before = rest.time()?;
        let [has_spared] = rest.array()?;
        let spared = rest.array().map(u64::from_be_bytes)?;
        let mut logins = Vec::new();
        while !rest.0.is_empty() {
            let mut number = || rest.array().map(u64::from_be_bytes);
            logins.push(Login {
                id: number()?,
                history: History {
                    current: number()?,
                    previous: number()?,
                    readable_until: Millis(number()?),
                    at: Millis(number()?),
                },
                until: Millis(number()?),
            });
        }
        Some(Self {
            not_before,
            spared: (has_spared == 1).then_some(spared),
            logins,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ended::EndedSessions;
    use crate::wire::Id;

    const NOW: Millis = Millis(1_000);
    const END: Millis = Millis(90_000);

    fn key(login: u64, session: u64, issued_at: Millis) -> Key {
        let id = u128::from(login) << 64 | u128::from(session);
        EndedSessions::new().key(Id(id.to_be_bytes()), "1", issued_at)
    }

    fn again(denials: &Denials) -> Denials {
        let mut bytes = Vec::new();
        denials.write(&mut bytes);
        Denials::read(&mut Reader(&bytes)).unwrap()
    }

    #[test]
    fn a_login_ends_whichever_of_its_sessions_counts() {
        let mut denials = Denials::default();
        assert!(denials.replace(key(7, 1, NOW), 2, Millis(31_000), END, NOW));
        let denials = &mut again(&denials);
        assert!(denials.get(key(7, 1, NOW)).unwrap().readable_until == Millis(31_000));
        assert!(denials.get(key(7, 2, NOW)).is_none());
        assert!(!denials.replace(key(7, 1, NOW), 9, Millis(0), END, NOW));
        denials.end(key(7, 1, NOW), END, NOW);
        let denials = again(denials);
        for session in 1..4 {
            assert!(denials.get(key(7, session, NOW)).is_some(), "{session}");
        }
        assert!(denials.get(key(8, 1, NOW)).is_none());
        assert_eq!(denials.until(Millis(0)), END);
    }

    #[test]
    fn of_the_one_login_that_is_spared_no_session_counts_that_was_over() {
        let mut denials = Denials::default();
        assert!(denials.replace(key(7, 1, NOW), 2, Millis(0), END, NOW));
        assert!(denials.end_all(Some(key(7, 2, NOW)), Millis(2_000)));
        let denials = again(&denials);
        assert!(denials.get(key(7, 1, NOW)).is_some(), "renewed before");
        assert!(denials.get(key(7, 2, NOW)).is_none(), "spared");
        assert_eq!(denials.until(Millis(0)), END);
    }

    #[test]
    fn all_logins_but_one_end_and_later_ones_count() {
        let mut denials = Denials::default();
        denials.end(key(6, 1, NOW), END, NOW);
        assert!(denials.end_all(Some(key(7, 1, NOW)), Millis(2_000)));
        assert!(!denials.end_all(Some(key(6, 1, NOW)), Millis(2_000)));
        let denials = again(&denials);
        for login in [5, 6] {
            assert!(denials.get(key(login, 1, NOW)).is_some(), "{login}");
        }
        assert!(denials.get(key(7, 1, NOW)).is_none());
        assert!(denials.get(key(8, 1, Millis(2_001))).is_none());
        assert_eq!(denials.until(END), Millis(92_000));
    }

    #[test]
    fn what_can_no_longer_be_told_apart_has_ended() {
        let mut denials = Denials::default();
        for login in 1..=300 {
            denials.end(key(login, 1, Millis(login)), END, Millis(login));
        }
        assert_eq!(denials.logins.len(), MOST);
        for login in 1..=300 {
            assert!(denials.get(key(login, 1, Millis(login))).is_some());
        }
        assert!(denials.get(key(999, 1, Millis(400))).is_none());
        // Those whose time is over make room.
        denials.end(key(1_000, 1, END), Millis(99_000), END);
        assert_eq!(denials.logins.len(), 1);
    }
}
