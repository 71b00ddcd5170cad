//! Figures as tables in Markdown.

#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "figures are shown with three digits"
)]

use std::fmt::Write as _;

use crate::Measured;
use crate::figures::{Figure, Verb, median_of};
use crate::site::Site;

/// How much slower a verb may become between the smallest size and the largest.
const GROWTH: f64 = 2.0;
const MIB: u64 = 1024 * 1024;

/// A store's tables.
pub(crate) fn of(measured: &Measured) -> String {
    let mut text = format!("### {}\n\n{}\n\n", measured.name, measured.about.join(", "));
    text.push_str("| p50 / p99 |");
    for site in &measured.sizes {
        let _ = write!(text, " {} sessions |", thousands(u64::from(site.sessions)));
    }
    text.push_str(" growth of p50 | in the quietest rounds |\n|---|");
    text.push_str(&"---:|".repeat(measured.sizes.len() + 2));
    text.push('\n');
    for (index, verb) in Verb::ALL.into_iter().enumerate() {
        let figures: Vec<_> = measured
            .sizes
            .iter()
            .map(|site| &site.verbs[index])
            .collect();
        if figures.iter().all(|figure| figure.is_empty()) {
            continue;
        }
        let _ = write!(text, "| {} |", verb.name());
        for figure in &figures {
            let _ = if figure.is_empty() {
                write!(text, " |")
            } else {
                write!(text, " {} / {} |", time(figure.p50), time(figure.p99))
            };
        }
        let (all, quietest) = (grown(&figures, of_all), grown(&figures, of_quietest));
        let _ = writeln!(text, " {all} | {quietest} |");
    }
    for (name, value) in amounts() {
        let values: Vec<_> = measured.sizes.iter().map(value).collect();
        if values.iter().any(|value| !value.is_empty()) {
            let _ = writeln!(text, "| {name} | {} | | |", values.join(" | "));
        }
    }
    let _ = write!(text, "\nIn {:.0} seconds.\n", measured.seconds);
    text
}

/// The growth of all verbs in all stores.
pub(crate) fn growth(stores: &[Measured]) -> String {
    let mut text =
        "### Growth of the p50 (and in the quietest rounds), smallest size to largest\n\n| |"
            .to_owned();
    for store in stores {
        let _ = write!(text, " {} |", store.name);
    }
    let _ = write!(text, "\n|---|{}\n", "---:|".repeat(stores.len()));
    for (index, verb) in Verb::ALL.into_iter().enumerate() {
        let _ = write!(text, "| {} |", verb.name());
        for store in stores {
            let figures: Vec<_> = store.sizes.iter().map(|site| &site.verbs[index]).collect();
            if store.sizes.iter().all(|site| site.verbs[index].is_empty()) {
                text.push_str(" – |");
                continue;
            }
            let (all, quietest) = (grown(&figures, of_all), grown(&figures, of_quietest));
            let _ = write!(text, " {all} ({quietest}) |");
        }
        text.push('\n');
    }
    text
}

/// The median of all rounds.
fn of_all(figure: &Figure) -> u64 {
    figure.p50
}

/// The round that was disturbed least.
fn of_quietest(figure: &Figure) -> u64 {
    figure.quietest
}

/// Bold, if it is more than it should be.
fn grown(figures: &[&Figure], by: fn(&Figure) -> u64) -> String {
    match figures {
        [small, .., large] if by(small) > 0 => {
            let growth = by(large) as f64 / by(small) as f64;
            let digits = if growth < 10.0 { 2 } else { 0 };
            let bold = if growth > GROWTH { "**" } else { "" };
            format!("{bold}{growth:.digits$}x{bold}")
        }
        _ => String::new(),
    }
}

type Amount = (&'static str, fn(&Site) -> String);

fn amounts() -> [Amount; 7] {
    [
        ("loads a second, one task", |site| {
            rate(median_of(site.loads.iter().map(|loads| loads.one)))
        }),
        ("loads a second, two tasks", |site| {
            rate(median_of(site.loads.iter().map(|loads| loads.two)))
        }),
        ("two tasks to one", |site| {
            ratio(median_of(
                site.loads.iter().map(|loads| loads.two / loads.one),
            ))
        }),
        ("loads a second on a processor, one task", |site| {
            let on = site.loads.iter().filter_map(|loads| loads.on_processor);
            rate(median_of(on.map(|on| on.one)))
        }),
        ("two tasks to one on processors", |site| {
            let on = site.loads.iter().filter_map(|loads| loads.on_processor);
            ratio(median_of(on.map(|on| 2.0 * on.two / on.one)))
        }),
        ("MiB when full (before)", |site| {
            format!(
                "{} ({})",
                mebibytes(site.bytes),
                mebibytes(site.bytes_before)
            )
        }),
        ("MiB after all rounds", |site| {
            site.bytes_after.map_or_else(String::new, mebibytes)
        }),
    ]
}

fn rate(number: Option<f64>) -> String {
    number.map_or_else(String::new, |number| thousands(number as u64))
}

fn ratio(number: Option<f64>) -> String {
    number.map_or_else(String::new, |number| format!("{number:.2}"))
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / MIB as f64)
}

/// In the unit in which it is between 1 and 1,000.
fn time(nanoseconds: u64) -> String {
    let (number, unit) = match nanoseconds {
        0..1_000 => return format!("{nanoseconds} ns"),
        1_000..1_000_000 => (nanoseconds as f64 / 1e3, "µs"),
        _ => (nanoseconds as f64 / 1e6, "ms"),
    };
    match number {
        0.0..10.0 => format!("{number:.2} {unit}"),
        10.0..100.0 => format!("{number:.1} {unit}"),
        _ => format!("{number:.0} {unit}"),
    }
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
