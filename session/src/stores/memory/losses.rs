//! What had to go because a space was full: counted, and said in the log now and then.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::store::Timestamp;

/// How many milliseconds the log is left in peace.
const SILENCE: u64 = 60_000;

/// Sessions that have ended because there was no more room.
pub(super) struct Losses {
    /// Whose they were, for the log.
    whose: &'static str,
    total: AtomicU64,
    /// How many of them the log has told of.
    told: AtomicU64,
    /// When it last did, in milliseconds. 0 is never.
    told_at: AtomicU64,
}

/// What the log has heard of losses.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    Nothing,
    Something,
}

impl Losses {
    pub(super) fn new(whose: &'static str) -> Self {
        Self {
            whose,
            total: AtomicU64::new(0),
            told: AtomicU64::new(0),
            told_at: AtomicU64::new(0),
        }
    }

    pub(super) fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    /// Counts sessions that have ended before their time.
    pub(super) fn note(&self, ended: usize, now: Timestamp) -> Said {
        if ended == 0 {
            return Said::Nothing;
        }
        self.total.fetch_add(ended as u64, Ordering::Relaxed);
        let Some(untold) = self.to_tell(now) else {
            return Said::Nothing;
        };

        tracing::warn!(
            target: "muffin_session",
            ended = untold,
            "the memory store is full: sessions of {} have ended before their time; wider bounds would keep them",
            self.whose
        );
        Said::Something
    }

    /// How many to tell of now, if it is time.
    fn to_tell(&self, now: Timestamp) -> Option<u64> {
        let told_at = self.told_at.load(Ordering::Relaxed);
        // A clock that has been set back must not silence the log until it has caught up.
        let silent = told_at != 0 && now.as_millis().abs_diff(told_at) < SILENCE;
        // Whoever is first tells.
        let mine = !silent
            && self
                .told_at
                .compare_exchange(
                    told_at,
                    now.as_millis().max(1),
                    Ordering::Relaxed,
                    Ordering::Relaxed,
                )
                .is_ok();
        mine.then(|| {
            let total = self.total();
            total.saturating_sub(self.told.swap(total, Ordering::Relaxed))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_tells_of_all_once_a_minute() {
        let losses = Losses::new("users");
        let at = |millis| Timestamp::from_millis(1_700_000_000_000 + millis);
        let told = |ended, now| {
            losses.total.fetch_add(ended, Ordering::Relaxed);
            losses.to_tell(now)
        };
        assert_eq!(told(1, at(0)), Some(1));
        assert_eq!(told(2, at(1)), None);
        assert_eq!(told(3, at(SILENCE - 1)), None);
        assert_eq!(told(4, at(SILENCE)), Some(9));
        assert_eq!(told(5, at(SILENCE + 1)), None);
        assert_eq!(losses.total(), 15);
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_silence_the_log() {
        let losses = Losses::new("users");
        losses.total.fetch_add(1, Ordering::Relaxed);
        let year = 365 * 24 * 3_600_000;
        assert_eq!(losses.to_tell(Timestamp::from_millis(50 * year)), Some(1));
        losses.total.fetch_add(1, Ordering::Relaxed);
        assert_eq!(losses.to_tell(Timestamp::from_millis(49 * year)), Some(1));
    }

    #[test]
    fn nothing_lost_is_nothing_told() {
        let losses = Losses::new("users");
        assert_eq!(losses.note(0, Timestamp::from_millis(7)), Said::Nothing);
        assert_eq!((losses.total(), losses.told_at.into_inner()), (0, 0));
    }
}
