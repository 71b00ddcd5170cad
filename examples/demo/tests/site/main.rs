//! The site over HTTP, with a client that keeps cookies as a browser does.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod account;
mod browser;
mod devices;
mod login;
mod notes;
mod pages;
#[cfg(feature = "sqlite")]
mod processes;
#[cfg(feature = "sqlite")]
#[path = "../running/mod.rs"]
mod running;
mod secure;
mod staff;
