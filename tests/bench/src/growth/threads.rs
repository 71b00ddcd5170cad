//! More threads: each with a runtime and a visitor of its own, all with one application.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

use super::curves::{Curve, Curves, Panel};
use super::dimension::READ_AND_WRITE;
use crate::case::{Case, Workload};
use crate::libraries;
use crate::libraries::PLAIN;

const MOST: usize = 2;

/// How long the threads run in one round.
const SLICE: Duration = Duration::from_millis(10);

/// Requests between two looks at the clock.
const BATCH: u32 = 32;

/// One application, and a case for each thread.
struct Shared {
    library: &'static str,
    workload: Workload,
    cases: Vec<Case>,
    /// Requests a second of all threads together, for each number of threads.
    rates: [Vec<f64>; MOST],
}

pub(crate) fn measure(runtime: &Runtime, rounds: usize) -> Curves {
    let mut all = runtime.block_on(shared());
    for _ in 0..rounds {
        for shared in &mut all {
            for (threads, rates) in (1..).zip(&mut shared.rates) {
                rates.push(rate(&shared.cases[..threads]));
            }
        }
    }
    let panel = |workload: Workload| Panel {
        workload: workload.name(),
        curves: all
            .iter()
            .filter(|shared| shared.workload == workload)
            .map(Shared::curve)
            .collect(),
    };
    Curves {
        file: "threads",
        what: "threads",
        unit: "thousand requests a second, of all together",
        points: (1..=MOST).collect(),
        panels: READ_AND_WRITE.map(panel).into(),
    }
}

/// All libraries, and the plain application.
async fn shared() -> Vec<Shared> {
    let mut all = Vec::new();
    for (library, app) in libraries::growing().await {
        for workload in READ_AND_WRITE {
            let mut cases = Vec::new();
            for _ in 0..MOST {
                let jar = Case::begun(&app).await;
                cases.push(Case::of(library, workload, &app, &[jar]).await);
            }
            all.push(Shared::new(library, workload, cases));
        }
    }
    let plain = libraries::plain::app();
    for (place, workload) in READ_AND_WRITE.into_iter().enumerate() {
        let cases = all[place].cases.iter();
        let cases = cases.map(|case| Case::plain(workload, &plain, case));
        all.push(Shared::new(PLAIN, workload, cases.collect()));
    }
    all
}

impl Shared {
    fn new(library: &'static str, workload: Workload, cases: Vec<Case>) -> Self {
        Self {
            library,
            workload,
            cases,
            rates: Default::default(),
        }
    }

    fn curve(&self) -> Curve {
        let rates = self.rates.iter();
        let values = rates.map(|rates| Some(rates.iter().copied().collect()));
        Curve {
            library: self.library,
            values: values.collect(),
        }
    }
}

/// Requests a second of these cases at once, each on a thread of its own.
fn rate(cases: &[Case]) -> f64 {
    let ready = Barrier::new(cases.len());
    thread::scope(|scope| {
        let start = |case| {
            let ready = &ready;
            scope.spawn(move || {
                let runtime = Builder::new_current_thread().enable_time().build();
                let runtime = runtime.expect("a runtime of one thread");
                ready.wait();
                runtime.block_on(rate_of(case))
            })
        };
        let threads: Vec<_> = cases.iter().map(start).collect();
        let rates = threads.into_iter().map(thread::ScopedJoinHandle::join);
        rates.map(|rate| rate.expect("no panic")).sum()
    })
}

async fn rate_of(case: &Case) -> f64 {
    let begun = Instant::now();
    let mut requests = 0;
    loop {
        for _ in 0..BATCH {
            case.run().await;
        }
        requests += BATCH;
        let took = begun.elapsed();
        if took >= SLICE {
            return f64::from(requests) / took.as_secs_f64();
        }
    }
}
