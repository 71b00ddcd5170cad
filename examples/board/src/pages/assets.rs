//! Style, scripts and pictures: part of the program, so that there is nothing to copy along with it.

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::routing::{MethodRouter, get};

use crate::app::Board;

pub(super) fn routes() -> Router<Board> {
    Router::new()
        .route(
            "/style.css",
            file(
                "text/css; charset=utf-8",
                include_str!("../../assets/style.css"),
            ),
        )
        .route(
            "/board.js",
            file(SCRIPT, include_str!("../../assets/board.js")),
        )
        .route(
            "/focus.js",
            file(SCRIPT, include_str!("../../assets/focus.js")),
        )
        .route(
            "/live.js",
            file(SCRIPT, include_str!("../../assets/live.js")),
        )
        .route(
            "/notes.js",
            file(SCRIPT, include_str!("../../assets/notes.js")),
        )
        // HTMX 2.0.11, as it is published; its licence is `htmx.LICENSE`.
        .route(
            "/htmx.min.js",
            file(SCRIPT, include_str!("../../assets/htmx.min.js")),
        )
        .route(
            "/icon.svg",
            file("image/svg+xml", include_str!("../../assets/icon.svg")),
        )
}

const SCRIPT: &str = "text/javascript; charset=utf-8";

fn file(kind: &'static str, text: &'static str) -> MethodRouter<Board> {
    get(async move || {
        let headers = [(CONTENT_TYPE, kind), (CACHE_CONTROL, "public, max-age=300")];
        (headers, text)
    })
}
