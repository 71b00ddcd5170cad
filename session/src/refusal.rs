//! How somebody is refused: pages are redirected, scripts and APIs get a status with a small document, HTMX gets its own redirect.

use std::fmt;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, LOCATION, UPGRADE, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::config::Config;
use crate::error::unavailable;
use crate::guard::is_deciding;
use crate::location::{Location, is_target};
use crate::next_url;
use crate::problem::problem;
use crate::session::Session;
use crate::signs::first_values;
use crate::tokens::TokenHeader;

/// Why a guard did not let a request pass, and the response that says so.
///
/// Return it from a handler (it is a response), or look at [`kind`](Self::kind) first.
pub struct Refusal {
    kind: RefusalKind,
    response: Box<Response>,
}

const SORRY: &str = "Something went wrong";

/// Why a guard did not let a request pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefusalKind {
    /// Nobody is logged in: `303` to the login page with `next`, or `401`.
    NotLoggedIn,
    /// The checker said no to the user: `303` to the login page without `next`, or `403`.
    Denied,
    /// Somebody is logged in whose password was given too long ago: `303` to the builder's `confirm_url` or login page with `next`, or
    /// `401`.
    NotFresh,
    /// The checker, an extractor or the loader's extractor answered with a response of its own.
    Answered,
    /// The store that keeps sessions cannot be reached: `503`. The log says why.
    Unavailable,
    /// The loader failed, or the application is not set up for what was asked: `500`, with a line in the log that says why.
    Failed,
}

impl Refusal {
    pub(crate) fn new(kind: RefusalKind, response: Response) -> Self {
        Self {
            kind,
            response: Box::new(response),
        }
    }

    /// A `500`, for what the log explains.
    pub(crate) fn failed() -> Self {
        Self::new(
            RefusalKind::Failed,
            problem(StatusCode::INTERNAL_SERVER_ERROR, SORRY),
        )
    }

    /// A `503`, for what the log explains.
    pub(crate) fn unavailable() -> Self {
        Self::new(RefusalKind::Unavailable, unavailable())
    }

    /// A `500`, for a mistake in the application's set-up. The log says what to add, and so does the page of a development build.
    pub(crate) fn set_up(mend: impl fmt::Display) -> Self {
        tracing::error!(target: "muffin_session", "{mend}");
        let response = if cfg!(debug_assertions) {
            problem(StatusCode::INTERNAL_SERVER_ERROR, &mend.to_string())
        } else {
            problem(StatusCode::INTERNAL_SERVER_ERROR, SORRY)
        };
        Self::new(RefusalKind::Failed, response)
    }

    pub(crate) fn answered(response: Box<Response>) -> Self {
        Self {
            kind: RefusalKind::Answered,
            response,
        }
    }

    /// Why the request was refused.
    pub fn kind(&self) -> RefusalKind {
        self.kind
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refusal")
            .field("kind", &self.kind)
            .field("status", &self.response.status())
            .finish()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let response = *self.response;
        #[cfg(feature = "test-util")]
        let response = crate::testing::note(response, self.kind);
        response
    }
}

/// Who asks, as far as it decides the shape of a refusal. It never decides whether there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asker {
    /// A browser that loads a page.
    Page,
    /// A script, an API's client, or an upgrade to a WebSocket.
    Api,
    /// HTMX, which follows `HX-Redirect`.
    Htmx,
}

