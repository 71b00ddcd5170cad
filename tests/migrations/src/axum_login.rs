//! From axum-login: the guide is `docs/migrating/from-axum-login.md`.

pub mod after;
pub mod before;
pub mod meanwhile;
