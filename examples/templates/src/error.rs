//! What becomes of a page whose template fails.

use std::error::Error;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// A template that could not be rendered: a `500`, with the reason in the log.
pub struct PageError(Box<dyn Error + Send + Sync>);

/// So that handlers can say `?`, whichever the engine.
impl<E: Error + Send + Sync + 'static> From<E> for PageError {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        tracing::error!(error = %self.0, "a page could not be rendered");
        (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong").into_response()
    }
}
