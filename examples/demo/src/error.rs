//! What a handler answers when it could not do its work.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use muffin_session::Error;

use crate::pages;
use crate::users::VerifyError;

/// Why a handler could not do its work.
#[derive(Debug)]
pub(crate) enum AppError {
    Session(Error),
    Verify(VerifyError),
}

impl From<Error> for AppError {
    fn from(error: Error) -> Self {
        Self::Session(error)
    }
}

impl From<VerifyError> for AppError {
    fn from(error: VerifyError) -> Self {
        Self::Verify(error)
    }
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        let (status, text) = match self {
            // Somebody logged out in another window while this request was under way.
            Self::Session(Error::Ended | Error::NotLoggedIn) => (
                StatusCode::UNAUTHORIZED,
                "You were logged out meanwhile, so nothing was changed. Log in and try again.",
            ),
            Self::Session(Error::TooLarge { .. }) => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "Your session is full, so nothing was changed. Delete a note and try again.",
            ),
            Self::Session(error) => {
                tracing::error!(%error, "the session could not do what it was asked");
                (StatusCode::INTERNAL_SERVER_ERROR, SORRY)
            }
            Self::Verify(error) => {
                tracing::error!(%error, "a password could not be checked");
                (StatusCode::INTERNAL_SERVER_ERROR, SORRY)
            }
        };
        (status, pages::problem(text)).into_response()
    }
}

const SORRY: &str =
    "Something went wrong on our side, and nothing was changed. Try again in a moment.";
