//! The time, as sessions see it: milliseconds since the Unix epoch, from a clock that can be replaced.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Where the time comes from.
///
/// The default is the system's clock. Tests set their own, so that nothing has to sleep; any function that
/// returns a [`SystemTime`] is a clock:
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use std::sync::Arc;
/// use std::time::{Duration, UNIX_EPOCH};
/// use muffin_session::{Secret, Sessions};
///
/// let seconds = Arc::new(AtomicU64::new(1_700_000_000));
/// let now = seconds.clone();
/// let sessions = Sessions::builder(Secret::generate()?)
///     .without_user_loader()
///     .clock(move || UNIX_EPOCH + Duration::from_secs(now.load(Ordering::Relaxed)))
///     .build()?;
/// seconds.fetch_add(3_600, Ordering::Relaxed); // an hour later
/// # drop(sessions);
/// # Ok::<(), muffin_session::ConfigError>(())
/// ```
pub trait Clock: Send + Sync + 'static {
    /// The present time.
    fn now(&self) -> SystemTime;
}

impl<F> Clock for F
where
    F: Fn() -> SystemTime + Send + Sync + 'static,
{
    fn now(&self) -> SystemTime {
        self()
    }
}

/// The clock of the operating system.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// How far ahead of our clock a time may lie before it is disbelieved: two servers' clocks may differ.
pub(crate) const ALLOWED_SKEW: Millis = Millis(60_000);

/// A time (since the Unix epoch) or a span, in milliseconds. All arithmetic saturates: no value that a
/// cookie may hold can overflow it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Millis(pub(crate) u64);

impl Millis {
    pub(crate) fn of(clock: &dyn Clock) -> Self {
        Self::from(clock.now())
    }

    pub(crate) fn plus(self, span: Self) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Whether a time lies further ahead of `now` than clocks may differ.
    pub(crate) fn is_ahead_of(self, now: Self) -> bool {
        self > now.plus(ALLOWED_SKEW)
    }

    /// Whole seconds, rounded down.
    pub(crate) fn as_secs(self) -> u64 {
        self.0 / 1_000
    }
}

/// A time before 1970 counts as 1970.
impl From<SystemTime> for Millis {
    fn from(time: SystemTime) -> Self {
        Self::from(time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO))
    }
}

impl From<Millis> for Duration {
    fn from(millis: Millis) -> Self {
        Self::from_millis(millis.0)
    }
}

impl From<Duration> for Millis {
    fn from(duration: Duration) -> Self {
        Self(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_before_1970_counts_as_1970() {
        let clock = || UNIX_EPOCH - Duration::from_secs(5);
        assert_eq!(Millis::of(&clock), Millis(0));
    }

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        assert_eq!(Millis(u64::MAX).plus(Millis(1)), Millis(u64::MAX));
        assert_eq!(Millis(1).minus(Millis(2)), Millis(0));
        assert_eq!(Millis::from(Duration::MAX), Millis(u64::MAX));
    }

    #[test]
    fn a_minute_ahead_is_believed_and_a_millisecond_more_is_not() {
        assert!(!Millis(60_000).is_ahead_of(Millis(0)));
        assert!(Millis(60_001).is_ahead_of(Millis(0)));
    }
}
