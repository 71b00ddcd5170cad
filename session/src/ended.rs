//! The sessions that have ended before their time: a bounded list in this process, read without a lock.
//!
//! A signed cookie works until its lifetime ends, wherever a copy of it is. Logout, a login over a login, and a renewal therefore
//! write the session down here, and a request that shows an ended one is nobody's. The list forgets at restart and is not seen by
//! other processes.
//!
//! There is one entry a login, however often it is renewed: the ids of a login's sessions share their first half. A list that is full
//! errs on the safe side. What it can no longer tell apart counts as ended.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::clock::Millis;
use crate::state::Ending;
use crate::wire::Id;

/// Buckets, the pieces that each may grow to, and places in a piece: 1,048,576 ended logins, in 57 MiB. Pieces are made when they are
/// needed.
const BUCKETS: usize = 1_024;
const PIECES: usize = 32;
const PLACES: usize = 32;

/// Shares of a bucket: whoever crowds one is alone with the few whose share it is.
const SHARES: usize = 64;

/// A session, as the list knows it. All sessions of a user are in one share of one bucket.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) sid: Id,
    /// When the value was issued that names the session.
    pub(crate) issued_at: Millis,
    bucket: usize,
    share: usize,
}

/// A session that is over, or about to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) at: Millis,
    /// Until when it may still be read: a renewed one is, for a little while.
    pub(crate) readable_until: Millis,
}

/// What is known of a login of which not every session counts.
#[derive(Clone, Copy)]
pub(crate) struct History {
    /// The other half of the id of the session that counts, or [`NONE`].
    pub(crate) current: u64,
    /// That of the session before it, and until when that one may be read.
    pub(crate) previous: u64,
    pub(crate) readable_until: Millis,
    /// When the last session ended.
    pub(crate) at: Millis,
}

impl History {
    /// Of a login in which this session counts.
    pub(crate) fn of(session: u64, at: Millis) -> Self {
        Self {
            current: session,
            previous: NONE,
            readable_until: Millis(0),
            at,
        }
    }

    /// Whether a session of the login, as a value says that was issued then, is over, or about to be.
    pub(crate) fn verdict(&self, session: u64, issued_at: Millis) -> Option<Ended> {
        if self.current == session {
            return None;
        }
        // Another process has renewed it since: it has its own list.
        if self.current != NONE && issued_at > self.at {
            return None;
        }
        let is_readable = self.current != NONE && self.previous == session;
        Some(Ended {
            at: self.at,
            readable_until: if is_readable {
                self.readable_until
            } else {
                Millis(0)
            },
        })
    }

    pub(crate) fn end(&mut self, at: Millis) {
        if self.current != NONE {
            self.at = at;
        }
        self.current = NONE;
    }

    pub(crate) fn replace(
        &mut self,
        session: u64,
        successor: u64,
        readable_until: Millis,
        at: Millis,
    ) {
        *self = Self {
            current: successor,
            previous: session,
            readable_until,
            at,
        };
    }
}

/// A login of which not every session counts.
#[derive(Default)]
struct Place {
    /// The half of the ids that all sessions of the login share.
    login: AtomicU64,
    /// The other half of the id of the session that counts, or [`NONE`].
    current: AtomicU64,
    /// That of the session before it, and until when that one may be read.
    previous: AtomicU64,
    readable_until: AtomicU64,
    /// When the last session ended.
    at: AtomicU64,
    /// The user's share of the bucket.
    share: AtomicU64,
    /// When the login would have ended anyway: from then on the place is free.
    until: AtomicU64,
}

/// No session of a login counts any more.
const NONE: u64 = 0;

#[derive(Default)]
struct Piece {
    places: [Place; PLACES],
    next: OnceLock<Box<Piece>>,
}

#[derive(Default)]
struct Bucket {
    first: OnceLock<Box<Piece>>,
    /// For each share: what was issued up to then counts as ended, since something ended then that is not in the list any more. There is
    /// none until the bucket has been full.
    not_before: OnceLock<Box<[AtomicU64; SHARES]>>,
}

impl Bucket {
    fn pieces(&self) -> impl Iterator<Item = &Piece> {
        let first = self.first.get().map(Box::as_ref);
        std::iter::successors(first, |piece| piece.next.get().map(Box::as_ref))
    }

    fn places(&self) -> impl Iterator<Item = &Place> {
        self.pieces().flat_map(|piece| &piece.places)
    }

    fn find(&self, login: u64, now: Millis) -> Option<&Place> {
        self.places()
            .find(|place| get(&place.login) == login && get(&place.until) > now.0)
    }

