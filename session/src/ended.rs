//! The sessions that have ended before their time: a bounded list in this process, read without a lock.
//!
//! A signed cookie works until its lifetime ends, wherever a copy of it is. Logout, a login over a login, and a renewal therefore
//! write the session's id here, and a request that shows an ended one is nobody's. The list forgets at restart and is not seen by
//! other processes.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::clock::Millis;
use crate::wire::Id;

/// Places in a bucket, and buckets: 32,768 ended sessions, in under 2 MiB.
const WAYS: usize = 32;
const BUCKETS: usize = 1_024;

/// A session, as the list knows it. All sessions of a user are in one bucket, so that nobody can crowd out another user's ended
/// sessions by logging in and out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) sid: Id,
    bucket: usize,
}

/// A session that is over, or about to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) at: Millis,
    /// Until when it may still be read: a renewed one is, for a little while.
    pub(crate) readable_until: Millis,
}

#[derive(Default)]
struct Place {
    sid: AtomicId,
    at: AtomicU64,
    readable_until: AtomicU64,
    /// The session that has taken its place by renewal, or zeros.
    successor: AtomicId,
    /// When the session would have ended anyway: from then on the place is free.
    until: AtomicU64,
}

#[derive(Default)]
struct AtomicId([AtomicU64; 2]);

impl AtomicId {
    fn load(&self) -> Id {
        let half = |index: usize| self.0[index].load(Ordering::Acquire);
        Id((u128::from(half(0)) << 64 | u128::from(half(1))).to_be_bytes())
    }

    fn store(&self, id: Id) {
        let number = u128::from_be_bytes(id.0);
        // The halves.
        #[allow(clippy::cast_possible_truncation)]
        for (place, half) in self.0.iter().zip([(number >> 64) as u64, number as u64]) {
            place.store(half, Ordering::Release);
        }
    }
}

pub(crate) struct EndedSessions {
    places: Box<[Place]>,
    writing: Mutex<()>,
    /// Whether anything was ever written.
    is_used: AtomicBool,
    hasher: RandomState,
}

impl EndedSessions {
    pub(crate) fn new() -> Self {
        Self {
            places: std::iter::repeat_with(Place::default)
                .take(WAYS * BUCKETS)
                .collect(),
            writing: Mutex::new(()),
            is_used: AtomicBool::new(false),
            hasher: RandomState::new(),
        }
    }

    /// What stands for the session of this user.
    pub(crate) fn key(&self, sid: Id, user_id: &str) -> Key {
        // Nobody but this process knows which users share a bucket. The cast takes the low bits.
        #[allow(clippy::cast_possible_truncation)]
        let bucket = self.hasher.hash_one(user_id) as usize % BUCKETS;
        Key { sid, bucket }
    }

    fn bucket(&self, key: Key) -> &[Place] {
        &self.places[key.bucket * WAYS..][..WAYS]
    }

    /// Whether the session is over, or about to be.
    pub(crate) fn get(&self, key: Key, now: Millis) -> Option<Ended> {
        if !self.is_used.load(Ordering::Acquire) {
            return None;
        }
        let place = find(self.bucket(key), key.sid, now)?;
        Some(Ended {
            at: Millis(place.at.load(Ordering::Acquire)),
            readable_until: Millis(place.readable_until.load(Ordering::Acquire)),
        })
    }

    /// Ends a session, and those that have taken its place by renewal. It would have ended at `until` anyway.
    pub(crate) fn end(&self, key: Key, until: Millis, now: Millis) {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = self.bucket(key);
        let mut sid = key.sid;
        for _ in 0..WAYS {
            let successor = if let Some(place) = find(bucket, sid, now) {
                // No reader sees it alive in between.
                place.readable_until.store(0, Ordering::Release);
                place.at.fetch_min(now.0, Ordering::AcqRel);
                place.successor.load()
            } else {
                self.insert(bucket, sid, NOBODY, (now, Millis(0), until), now);
                NOBODY
            };
            if successor == NOBODY {
                return;
            }
            sid = successor;
        }
    }

    /// Puts another session in a session's place, and lets the old one be read for a little while. Whether that took place: a session
    /// that is over has no successor.
    pub(crate) fn replace(
        &self,
        old: Key,
        successor: Id,
        grace: Millis,
        until: Millis,
        now: Millis,
    ) -> bool {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = self.bucket(old);
        if find(bucket, old.sid, now).is_some() {
            return false;
        }
        let readable_until = if grace == Millis(0) {
            grace
        } else {
            now.plus(grace)
        };
        self.insert(
            bucket,
            old.sid,
            successor,
            (now, readable_until, until),
            now,
        );
        true
    }

