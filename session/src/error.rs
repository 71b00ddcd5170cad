//! What can go wrong with a session while a request is answered.

use std::fmt;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};

use crate::problem::problem;

/// Why a session could not do what it was asked.
///
/// As a response each is a `500 Internal Server Error` with a short problem document (RFC 9457) and a line in the log, but for
/// [`Error::Ended`] and [`Error::NotLoggedIn`], which are a `401 Unauthorized`, [`Error::WithoutCookies`], a `400 Bad Request`, [`Error::CrossSite`], a `403 Forbidden`, and
/// [`Error::Store`], a `503 Service Unavailable`. In a development build the document says which error it is. None shows content of the
/// session.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The session would pass what can be kept: 4096 characters of a cookie's name and value (RFC 6265bis, section 5.6), or about 4 MiB in a
    /// store. Nothing was changed.
    TooLarge {
        /// Characters that it would take.
        size: usize,
        /// Characters that it may take.
        limit: usize,
        /// The keys that take most, largest first, with their bytes.
        largest: Vec<(String, usize)>,
    },
    /// The value cannot be written as JSON, or is nested too deep to be read back. Nothing was changed.
    NotJson {
        /// The key, or what else the value was for.
        key: String,
        /// Why.
        reason: String,
    },
    /// What is kept under the key is of another type. It stays as it is.
    WrongType {
        /// The key, or what else was read.
        key: String,
        /// Why.
        reason: String,
    },
    /// The head of the response has left, so that no cookie can be set any more. Change the session before the handler returns.
    TooLate,
    /// The session was ended while this request was under way, or its user is gone: nothing that is written could be kept. Where that turns
    /// out only after the handler has returned, this is the answer in place of the handler's.
    Ended,
    /// The login is to be remembered for longer than the builder's `remember_limit`.
    TooLong {
        /// How long it was to be remembered.
        asked: Duration,
        /// How long it may be.
        limit: Duration,
    },
    /// The user loader has a `stamp`, and the login has no user, or one of another type, to take it from. The text says what to write.
    Stamp(String),
    /// The request brings a token in place of cookies, so that it has no session to write to.
    WithoutCookies,
    /// Nobody is logged in, and what was asked for needs somebody.
    NotLoggedIn,
    /// The system's random generator failed.
    Random,
    /// The store did not answer, or said that it could not. What was to be saved may or may not be. The log says why.
    Store {
        /// What the store is called.
        store: &'static str,
        /// What it was asked to do.
        verb: &'static str,
    },
    /// A page of another site has started the request, by a link or a picture, and what was asked for is not to be had that way.
    CrossSite,
    /// Sessions are kept in cookies alone, so that nobody knows them all, or can end them from elsewhere.
    NoStore,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge {
                size,
                limit,
                largest,
            } => {
                write!(
                    f,
                    "the session would take {size} characters, and {limit} can be kept; the largest keys:"
                )?;
                for (index, (key, bytes)) in largest.iter().enumerate() {
                    let comma = if index == 0 { "" } else { "," };
                    write!(f, "{comma} {key:?} ({bytes} bytes)")?;
                }
                f.write_str(". Keep less in the session, or keep it in a database under the user's id")
            }
            Self::NotJson { key, reason } => {
                write!(f, "the value for {key:?} cannot be kept as JSON: {reason}")
            }
            Self::WrongType { key, reason } => {
                write!(f, "what is kept under {key:?} is of another type: {reason}")
            }
            Self::TooLate => f.write_str(
                "the head of the response has left, so that no cookie can be set any more: change the session before the handler returns",
            ),
            Self::Ended => {
                f.write_str("the session was ended while this request was under way, or its user is gone")
            }
            Self::TooLong { asked, limit } => write!(
                f,
                "a login is to be remembered for {asked:?}, and the limit is {limit:?}: give the builder a longer `.remember_limit(..)`, or the login a shorter `.remember(..)`"
            ),
            Self::Stamp(mend) => f.write_str(mend),
            Self::WithoutCookies => f.write_str(
                "the request brings a token in place of cookies, so that it has no session: change the session, log in and leave flashes in handlers for pages alone",
            ),
            Self::NotLoggedIn => f.write_str("nobody is logged in"),
            Self::Random => f.write_str("the system's random generator failed"),
            Self::Store { store, verb } => {
                write!(f, "the sessions' store {store:?} did not answer {verb:?}")
            }
            Self::CrossSite => f.write_str(
                "another site's page has started the request by a GET: end sessions by POST",
            ),
            Self::NoStore => f.write_str(
                "sessions are kept in cookies alone, so that nobody knows them all, or can end them from elsewhere: give the builder `.store(..)`, or `.deny_list(..)` to end them",
            ),
        }
    }
}

impl std::error::Error for Error {}

impl Error {
    /// The status of the response that it becomes, for applications that make one of their own.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Ended | Self::NotLoggedIn => StatusCode::UNAUTHORIZED,
            Self::WithoutCookies => StatusCode::BAD_REQUEST,
            Self::CrossSite => StatusCode::FORBIDDEN,
            Self::Store { .. } => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        match self {
            Self::Ended => return problem(self.status(), "Your session has ended"),
            Self::NotLoggedIn => return problem(self.status(), "Log in first"),
            Self::CrossSite => {
                return problem(self.status(), "This is not done for another site's page");
            }
            Self::WithoutCookies => {
                return problem(
                    self.status(),
                    "This needs a session, and requests with a token have none",
                );
            }
            // The log has said why.
            Self::Store { .. } => return unavailable(),
            _ => {}
        }
        tracing::error!(target: "muffin_session", error = %self, "the session could not do what a handler asked");
        if cfg!(debug_assertions) {
            problem(self.status(), &self.to_string())
        } else {
            problem(self.status(), "Something went wrong")
        }
    }
}

/// The answer while a store cannot be reached: it is worth another try soon (RFC 9110, sections 10.2.3 and 15.6.4).
pub(crate) fn unavailable() -> Response {
    let mut response = problem(
        StatusCode::SERVICE_UNAVAILABLE,
        "Sessions cannot be reached just now",
    );
    let soon = HeaderValue::from_static("1");
    response.headers_mut().insert(RETRY_AFTER, soon);
    response
}
