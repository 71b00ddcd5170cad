//! Instructions, counted by callgrind: the same in each run, unlike time.

use std::path::Path;
use std::process::Command;

use crate::case::Case;

/// The requests of the shorter run, and of the longer one: what lies between them is that of the difference.
const FEW: u64 = 200;
const MANY: u64 = 1_200;

/// Instructions of one request of each case. It starts this program again, once for each and each count.
pub(crate) fn of(cases: &[Case]) -> Vec<u64> {
    let of_case = |case: &Case| {
        let [few, many] = [FEW, MANY].map(|count| total(case, count));
        (many - few) / (MANY - FEW)
    };
    cases.iter().map(of_case).collect()
}

/// Instructions of a run of this program that sends so many requests of a case.
fn total(case: &Case, count: u64) -> u64 {
    let program = std::env::current_exe().expect("a running program has a path");
    let counts = std::env::temp_dir().join(format!("muffin-session-bench-{}", std::process::id()));
    let output = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", counts.display()))
        .arg(program)
        .args([
            "run",
            case.library,
            case.workload.name(),
            &count.to_string(),
        ])
        .output()
        .unwrap_or_else(|error| panic!("valgrind, which counts: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let total = total_in(&counts);
    std::fs::remove_file(&counts).expect("it was written");
    total
}

/// The line `summary: 123` of what callgrind has written.
fn total_in(counts: &Path) -> u64 {
    let text = std::fs::read_to_string(counts).expect("what callgrind has written");
    let total = text.lines().find_map(|line| {
        let total = line
            .strip_prefix("summary: ")
            .or_else(|| line.strip_prefix("totals: "))?;
        total.trim().parse().ok()
    });
    total.expect("a line with the sum")
}
