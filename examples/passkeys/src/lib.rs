//! Registration and login with passkeys.
//!
//! Start reading at [`app`], which is the whole site as a router; then `ceremonies`, which is why no answer of a passkey counts twice.
//! `docs/oauth-and-passkeys.md` explains it.

pub mod accounts;
mod answers;
pub mod app;
mod ceremonies;
mod keys;
mod login;
mod pages;
mod registration;
