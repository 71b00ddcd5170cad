//! What a request costs with Muffin-Session, beside the libraries that would be used instead.
//!
//! `cargo run --release -p muffin-session-bench --features peers` prints the tables. Requests go straight into the router, without a
//! socket, on one thread. `growth` says how that grows, and with `--plots docs/performance` draws it.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for a terminal"
)]

mod case;
mod filling;
mod floor;
mod growth;
mod jar;
mod libraries;
mod limits;
mod report;
mod table;
mod time;
mod users;
mod valgrind;

use std::process::ExitCode;

use tokio::runtime::Runtime;

use crate::case::Case;
use crate::filling::Filling;

const USAGE: &str = "usage: bench [time [ROUNDS]
              | counts
              | check
              | growth [ROUNDS] [--only DIMENSION] [--plots FOLDER]
              | run LIBRARY WORKLOAD COUNT [KEYS BYTES]]

  time      times, beside the plain application, the best peer and the floor (what it does if nothing is said)
  counts    allocations and instructions, which are the same in each run (needs valgrind)
  check     fails if ours take more instructions or allocations than is written in tests/bench/limits.txt (needs valgrind)
  growth    times with more bytes, keys, cookies, secrets, sessions and threads, or of one of these: tables, and plots in a folder
  run       sends so many requests of one workload, to be profiled; with a session of so many texts of so many bytes";

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime of one thread");
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    if let ["growth", arguments @ ..] = &*arguments {
        let Some(options) = growth::Options::read(arguments) else {
            return usage();
        };
        growth::print(&runtime, &options);
        return ExitCode::SUCCESS;
    }
    let cases = runtime.block_on(libraries::cases());
    match *arguments {
        [] | ["time"] => report::times(&runtime, &cases, 300),
        ["time", rounds] => match rounds.parse() {
            Ok(rounds) if rounds > 0 => report::times(&runtime, &cases, rounds),
            _ => return usage(),
        },
        ["counts"] => report::counts(&runtime, &cases),
        ["check"] if limits::check(&cases) => {}
        ["check"] => return ExitCode::FAILURE,
        ["run", library, workload, count] => {
            let is_it = |case: &&Case| case.library == library && case.workload.name() == workload;
            let (Some(case), Ok(count)) = (cases.iter().find(is_it), count.parse()) else {
                return usage();
            };
            run(&runtime, case, count);
        }
        ["run", library, workload, count, keys, bytes] => {
            let (Ok(count), Ok(keys), Ok(bytes)) = (count.parse(), keys.parse(), bytes.parse())
            else {
                return usage();
            };
            let filling = Filling { keys, bytes };
            let case = growth::case(library, workload, filling);
            match runtime.block_on(case) {
                Some(case) => run(&runtime, &case, count),
                None => return usage(),
            }
        }
        _ => return usage(),
    }
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(2)
}

fn run(runtime: &Runtime, case: &Case, count: u64) {
    runtime.block_on(async {
        for _ in 0..count {
            case.run().await;
        }
    });
}
