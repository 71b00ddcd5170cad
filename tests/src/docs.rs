//! The pages of `docs/` whose Rust must compile: as documentation tests of this crate, with the feature `servers`.
//!
//! `cargo test -p muffin-session-tests --features servers --doc` checks them. `tests/docs/blocks.rs` checks that no page is left out.

#[doc = include_str!("../../docs/choosing.md")]
pub mod choosing {}

#[doc = include_str!("../../docs/faq.md")]
pub mod faq {}

#[doc = include_str!("../../docs/guard-recipes.md")]
pub mod guard_recipes {}

#[doc = include_str!("../../docs/guards.md")]
pub mod guards {}

#[doc = include_str!("../../docs/keys.md")]
pub mod keys {}

#[doc = include_str!("../../docs/observing.md")]
pub mod observing {}

#[doc = include_str!("../../docs/outages.md")]
pub mod outages {}

#[doc = include_str!("../../docs/proxies.md")]
pub mod proxies {}

#[doc = include_str!("../../docs/roles.md")]
pub mod roles {}

#[doc = include_str!("../../docs/stores.md")]
pub mod stores {}

#[doc = include_str!("../../docs/templates.md")]
pub mod templates {}

#[doc = include_str!("../../docs/testing.md")]
pub mod testing {}

// It has a wrapper for stores of another version of their trait, which comes with a feature of its own.
#[cfg(feature = "older-stores")]
#[doc = include_str!("../../docs/tower-sessions-stores.md")]
pub mod tower_sessions_stores {}

#[doc = include_str!("../../docs/your-own-store.md")]
pub mod your_own_store {}
