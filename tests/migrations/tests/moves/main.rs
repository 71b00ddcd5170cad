//! Each library's shop and ours are sent the same requests: what visitors see is the same, and what differs is what the guides say.

mod axum_extra;
mod axum_login;
mod axum_session;
mod differences;
mod script;
mod tower_sessions;
mod visitor;
