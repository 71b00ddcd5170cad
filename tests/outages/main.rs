//! Whole applications whose store is stopped, killed, hangs, or is full, while people use them. The figures are printed (`--nocapture`).

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![allow(clippy::print_stdout, reason = "the figures are what one runs it for")]

mod load;
mod log;
mod mysql;
mod outage;
mod postgres;
mod redis;
mod site;

use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};

/// How long a request waits for the store: for reading, and for writing.
const LIMIT: Duration = Duration::from_secs(1);

/// One test at a time: figures are of one outage each, on a machine that has nothing else to do.
async fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::const_new(());
    log::keep();
    ALONE.lock().await
}
