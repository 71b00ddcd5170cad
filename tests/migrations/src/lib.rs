//! A small shop, written for each library that people come from, and for this one: the code of the guides in `docs/migrating`.
//!
//! `before` is as that library's documentation has it, `after` is the same shop with this library, and `meanwhile` goes on knowing the
//! sessions of before. `cargo test -p muffin-session-migrations --features peers` sends the same requests to each.
#![cfg(feature = "peers")]

pub mod axum_extra;
pub mod axum_login;
pub mod axum_session;
pub mod ours;
pub mod pages;
pub mod tower_sessions;
pub mod users;
