//! The whole of a session's life against a model of it: random sequences of requests, some of them at once, in two processes, with time that
//! passes and cookies that are copied, put back and mixed. 128 of each kind unless `PROPTEST_CASES` says how many.
//!
//! The model is in `state`, `reading`, `work` and `answers`. It is written from `docs/wire-format.md`, and knows ids and owners instead of bytes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod site;

// The model.
mod state;
mod reading;
mod work;
mod answers;
mod laws;

// The application beside it.
mod steps;
mod twins;
mod sequences;

// A row of a table each.
mod stolen;
