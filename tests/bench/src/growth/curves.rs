//! What was measured along one dimension, and its tables.

use crate::table;
use crate::time::Times;

pub(crate) struct Curves {
    pub(crate) file: &'static str,
    pub(crate) what: &'static str,
    /// What the values are thousands of.
    pub(crate) unit: &'static str,
    pub(crate) points: Vec<usize>,
    pub(crate) panels: Vec<Panel>,
}

/// One workload.
pub(crate) struct Panel {
    pub(crate) workload: &'static str,
    pub(crate) curves: Vec<Curve>,
}

/// What was measured of a library, at each point where it does it.
pub(crate) struct Curve {
    pub(crate) library: &'static str,
    pub(crate) values: Vec<Option<Times>>,
}

impl Curves {
    pub(crate) fn print(&self) {
        for panel in &self.panels {
            println!(
                "\n### {}: {}\n\nIn {}, and how many times the first one the last one is.",
                self.what, panel.workload, self.unit
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
        let values = self.values.iter();
        let cells = values.map(|value| value.as_ref().map(|value| digits(thousands(value))));
        let measured: Vec<_> = self.values.iter().flatten().map(thousands).collect();
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

/// The median, in thousands: microseconds of nanoseconds.
pub(crate) fn thousands(values: &Times) -> f64 {
    values.median() / 1_000.0
}

/// As many as say something.
fn digits(value: f64) -> String {
    if value < 100.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.0}")
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
