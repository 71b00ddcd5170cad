//! What is answered when something could not be done: a sentence for programs, and a page for people.

use axum::Json;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use muffin_session::Error;
use serde_json::json;

use crate::app::API;
use crate::pages;
use crate::passwords::HashError;
use crate::visitor::is_htmx;

/// Why a handler could not do its work.
#[derive(Debug)]
pub(crate) enum AppError {
    NotFound,
    TooManyAttempts,
    /// A token came to a page.
    TokenOnPage,
    /// Something that was sent is not as it should be. Pages say that in their forms; this is for programs.
    Invalid(&'static str),
    /// A request that could not be read at all: see `extract.rs`.
    Malformed {
        status: StatusCode,
        title: &'static str,
        detail: String,
    },
    WrongMethod,
    Session(Error),
    Database(sqlx::Error),
    Password(HashError),
    Random,
}

impl From<Error> for AppError {
    fn from(error: Error) -> Self {
        Self::Session(error)
    }
}

impl From<sqlx::Error> for AppError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<HashError> for AppError {
    fn from(error: HashError) -> Self {
        Self::Password(error)
    }
}

impl From<ring::error::Unspecified> for AppError {
    fn from(_: ring::error::Unspecified) -> Self {
        Self::Random
    }
}

/// A problem document (RFC 9457), as the library answers too.
impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        let mut detail = None;
        let (status, sentence) = match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "There is no such thing here."),
            Self::TooManyAttempts => (
                StatusCode::TOO_MANY_REQUESTS,
                "That was tried too often. Wait a quarter of an hour.",
            ),
            Self::TokenOnPage => (
                StatusCode::BAD_REQUEST,
                "Tokens are for /api alone: log in to use the pages.",
            ),
            Self::Invalid(sentence) => (StatusCode::UNPROCESSABLE_ENTITY, sentence),
            Self::Malformed {
                status,
                title,
                detail: said,
            } => {
                detail = Some(said);
                (status, title)
            }
            Self::WrongMethod => (
                StatusCode::METHOD_NOT_ALLOWED,
                "That cannot be done with this: see Allow for what can.",
            ),
            // The library has its own words, and has logged what happened.
            Self::Session(error) => return error.into_response(),
            Self::Database(error) => {
                tracing::error!(%error, "the database could not do what it was asked");
                (
                    StatusCode::SERVICE_UNAVAILABLE,
                    "The database does not answer just now. Try again in a moment.",
                )
            }
            Self::Password(error) => {
                tracing::error!(%error, "a password could not be hashed or compared");
                (StatusCode::INTERNAL_SERVER_ERROR, SORRY)
            }
            Self::Random => {
                tracing::error!("the system's random generator failed");
                (StatusCode::INTERNAL_SERVER_ERROR, SORRY)
            }
        };
        let mut document = json!({ "status": status.as_u16(), "title": sentence });
        if let Some(detail) = detail {
            document["detail"] = detail.into();
        }
        let mut response = (status, Json(document)).into_response();
        let headers = response.headers_mut();
        let kind = HeaderValue::from_static("application/problem+json");
        headers.insert(CONTENT_TYPE, kind);
        if status == StatusCode::TOO_MANY_REQUESTS {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("900"));
        }
        response.extensions_mut().insert(Sentence(sentence));
        response
    }
}

const SORRY: &str = "Something went wrong on our side. Try again in a moment.";

/// What a page is to say instead of what its status says anyway.
#[derive(Clone, Copy)]
struct Sentence(&'static str);

/// The outermost layer but for the headers: whatever was refused, by a guard, by an extractor or by a handler, becomes a page where one
/// was asked for. Cookies and all other headers stay. The API has no pages: there are programs that ask for HTML wherever they go.
pub(crate) async fn as_page(request: Request, next: Next) -> Response {
    let is_page = !is_below(API, request.uri().path()) && !is_htmx(request.headers());
    let wants_page = is_page && takes_html(request.headers());
    let response = next.run(request).await;
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    if !is_error || !wants_page || is_html(response.headers()) {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    let sentence = parts.extensions.get::<Sentence>();
    let sentence = sentence.map_or_else(|| sentence_for(status), |said| said.0);
    let page = pages::problem(status, sentence).into_string();
    parts.headers.remove(CONTENT_LENGTH);
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    parts.headers.insert(CONTENT_TYPE, kind);
    Response::from_parts(parts, Body::from(page))
}

fn sentence_for(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "You are not logged in, or were logged out meanwhile. Nothing was changed.",
        403 => "This is not yours to see or to do.",
        404 => "There is no such page here.",
        413 => "That is too much to send at once.",
        503 => "What keeps the sessions does not answer just now. Try again in a moment.",
        500.. => SORRY,
        _ => "That is not how this page is used.",
    }
}

fn is_below(place: &str, path: &str) -> bool {
    let rest = path.strip_prefix(place);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn takes_html(headers: &HeaderMap) -> bool {
    contains(headers.get(ACCEPT), "text/html")
}

fn is_html(headers: &HeaderMap) -> bool {
    contains(headers.get(CONTENT_TYPE), "text/html")
}

fn contains(value: Option<&HeaderValue>, part: &str) -> bool {
    let text = value.and_then(|value| value.to_str().ok());
    text.is_some_and(|text| text.contains(part))
}
