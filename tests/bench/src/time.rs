//! Times, in interleaved rounds: whatever else the machine does meets all alike.

use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::case::Case;
use crate::floor::Floor;

/// How long one case runs in one round.
const SLICE: Duration = Duration::from_millis(2);

/// Nanoseconds of each round.
pub(crate) struct Times(Vec<f64>);

impl FromIterator<f64> for Times {
    fn from_iter<I: IntoIterator<Item = f64>>(times: I) -> Self {
        Self(times.into_iter().collect())
    }
}

impl Times {
    /// A value that half of the rounds were below.
    pub(crate) fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// Half of the rounds lie this far around the median.
    pub(crate) fn spread(&self) -> f64 {
        (self.quantile(0.75) - self.quantile(0.25)) / 2.0
    }

    fn quantile(&self, part: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a place in the list"
        )]
        let place = (part * (sorted.len() - 1) as f64).round() as usize;
        sorted[place]
    }

    /// What is left of each round without what another one took in the same.
    pub(crate) fn over(&self, base: &Self) -> Self {
        let rounds = self.0.iter().zip(&base.0);
        rounds.map(|(time, base)| time - base).collect()
    }
}

/// The times of the cases in their order, and of the floor.
pub(crate) fn of(
    runtime: &Runtime,
    cases: &[&Case],
    floor: &Floor,
    rounds: usize,
) -> (Vec<Times>, Times) {
    let run = |case: &Case, count: u32| {
        let begun = Instant::now();
        runtime.block_on(async {
            for _ in 0..count {
                case.run().await;
            }
        });
        begun.elapsed()
    };
    let run_floor = |count: u32| {
        let begun = Instant::now();
        for _ in 0..count {
            floor.run();
        }
        begun.elapsed()
    };
    let counts: Vec<_> = cases
        .iter()
        .map(|&case| count(|count| run(case, count)))
        .collect();
    let floor_count = count(run_floor);
    let mut times: Vec<_> = cases.iter().map(|_| Times(Vec::new())).collect();
    let mut floors = Times(Vec::new());
    for _ in 0..rounds {
        for ((case, &count), times) in cases.iter().zip(&counts).zip(&mut times) {
            times.0.push(each(run(case, count), count));
        }
        floors.0.push(each(run_floor(floor_count), floor_count));
    }
    (times, floors)
}

fn each(time: Duration, count: u32) -> f64 {
    time.as_secs_f64() * 1e9 / f64::from(count)
}

/// How often something fits into a slice, once it is warm. The quickest of some tries says so: what a runtime makes up for, or another
/// process, is not its own.
fn count(run: impl Fn(u32) -> Duration) -> u32 {
    const TRIES: u32 = 20;
    const FEW: u32 = 16;
    let quickest = (0..TRIES).map(|_| run(FEW)).min().unwrap_or(SLICE);
    let fits = SLICE.as_secs_f64() / quickest.as_secs_f64() * f64::from(FEW);
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "what is too large becomes the largest"
    )]
    let count = fits as u32;
    count.max(1)
}
