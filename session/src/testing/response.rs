//! What a test asks of a response.

use std::fmt::Write as _;
use std::future::Future;

use axum::body::to_bytes;
use axum::response::Response;
use http::header::LOCATION;
use serde::de::DeserializeOwned;

use super::refused::refusal_of;
use crate::refusal::RefusalKind;

/// What a test asks of a response: its body as text or JSON, where it redirects to, and how it was refused.
///
/// ```
/// use axum::response::{IntoResponse as _, Redirect};
/// use axum::Json;
/// use muffin_session::testing::ResponseExt as _;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// assert_eq!("Hello".into_response().text().await, "Hello");
/// assert_eq!(Json([1, 2]).into_response().json::<Vec<u8>>().await, [1, 2]);
/// assert_eq!(Redirect::to("/home").into_response().location(), Some("/home"));
/// # }
/// ```
pub trait ResponseExt: sealed::Sealed {
    /// The body.
    ///
    /// # Panics
    ///
    /// If it ends early, or is no UTF-8.
    fn text(self) -> impl Future<Output = String> + Send;

    /// The body, read as JSON.
    ///
    /// # Panics
    ///
    /// If it ends early, or is something else.
    fn json<T: DeserializeOwned>(self) -> impl Future<Output = T> + Send;

    /// Where it redirects to: its `Location`.
    fn location(&self) -> Option<&str>;

    /// Why a guard or an extractor of this crate has refused the request, if one has: however the application answers it, with a redirect,
    /// a status, `reject = ..` or a checker's own response. `None` also where an application makes a response of its own of a
    /// [`Refusal`](crate::Refusal), and for what has come over the network.
    fn refusal(&self) -> Option<RefusalKind>;
}

mod sealed {
    /// Methods can be added: nobody else has some of that name.
    pub trait Sealed {}
}

impl sealed::Sealed for Response {}

impl ResponseExt for Response {
    async fn text(self) -> String {
        let (what, body) = read(self).await;
        match String::from_utf8(body) {
            Ok(text) => text,
            Err(error) => panic!("the body of {what} is no UTF-8: {}", error.utf8_error()),
        }
    }

    async fn json<T: DeserializeOwned>(self) -> T {
        let (what, body) = read(self).await;
        match serde_json::from_slice(&body) {
            Ok(value) => value,
            Err(error) => panic!(
                "the body of {what} is no JSON of the type `{}`: {error}",
                std::any::type_name::<T>()
            ),
        }
    }

    fn location(&self) -> Option<&str> {
        location(self)
    }

    fn refusal(&self) -> Option<RefusalKind> {
        refusal_of(self)
    }
}

async fn read(response: Response) -> (String, Vec<u8>) {
    let what = described(&response);
    match to_bytes(response.into_body(), usize::MAX).await {
        Ok(body) => (what, body.into()),
        Err(error) => panic!("the body of {what} ends early: {error}"),
    }
}

fn location<B>(response: &http::Response<B>) -> Option<&str> {
    response.headers().get(LOCATION)?.to_str().ok()
}

/// A response in a few words, for messages: none of its cookies.
pub(super) fn described<B>(response: &http::Response<B>) -> String {
    let mut text = response.status().to_string();
    if let Some(location) = location(response) {
        // Writing to a string does not fail.
        let _ = write!(text, " to {location}");
    }
    text
}