    /// A place that is free: one of those that are there, or of a new piece, or that of the login which has ended first. The caller
    /// holds the lock.
    fn free(&self, now: Millis) -> Option<&Place> {
        if let Some(free) = self.places().find(|place| get(&place.until) <= now.0) {
            return Some(free);
        }
        let last = self.pieces().last();
        if self.pieces().count() < PIECES {
            let end = last.map_or(&self.first, |last| &last.next);
            return end.get_or_init(Box::default).places.first();
        }
        let mut held = [0_usize; SHARES];
        let share_of =
            |place: &Place| usize::try_from(get(&place.share)).unwrap_or_default() % SHARES;
        for place in self.places() {
            held[share_of(place)] += 1;
        }
        let crowded = (0..SHARES).max_by_key(|&share| held[share])?;
        let oldest = self
            .places()
            .filter(|place| share_of(place) == crowded)
            .min_by_key(|place| get(&place.at))?;
        tracing::error!(
            target: "muffin_session",
            "the list of ended sessions is full: some people who are still logged in have to log in again",
        );
        let not_before = self
            .not_before
            .get_or_init(|| Box::new(std::array::from_fn(|_| AtomicU64::new(0))));
        not_before[crowded].fetch_max(get(&oldest.at), Ordering::AcqRel);
        Some(oldest)
    }

    /// When something ended that is not in the list any more, if what was issued then counts as ended with it.
    fn is_forgotten(&self, key: Key) -> Option<Millis> {
        let not_before = get(&self.not_before.get()?[key.share]);
        (not_before > 0 && key.issued_at.0 <= not_before).then_some(Millis(not_before))
    }
}

pub(crate) struct EndedSessions {
    buckets: Box<[Bucket]>,
    writing: Mutex<()>,
    /// Whether anything was ever written.
    is_used: AtomicBool,
    hasher: RandomState,
}

impl EndedSessions {
    pub(crate) fn new() -> Self {
        Self {
            buckets: std::iter::repeat_with(Bucket::default)
                .take(BUCKETS)
                .collect(),
            writing: Mutex::new(()),
            is_used: AtomicBool::new(false),
            hasher: RandomState::new(),
        }
    }

    /// What stands for the session of this user, as a value says that was issued then.
    pub(crate) fn key(&self, sid: Id, user_id: &str, issued_at: Millis) -> Key {
        // Nobody but this process knows which users share a bucket. The casts take the low bits.
        #[allow(clippy::cast_possible_truncation)]
        let hash = self.hasher.hash_one(user_id) as usize;
        Key {
            sid,
            issued_at,
            bucket: hash % BUCKETS,
            share: hash / BUCKETS % SHARES,
        }
    }

    /// Whether the session is over, or about to be.
    pub(crate) fn get(&self, key: Key, now: Millis) -> Option<Ended> {
        if !self.is_used.load(Ordering::Acquire) {
            return None;
        }
        let bucket = &self.buckets[key.bucket];
        let (login, session) = key.sid.halves();
        let Some(place) = bucket.find(login, now) else {
            // After the look for it: a place that gives way does so once this is written.
            return bucket.is_forgotten(key).map(|at| Ended {
                at,
                readable_until: Millis(0),
            });
        };
        let history = History {
            current: get(&place.current),
            previous: get(&place.previous),
            readable_until: Millis(get(&place.readable_until)),
            at: Millis(get(&place.at)),
        };
        history.verdict(session, key.issued_at)
    }

    /// Ends a session's login, whichever of its sessions counts. It would have ended at `until` anyway.
    pub(crate) fn end(&self, key: Key, until: Millis, now: Millis) {
        self.write(key, until, now, |place| {
            let before = get(&place.current);
            set(&place.current, NONE);
            if before != NONE {
                set(&place.at, now.0.max(key.issued_at.0));
            }
        });
    }

    /// Ends these sessions' logins.
    pub(crate) fn end_all(&self, endings: &[Ending], now: Millis) {
        for ending in endings {
            self.end(ending.key, ending.until, now);
        }
    }

    /// Puts another session of the same login in a session's place, and lets the old one be read for a little while. Whether that took
    /// place: a session that is over has no successor.
    pub(crate) fn replace(
        &self,
        old: Key,
        successor: Id,
        grace: Millis,
        until: Millis,
        now: Millis,
    ) -> bool {
        let mut replaced = false;
        self.write(old, until, now, |place| {
            let current = get(&place.current);
            // One that was issued after the last change known here comes from another process.
            let is_later = current != NONE && old.issued_at.0 > get(&place.at);
            if current != old.sid.halves().1 && !is_later {
                return;
            }
            let readable_until = if grace == Millis(0) {
                grace
            } else {
                now.plus(grace)
            };
            // `current` comes last: until then the old one counts as before.
            set(&place.previous, old.sid.halves().1);
            set(&place.readable_until, readable_until.0);
            set(&place.at, now.0);
            set(&place.current, successor.halves().1);
            replaced = true;
        });
        replaced
    }

