//! The shop with this library, for as long as there are sessions that tower-sessions wrote: each moves in when its owner comes by. Old and new
//! sessions are in the same store.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use muffin_session::{ConfigError, Secret, Session};
use tower_sessions::{Session as OldSession, SessionManagerLayer, SessionStore};

use super::after;
use super::before::USER;
use crate::ours::routes;
use crate::users::Users;

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
    let id: Option<u64> = old.get(USER).await.map_err(failed)?;
    let cart: Option<Vec<String>> = old.get("cart").await.map_err(failed)?;
    if id.is_none() && cart.is_none() {
        return Ok(());
    }
    // First of all, so that no copy of the cookie moves in once more.
    old.flush().await.map_err(failed)?;
    if session.is_logged_in() {
        return Ok(());
    }
    if let Some(id) = id {
        // A login that has ended leaves nothing behind.
        let Some(user) = users.find(id).await else {
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
    store: impl SessionStore + Clone,
) -> Result<Router, ConfigError> {
    let sessions = after::sessions(users.clone(), secret, store.clone())?;
    Ok(routes(users.clone())
        .layer(from_fn_with_state(users, move_in))
        .layer(sessions)
        .layer(SessionManagerLayer::new(store)))
}
