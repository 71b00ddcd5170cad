//! What can go wrong where a test acts in a session.

use std::fmt;

use axum::body::to_bytes;
use axum::response::Response;
use http::StatusCode;
use serde_json::Value;

use crate::error::Error;

/// Why a visitor could not be logged in: the session said so, or the session layer has answered with an error, as it does where a store
/// cannot be reached.
///
/// `Debug` shows the same sentence as `Display`, since that is what `unwrap()` and a test that returns a `Result` print.
pub struct TestError(Cause);

enum Cause {
    Session(Error),
    Answered { status: StatusCode, detail: String },
    Died,
}

impl TestError {
    /// What the layer has answered in place of the test.
    pub(super) async fn answered(response: Response) -> Self {
        let status = response.status();
        let detail = match to_bytes(response.into_body(), usize::MAX).await {
            Ok(body) => serde_json::from_slice::<Value>(&body)
                .ok()
                .and_then(|problem| Some(problem.get("detail")?.as_str()?.to_owned())),
            Err(_) => None,
        };
        Self(Cause::Answered {
            status,
            detail: detail.unwrap_or_default(),
        })
    }

    /// There was no answer: something in the layer, such as a store, has panicked.
    pub(super) fn died() -> Self {
        Self(Cause::Died)
    }
}

impl From<Error> for TestError {
    fn from(error: Error) -> Self {
        Self(Cause::Session(error))
    }
}

impl fmt::Display for TestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Cause::Session(error) => write!(f, "{error}"),
            Cause::Answered { status, detail } => {
                write!(f, "the session layer answered {status}")?;
                if !detail.is_empty() {
                    write!(f, ": {detail}")?;
                }
                f.write_str(" (the log says why)")
            }
            Cause::Died => f.write_str(
                "the session layer did not answer, since something that it called has panicked",
            ),
        }
    }
}

impl fmt::Debug for TestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for TestError {}
