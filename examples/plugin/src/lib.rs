//! The examples of Muffin-Session for Python's documentation, in Rust: one a file, in the order of that documentation.
//!
//! Each file has the handler and nothing else; here they become one application.

mod admin;
mod by_hand;
mod clear;
mod common;
mod loader;
mod login;
mod logout;
mod session;
mod somewhere;
mod update;

use axum::Router;
use axum::routing::{get, post};
use muffin_session::{ConfigError, Secret, Sessions};

/// All examples as one application.
///
/// # Errors
///
/// If the secret can be guessed.
pub fn app(secret: Secret) -> Result<Router, ConfigError> {
    let sessions = Sessions::builder(secret)
        .app_name("plugin examples")
        .login_url("/login")
        .user_loader(loader::load_user)
        .build()?;
    Ok(Router::new()
        .route("/session", get(session::get_session))
        .route("/admin", get(admin::admin))
        .route("/login", post(login::login))
        .route("/logout", post(logout::logout))
        .route("/somewhere", post(somewhere::somewhere))
        .route("/common", get(common::common_page))
        .route("/update", post(update::update_session))
        .route("/load", get(update::load_session))
        .route("/clear", post(clear::clear))
        .route("/profile", get(by_hand::profile))
        .route("/report", get(by_hand::report))
        .layer(sessions))
}
