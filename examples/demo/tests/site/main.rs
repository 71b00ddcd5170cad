//! The site over HTTP, with a client that keeps cookies as a browser does.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod account;
mod browser;
mod login;
mod notes;
mod pages;
mod secure;
mod staff;
