//! The shop with this library, for as long as there are sessions of axum-login: each moves in when its owner comes by.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum_login::tower_sessions::{
    MemoryStore as OldStore, Session as OldSession, SessionManagerLayer,
};
use muffin_session::{ConfigError, MemoryStore, Secret, Session};
use serde::Deserialize;

use super::after;
use crate::ours::routes;
use crate::users::{User, Users};

/// What axum-login keeps in a session.
#[derive(Deserialize)]
struct OldLogin {
    user_id: Option<u64>,
    auth_hash: Option<Vec<u8>>,
}

impl OldLogin {
    /// Whose it is, if their password is still the one that they logged in with.
    async fn user(self, users: &Users) -> Option<User> {
        let user = users.find(self.user_id?).await?;
        (user.password_hash.as_bytes() == self.auth_hash?).then_some(user)
    }
}

async fn move_in(
    State(users): State<Users>,
    old: OldSession,
    session: Session,
    request: Request,
    next: Next,
) -> Response {
    match take_over(&users, &old, &session).await {
        Ok(()) => next.run(request).await,
        Err(failed) => failed,
    }
}

async fn take_over(users: &Users, old: &OldSession, session: &Session) -> Result<(), Response> {
    let login: Option<OldLogin> = old.get("axum-login.data").await.map_err(failed)?;
    let cart: Option<Vec<String>> = old.get("cart").await.map_err(failed)?;
    if login.is_none() && cart.is_none() {
        return Ok(());
    }
    // First of all, so that no copy of the cookie moves in once more.
    old.flush().await.map_err(failed)?;
    if session.is_logged_in() {
        return Ok(());
    }
    if let Some(login) = login {
        // A login that has ended leaves nothing behind.
        let Some(user) = login.user(users).await else {
            return Ok(());
        };
        let login = session.login_user(user.id, &user);
        login.map_err(IntoResponse::into_response)?;
    }
    if let Some(cart) = cart {
        let kept = session.insert("cart", cart);
        kept.map_err(IntoResponse::into_response)?;
    }
    Ok(())
}

fn failed<E>(_: E) -> Response {
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// The whole shop.
///
/// # Errors
///
/// If the options do not fit together.
pub fn app(
    users: Users,
    secret: Secret,
    store: MemoryStore,
    old_store: OldStore,
) -> Result<Router, ConfigError> {
    let sessions = after::sessions(users.clone(), secret, store)?;
    Ok(routes(users.clone())
        .layer(from_fn_with_state(users, move_in))
        .layer(sessions)
        .layer(SessionManagerLayer::new(old_store)))
}
