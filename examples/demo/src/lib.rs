//! A small site with logins, guarded pages, notes and flash messages.
//!
//! Start reading at [`app`], which is the whole site as a router. `main.rs` only listens and says what went wrong.

pub mod app;
mod error;
mod login;
mod notes;
mod pages;
pub mod users;
mod visitor;
