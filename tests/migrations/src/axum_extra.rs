//! From axum-extra's signed cookies: the guide is `docs/migrating/from-axum-extra.md`.

pub mod after;
pub mod before;
pub mod meanwhile;