    /// Changes the login's place. A login that has none gets one in which this session counts.
    fn write(&self, key: Key, until: Millis, now: Millis, change: impl FnOnce(&Place)) {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = &self.buckets[key.bucket];
        if until <= now || bucket.is_forgotten(key).is_some() {
            return;
        }
        let (login, session) = key.sid.halves();
        if let Some(place) = bucket.find(login, now) {
            return change(place);
        }
        let Some(place) = bucket.free(now) else {
            return;
        };
        // Readers look at `until`: a place that is being written reads as free.
        set(&place.until, 0);
        set(&place.login, login);
        set(&place.current, session);
        set(&place.previous, NONE);
        set(&place.readable_until, 0);
        set(&place.at, now.0.max(key.issued_at.0));
        set(&place.share, key.share as u64);
        change(place);
        set(&place.until, until.0);
        self.is_used.store(true, Ordering::Release);
    }
}

fn get(number: &AtomicU64) -> u64 {
    number.load(Ordering::Acquire)
}

fn set(number: &AtomicU64, value: u64) {
    number.store(value, Ordering::Release);
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(1_000);
    const END: Millis = Millis(90_000);

    /// A session of a login.
    fn id(login: u64, session: u64) -> Id {
        Id((u128::from(login) << 64 | u128::from(session)).to_be_bytes())
    }

    fn is_over(ended: &EndedSessions, key: Key) -> bool {
        ended
            .get(key, NOW)
            .is_some_and(|ended| ended.readable_until <= NOW)
    }

    #[test]
    fn a_login_that_is_over_is_over_since_it_ended_first() {
        let mut history = History::of(1, NOW);
        history.end(END);
        assert_eq!(history.at, END);
        history.end(Millis(END.0 + 1));
        assert_eq!(history.at, END);
    }

    #[test]
    fn users_who_share_a_bucket_have_different_shares_of_it() {
        let ended = EndedSessions::new();
        let keys = (0..20 * BUCKETS).map(|user| ended.key(id(1, 1), &user.to_string(), NOW));
        let shares: std::collections::BTreeSet<_> = keys
            .filter(|key| key.bucket == 0)
            .map(|key| key.share)
            .collect();
        assert!(shares.len() > 1, "{shares:?}");
    }

    #[test]
    fn an_ended_session_is_over_to_the_end_of_its_lifetime() {
        let ended = EndedSessions::new();
        let key = ended.key(id(7, 1), "1", NOW);
        assert_eq!(ended.get(key, NOW), None);
        ended.end(key, END, NOW);
        let expected = Some(Ended {
            at: NOW,
            readable_until: Millis(0),
        });
        assert_eq!(ended.get(key, NOW), expected);
        assert_eq!(ended.get(key, Millis(0)), expected, "a clock set back");
        assert_eq!(ended.get(key, Millis(END.0 - 1)), expected);
        assert_eq!(ended.get(key, END), None);
        assert_eq!(ended.get(ended.key(id(8, 1), "1", NOW), NOW), None);
    }

    #[test]
    fn a_renewed_session_can_be_read_for_a_while_and_is_renewed_once() {
        let ended = EndedSessions::new();
        let sessions: Vec<_> = (1..=4).map(|n| ended.key(id(7, n), "1", NOW)).collect();
        assert!(ended.replace(sessions[0], sessions[1].sid, Millis(30), END, NOW));
        let readable = |at: usize| {
            ended
                .get(sessions[at], NOW)
                .map(|ended| ended.readable_until)
        };
        assert_eq!(readable(0), Some(Millis(1_030)));
        assert_eq!(readable(1), None, "it counts");
        assert!(!ended.replace(sessions[0], id(7, 9), Millis(30), END, NOW));
        assert!(ended.replace(sessions[1], sessions[2].sid, Millis(30), END, NOW));
        assert_eq!(
            [readable(0), readable(1), readable(2)],
            [Some(Millis(0)), Some(Millis(1_030)), None]
        );
        // Without a grace, none of those before can be read.
        assert!(ended.replace(sessions[2], sessions[3].sid, Millis(0), END, NOW));
        assert!(sessions[..3].iter().all(|key| is_over(&ended, *key)));
        assert_eq!(readable(3), None);
    }

    #[test]
    fn ending_any_session_of_a_login_ends_them_all_and_at_once() {
        for ended_one in 0..3 {
            let ended = EndedSessions::new();
            let keys: Vec<_> = (1..=3).map(|n| ended.key(id(7, n), "1", NOW)).collect();
            assert!(ended.replace(keys[0], keys[1].sid, Millis(30), END, NOW));
            assert!(ended.replace(keys[1], keys[2].sid, Millis(30), END, NOW));
            ended.end(keys[ended_one], END, NOW);
            let is_known_since = |key| ended.get(key, NOW).is_some_and(|ended| ended.at == NOW);
            assert!(is_known_since(keys[0]));
            let again = Millis(NOW.0 + 50);
            ended.end(keys[ended_one], END, again);
            assert!(is_known_since(keys[0]), "it was over before");
            for &key in &keys {
                assert!(is_over(&ended, key));
                assert!(!ended.replace(key, id(7, 99), Millis(30), END, NOW));
            }
        }
    }

    #[test]
    fn renewals_of_another_process_count_and_older_sessions_do_not() {
        let ended = EndedSessions::new();
        let (first, here) = (ended.key(id(7, 1), "1", NOW), ended.key(id(7, 2), "1", NOW));
        assert!(ended.replace(first, here.sid, Millis(0), END, NOW));
        // The other process renews what this one has made, later.
        let later = Millis(NOW.0 + 10);
        let there = ended.key(id(7, 3), "1", later);
        assert_eq!(ended.get(there, later), None);
        assert!(is_over(&ended, first));
        // It comes back here, and is renewed once more.
        let again = ended.key(id(7, 4), "1", Millis(NOW.0 + 20));
        assert!(ended.replace(there, again.sid, Millis(0), END, Millis(NOW.0 + 20)));
        for key in [first, here, there] {
            assert!(is_over(&ended, key));
        }
        ended.end(again, END, Millis(NOW.0 + 30));
        let after = ended.key(id(7, 5), "1", Millis(NOW.0 + 40));
        assert!(
            is_over(&ended, after),
            "after a logout nothing of the login counts"
        );
    }

    #[test]
    fn renewals_without_end_take_one_place() {
        let ended = EndedSessions::new();
        let mut key = ended.key(id(7, 1), "1", NOW);
        for session in 2..3_000 {
            let next = ended.key(id(7, session), "1", NOW);
            assert!(ended.replace(key, next.sid, Millis(30), END, NOW));
            key = next;
        }
        assert!(is_over(&ended, ended.key(id(7, 1), "1", NOW)));
        let bucket = &ended.buckets[key.bucket];
        assert_eq!(
            bucket
                .places()
                .filter(|place| get(&place.until) > 0)
                .count(),
            1
        );
    }

    #[test]
    fn a_full_list_forgets_nothing_that_ended() {
        let ended = EndedSessions::new();
        let most = u64::try_from(PIECES * PLACES).unwrap();
        let at = |login: u64| Millis(NOW.0 + login);
        let key = |login: u64| ended.key(id(login, 1), "1", at(login));
        let later = Millis(NOW.0 + 2 * most);
        for login in 1..=most + 100 {
            ended.end(key(login), END, at(login));
        }
        for login in 1..=most + 100 {
            assert!(ended.get(key(login), later).is_some(), "login {login}");
        }
        let bucket = &ended.buckets[key(1).bucket];
        assert_eq!(bucket.pieces().count(), PIECES, "memory is bounded");
        for login in 1..=most + 100 {
            assert!(!ended.replace(key(login), id(login, 2), Millis(0), END, later));
        }
        // Who logs in after that is not affected.
        assert!(
            ended
                .get(ended.key(id(9_999_999, 1), "1", later), later)
                .is_none()
        );
        // Others are not, whatever they were issued, where they have another bucket.
        let elsewhere = (2..100)
            .map(|user: u32| ended.key(id(5, 5), &user.to_string(), NOW))
            .find(|other| other.bucket != key(1).bucket)
            .unwrap();
        assert!(ended.get(elsewhere, later).is_none());
    }

    #[test]
    fn places_are_used_again_once_their_logins_would_have_ended() {
        let ended = EndedSessions::new();
        for login in 1..=20_000 {
            let now = Millis(login * 10);
            ended.end(
                ended.key(id(login, 1), "1", now),
                now.plus(Millis(100)),
                now,
            );
        }
        let bucket = &ended.buckets[ended.key(id(1, 1), "1", NOW).bucket];
        assert_eq!(bucket.pieces().count(), 1);
        assert!(bucket.not_before.get().is_none(), "nothing was forgotten");
    }
}
