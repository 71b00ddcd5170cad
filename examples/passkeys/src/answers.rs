//! What the page's script is answered.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use muffin_session::{Error, NextUrl};
use serde::Serialize;
use webauthn_rs::prelude::WebauthnError;

/// Where the page goes next.
#[derive(Serialize)]
pub(crate) struct Onward {
    to: String,
}

impl Onward {
    /// To the page that was asked for, or else to this one.
    pub(crate) fn to(next: &NextUrl, default: &str) -> Json<Self> {
        let to = next.get().unwrap_or(default).to_owned();
        Json(Self { to })
    }
}

/// Why something is not done, as the page shows it. The session's own refusals have a `detail` as well (RFC 9457).
#[derive(Serialize)]
struct Problem {
    detail: &'static str,
}

/// Why something is not done.
pub(crate) enum Refused {
    /// The challenge is over, was answered already, or was made for another browser.
    BeginAgain,
    /// The answer of the passkey does not hold.
    Passkey,
    /// Somebody has the name.
    NameTaken,
    /// There is no name, or a very long one.
    Name,
    Session(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Session(error)
    }
}

/// Which of the many checks has failed is for the log alone.
impl From<WebauthnError> for Refused {
    fn from(error: WebauthnError) -> Self {
        tracing::warn!(%error, "the answer of a passkey does not hold");
        Self::Passkey
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, detail) = match self {
            Self::BeginAgain => (StatusCode::CONFLICT, "That took too long. Try again."),
            Self::Passkey => (StatusCode::FORBIDDEN, "That passkey does not count here."),
            Self::NameTaken => (
                StatusCode::CONFLICT,
                "Somebody has that name. Take another.",
            ),
            Self::Name => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "Take a name of 1 to 40 letters.",
            ),
            Self::Session(error) => return error.into_response(),
        };
        (status, Json(Problem { detail })).into_response()
    }
}
