//! More sessions in this process's memory.

use axum::Router;
use tokio::runtime::Runtime;

use super::dimension::{Dimension, READ_AND_WRITE};
use crate::case::Case;
use crate::jar::Jar;
use crate::{libraries, table};

/// So many of the sessions are read and written in turn: more than the processor's caches keep.
const VISITORS: usize = 10_000;

pub(crate) struct Held {
    pub(crate) dimension: Dimension,
    /// What a session takes of each library, where there are most of them: with fewer, the memory that others left says more.
    bytes: Vec<(&'static str, i64)>,
}

pub(crate) fn held(runtime: &Runtime) -> Held {
    let points = vec![1, 1_000, 10_000, 100_000, 1_000_000];
    let mut dimension = Dimension::new("sessions", "sessions in memory", points.clone());
    let mut bytes = Vec::new();
    for (place, &point) in points.iter().enumerate() {
        for (library, app) in runtime.block_on(libraries::in_memory()) {
            let before = resident();
            let jars = begin(runtime, &app, point);
            if place + 1 == points.len() {
                let sessions = i64::try_from(point).expect("a few");
                bytes.push((library, (resident() - before) / sessions));
            }
            for workload in READ_AND_WRITE {
                let case = runtime.block_on(Case::of(library, workload, &app, &jars));
                dimension.push(place, case);
            }
        }
    }
    Held { dimension, bytes }
}

/// Begins so many sessions. The cookies of some of them.
fn begin(runtime: &Runtime, app: &Router, sessions: usize) -> Vec<Jar> {
    let step = sessions.div_ceil(VISITORS);
    let mut jars = Vec::with_capacity(sessions.min(VISITORS));
    for session in 0..sessions {
        let jar = runtime.block_on(Case::begun(app));
        if session % step == 0 {
            jars.push(jar);
        }
    }
    jars
}

/// Bytes of memory that this process has, as Linux counts them in pages of 4 KiB.
fn resident() -> i64 {
    let text = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages: i64 = text
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok())
        .expect("the second number");
    pages * 4_096
}

impl Held {
    pub(crate) fn print_bytes(&self) {
        println!("\n### {}: memory", self.dimension.what);
        let row = |(library, bytes): &(&str, i64)| vec![(*library).to_owned(), bytes.to_string()];
        let rows: Vec<_> = self.bytes.iter().map(row).collect();
        table::print(&["library", "bytes a session"], &rows);
    }
}
