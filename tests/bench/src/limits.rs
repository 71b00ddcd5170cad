//! What ours may take, so that it stays what it is: instructions and allocations of a request, over the plain application.

use std::fmt::Write as _;

use crate::case::{Case, Workload};
use crate::libraries::OURS;
use crate::table;
use crate::valgrind::Counts;

/// Text of a line each: workload, instructions, allocations.
const LIMITS: &str = include_str!("../limits.txt");
/// Where it is, for whoever changes it.
const FILE: &str = "tests/bench/limits.txt";

/// Instructions may be this much above their limit: other processors take other ways through the same code. Allocations may not.
const TOLERANCE_PERCENT: u64 = 5;

/// What a workload may take.
struct Limit {
    workload: Workload,
    instructions: u64,
    allocations: u64,
}

impl Limit {
    fn all() -> Vec<Self> {
        let lines = LIMITS
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines
            .map(|line| Self::read(line).unwrap_or_else(|| panic!("{FILE}: {line:?}")))
            .collect()
    }

    fn read(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let name = words.next()?;
        let limit = Self {
            workload: Workload::ALL
                .into_iter()
                .find(|workload| workload.name() == name)?,
            instructions: words.next()?.parse().ok()?,
            allocations: words.next()?.parse().ok()?,
        };
        words.next().is_none().then_some(limit)
    }
}

/// Prints what is found beside the limits. Whether all are kept.
pub(crate) fn check(cases: &[Case]) -> bool {
    let limits = Limit::all();
    let mut found = String::new();
    let mut all_are_kept = true;
    let mut rows = Vec::new();
    for workload in Workload::ALL {
        let counts = |library: &str| {
            let is_it = |case: &&Case| case.library == library && case.workload == workload;
            Counts::of(cases.iter().find(is_it).expect("each has all workloads"))
        };
        let (ours, plain) = (counts(OURS), counts("plain"));
        let instructions = ours.instructions.saturating_sub(plain.instructions);
        let allocations = ours.allocations.saturating_sub(plain.allocations);
        let limit = limits.iter().find(|limit| limit.workload == workload);
        let limit = limit.unwrap_or_else(|| panic!("{FILE}: nothing of {}", workload.name()));
        let most = limit.instructions + limit.instructions * TOLERANCE_PERCENT / 100;
        let is_kept = instructions <= most && allocations <= limit.allocations;
        all_are_kept &= is_kept;
        rows.push(vec![
            workload.name().to_owned(),
            instructions.to_string(),
            limit.instructions.to_string(),
            allocations.to_string(),
            limit.allocations.to_string(),
            if is_kept { "" } else { "MORE THAN ITS LIMIT" }.to_owned(),
        ]);
        let _ = writeln!(found, "{} {instructions} {allocations}", workload.name());
    }
    let head = [
        "workload",
        "instructions",
        "limit",
        "allocations",
        "limit",
        "",
    ];
    table::print(&head, &rows);
    println!(
        "\nOver the plain application. Instructions may be {TOLERANCE_PERCENT} % above their limit."
    );
    if !all_are_kept {
        println!(
            "\nIf that is meant, because it buys something, write these lines into {FILE}, and into the commit message what they buy:\n\n{found}"
        );
    }
    all_are_kept
}
