//! A small site with logins, guarded pages, notes, flash messages, and a staff area with logins of its own.
//!
//! Start reading at [`app`], which is the whole site as a router. `main.rs` only reads settings, listens, and says what went wrong.

mod account;
pub mod app;
mod confirm;
mod devices;
mod error;
mod kept;
mod login;
mod notes;
mod pages;
pub mod passwords;
pub mod people;
mod staff;
pub mod team;
pub mod users;
mod visitor;
