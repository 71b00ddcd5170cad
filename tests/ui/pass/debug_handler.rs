//! `debug_handler` above and below, with and without a state, and other attributes on both sides.
#![deny(warnings)]

use axum::Router;
use axum::debug_handler;
use axum::extract::{Path, State};
use axum::routing::post;
use muffin_session::{CurrentUser, Session, login_required, user_pass};
use tracing::instrument;

#[derive(Clone, Debug)]
struct User {
    admin: bool,
}

#[debug_handler]
#[login_required]
async fn above(session: Session) {
    let _ = session;
}

#[debug_handler(state = u32)]
#[login_required]
#[user_pass(|user| user.admin)]
async fn above_two(
    State(_): State<u32>,
    CurrentUser(_): CurrentUser<User>,
    body: String,
) -> String {
    body
}

#[debug_handler]
#[user_pass(|user: &User| user.admin, location = "/")]
async fn above_with_state(State(state): State<u32>) -> String {
    state.to_string()
}

#[login_required]
#[debug_handler]
async fn below() {}

#[login_required]
#[debug_handler]
async fn below_with_state(State(state): State<u32>, body: String) -> String {
    body + &state.to_string()
}

#[login_required]
#[debug_handler]
#[user_pass(|user: &User| user.admin)]
async fn between(State(_): State<u32>) {}

#[login_required]
#[user_pass(|user: &User| user.admin)]
#[debug_handler]
#[login_required(location = "/")]
async fn between_three() {}

#[login_required]
#[cfg_attr(all(), debug_handler)]
async fn conditional(State(_): State<u32>) {}

#[instrument(skip(session))]
#[login_required]
async fn instrument_above(session: Session, Path(id): Path<u32>) -> String {
    let _ = session;
    id.to_string()
}

#[login_required]
#[instrument(skip(session), fields(%id))]
async fn instrument_below(session: Session, Path(id): Path<u32>) -> String {
    let _ = session;
    id.to_string()
}

#[login_required]
#[instrument]
#[user_pass(|user: &User| user.admin)]
async fn instrument_between(Path(id): Path<u32>) -> String {
    id.to_string()
}

fn main() {
    let _app: Router = Router::new()
        .route("/1", post(above))
        .route("/2", post(above_two))
        .route("/3", post(above_with_state))
        .route("/4", post(below))
        .route("/5", post(below_with_state))
        .route("/6", post(between))
        .route("/7", post(between_three))
        .route("/8", post(conditional))
        .route("/9/{id}", post(instrument_above))
        .route("/10/{id}", post(instrument_below))
        .route("/11/{id}", post(instrument_between))
        .with_state(7);
}
