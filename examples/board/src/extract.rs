//! Axum's extractors, with refusals as all others here are: what axum says of its own is plain text, which programs do not read.

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts};
use axum::http::StatusCode;

use crate::error::AppError;

/// What stands in the path.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(AppError))]
pub(crate) struct Path<T>(pub(crate) T);

/// What stands behind the `?`.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(AppError))]
pub(crate) struct Query<T>(pub(crate) T);

/// What a program has sent. Answers are axum's own `Json`.
#[derive(FromRequest)]
#[from_request(via(axum::Json), rejection(AppError))]
pub(crate) struct JsonBody<T>(pub(crate) T);

impl From<PathRejection> for AppError {
    fn from(rejection: PathRejection) -> Self {
        Self::Malformed {
            status: rejection.status(),
            title: "The path is not as it should be: an id is a number.",
            detail: rejection.body_text(),
        }
    }
}

impl From<QueryRejection> for AppError {
    fn from(rejection: QueryRejection) -> Self {
        Self::Malformed {
            status: rejection.status(),
            title: "What stands behind the ? is not as it should be.",
            detail: rejection.body_text(),
        }
    }
}

impl From<JsonRejection> for AppError {
    fn from(rejection: JsonRejection) -> Self {
        let status = rejection.status();
        let title = match status {
            StatusCode::UNSUPPORTED_MEDIA_TYPE => "Send JSON, as application/json.",
            StatusCode::UNPROCESSABLE_ENTITY => "The JSON does not say what is needed here.",
            StatusCode::PAYLOAD_TOO_LARGE => "That is too much to send at once.",
            _ => "That is no JSON.",
        };
        Self::Malformed {
            status,
            title,
            detail: rejection.body_text(),
        }
    }
}
