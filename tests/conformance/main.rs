//! The conformance suite against every store.
//!
//! Stores that need no server run always. The others need the feature `servers`, and say what to set.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod broken;
mod memory;
mod own_store;
#[cfg(feature = "servers")]
mod mysql;
#[cfg(feature = "servers")]
mod postgres;
#[cfg(feature = "servers")]
mod redis;
#[cfg(feature = "servers")]
mod sql;
#[cfg(feature = "servers")]
mod sqlite;
#[cfg(feature = "servers")]
mod tower_sessions;
