//! Named attacks: each test does one, over real HTTP, and checks what came of it. `SECURITY.md` lists them all.
//!
//! A test is called what the attack is called. The first line of its documentation says what is sent, the line that begins with
//! "Expected:" what has to come of it; the table is made of these two.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod table;

#[allow(dead_code, reason = "the tests of promises use the rest")]
#[path = "../promises/app.rs"]
mod app;
mod site;

// In the order of the table.
mod integrity;
mod naming;
mod keys;
mod life;
mod redirects;
mod cross_site;
mod caching;
mod resources;
mod stores;
mod leaks;
mod guards;
