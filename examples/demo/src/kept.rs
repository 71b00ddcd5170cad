//! Where the site keeps sessions, for pages that say so.

use muffin_session::{AnyStore, Store as _};

/// Where sessions are kept.
#[derive(Clone, Copy)]
pub(crate) enum Kept {
    /// In the visitors' cookies, signed.
    InCookies,
    /// In a store, which is called this.
    InStore(&'static str),
}

impl Kept {
    pub(crate) fn of(store: Option<&AnyStore>) -> Self {
        store.map_or(Self::InCookies, |store| Self::InStore(store.name()))
    }
}
