//! What was measured along one dimension, and its tables.

use crate::report::micros;
use crate::table;
use crate::time::Times;

pub(crate) struct Curves {
    pub(crate) file: &'static str,
    pub(crate) what: &'static str,
    pub(crate) points: Vec<usize>,
    pub(crate) panels: Vec<Panel>,
}

/// One workload.
pub(crate) struct Panel {
    pub(crate) workload: &'static str,
    pub(crate) curves: Vec<Curve>,
}

/// What a library takes over the plain application, at each point where it does it.
pub(crate) struct Curve {
    pub(crate) library: &'static str,
    pub(crate) over: Vec<Option<Times>>,
}

impl Curves {
    pub(crate) fn print(&self) {
        for panel in &self.panels {
            println!(
                "\n### {}: {}\n\nMicroseconds over the plain application, and how many times as long the last one takes as the first.",
                self.what, panel.workload
            );
            let points = self.points.iter().map(|&point| grouped(point));
            let head: Vec<_> = ["library".to_owned()]
                .into_iter()
                .chain(points)
                .chain(["times".to_owned()])
                .collect();
            let head: Vec<_> = head.iter().map(String::as_str).collect();
            let rows: Vec<_> = panel.curves.iter().map(Curve::row).collect();
            table::print(&head, &rows);
        }
    }
}

impl Curve {
    fn row(&self) -> Vec<String> {
        let cell = |times: &Option<Times>| times.as_ref().map(|times| micros(times.median()));
        let cells = self.over.iter().map(cell);
        let measured: Vec<_> = self.over.iter().flatten().map(Times::median).collect();
        let times = match &*measured {
            [first, .., last] => Some(format!("{:.1}", last / first)),
            _ => None,
        };
        [Some(self.library.to_owned())]
            .into_iter()
            .chain(cells)
            .chain([times])
            .map(|cell| cell.unwrap_or_else(|| "-".to_owned()))
            .collect()
    }
}

/// With commas between thousands.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
