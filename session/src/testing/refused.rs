//! Why a request was refused: each refusal leaves a note in its response, which stays in the process.

use axum::response::Response;

use super::response::described;
use crate::refusal::RefusalKind;

/// In a response's extensions.
#[derive(Clone, Copy)]
struct Refused(RefusalKind);

/// Notes in a refusal's response why it is one.
pub(crate) fn note(mut response: Response, kind: RefusalKind) -> Response {
    response.extensions_mut().insert(Refused(kind));
    response
}

pub(super) fn refusal_of<B>(response: &http::Response<B>) -> Option<RefusalKind> {
    response.extensions().get().map(|&Refused(kind)| kind)
}

/// Asserts that a guard or an extractor of this crate has refused the request, and why: however the application answers it. See
/// [`ResponseExt::refusal`](super::ResponseExt::refusal).
///
/// ```
/// use axum::{Router, http::StatusCode, routing::get};
/// use muffin_session::testing::{TestApp, assert_refused};
/// use muffin_session::{RefusalKind, Secret, Sessions, login_required};
///
/// #[login_required(reject = StatusCode::NOT_FOUND)]
/// async fn hidden() {}
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let sessions = Sessions::builder(Secret::generate()?).without_user_loader().build()?;
/// let router = Router::new().route("/", get(hidden)).layer(sessions.clone());
/// let app = TestApp::new(router, &sessions);
///
/// let response = app.guest().get("/").await;
/// assert_eq!(response.status(), StatusCode::NOT_FOUND);
/// assert_refused(&response, RefusalKind::NotLoggedIn);
/// # Ok(())
/// # }
/// ```
///
/// # Panics
///
/// If it was not refused, or for another reason.
#[track_caller]
pub fn assert_refused<B>(response: &http::Response<B>, kind: RefusalKind) {
    match refusal_of(response) {
        Some(found) if found == kind => {}
        Some(found) => panic!(
            "refused as {found:?} and not as {kind:?}: the response is {}",
            described(response)
        ),
        None => panic!(
            "not refused, where {kind:?} was expected: the response is {}",
            described(response)
        ),
    }
}
