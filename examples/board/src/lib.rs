//! A shared board of cards: how a whole application is written with Muffin-Session, from the database to the last page.
//!
//! Start reading at [`app`], which is the site as a router. The rooms stand in the order in which a reader meets them.

pub mod app;
pub mod client;
pub mod db;
pub mod settings;

// What there is, with what is asked of the database about it.
mod cards;
mod comments;
mod tokens;
mod users;

// What the pages need.
mod attempts;
mod error;
mod extract;
mod live;
mod paging;
mod passwords;
mod visitor;
mod when;

// What is answered.
mod api;
mod pages;
