//! Calls of a store: each has a time limit, names what failed, and is not made at all while the store fails.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::clock::Millis;
use crate::error::Error;
use crate::store::{Outcome, Record, RecordKey, Rotation, Store, StoreFuture, UserKey};
use crate::telemetry::{Answer, Hooks, StoreWatch};

/// A store, as requests call it.
pub(crate) struct StoreCalls {
    store: Box<dyn Store>,
    /// How long one request waits for it, for each of reading and writing.
    limit: Duration,
    breaker: Breaker,
    hooks: Option<Arc<Hooks>>,
}

impl StoreCalls {
    pub(crate) fn new(store: Box<dyn Store>, limit: Duration, hooks: Option<Arc<Hooks>>) -> Self {
        Self {
            store,
            limit,
            breaker: Breaker::new(),
            hooks,
        }
    }

    /// Makes what the store needs: it may take its time.
    pub(crate) async fn prepare(&self, now: Millis) -> Result<(), Error> {
        let calls = self.within(SWEEP_LIMIT, now);
        calls.call("prepare", |store| store.prepare()).await
    }

    /// Removes what is over: it may take its time.
    pub(crate) async fn sweep(&self, now: Millis) -> Result<u64, Error> {
        let calls = self.within(SWEEP_LIMIT, now);
        calls
            .call("delete_expired", |store| store.delete_expired(now.into()))
            .await
    }

    /// The calls of one step of a request, which share a time limit.
    pub(crate) fn begin(&self, now: Millis) -> Calls<'_> {
        self.within(self.limit, now)
    }

    fn within(&self, limit: Duration, now: Millis) -> Calls<'_> {
        Calls {
            of: self,
            now,
            limit,
            deadline: Instant::now() + limit,
        }
    }
}

/// How long a sweep, or making a table, may take.
const SWEEP_LIMIT: Duration = Duration::from_mins(10);

/// The calls of one step of a request.
#[derive(Clone, Copy)]
pub(crate) struct Calls<'s> {
    of: &'s StoreCalls,
    /// The time at which the request looks.
    now: Millis,
    limit: Duration,
    deadline: Instant,
}

impl Calls<'_> {
    pub(crate) fn now(self) -> Millis {
        self.now
    }

    pub(crate) async fn load(self, key: RecordKey) -> Result<Option<Record>, Error> {
        let now = self.now;
        let loaded = self.call("load", |store| store.load(key, now.into()));
        // Whatever a store says of times: what is over is not there.
        Ok(loaded
            .await?
            .filter(|record| now < record.expires_at.into()))
    }

    pub(crate) async fn create(self, key: RecordKey, record: Record) -> Result<bool, Error> {
        self.call("create", |store| store.create(key, record, self.now.into()))
            .await
    }

    pub(crate) async fn update(
        self,
        key: RecordKey,
        expected: u64,
        record: Record,
    ) -> Result<Outcome, Error> {
        let now = self.now.into();
        self.call("update", |store| store.update(key, expected, record, now))
            .await
    }

    pub(crate) async fn rotate(self, rotation: Rotation) -> Result<Outcome, Error> {
        self.call("rotate", |store| store.rotate(rotation, self.now.into()))
            .await
    }

    pub(crate) async fn delete(
        self,
        key: RecordKey,
        expected: Option<u64>,
    ) -> Result<Outcome, Error> {
        let now = self.now.into();
        self.call("delete", |store| store.delete(key, expected, now))
            .await
    }

    pub(crate) async fn list(self, user: UserKey) -> Result<Vec<(RecordKey, Record)>, Error> {
        let now = self.now;
        let listed = self.call("list", |store| store.list(user, now.into()));
        let mut records = listed.await?;
        records.retain(|(_, record)| now < record.expires_at.into());
        Ok(records)
    }

    pub(crate) async fn delete_all(
        self,
        user: UserKey,
        except: Option<RecordKey>,
    ) -> Result<u64, Error> {
        let now = self.now.into();
        self.call("delete_all", |store| store.delete_all(user, except, now))
            .await
    }

    /// Waits a little before another try, the longer the more there were: others try too.
    pub(crate) async fn pause(self, tries: u32) {
        if tries > 0 {
            let random = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), tries);
            let most = 1 << tries.min(5);
            tokio::time::sleep(Duration::from_millis(random % most)).await;
        }
    }

    /// Gives up a step that takes too long for another reason than one slow call.
    pub(crate) fn is_late(self) -> bool {
        Instant::now() >= self.deadline
    }

    /// The error of a step that took too long.
    pub(crate) fn late(self, verb: &'static str) -> Error {
        self.failed(verb, &"too many others changed the same session meanwhile")
    }

    async fn call<'s, T>(
        &'s self,
        verb: &'static str,
        call: impl FnOnce(&'s dyn Store) -> StoreFuture<'s, T>,
    ) -> Result<T, Error> {
        let breaker = &self.of.breaker;
        if !breaker.lets_pass() {
            self.watch(verb).skipped();
            return Err(self.error(verb));
        }
        let begun = Instant::now();
        match limited(self.deadline, call(&*self.of.store)).await {
            Some(Ok(answer)) => {
                breaker.note_success();
                self.watch(verb).answered(begun.elapsed(), self.limit);
                Ok(answer)
            }
            Some(Err(error)) => {
                let took = begun.elapsed();
                breaker.note_failure(took);
                self.watch(verb).called(Answer::Failed, took);
                Err(self.failed(verb, &error))
            }
            None => {
                breaker.note_failure(Duration::MAX);
                self.watch(verb).called(Answer::Late, begun.elapsed());
                Err(self.failed(verb, &"it took too long"))
            }
        }
    }

    pub(crate) fn failed(&self, verb: &'static str, reason: &dyn std::fmt::Display) -> Error {
        self.watch(verb).failed(self.now, reason);
        self.error(verb)
    }

    fn watch(&self, verb: &'static str) -> StoreWatch<'_> {
        StoreWatch {
            store: self.of.store.name(),
            verb,
            hooks: self.of.hooks.as_deref(),
        }
    }

    fn error(&self, verb: &'static str) -> Error {
        Error::Store {
            store: self.of.store.name(),
            verb,
        }
    }
}

