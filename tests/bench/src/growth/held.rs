//! More sessions in this process's memory.

use allocation_counter::measure;
use axum::Router;
use tokio::runtime::Runtime;

use super::curves::grouped;
use super::dimension::{Dimension, READ_AND_WRITE};
use crate::case::Case;
use crate::jar::Jar;
use crate::{libraries, table};

/// So many of the sessions are read and written in turn: more than the processor's caches keep.
const VISITORS: usize = 10_000;

pub(crate) struct Held {
    pub(crate) dimension: Dimension,
    /// What a session takes, of each library, at each point that has more than the first one.
    bytes: Vec<(&'static str, Vec<i64>)>,
}

pub(crate) fn held(runtime: &Runtime) -> Held {
    let points = vec![1, 1_000, 10_000, 100_000, 1_000_000];
    let mut dimension = Dimension::new("sessions", "sessions in memory", points.clone());
    let mut bytes: Vec<(_, Vec<_>)> = Vec::new();
    for (place, &point) in points.iter().enumerate() {
        for (library, app) in runtime.block_on(libraries::in_memory()) {
            let (jars, each) = begin(runtime, &app, point);
            for workload in READ_AND_WRITE {
                let case = runtime.block_on(Case::of(library, workload, &app, &jars));
                dimension.push(place, case);
            }
            if place == 0 {
                // A single one says more of the store than of itself.
                continue;
            }
            match bytes.iter_mut().find(|(known, _)| *known == library) {
                Some((_, bytes)) => bytes.push(each),
                None => bytes.push((library, vec![each])),
            }
        }
    }
    Held { dimension, bytes }
}

/// Begins so many sessions. The cookies of some of them, and the bytes that are allocated for each.
fn begin(runtime: &Runtime, app: &Router, sessions: usize) -> (Vec<Jar>, i64) {
    let step = sessions.div_ceil(VISITORS);
    let mut jars = Vec::with_capacity(sessions.min(VISITORS));
    let mut kept = 0;
    let all = measure(|| {
        for session in 0..sessions {
            let jar = runtime.block_on(Case::begun(app));
            if session % step == 0 {
                // What a browser keeps is not the library's.
                kept += measure(|| jars.push(jar.clone())).bytes_current;
            }
        }
    });
    let sessions = i64::try_from(sessions).expect("a few");
    (jars, (all.bytes_current - kept) / sessions)
}

impl Held {
    pub(crate) fn print_bytes(&self) {
        println!("\n### {}: bytes of memory for each", self.dimension.what);
        let points = self.dimension.points[1..].iter();
        let points: Vec<_> = points.map(|&point| grouped(point)).collect();
        let head: Vec<_> = ["library"]
            .into_iter()
            .chain(points.iter().map(String::as_str))
            .collect();
        let row = |(library, bytes): &(&str, Vec<i64>)| {
            let bytes = bytes.iter().map(i64::to_string);
            [(*library).to_owned()].into_iter().chain(bytes).collect()
        };
        let rows: Vec<_> = self.bytes.iter().map(row).collect();
        table::print(&head, &rows);
    }
}
