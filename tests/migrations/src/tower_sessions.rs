//! From tower-sessions, without axum-login: the guide is `docs/migrating/from-tower-sessions.md`.

pub mod after;
pub mod before;
pub mod meanwhile;
