//! Counters and times, through the facade `metrics`. Without the feature there are none.
//!
//! No label has a value that a client chooses: each is one of this crate's words, or the name of a store.

use std::time::Duration;

use super::event::EventKind;

/// What came of a call of a store.
#[derive(Clone, Copy)]
pub(crate) enum Answer {
    Ok,
    Failed,
    Late,
    Skipped,
}

#[cfg(not(feature = "metrics"))]
pub(super) use self::without::{count, old_key, store_call};

#[cfg(feature = "metrics")]
pub(super) use self::with::{count, old_key, store_call};

#[cfg(feature = "metrics")]
pub(crate) use self::with::describe;

#[cfg(not(feature = "metrics"))]
pub(crate) use self::without::describe;

#[cfg(not(feature = "metrics"))]
mod without {
    use super::{Answer, Duration, EventKind};

    pub(crate) fn describe() {}

    pub(in super::super) fn count(_: EventKind) {}

    pub(in super::super) fn old_key() {}

    pub(in super::super) fn store_call(
        _: &'static str,
        _: &'static str,
        _: Answer,
        _: Option<Duration>,
    ) {
    }
}

#[cfg(feature = "metrics")]
mod with {
    use metrics::{Unit, counter, describe_counter, describe_histogram, histogram};

    use super::{Answer, Duration, EventKind};
    use crate::telemetry::event::{EndedBy, RefusedFor, RejectedFor};

    const LOGINS: &str = "muffin_session_logins_total";
    const RENEWALS: &str = "muffin_session_renewals_total";
    const LOGOUTS: &str = "muffin_session_logouts_total";
    const ENDED: &str = "muffin_session_ended_total";
    const REFUSED: &str = "muffin_session_refused_total";
    const REJECTED: &str = "muffin_session_cookies_rejected_total";
    const OLD_KEY: &str = "muffin_session_old_key_used_total";
    const LOST: &str = "muffin_session_lost_total";
    const STORE_CALLS: &str = "muffin_session_store_calls_total";
    const STORE_SECONDS: &str = "muffin_session_store_seconds";

    impl Answer {
        fn as_str(self) -> &'static str {
            match self {
                Self::Ok => "ok",
                Self::Failed => "failed",
                Self::Late => "late",
                Self::Skipped => "skipped",
            }
        }
    }

    /// Says what each is, and has those begin at zero whose labels are known, so that a rate sees the first event too.
    pub(crate) fn describe() {
        describe_counter!(LOGINS, Unit::Count, "Logins");
        describe_counter!(RENEWALS, Unit::Count, "Sessions that got a new id");
        describe_counter!(LOGOUTS, Unit::Count, "Logouts");
        describe_counter!(
            ENDED,
            Unit::Count,
            "Sessions ended by something else than their logout; where it is not known how many, once for each time"
        );
        describe_counter!(REFUSED, Unit::Count, "Requests that were not let pass");
        describe_counter!(
            REJECTED,
            Unit::Count,
            "Requests whose cookie says that somebody is logged in, and does not count"
        );
        describe_counter!(
            OLD_KEY,
            Unit::Count,
            "Requests whose identity was verified with a key that signs no more"
        );
        describe_counter!(
            LOST,
            Unit::Count,
            "Requests whose session was ended while they were under way, with what they had changed"
        );
        describe_counter!(STORE_CALLS, Unit::Count, "Calls of stores");
        describe_histogram!(
            STORE_SECONDS,
            Unit::Seconds,
            "How long calls of stores took"
        );
        for name in [LOGINS, RENEWALS, LOGOUTS, OLD_KEY, LOST] {
            counter!(name).increment(0);
        }
        for by in EndedBy::ALL {
            counter!(ENDED, "by" => by.as_str()).increment(0);
        }
        for reason in RefusedFor::ALL {
            counter!(REFUSED, "reason" => reason.as_str()).increment(0);
        }
        for reason in RejectedFor::ALL {
            counter!(REJECTED, "reason" => reason.as_str()).increment(0);
        }
    }

    pub(in super::super) fn count(kind: EventKind) {
        match kind {
            EventKind::Login { .. } => counter!(LOGINS).increment(1),
            EventKind::Renewed { .. } => counter!(RENEWALS).increment(1),
            EventKind::Logout => counter!(LOGOUTS).increment(1),
            EventKind::Ended { by, count } => {
                counter!(ENDED, "by" => by.as_str()).increment(count.unwrap_or(1));
            }
            EventKind::Refused(reason) => {
                counter!(REFUSED, "reason" => reason.as_str()).increment(1);
            }
            EventKind::Rejected(reason) => {
                counter!(REJECTED, "reason" => reason.as_str()).increment(1);
            }
            EventKind::Lost => counter!(LOST).increment(1),
            // Counted as a call.
            EventKind::StoreFailed { .. } => {}
        }
    }

    pub(in super::super) fn old_key() {
        counter!(OLD_KEY).increment(1);
    }

    pub(in super::super) fn store_call(
        store: &'static str,
        verb: &'static str,
        answer: Answer,
        took: Option<Duration>,
    ) {
        counter!(STORE_CALLS, "store" => store, "verb" => verb, "outcome" => answer.as_str())
            .increment(1);
        if let Some(took) = took {
            histogram!(STORE_SECONDS, "store" => store, "verb" => verb).record(took);
        }
    }
}
