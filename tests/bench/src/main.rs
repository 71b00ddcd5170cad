//! What a request costs with Muffin-Session, beside the libraries that would be used instead.
//!
//! `cargo run --release -p muffin-session-bench --features peers` prints the tables. Requests go straight into the router, without a
//! socket, on one thread. `growth` says how that grows, and with `--plots docs/plots` draws it. `over_http.py` sends requests
//! over a socket.

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
mod serve;
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
              | run LIBRARY WORKLOAD COUNT [KEYS BYTES]
              | serve LIBRARY [STORE] ADDRESS
              | libraries]

  time      times, beside the plain application, the best peer and the floor (what it does if nothing is said)
  counts    allocations and instructions, which are the same in each run (needs valgrind)
  check     fails if ours take more instructions or allocations than is written in tests/bench/limits.txt (needs valgrind)
  growth    times with more bytes, keys, cookies, secrets, sessions and threads, or of one of these: tables, and plots in a folder
  run       sends so many requests of one workload, to be profiled; with a session of so many texts of so many bytes
  serve     answers at an address, on one thread; STORE is the URL of a store for ours (feature `stores`)
  libraries names those that can be served";

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime of one thread");
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    answer(&runtime, &arguments).unwrap_or_else(|| {
        eprintln!("{USAGE}");
        ExitCode::from(2)
    })
}

/// Does what it is told, if that is anything.
fn answer(runtime: &Runtime, arguments: &[&str]) -> Option<ExitCode> {
    let cases = || runtime.block_on(libraries::cases());
    match *arguments {
        [] | ["time"] => report::times(runtime, &cases(), 300),
        ["time", rounds] => match rounds.parse().ok()? {
            0 => return None,
            rounds => report::times(runtime, &cases(), rounds),
        },
        ["counts"] => report::counts(runtime, &cases()),
        ["check"] if limits::check(&cases()) => {}
        ["check"] => return Some(ExitCode::FAILURE),
        ["growth", ref arguments @ ..] => {
            growth::print(runtime, &growth::Options::read(arguments)?);
        }
        ["run", library, workload, count] => {
            let is_it = |case: &Case| case.library == library && case.workload.name() == workload;
            let case = cases().into_iter().find(is_it)?;
            run(runtime, &case, count.parse().ok()?);
        }
        ["run", library, workload, count, keys, bytes] => {
            let filling = Filling {
                keys: keys.parse().ok()?,
                bytes: bytes.parse().ok()?,
            };
            let case = runtime.block_on(growth::case(library, workload, filling))?;
            run(runtime, &case, count.parse().ok()?);
        }
        ["serve", library, address] => return Some(serve(runtime, library, None, address)),
        ["serve", library, store, address] => {
            return Some(serve(runtime, library, Some(store), address));
        }
        ["libraries"] => serve::names(),
        _ => return None,
    }
    Some(ExitCode::SUCCESS)
}

fn serve(runtime: &Runtime, library: &str, store: Option<&str>, address: &str) -> ExitCode {
    match runtime.block_on(serve::run(library, store, address)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench serve {library}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(runtime: &Runtime, case: &Case, count: u64) {
    runtime.block_on(async {
        for _ in 0..count {
            case.run().await;
        }
    });
}
