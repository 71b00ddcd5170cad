//! The sessions that have ended before their time: a bounded list in this process, read without a lock.
//!
//! A signed cookie works until its lifetime ends, wherever a copy of it is. Logout, a login over a login, and a renewal therefore
//! write the session's id here, and a request that shows an ended one is nobody's. The list forgets at restart and is not seen by
//! other processes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::clock::Millis;
use crate::wire::Id;

/// Places in a bucket, and buckets: 65,536 ended sessions, in 1.5 MiB.
const WAYS: usize = 16;
const BUCKETS: usize = 4_096;

/// One ended session. The half of its id that is not the bucket's number stands for it: ids are random and verified before
/// they are looked up, so nobody can choose one that meets another.
#[derive(Default)]
struct Place {
    id: AtomicU64,
    from: AtomicU64,
    /// When the session would have ended anyway: from then on the place is free.
    until: AtomicU64,
}

pub(crate) struct EndedSessions {
    places: Box<[Place]>,
    writing: Mutex<()>,
}

impl EndedSessions {
    pub(crate) fn new() -> Self {
        Self {
            places: std::iter::repeat_with(Place::default)
                .take(WAYS * BUCKETS)
                .collect(),
            writing: Mutex::new(()),
        }
    }

    fn bucket(&self, id: Id) -> (&[Place], u64) {
        let number = u128::from_be_bytes(id.0);
        // Both halves are random. The casts take the low bits of each.
        #[allow(clippy::cast_possible_truncation)]
        let (bucket, fingerprint) = ((number >> 64) as usize % BUCKETS, number as u64);
        (&self.places[bucket * WAYS..][..WAYS], fingerprint)
    }

    /// Notes that a session ends at `from`, and would have ended at `until` anyway.
    pub(crate) fn insert(&self, id: Id, from: Millis, until: Millis, now: Millis) {
        let (bucket, fingerprint) = self.bucket(id);
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let until_of = |place: &Place| place.until.load(Ordering::Relaxed);
        let same = bucket.iter().find(|place| {
            place.id.load(Ordering::Relaxed) == fingerprint && until_of(place) > now.0
        });
        let from = match same {
            // Ended twice is ended at the earlier time.
            Some(place) => from.0.min(place.from.load(Ordering::Relaxed)),
            None => from.0,
        };
        let Some(place) = same.or_else(|| bucket.iter().min_by_key(|place| until_of(place))) else {
            return;
        };
        if same.is_none() && until_of(place) > now.0 {
            tracing::warn!(
                target: "muffin_session",
                "the list of ended sessions is full: a copy of the session that would have ended soonest works again until then",
            );
        }
        // Readers take `until` first: a place that is being written reads as free, or as what it was.
        place.until.store(0, Ordering::Release);
        place.id.store(fingerprint, Ordering::Release);
        place.from.store(from, Ordering::Release);
        place.until.store(until.0, Ordering::Release);
    }

    /// When the session ends or has ended, if it is one of those. The time may lie ahead: a session that was renewed can be read for a while.
    pub(crate) fn get(&self, id: Id, now: Millis) -> Option<Millis> {
        let (bucket, fingerprint) = self.bucket(id);
        bucket.iter().find_map(|place| {
            let alive = place.until.load(Ordering::Acquire) > now.0;
            let same = alive && place.id.load(Ordering::Acquire) == fingerprint;
            same.then(|| Millis(place.from.load(Ordering::Acquire)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(1_000);

    fn id(number: u128) -> Id {
        Id(number.to_be_bytes())
    }

    #[test]
    fn an_ended_session_is_over_from_its_end_to_the_end_of_its_lifetime() {
        let ended = EndedSessions::new();
        assert_eq!(ended.get(id(7), NOW), None);
        ended.insert(id(7), Millis(2_000), Millis(3_000), NOW);
        assert_eq!(ended.get(id(7), NOW), Some(Millis(2_000)));
        assert_eq!(ended.get(id(7), Millis(2_999)), Some(Millis(2_000)));
        assert_eq!(ended.get(id(7), Millis(3_000)), None);
        assert_eq!(ended.get(id(8), Millis(2_000)), None);
    }

    #[test]
    fn a_logout_during_a_renewals_grace_counts_at_once() {
        let ended = EndedSessions::new();
        ended.insert(id(7), Millis(31_000), Millis(90_000), NOW);
        ended.insert(id(7), NOW, Millis(90_000), NOW);
        assert_eq!(ended.get(id(7), NOW), Some(NOW));
        ended.insert(id(7), Millis(31_000), Millis(90_000), NOW);
        assert_eq!(ended.get(id(7), NOW), Some(NOW));
    }

    #[test]
    fn it_is_bounded_and_forgets_those_that_would_have_ended_soonest() {
        let ended = EndedSessions::new();
        let crowd = 3 * WAYS as u64;
        for number in 1..=crowd {
            // The same bucket for all.
            ended.insert(id(number.into()), NOW, Millis(2_000 + number), NOW);
        }
        let kept = (1..=crowd).filter(|&number| ended.get(id(number.into()), NOW).is_some());
        let expected = crowd - WAYS as u64 + 1..=crowd;
        assert!(kept.eq(expected));
    }

    #[test]
    fn places_are_free_again_when_the_lifetime_is_over() {
        let ended = EndedSessions::new();
        for number in 1..=WAYS as u128 {
            ended.insert(id(number), NOW, Millis(2_000), NOW);
        }
        ended.insert(id(99), Millis(2_000), Millis(9_000), Millis(2_000));
        assert!(ended.get(id(99), Millis(2_000)).is_some());
    }
}
