//! Requests of one browser that overlap, in every order: not some that are drawn, but all of them, counted.
//!
//! A request has three points: it begins (its cookies leave the jar), it is handled (its handler works, and the answer is made), and it arrives
//! (the answer's cookies are in the jar). Of two requests there are 10 orders of these points, and of three 280, if they are called first,
//! second and third as they begin. Each is tried with every choice of what the requests do, and what the design promises is looked for
//! in what comes of it.
//!
//! All pairs are tried, and triples of writes, logins and logouts. With `INTERLEAVINGS=all` in the environment all triples are.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![allow(
    clippy::print_stdout,
    reason = "how many orders there are is worth knowing"
)]

// The model's application does more than these tests ask of it.
#[allow(dead_code, reason = "the model uses the rest")]
#[path = "../model/site.rs"]
mod site;

mod orders;
mod runs;
mod promises;
mod tests;
