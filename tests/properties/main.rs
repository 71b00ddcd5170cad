//! What holds for every value, every byte and every time: random cases, 256 of each unless `PROPTEST_CASES` says how many.
//!
//! The application is called in the test's own process, so that thousands of cases take seconds.

mod app;

// In and out of the cookies.
mod values;
mod sequences;

// What is not ours, or not meant for here.
mod headers;
mod tampering;
mod purposes;
mod forged;

mod time;
mod next;
