//! From `axum_session`: the guide is `docs/migrating/from-axum-session.md`.

pub mod after;
pub mod before;
pub mod meanwhile;
