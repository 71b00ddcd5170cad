//! Closures of extractors, sync and async.
#![deny(warnings)]

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Redirect;
use axum::routing::get;
use muffin_session::{CurrentUser, Session, user_pass};
use serde::Deserialize;

#[derive(Clone)]
struct User {
    id: u64,
    admin: bool,
}

#[derive(Deserialize)]
struct Filter {
    all: bool,
}

#[derive(Clone)]
struct Db;

impl Db {
    async fn owns(&self, user: &User, id: u64) -> Result<bool, StatusCode> {
        Ok(user.id == id)
    }
}

#[user_pass(|CurrentUser(user): CurrentUser<User>, Path(id): Path<u64>| user.id == id)]
async fn now() {}

#[user_pass(|user: CurrentUser<User>| user.0.admin)]
async fn one() {}

#[user_pass(|user: Option<CurrentUser<User>>| user.is_none_or(|CurrentUser(user)| user.admin))]
async fn optional() {}

#[user_pass(|headers: HeaderMap| headers.is_empty())]
async fn no_user() {}

#[user_pass(async |CurrentUser(user): CurrentUser<User>, Path(id): Path<u64>| user.id == id)]
async fn waiting() {}

#[user_pass(|CurrentUser(user): CurrentUser<User>, Path(id): Path<u64>| async move { user.id == id })]
async fn block() {}

#[user_pass(async |CurrentUser(user): CurrentUser<User>, Path(id): Path<u64>, State(db): State<Db>| {
    db.owns(&user, id).await
})]
async fn state(State(_): State<Db>) {}

#[user_pass(async move |CurrentUser(user): CurrentUser<User>, State(db): State<Db>| -> Result<bool, StatusCode> {
    let owned = db.owns(&user, 1).await?;
    Ok(owned || user.admin)
})]
async fn own_state() {}

#[user_pass(|_: State<Db>, session: Session| -> Result<(), Redirect> {
    session.is_logged_in().then_some(()).ok_or_else(|| Redirect::to("/"))
})]
async fn answering(_: State<u8>, _: State<Db>) {}

#[user_pass(|_: CurrentUser<User>, _: Path<u64>, Query(filter): Query<Filter>, _: HeaderMap, _: Session, _: State<Db>| filter.all)]
async fn six() {}

impl axum::extract::FromRef<Db> for u8 {
    fn from_ref(_: &Db) -> Self {
        7
    }
}

fn main() {
    let _app: Router = Router::new()
        .route("/1/{id}", get(now))
        .route("/2", get(one))
        .route("/3", get(optional))
        .route("/4", get(no_user))
        .route("/5/{id}", get(waiting))
        .route("/6/{id}", get(block))
        .route("/7/{id}", get(state))
        .route("/8", get(own_state))
        .route("/9", get(answering))
        .route("/10/{id}", get(six))
        .with_state(Db);
}
