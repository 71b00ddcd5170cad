//! No sessions: what axum takes for the same answers.

use std::hint::black_box;

use axum::Router;
use axum::extract::Path;
use axum::response::Redirect;
use axum::routing::{get, post};

use crate::filling::Filling;
use crate::users::{self, ANN};

/// What is to be kept is made, as the others do.
async fn fill(Path(filling): Path<Filling>) -> &'static str {
    filling.entries().for_each(|entry| drop(black_box(entry)));
    "ok"
}

pub(crate) fn app() -> Router {
    Router::new()
        .route("/untouched", get(async || "untouched"))
        .route(
            "/value",
            get(async || users::value_page(Some(7))).post(async || "ok"),
        )
        .route("/no-value", get(async || users::value_page(None)))
        .route("/begin", post(async || "ok"))
        .route(Filling::ROUTE, post(fill))
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
