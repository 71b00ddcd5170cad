//! What a handler answers when it could not do its work.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use muffin_session::Error;

use crate::pages;
use crate::passwords::PasswordError;

/// Why a handler could not do its work.
#[derive(Debug)]
pub(crate) enum AppError {
    Session(Error),
    Password(PasswordError),
}

impl From<Error> for AppError {
    fn from(error: Error) -> Self {
        Self::Session(error)
    }
}

impl From<PasswordError> for AppError {
    fn from(error: PasswordError) -> Self {
        Self::Password(error)
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
            // The library has said in the log what the store's trouble was.
            Self::Session(Error::Store { .. }) => (StatusCode::SERVICE_UNAVAILABLE, BUSY),
            Self::Session(Error::NoStore) => (
                StatusCode::CONFLICT,
                "Sessions are in cookies here, which only the browsers know of, so nothing was ended.",
            ),
            Self::Session(error) => {
                tracing::error!(%error, "the session could not do what it was asked");
                (StatusCode::INTERNAL_SERVER_ERROR, SORRY)
            }
            Self::Password(error) => {
                tracing::error!(%error, "a password could not be hashed or compared");
                (StatusCode::INTERNAL_SERVER_ERROR, SORRY)
            }
        };
        (status, pages::problem(text)).into_response()
    }
}

const BUSY: &str = "What keeps the sessions does not answer just now, so it may not have been done. Try again in a moment.";
const SORRY: &str = "Something went wrong on our side. Try again in a moment.";
