//! Caches in front of an application: nginx and Varnish, set up well and carelessly. No answer that has to do with a session, and no
//! cookie of ours, is ever served to somebody else; and what has nothing to do with one is kept. And the nginx of `docs/proxies.md`, which
//! keeps nothing and has TLS.
//!
//! Needs `nginx`, `varnishd` and `curl` (Debian: `apt-get install nginx-light varnish curl`), so these tests run with
//! `cargo test -p muffin-session-tests --test caches -- --include-ignored`. `NGINX` and `VARNISHD` name other programs. Varnish compiles
//! its configuration with `gcc`.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod caches;
mod deaf;
mod demo_site;
mod everybodys;
mod one_visitors_own;
mod origin;
mod page;
mod proxy;
mod visitors;
mod worst;
