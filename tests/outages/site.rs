//! An application whose sessions are in a store: pages that ask for the session, that do not, and that can do without.

use axum::extract::Query;
use axum::routing::{get, post};
use axum::{Json, Router};
use muffin_session::{CurrentUser, Error, Refusal, Session, Sessions, Store, user_loader};
use muffin_session_tests::Site;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::LIMIT;

#[derive(Clone)]
struct User {
    id: u64,
}

#[user_loader]
async fn load_user(id: u64) -> Option<User> {
    Some(User { id })
}

#[derive(Deserialize)]
struct Number {
    n: u64,
}

/// The site, on a store.
pub(crate) async fn serve(store: impl Store) -> Site {
    let sessions: Sessions = muffin_session_tests::bare_builder()
        .store(store)
        .store_timeout(LIMIT)
        .user_loader(load_user)
        .build()
        .unwrap();
    let router = Router::new()
        .route("/plain", get(|| async { "plain" }))
        .route("/me", get(me))
        .route("/public", get(public))
        .route("/data", get(data))
        .route("/login", post(login))
        .route("/logout", post(logout))
        .route("/count", post(count))
        .route("/insert", post(insert))
        .layer(sessions);
    Site::serve(router).await
}

/// What `/me` says where nobody is logged in.
pub(crate) const NOBODY: &str = "nobody";
/// What `/public` says while nobody can tell.
pub(crate) const CANNOT_BE_TOLD: &str = "cannot be told";

async fn me(user: Option<CurrentUser<User>>) -> String {
    user.map_or(NOBODY.to_owned(), |user| user.id.to_string())
}

async fn public(user: Result<Option<CurrentUser<User>>, Refusal>) -> String {
    match user {
        Ok(Some(user)) => user.id.to_string(),
        Ok(None) => NOBODY.to_owned(),
        Err(_) => CANNOT_BE_TOLD.to_owned(),
    }
}

async fn data(session: Session) -> Json<Value> {
    Json(json!(&session))
}

async fn login(session: Session, Query(user): Query<Number>) -> Result<(), Error> {
    session.login(user.n)
}

async fn logout(session: Session) {
    session.logout();
}

/// Counts, and notes which requests have been counted.
async fn count(session: Session, Query(request): Query<Number>) -> Result<(), Error> {
    session.update("count", |count| count.unwrap_or(0_u64) + 1)?;
    session.update("counted", move |counted| {
        let mut counted: Vec<u64> = counted.unwrap_or_default();
        counted.push(request.n);
        counted
    })?;
    Ok(())
}

async fn insert(session: Session, Query(key): Query<Number>) -> Result<(), Error> {
    session.insert(&format!("k{}", key.n), key.n)
}
