//! The tables.

use axum::http::header::SET_COOKIE;
use tokio::runtime::Runtime;

use crate::case::{Case, Workload};
use crate::floor::Floor;
use crate::libraries::OURS;
use crate::time::Times;
use crate::valgrind::Counts;
use crate::{table, time};

/// The cases of a workload: the plain application's first, ours second.
fn of_workload(cases: &[Case], workload: Workload) -> Vec<usize> {
    let places = (0..cases.len()).filter(|&place| cases[place].workload == workload);
    places.collect()
}

/// Microseconds over the plain application, beside the best peer and the floor.
pub(crate) fn times(runtime: &Runtime, cases: &[Case], rounds: usize) {
    let floor = Floor::new();
    let all: Vec<_> = cases.iter().collect();
    let (times, floor) = time::of(runtime, &all, &floor, rounds);
    let mut overview = Vec::new();
    for workload in Workload::ALL {
        let places = of_workload(cases, workload);
        let plain = &times[places[0]];
        let over: Vec<_> = places[1..]
            .iter()
            .map(|&place| (cases[place].library, times[place].over(plain)))
            .collect();
        let peers = over.iter().filter(|(library, _)| *library != OURS);
        let best = peers
            .min_by(|a, b| a.1.median().total_cmp(&b.1.median()))
            .expect("there are peers");
        let (_, ours) = over
            .iter()
            .find(|(library, _)| *library == OURS)
            .expect("ours");
        overview.push(overview_row(workload, ours, best, &floor));
        println!(
            "\n### {}\n\nThe plain application takes {} µs.",
            workload.name(),
            micros(plain.median())
        );
        let mut rows: Vec<_> = over.iter().collect();
        rows.sort_by(|a, b| a.1.median().total_cmp(&b.1.median()));
        let rows: Vec<_> = rows
            .into_iter()
            .map(|(library, over)| {
                let ratio = over.median() / ours.median();
                vec![
                    (*library).to_owned(),
                    micros(over.median()),
                    micros(over.spread()),
                    format!("{ratio:.1}"),
                ]
            })
            .collect();
        table::print(
            &["library", "over plain, µs", "spread, µs", "of ours"],
            &rows,
        );
    }
    println!(
        "\n### All\n\nOver the plain application, {rounds} rounds. The floor of a read is {} µs.",
        micros(floor.median())
    );
    table::print(
        &[
            "workload",
            "ours, µs",
            "best peer",
            "its, µs",
            "ours / its",
            "ours / floor",
            "",
        ],
        &overview,
    );
}

fn overview_row(
    workload: Workload,
    ours: &Times,
    best: &(&str, Times),
    floor: &Times,
) -> Vec<String> {
    let (peer, its) = best;
    let differ = (ours.median() - its.median()).abs() > ours.spread() + its.spread();
    vec![
        workload.name().to_owned(),
        micros(ours.median()),
        (*peer).to_owned(),
        micros(its.median()),
        // Of next to nothing there is no multiple.
        if its.median() > its.spread() {
            format!("{:.2}", ours.median() / its.median())
        } else {
            "-".to_owned()
        },
        format!("{:.1}", ours.median() / floor.median()),
        if differ {
            String::new()
        } else {
            "the spread hides the difference".to_owned()
        },
    ]
}

fn micros(nanoseconds: f64) -> String {
    format!("{:.2}", nanoseconds / 1_000.0)
}

/// Instructions and allocations of a request, over the plain application, and the bytes of `Set-Cookie`.
pub(crate) fn counts(runtime: &Runtime, cases: &[Case]) {
    let counts: Vec<_> = cases.iter().map(Counts::of).collect();
    for workload in Workload::ALL {
        let places = of_workload(cases, workload);
        let plain = counts[places[0]];
        let row = |&place: &usize| {
            let counts = counts[place];
            vec![
                cases[place].library.to_owned(),
                signed(counts.instructions, plain.instructions),
                signed(counts.allocations, plain.allocations),
                signed(counts.bytes, plain.bytes),
                set_cookie_bytes(runtime, &cases[place]).to_string(),
            ]
        };
        println!(
            "\n### {}\n\nOver the plain application, whose {} instructions and {} allocations are none of them.",
            workload.name(),
            plain.instructions,
            plain.allocations,
        );
        let rows: Vec<_> = places[1..].iter().map(row).collect();
        table::print(
            &[
                "library",
                "instructions",
                "allocations",
                "bytes allocated",
                "Set-Cookie bytes",
            ],
            &rows,
        );
    }
}

fn signed(count: u64, base: u64) -> String {
    format!("{:+}", i128::from(count) - i128::from(base))
}

fn set_cookie_bytes(runtime: &Runtime, case: &Case) -> usize {
    let response = runtime.block_on(case.send());
    let cookies = response.headers().get_all(SET_COOKIE);
    cookies.iter().map(axum::http::HeaderValue::len).sum()
}