    /// Takes a free place, or that of the session which would have ended soonest. The caller holds the lock.
    fn insert(
        &self,
        bucket: &[Place],
        sid: Id,
        successor: Id,
        (at, readable_until, until): (Millis, Millis, Millis),
        now: Millis,
    ) {
        let until_of = |place: &Place| place.until.load(Ordering::Acquire);
        let Some(place) = bucket.iter().min_by_key(|place| until_of(place)) else {
            return;
        };
        if until <= now {
            return;
        }
        if until_of(place) > now.0 {
            tracing::warn!(
                target: "muffin_session",
                "the list of ended sessions is full: a copy of the session that would have ended soonest works again until then",
            );
        }
        // Readers take `until` first: a place that is being written reads as free.
        place.until.store(0, Ordering::Release);
        place.sid.store(sid);
        place.successor.store(successor);
        place.at.store(at.0, Ordering::Release);
        place
            .readable_until
            .store(readable_until.0, Ordering::Release);
        place.until.store(until.0, Ordering::Release);
        self.is_used.store(true, Ordering::Release);
    }
}

const NOBODY: Id = Id([0; Id::LEN]);

fn find(bucket: &[Place], sid: Id, now: Millis) -> Option<&Place> {
    bucket
        .iter()
        .find(|place| place.until.load(Ordering::Acquire) > now.0 && place.sid.load() == sid)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(1_000);
    const END: Millis = Millis(90_000);

    fn id(number: u128) -> Id {
        Id(number.to_be_bytes())
    }

    fn is_over(ended: &EndedSessions, key: Key) -> bool {
        ended
            .get(key, NOW)
            .is_some_and(|ended| ended.readable_until <= NOW)
    }

    #[test]
    fn an_ended_session_is_over_to_the_end_of_its_lifetime() {
        let ended = EndedSessions::new();
        let key = ended.key(id(7), "1");
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
        assert_eq!(ended.get(ended.key(id(8), "1"), NOW), None);
    }

    #[test]
    fn a_renewed_session_can_be_read_for_a_while_and_is_renewed_once() {
        let ended = EndedSessions::new();
        let key = ended.key(id(7), "1");
        assert!(ended.replace(key, id(8), Millis(30), END, NOW));
        let readable = ended.get(key, NOW).map(|ended| ended.readable_until);
        assert_eq!(readable, Some(Millis(1_030)));
        assert!(!ended.replace(key, id(9), Millis(30), END, NOW));
        assert_eq!(ended.get(ended.key(id(8), "1"), NOW), None);
    }

    #[test]
    fn ending_a_session_ends_those_that_took_its_place() {
        let ended = EndedSessions::new();
        let keys: Vec<_> = (7..10).map(|number| ended.key(id(number), "1")).collect();
        assert!(ended.replace(keys[0], keys[1].sid, Millis(30), END, NOW));
        assert!(ended.replace(keys[1], keys[2].sid, Millis(30), END, NOW));
        ended.end(keys[0], END, NOW);
        for key in keys {
            assert!(is_over(&ended, key));
            assert!(!ended.replace(key, id(99), Millis(30), END, NOW));
        }
    }

    #[test]
    fn it_is_bounded_and_a_user_crowds_out_none_but_their_own() {
        let ended = EndedSessions::new();
        let victim = ended.key(id(7), "1");
        let other = (2..100)
            .map(|user: u32| user.to_string())
            .find(|user| ended.key(id(7), user).bucket != victim.bucket)
            .unwrap();
        ended.end(victim, END, NOW);
        let crowd = 3 * WAYS as u64;
        let keys = (1..=crowd).map(|number| ended.key(id(number.into()), &other));
        let keys: Vec<_> = keys.collect();
        for (number, key) in (1..).zip(&keys) {
            ended.end(*key, Millis(2_000 + number), NOW);
        }
        let kept = keys.iter().map(|key| is_over(&ended, *key));
        let expected = (1..=crowd).map(|number| number > crowd - WAYS as u64);
        assert!(
            kept.eq(expected),
            "those that would have ended soonest gave way"
        );
        assert!(is_over(&ended, victim));
    }
}
