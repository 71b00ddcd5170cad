//! The pages of `docs/` whose Rust must compile: as documentation tests of this crate, with the feature `servers`.
//!
//! `cargo test -p muffin-session-tests --features servers --doc` checks them.

#[doc = include_str!("../../docs/keys.md")]
pub mod keys {}

#[doc = include_str!("../../docs/stores.md")]
pub mod stores {}

#[doc = include_str!("../../docs/observing.md")]
pub mod observing {}

#[doc = include_str!("../../docs/operating-stores.md")]
pub mod operating_stores {}

#[doc = include_str!("../../docs/your-own-store.md")]
pub mod your_own_store {}

#[doc = include_str!("../../docs/templates.md")]
pub mod templates {}

#[doc = include_str!("../../docs/testing.md")]
pub mod testing {}
