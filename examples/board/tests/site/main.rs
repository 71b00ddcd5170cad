//! The board over HTTP: each of its promises, as programs and browsers meet it.

// Tests say what they expect by unwrapping it.
#![allow(clippy::unwrap_used)]

mod api;
mod client;
mod devices;
mod htmx;
mod live;
mod login;
mod messages;
mod ownership;
mod paging;
mod password;
mod program;
mod proxy;
mod roles;
mod servers;
mod tokens;
mod tour;
