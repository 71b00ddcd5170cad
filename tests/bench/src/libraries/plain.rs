//! No sessions: what axum takes for the same answers.

use axum::Router;
use axum::response::Redirect;
use axum::routing::{get, post};

use crate::users::{self, ANN};

pub(crate) fn app() -> Router {
    Router::new()
        .route("/untouched", get(async || "untouched"))
        .route(
            "/value",
            get(async || users::value_page(Some(7))).post(async || "ok"),
        )
        .route("/no-value", get(async || users::value_page(None)))
        .route("/begin", post(async || "ok"))
        .route(
            "/users",
            get(async || {
                users::find(ANN)
                    .map(|user| users::page(&user))
                    .unwrap_or_default()
            }),
        )
        .route(
            "/nobody",
            get(async || Redirect::to("/login?next=%2Fusers")),
        )
}
