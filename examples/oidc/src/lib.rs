//! Login with an OpenID Connect provider.
//!
//! Start reading at [`app`], which is the whole site as a router; then `login`, which is what happens between the button and the
//! page that was asked for. `docs/oauth-and-passkeys.md` explains it.

pub mod accounts;
pub mod app;
mod attempts;
mod form_post;
mod http;
mod login;
mod pages;
pub mod provider;

/// The page that explains this: its code is tested.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/oauth-and-passkeys.md")]
pub mod guide {}