/// What a future gives by then.
async fn limited<T>(deadline: Instant, future: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout_at(deadline, future).await.ok()
}

/// Keeps requests from a store that fails. After some calls in a row that failed, none is made but one every now and then, until one
/// succeeds: else each request would wait for nothing, or make a connection that is of no use, and the store would find them all at its
/// door when it is back. Failures that kept somebody waiting weigh more: a store that hangs is left alone sooner than one that fails at once.
struct Breaker {
    begun: Instant,
    /// What the failures since the last success weigh.
    failures: AtomicU64,
    /// Milliseconds after `begun` at which the next call is let through.
    next: AtomicU64,
}

impl Breaker {
    /// What failures weigh that are enough.
    const ENOUGH: u64 = 32;
    const FAST: u64 = 1;
    const SLOW: u64 = 8;
    /// From when on a failure is a slow one. A store that cannot connect in time says so of its own accord, before the limit.
    const PATIENCE: Duration = Duration::from_millis(250);
    /// Milliseconds between two calls that are let through.
    const PAUSE: u64 = 250;

    fn new() -> Self {
        Self {
            begun: Instant::now(),
            failures: AtomicU64::new(0),
            next: AtomicU64::new(0),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn lets_pass(&self) -> bool {
        if self.failures.load(Ordering::Relaxed) < Self::ENOUGH {
            return true;
        }
        let now = self.now();
        let next = self.next.load(Ordering::Relaxed);
        // Of those who come at once, one passes.
        now >= next
            && self
                .next
                .compare_exchange(
                    next,
                    now + Self::PAUSE,
                    Ordering::Relaxed,
                    Ordering::Relaxed,
                )
                .is_ok()
    }

    fn note_failure(&self, took: Duration) {
        let weight = if took < Self::PATIENCE {
            Self::FAST
        } else {
            Self::SLOW
        };
        let before = self.failures.fetch_add(weight, Ordering::Relaxed);
        if before < Self::ENOUGH && before + weight >= Self::ENOUGH {
            self.next.store(self.now() + Self::PAUSE, Ordering::Relaxed);
        }
    }

    fn note_success(&self) {
        self.failures.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_ONCE: Duration = Duration::ZERO;

    #[test]
    fn slow_failures_in_a_row_are_enough_sooner_than_fast_ones() {
        for (took, enough) in [(AT_ONCE, 32), (Breaker::PATIENCE, 4), (Duration::MAX, 4)] {
            let breaker = Breaker::new();
            for _ in 0..enough {
                assert!(breaker.lets_pass());
                breaker.note_failure(took);
            }
            assert!(!breaker.lets_pass());
            // A failure is no reason to ask more, however fast it is.
            breaker.note_failure(AT_ONCE);
            assert!(!breaker.lets_pass());
            breaker.note_success();
            assert!(breaker.lets_pass());
        }
    }

    #[test]
    fn a_success_in_between_begins_the_row_again() {
        let breaker = Breaker::new();
        for _ in 0..100 {
            breaker.note_failure(Duration::MAX);
            assert!(breaker.lets_pass());
            breaker.note_success();
        }
    }
}
