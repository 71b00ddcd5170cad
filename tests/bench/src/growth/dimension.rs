//! One thing that there can be more of, and the requests that are timed at each point of it.

use tokio::runtime::Runtime;

use super::curves::{Curve, Curves, Panel};
use crate::case::{Case, Workload};
use crate::floor::Floor;
use crate::libraries;
use crate::libraries::PLAIN;
use crate::time;

pub(crate) const READ_AND_WRITE: [Workload; 2] = [Workload::Read, Workload::Write];

pub(crate) struct Dimension {
    /// What its plot's file is called.
    pub(crate) file: &'static str,
    /// What there is more of, and in what unit: the head of its tables and the label of its axis.
    pub(crate) what: &'static str,
    pub(crate) points: Vec<usize>,
    /// Each with the place of its point. At each there is the plain application for each workload.
    pub(crate) cases: Vec<(usize, Case)>,
}

impl Dimension {
    pub(crate) fn new(file: &'static str, what: &'static str, points: Vec<usize>) -> Self {
        Self {
            file,
            what,
            points,
            cases: Vec::new(),
        }
    }

    /// Adds a case at the point of this place. The first one of a workload there brings that of the plain application.
    pub(crate) fn push(&mut self, place: usize, case: Case) {
        let is_same = |(of, other): &(usize, Case)| *of == place && other.workload == case.workload;
        if !self.cases.iter().any(is_same) {
            let plain = Case::plain(case.workload, &libraries::plain::app(), &case);
            self.cases.push((place, plain));
        }
        self.cases.push((place, case));
    }

    /// What each library takes over the plain application.
    pub(crate) fn measure(&self, runtime: &Runtime, rounds: usize) -> Curves {
        let cases: Vec<_> = self.cases.iter().map(|(_, case)| case).collect();
        let (times, _) = time::of(runtime, &cases, &Floor::new(), rounds);
        let at = |library: &str, workload: &str, point: usize| {
            let is_it = |(of, case): &(usize, Case)| {
                *of == point && case.library == library && case.workload.name() == workload
            };
            self.cases.iter().position(is_it).map(|place| &times[place])
        };
        let curve = |library, workload| {
            let over = |point| {
                let plain = at(PLAIN, workload, point).expect("the plain application");
                at(library, workload, point).map(|times| times.over(plain))
            };
            Curve {
                library,
                values: (0..self.points.len()).map(over).collect(),
            }
        };
        let workloads = unique(cases.iter().map(|case| case.workload.name()));
        let libraries = unique(cases.iter().map(|case| case.library));
        let libraries = libraries.iter().filter(|library| **library != PLAIN);
        let panel = |workload: &&'static str| Panel {
            workload,
            curves: libraries
                .clone()
                .map(|library| curve(*library, workload))
                .collect(),
        };
        Curves {
            file: self.file,
            what: self.what,
            unit: "µs over the plain application",
            points: self.points.clone(),
            panels: workloads.iter().map(panel).collect(),
        }
    }
}

/// Each once, in the order in which they first come.
fn unique(names: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut unique = Vec::new();
    for name in names {
        if !unique.contains(&name) {
            unique.push(name);
        }
    }
    unique
}
