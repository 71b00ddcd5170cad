//! Answers that come by POST: providers that were asked for `response_mode=form_post` send them, some no others.
//!
//! Such a POST is another site's, so the session layer would refuse it, and browsers send no `SameSite=Lax` cookies with it: whoever
//! handles it there finds no attempt. So this handler stands outside of the session layer, knows nobody, and does nothing but send the
//! browser on to the same URL by GET, where the cookies come along.

use axum::Form;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use crate::login::Answer;
use crate::provider::CALLBACK;

/// Turns the POST into the GET that other providers send the browser to.
pub(crate) async fn again(Form(answer): Form<Answer>) -> Response {
    match serde_urlencoded::to_string(&answer) {
        Ok(query) => Redirect::to(&format!("{CALLBACK}?{query}")).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}
