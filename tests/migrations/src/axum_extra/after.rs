//! The shop with this library in the place of axum-extra's signed cookies: sessions stay in cookies.

use axum::Router;
use muffin_session::{ConfigError, Secret, Sessions};

use crate::ours::{load_user, routes};
use crate::users::Users;

/// The layer.
///
/// # Errors
///
/// If the options do not fit together.
pub fn sessions(users: Users, secret: Secret) -> Result<Sessions, ConfigError> {
    Sessions::builder(secret)
        .user_loader_with_state(load_user, users)
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
pub fn app(users: Users, secret: Secret) -> Result<Router, ConfigError> {
    let sessions = sessions(users.clone(), secret)?;
    Ok(routes(users).layer(sessions))
}
