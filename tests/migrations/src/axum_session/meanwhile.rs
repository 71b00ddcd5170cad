//! The shop with this library, for as long as there are sessions of `axum_session`: each moves in when its owner comes by.

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum_session::{SessionLayer, SessionNullPool, SessionStore};
use muffin_session::{ConfigError, Error, MemoryStore, Secret, Session};

use super::after;
use super::before::{Session as OldSession, USER};
use crate::ours::routes;
use crate::users::Users;

async fn move_in(
    State(users): State<Users>,
    old: OldSession,
    session: Session,
    request: Request,
    next: Next,
) -> Result<Response, Error> {
    let id: Option<u64> = old.get(USER);
    let cart: Option<Vec<String>> = old.get("cart");
    // Whoever has no session of before has an empty one by now, which need not be kept.
    old.clear();
    old.destroy();
    if !session.is_logged_in() {
        let user = match id {
            Some(id) => users.find(id).await,
            None => None,
        };
        if let Some(user) = &user {
            session.login_user(user.id, user)?;
        }
        // A login that has ended leaves nothing behind.
        let cart = cart.filter(|_| id.is_none() || user.is_some());
        if let Some(cart) = cart {
            session.insert("cart", cart)?;
        }
    }
    Ok(next.run(request).await)
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
    old_store: SessionStore<SessionNullPool>,
) -> Result<Router, ConfigError> {
    let sessions = after::sessions(users.clone(), secret, store)?;
    Ok(routes(users.clone())
        .layer(from_fn_with_state(users, move_in))
        .layer(sessions)
        .layer(SessionLayer::new(old_store)))
}
