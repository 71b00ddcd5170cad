//! What was measured: the median and the 99th percentile of each verb's calls, round by round, and the median of those.

use std::time::{Duration, Instant};

use serde::{Serialize, Serializer};

/// What is measured of a store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verb {
    LoadHit,
    LoadMiss,
    Create,
    Update,
    Conflict,
    Rotate,
    Delete,
    List,
    DeleteAll,
    DeleteExpired,
    /// A load from a [`Yardstick`](crate::yardstick::Yardstick).
    Yardstick,
}

impl Verb {
    pub(crate) const ALL: [Self; 11] = [
        Self::LoadHit,
        Self::LoadMiss,
        Self::Create,
        Self::Update,
        Self::Conflict,
        Self::Rotate,
        Self::Delete,
        Self::List,
        Self::DeleteAll,
        Self::DeleteExpired,
        Self::Yardstick,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::LoadHit => "load, hit",
            Self::LoadMiss => "load, miss",
            Self::Create => "create",
            Self::Update => "update",
            Self::Conflict => "update, conflict",
            Self::Rotate => "rotate",
            Self::Delete => "delete",
            Self::List => "list of 10",
            Self::DeleteAll => "delete_all of 1,000",
            Self::DeleteExpired => "delete_expired of 10,000",
            Self::Yardstick => "(load from a HashMap)",
        }
    }
}

impl Serialize for Verb {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// One round's calls of a verb. Times are nanoseconds.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct Round {
    p50: u64,
    p99: u64,
    calls: usize,
}

/// A verb at one size.
#[derive(Serialize)]
pub(crate) struct Figure {
    pub(crate) verb: Verb,
    pub(crate) p50: u64,
    pub(crate) p99: u64,
    /// The p50 of the round that the rest of the machine has disturbed least.
    pub(crate) quietest: u64,
    rounds: Vec<Round>,
}

impl Figure {
    pub(crate) fn new(verb: Verb) -> Self {
        Self {
            verb,
            p50: 0,
            p99: 0,
            quietest: 0,
            rounds: Vec::new(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rounds.is_empty()
    }

    pub(crate) fn note(&mut self, calls: &[u64]) {
        if calls.is_empty() {
            return;
        }
        let mut calls = calls.to_vec();
        calls.sort_unstable();
        self.rounds.push(Round {
            p50: part(&calls, 50),
            p99: part(&calls, 99),
            calls: calls.len(),
        });
        let p50s = || self.rounds.iter().map(|round| round.p50);
        self.p50 = median(p50s());
        self.quietest = p50s().min().unwrap_or_default();
        self.p99 = median(self.rounds.iter().map(|round| round.p99));
    }
}

/// Loads a second in one round.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct Loads {
    /// By one task.
    pub(crate) one: f64,
    /// By two.
    pub(crate) two: f64,
    /// Loads in a second for which a thread is on a processor, where the thread that asks does all of a load: it tells how two hinder each
    /// other, whoever else wants the processors.
    pub(crate) on_processor: Option<OnProcessor>,
}

/// For each thread, while it is one and while they are two.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct OnProcessor {
    pub(crate) one: f64,
    pub(crate) two: f64,
}

/// Times calls, as many as fit into the time for them, but a few at least.
pub(crate) struct Stopwatch {
    calls: Vec<u64>,
    most: usize,
    until: Instant,
    /// What reading the clock takes.
    clock: u64,
}

impl Stopwatch {
    const LEAST: usize = 20;

    pub(crate) fn new(most: usize, budget: Duration) -> Self {
        let mut readings: Vec<_> = (0..101)
            .map(|_| nanoseconds(Instant::now().elapsed()))
            .collect();
        readings.sort_unstable();
        Self {
            calls: Vec::with_capacity(most),
            most,
            until: Instant::now() + budget,
            clock: part(&readings, 50),
        }
    }

    pub(crate) fn goes_on(&self) -> bool {
        let is_early = self.calls.len() < Self::LEAST || Instant::now() < self.until;
        self.calls.len() < self.most && is_early
    }

    pub(crate) async fn time<T>(&mut self, call: impl Future<Output = T>) -> T {
        let start = Instant::now();
        let answer = call.await;
        let taken = nanoseconds(start.elapsed());
        self.calls.push(taken.saturating_sub(self.clock));
        answer
    }

    pub(crate) fn calls(self) -> Vec<u64> {
        self.calls
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// The call that so many of a hundred are not slower than.
fn part(sorted: &[u64], of_hundred: usize) -> u64 {
    sorted[(sorted.len() * of_hundred).div_ceil(100) - 1]
}

fn median(numbers: impl Iterator<Item = u64>) -> u64 {
    let mut numbers: Vec<_> = numbers.collect();
    numbers.sort_unstable();
    part(&numbers, 50)
}

pub(crate) fn median_of(numbers: impl Iterator<Item = f64>) -> Option<f64> {
    let mut numbers: Vec<_> = numbers.collect();
    numbers.sort_unstable_by(f64::total_cmp);
    numbers.get(numbers.len().saturating_sub(1) / 2).copied()
}
