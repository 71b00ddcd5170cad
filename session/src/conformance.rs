//! The conformance suite: whether a store keeps the contract of [`Store`].
//!
//! Whoever writes a store tests it in one line:
//!
//! ```
//! # #[cfg(feature = "memory")]
//! # mod tests {
//! # use muffin_session::MemoryStore as MyStore;
//! #[tokio::test(flavor = "multi_thread")]
//! async fn keeps_the_contract() {
//!     muffin_session::conformance::check(MyStore::new()).await;
//! }
//! # }
//! ```
//!
//! The suite works with keys and users that it draws at random, and removes what it has made: a store may have content, and several runs
//! may be under way at once. It needs a tokio runtime with everything enabled, as `#[tokio::test]` gives. With
//! `flavor = "multi_thread"` its races are races.
//!
//! It never waits for a time to come: times are what it hands to the store, and some of them are decades away. Once it has looked at a
//! record after its end it does not look at it from before that, so a store may drop what has expired whenever it comes across it.
//!
//! `tests/conformance/own_store.rs` in the repository is a whole store, as small as it can be, that passes.

mod basics;
mod expiry;
mod clocks;
mod values;
mod rotation;
mod listing;
mod ending;
mod races;
mod rotation_races;
mod user_races;
mod dropped;
mod ground;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use self::ground::{Case, Ground};
use crate::store::Store;

/// How long one case may take. It is there for stores that never answer; others take milliseconds.
const LIMIT: Duration = Duration::from_secs(120);

/// All cases, in the order in which they run: what is simple first.
const GROUPS: &[&[Case]] = &[
    basics::CASES,
    expiry::CASES,
    clocks::CASES,
    values::CASES,
    rotation::CASES,
    listing::CASES,
    ending::CASES,
    races::CASES,
    rotation_races::CASES,
    user_races::CASES,
    dropped::CASES,
];

/// Runs every case against a store.
///
/// # Panics
///
/// If a case fails: with the list of all that have failed, and why.
pub async fn check(store: impl Store) {
    let report = run(store).await;
    assert!(report.failed.is_empty(), "{report}");
}

/// Runs every case against a store, and says what came out. [`check`] is for tests; this is for looking.
pub async fn run(store: impl Store) -> Report {
    let store: Arc<dyn Store> = Arc::new(store);
    let mut report = Report {
        store: store.name(),
        passed: Vec::new(),
        failed: Vec::new(),
    };
    for group in GROUPS {
        for case in *group {
            let ground = Ground::new(&store);
            match judge(case, &ground).await {
                Ok(()) => report.passed.push(case.name),
                Err(reason) => report.failed.push(Failure {
                    case: case.name,
                    reason,
                }),
            }
            ground.clean().await;
        }
    }
    report
}

/// Runs one case, in a task of its own so that a store that panics fails the case and no more.
async fn judge(case: &Case, ground: &Ground) -> Result<(), String> {
    let mut task = tokio::spawn((case.run)(ground.clone()));
    match tokio::time::timeout(LIMIT, &mut task).await {
        Ok(Ok(verdict)) => verdict,
        Ok(Err(error)) => Err(format!("a call panicked: {error}")),
        Err(_) => {
            task.abort();
            Err(format!(
                "no end after {} seconds: a call waits for something that never comes",
                LIMIT.as_secs()
            ))
        }
    }
}

/// What came out of [`run`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// What the store is called.
    pub store: &'static str,
    /// The cases that the store has passed.
    pub passed: Vec<&'static str>,
    /// The cases that it has failed.
    pub failed: Vec<Failure>,
}

/// A case that a store has failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// What the case is called.
    pub case: &'static str,
    /// What the store did, and what it should have done.
    pub reason: String,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (passed, failed) = (self.passed.len(), self.failed.len());
        let all = passed + failed;
        if failed == 0 {
            return write!(f, "the store \"{}\" passes all {all} cases", self.store);
        }
        write!(
            f,
            "the store \"{}\" fails {failed} of {all} cases:",
            self.store
        )?;
        for Failure { case, reason } in &self.failed {
            write!(f, "\n- {case}: {reason}")?;
        }
        Ok(())
    }
}
