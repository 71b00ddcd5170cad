//! The promises that cookie sessions keep, each with the tests that show it, over real HTTP. What overlaps really overlaps: a handler
//! waits at a gate until the test opens it.

#![allow(clippy::unwrap_used, reason = "these are tests")]

#[allow(dead_code, reason = "the tests of stores use the rest")]
mod app;
mod as_it_leaves;
mod crossings;
mod ended_sessions;
mod p01_one_reason_a_cookie;
mod p03_only_what_changed;
mod p04_to_p06_whose_session;
mod p07_p08_guards_and_failures;
mod p09_flashes;
mod p10_times;
mod p11_keyring;
mod p11_to_p14_keys_limits_secrets;
mod p15_p16_redirects_and_other_sites;
