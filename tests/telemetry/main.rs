//! What is told of sessions: named events in the log, hooks, and metrics.

#![allow(
    clippy::unwrap_used,
    reason = "tests panic when something is not as it should be"
)]

mod cookies;
mod counted;
mod hooks;
mod leaks;
mod log;
mod logins;
mod page;
mod refusals;
mod site;
mod stores;