impl Asker {
    fn of(headers: &HeaderMap) -> Self {
        let names = ["hx-request", "x-requested-with", "sec-fetch-mode"];
        let [htmx, requested_with, fetch_mode] = first_values(headers, names);
        let is = |found: Option<&HeaderValue>, wanted: &str| {
            found.is_some_and(|found| found.as_bytes().eq_ignore_ascii_case(wanted.as_bytes()))
        };
        if is(htmx, "true") {
            return Self::Htmx;
        }
        if headers.contains_key(UPGRADE) {
            return Self::Api;
        }
        // Browsers say what a request is for (Fetch Metadata); a navigation wants a page, all else is a script's or a part of a page.
        if let Some(mode) = fetch_mode {
            return if mode == "navigate" {
                Self::Page
            } else {
                Self::Api
            };
        }
        let sends_json = headers
            .get(CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
        if sends_json || is(requested_with, "XMLHttpRequest") {
            return Self::Api;
        }
        let accept = |part: &str| {
            headers
                .get_all(ACCEPT)
                .iter()
                .any(|value| value.to_str().is_ok_and(|value| value.contains(part)))
        };
        if accept("text/html") || accept("application/xhtml+xml") {
            Self::Page
        } else if accept("json") || (headers.contains_key(ACCEPT) && !accept("*/*")) {
            Self::Api
        } else {
            Self::Page
        }
    }
}

/// What a refused request gets instead of what its kind says: the last word of an attribute.
pub(crate) enum Otherwise {
    /// The URLs of the builder.
    LoginUrl,
    /// Another place.
    Location(Location),
    /// A response.
    Reject(Box<dyn Fn() -> Response + Send + Sync>),
}

/// The refusal for this request.
pub(crate) async fn refuse(
    session: &Session,
    parts: &Parts,
    kind: RefusalKind,
    otherwise: &Otherwise,
) -> Refusal {
    let config = session.config();
    let location = match (otherwise, kind, &config.confirm_url) {
        (Otherwise::Reject(response), ..) => return Refusal::new(kind, response()),
        (Otherwise::Location(location), ..) => location,
        (Otherwise::LoginUrl, RefusalKind::NotFresh, Some(confirm_url)) => confirm_url,
        (Otherwise::LoginUrl, ..) => &config.login_url,
    };
    let is_denied = kind == RefusalKind::Denied;
    let asker = if session.brings_token() {
        Asker::Api
    } else {
        Asker::of(&parts.headers)
    };
    let response = match asker {
        Asker::Api => with_challenge(config, refused_problem(kind)),
        Asker::Htmx if is_denied => refused_problem(kind),
        Asker::Htmx => match redirect_target(location, parts).await {
            Some(target) => {
                let mut response = refused_problem(kind);
                response.headers_mut().insert("hx-redirect", target);
                response
            }
            None => return nowhere(location, kind, refused_problem),
        },
        Asker::Page if is_denied && config.forbid_refused => refused_page(kind),
        Asker::Page => {
            let Some(target) = redirect_target(location, parts).await else {
                return nowhere(location, kind, refused_page);
            };
            if is_this_page(&target, parts) {
                tracing::warn!(target: "muffin_session", path = %parts.uri.path().escape_debug(), "the page that people are sent to is guarded itself: take its route out of the guarded group");
                return Refusal::new(kind, refused_page(kind));
            }
            if kind == RefusalKind::NotLoggedIn && !is_deciding(parts) {
                session.leave_login_message();
            }
            // Somebody logged in whom the checker refuses gets no `next`: it would lead back to the refusal.
            let next = (!is_denied).then(|| next_url::original(parts)).flatten();
            see_other(&target, next.as_deref())
        }
    };
    let mut refusal = Refusal::new(kind, response);
    refusal
        .response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    refusal
}

/// Says that a token would do (RFC 6750, section 3), where the application takes some.
fn with_challenge(config: &Config, mut response: Response) -> Response {
    let takes_bearer = config
        .tokens
        .as_ref()
        .is_some_and(|tokens| tokens.header == TokenHeader::Bearer);
    if takes_bearer && response.status() == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Bearer");
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    response
}

/// The refusal where there is nowhere to send somebody: a fixed URL that is none is the application's mistake, while one that was made
/// of the request may be what the client made of it.
fn nowhere(location: &Location, kind: RefusalKind, answer: fn(RefusalKind) -> Response) -> Refusal {
    if location.fixed().is_some() {
        Refusal::failed()
    } else {
        Refusal::new(kind, answer(kind))
    }
}

async fn redirect_target(location: &Location, parts: &Parts) -> Option<HeaderValue> {
    let url = location.resolve(parts).await;
    let target = is_target(&url)
        .then(|| HeaderValue::from_str(&url).ok())
        .flatten();
    if target.is_none() {
        tracing::error!(
            target: "muffin_session",
            "the login URL or location for {} is neither a path on this site (\"/login\") nor an http(s) URL",
            parts.uri.path().escape_debug(),
        );
    }
    target
}

/// Whether a redirect would lead to the very page that is refused: a guarded login page would send people round in circles.
fn is_this_page(target: &HeaderValue, parts: &Parts) -> bool {
    let path = target
        .to_str()
        .ok()
        .and_then(|url| url.split(['?', '#']).next());
    path == Some(next_url::original_uri(parts).path())
}

fn see_other(target: &HeaderValue, next: Option<&str>) -> Response {
    let target = match (next, target.to_str()) {
        // What `append` makes of two checked texts is printable ASCII.
        (Some(next), Ok(url)) => HeaderValue::try_from(next_url::append(url, next)).ok(),
        _ => None,
    }
    .unwrap_or_else(|| target.clone());
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().insert(LOCATION, target);
    response
}

/// For programs.
fn refused_problem(kind: RefusalKind) -> Response {
    let (status, sentence) = refused(kind);
    problem(status, sentence)
}

/// For people who are sent nowhere: one sentence, until the application has a page for it.
fn refused_page(kind: RefusalKind) -> Response {
    refused(kind).into_response()
}

fn refused(kind: RefusalKind) -> (StatusCode, &'static str) {
    match kind {
        RefusalKind::Denied => (StatusCode::FORBIDDEN, "You are not allowed to do this"),
        RefusalKind::NotFresh => (
            StatusCode::UNAUTHORIZED,
            "Give your password again to do this",
        ),
        _ => (StatusCode::UNAUTHORIZED, "Log in first"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asker(headers: &[(&'static str, &'static str)]) -> Asker {
        let headers = headers
            .iter()
            .map(|(name, value)| {
                let name = http::HeaderName::from_static(name);
                (name, HeaderValue::from_static(value))
            })
            .collect();
        Asker::of(&headers)
    }

    #[test]
    fn pages_scripts_and_htmx_are_told_apart() {
        for page in [
            &[][..],
            &[("accept", "*/*")],
            &[("accept", "text/html,application/json;q=0.9")],
            &[
                ("sec-fetch-mode", "navigate"),
                ("accept", "application/json"),
            ],
        ] {
            assert_eq!(asker(page), Asker::Page, "{page:?}");
        }
        for api in [
            &[("accept", "application/json")][..],
            &[("accept", "application/json, text/plain, */*")],
            &[("accept", "text/event-stream")],
            &[("content-type", "application/json"), ("accept", "*/*")],
            &[("sec-fetch-mode", "cors"), ("accept", "text/html")],
            &[("x-requested-with", "XMLHttpRequest")],
            &[("upgrade", "websocket"), ("accept", "text/html")],
        ] {
            assert_eq!(asker(api), Asker::Api, "{api:?}");
        }
        // Of several, the first counts.
        for repeated in [
            [("hx-request", "false"), ("hx-request", "true")],
            [
                ("x-requested-with", "x"),
                ("x-requested-with", "XMLHttpRequest"),
            ],
            [("sec-fetch-mode", "navigate"), ("sec-fetch-mode", "cors")],
        ] {
            assert_eq!(asker(&repeated), Asker::Page, "{repeated:?}");
        }
        assert_eq!(
            asker(&[("hx-request", "true"), ("sec-fetch-mode", "cors")]),
            Asker::Htmx
        );
    }
}
