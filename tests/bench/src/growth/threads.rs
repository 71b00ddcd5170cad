//! More threads: each with a runtime and a visitor of its own, all with one application.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

use super::dimension::READ_AND_WRITE;
use crate::case::{Case, PLAIN, Workload};
use crate::time::Times;
use crate::{libraries, table};

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

pub(crate) fn print(runtime: &Runtime, rounds: usize) {
    let mut all = runtime.block_on(shared());
    for _ in 0..rounds {
        for shared in &mut all {
            for (threads, rates) in (1..).zip(&mut shared.rates) {
                rates.push(rate(&shared.cases[..threads]));
            }
        }
    }
    for workload in READ_AND_WRITE {
        println!(
            "\n### threads: {}\n\nThousands of requests a second, of all threads together.",
            workload.name()
        );
        let rows: Vec<_> = all
            .iter()
            .filter(|shared| shared.workload == workload)
            .map(Shared::row)
            .collect();
        table::print(&["library", "1 thread", "2 threads", "times"], &rows);
    }
}

/// The plain application and all libraries.
async fn shared() -> Vec<Shared> {
    let mut all = Vec::new();
    for (library, app) in libraries::growing().await {
        for workload in READ_AND_WRITE {
            let mut cases = Vec::new();
            for _ in 0..MOST {
                let jar = Case::begun(&app).await;
                cases.push(Case::of(library, workload, &app, &[jar]).await);
            }
            let is_first = all
                .iter()
                .all(|shared: &Shared| shared.workload != workload);
            if is_first {
                let app = libraries::plain::app();
                let plain = cases.iter().map(|case| Case::plain(workload, &app, case));
                all.push(Shared::new(PLAIN, workload, plain.collect()));
            }
            all.push(Shared::new(library, workload, cases));
        }
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

    fn row(&self) -> Vec<String> {
        let [one, two] = &self.rates;
        let thousands = |rates: &Vec<f64>| {
            let rate = rates.iter().copied().collect::<Times>().median();
            format!("{:.0}", rate / 1_000.0)
        };
        let rounds = one.iter().zip(two);
        let times: Times = rounds.map(|(one, two)| two / one).collect();
        vec![
            self.library.to_owned(),
            thousands(one),
            thousands(two),
            format!("{:.2}", times.median()),
        ]
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
        let rates = threads.into_iter().map(|thread| thread.join());
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
