//! A clock that a test moves.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::clock::Clock;

/// A clock that stands still until it is moved, for [`Builder::clock`](crate::Builder::clock). Clones are the same clock.
///
/// ```
/// use std::time::Duration;
/// use muffin_session::testing::TestClock;
/// use muffin_session::{Secret, Sessions};
///
/// let clock = TestClock::new();
/// let sessions = Sessions::builder(Secret::generate()?)
///     .without_user_loader()
///     .clock(clock.clone())
///     .build()?;
/// clock.advance(Duration::from_hours(1));
/// # drop(sessions);
/// # Ok::<(), muffin_session::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct TestClock(Arc<Mutex<SystemTime>>);

impl TestClock {
    /// A clock that stands at the present time, in whole seconds.
    pub fn new() -> Self {
        // A store's server may have a clock of its own, which a time far from the present would be at odds with.
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let whole = Duration::from_secs(now.unwrap_or_default().as_secs());
        Self(Arc::new(Mutex::new(UNIX_EPOCH + whole)))
    }

    /// Moves it forward.
    ///
    /// # Panics
    ///
    /// If no time is that late.
    #[track_caller]
    pub fn advance(&self, by: Duration) {
        let later = self.now().checked_add(by);
        self.set(later.expect("a time that the system can write"));
    }

    /// Sets it, also back.
    pub fn set(&self, time: SystemTime) {
        *self.time() = time;
    }

    /// Its time.
    pub fn now(&self) -> SystemTime {
        *self.time()
    }

    fn time(&self) -> MutexGuard<'_, SystemTime> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for TestClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for TestClock {
    fn now(&self) -> SystemTime {
        Self::now(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_are_one_clock_that_stands_still() {
        let clock = TestClock::new();
        let clone = clock.clone();
        let start = clock.now();
        assert_eq!(clone.now(), start);
        clone.advance(Duration::from_mins(5));
        assert_eq!(Clock::now(&clock), start + Duration::from_mins(5));
        clock.set(start - Duration::from_secs(1));
        assert_eq!(clone.now(), start - Duration::from_secs(1));
    }
}
