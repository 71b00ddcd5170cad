//! What valgrind counts of a request: the same in each run, unlike time.

use std::path::Path;
use std::process::Command;

use crate::case::Case;

/// The requests of the shorter run, and of the longer one: what lies between them is that of the difference.
const FEW: u64 = 200;
const MANY: u64 = 1_200;

/// What one request takes.
#[derive(Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) instructions: u64,
    pub(crate) allocations: u64,
    /// Bytes of the allocations.
    pub(crate) bytes: u64,
}

impl Counts {
    /// Those of a case. It starts this program again for each count.
    pub(crate) fn of(case: &Case) -> Self {
        let [few, many] = [FEW, MANY].map(|count| (instructions(case, count), heap(case, count)));
        let each = |few: u64, many: u64| {
            #[allow(clippy::cast_possible_wrap, reason = "no run has that many")]
            let between = many as i64 - few as i64;
            // What happens once in a while is not there for each.
            let rounded = (between + (MANY - FEW).cast_signed() / 2) / (MANY - FEW).cast_signed();
            rounded.max(0).cast_unsigned()
        };
        Self {
            instructions: each(few.0, many.0),
            allocations: each(few.1.0, many.1.0),
            bytes: each(few.1.1, many.1.1),
        }
    }
}

/// Instructions of a run of this program that sends so many requests of a case.
fn instructions(case: &Case, count: u64) -> u64 {
    let file = std::env::temp_dir().join(format!("muffin-session-bench-{}", std::process::id()));
    let to = format!("--callgrind-out-file={}", file.display());
    run(&["--tool=callgrind", &to], case, count);
    let total = total_in(&file);
    std::fs::remove_file(&file).expect("it was written");
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

/// Allocations of such a run, and their bytes: `total heap usage: 37,537 allocs, 37,530 frees, 4,347,387 bytes allocated`.
fn heap(case: &Case, count: u64) -> (u64, u64) {
    let only_the_heap = ["--undef-value-errors=no", "--leak-check=no"];
    let [undefined, leaks] = only_the_heap;
    let said = run(&["--tool=memcheck", undefined, leaks], case, count);
    let usage = said.split_once("total heap usage: ").expect("its line").1;
    let number = |before: &str| {
        let text = usage.split(before).next().unwrap_or_default();
        let digits = text.rsplit([' ', '\n']).next().unwrap_or_default();
        let digits = digits.replace(',', "");
        digits.parse().expect("a number")
    };
    (number(" allocs"), number(" bytes allocated"))
}

/// What valgrind says of a run of this program.
fn run(arguments: &[&str], case: &Case, count: u64) -> String {
    let program = std::env::current_exe().expect("a running program has a path");
    let (library, workload) = (case.library, case.workload.name());
    let output = Command::new("valgrind")
        .args(arguments)
        .arg(program)
        .args(["run", library, workload, &count.to_string()])
        .output()
        .unwrap_or_else(|error| panic!("valgrind, which counts: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    said.into_owned()
}
