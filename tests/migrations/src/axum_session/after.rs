//! The shop with this library in the place of `axum_session`: sessions stay in a store.

use axum::Router;
use muffin_session::{ConfigError, MemoryStore, Secret, Sessions};

use crate::ours::{load_user, routes};
use crate::users::Users;

/// The layer.
///
/// # Errors
///
/// If the options do not fit together.
pub fn sessions(users: Users, secret: Secret, store: MemoryStore) -> Result<Sessions, ConfigError> {
    Sessions::builder(secret)
        .user_loader_with_state(load_user, users)
        .store(store)
        .login_url("/login")
        .carry_on_login(["cart"])
        .forbid_refused()
        .build()
}

/// The whole shop.
///
/// # Errors
///
/// If the options do not fit together.
pub fn app(users: Users, secret: Secret, store: MemoryStore) -> Result<Router, ConfigError> {
    let sessions = sessions(users.clone(), secret, store)?;
    Ok(routes(users).layer(sessions))
}
