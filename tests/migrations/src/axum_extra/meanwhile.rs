//! The shop with this library, for as long as there are cookies of before: each moves in when its owner comes by, until a day that is set.

use std::time::SystemTime;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::cookie::{Key, SignedCookieJar};
use muffin_session::{ConfigError, Error, Secret, Session};

use super::after;
use super::before::{AppState, CART, USER, get, removal};
use crate::ours::routes;
use crate::users::Users;

async fn move_in(
    State((old, until)): State<(AppState, SystemTime)>,
    session: Session,
    request: Request,
    next: Next,
) -> Result<Response, Error> {
    let jar = SignedCookieJar::from_headers(request.headers(), old.key);
    let id: Option<u64> = get(&jar, USER);
    let cart: Option<Vec<String>> = get(&jar, CART);
    if id.is_none() && cart.is_none() {
        return Ok(next.run(request).await);
    }
    if !session.is_logged_in() && SystemTime::now() < until {
        let user = match id {
            Some(id) => old.users.find(id).await,
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
    let jar = jar.remove(removal(USER)).remove(removal(CART));
    Ok((jar, next.run(request).await).into_response())
}

/// The whole shop.
///
/// # Errors
///
/// If the options do not fit together.
pub fn app(
    users: Users,
    secret: Secret,
    old_key: Key,
    until: SystemTime,
) -> Result<Router, ConfigError> {
    let sessions = after::sessions(users.clone(), secret)?;
    let old = AppState {
        users: users.clone(),
        key: old_key,
    };
    Ok(routes(users)
        .layer(from_fn_with_state((old, until), move_in))
        .layer(sessions))
}
