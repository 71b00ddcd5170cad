//! Where somebody who is refused is sent: a fixed URL, or a function of the request, sync or async.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;

use http::request::Parts;

/// A future in a box.
pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Where to send somebody.
pub struct Location(Kind);

enum Kind {
    Fixed(Cow<'static, str>),
    Of(Box<Function>),
}

type Function = dyn Fn(&Parts) -> BoxFuture<String> + Send + Sync;

impl Location {
    /// The URL for this request.
    pub(crate) async fn resolve(&self, parts: &Parts) -> Cow<'_, str> {
        match &self.0 {
            Kind::Fixed(url) => Cow::Borrowed(url),
            Kind::Of(function) => {
                let url = function(parts);
                Cow::Owned(url.await)
            }
        }
    }

    /// The URL, if it is the same for every request.
    pub(crate) fn fixed(&self) -> Option<&str> {
        match &self.0 {
            Kind::Fixed(url) => Some(url),
            Kind::Of(_) => None,
        }
    }

    /// The URL, if it is always the same and a path on this site.
    pub(crate) fn path(&self) -> Option<&str> {
        self.fixed().filter(|url| url.starts_with('/'))
    }
}

/// Whether somebody can be sent to this URL: a path on this site, or an absolute `http` or `https` URL, in printable ASCII.
pub(crate) fn is_target(url: &str) -> bool {
    let absolute = ["https://", "http://"]
        .iter()
        .filter_map(|scheme| url.strip_prefix(scheme))
        .any(|rest| {
            !rest.is_empty()
                && rest
                    .bytes()
                    .all(|byte| matches!(byte, 0x21..=0x7e) && byte != b'\\')
        });
    absolute || crate::next_url::is_local(url)
}

/// What can be given as a login URL or a location: text, a function of the request that returns text, or one that returns a future
/// of text. The future may not borrow from the request: take what it needs before the `async` block.
///
/// ```
/// use http::request::Parts;
/// use muffin_session::{Secret, Sessions};
///
/// let sessions = Sessions::builder(Secret::generate()?)
///     .without_user_loader()
///     .login_url(|request: &Parts| match request.uri.path().starts_with("/staff") {
///         true => "/staff/login",
///         false => "/login",
///     })
///     .build()?;
/// # drop(sessions);
/// # Ok::<(), muffin_session::ConfigError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` says no URL to send somebody to",
    label = "give text, or a function of `&http::request::Parts` that returns text or a future of text",
    note = "such as \"/login\", |request: &Parts| format!(\"/{{}}/login\", ..), or |request: &Parts| {{ let path = ..; async move {{ .. }} }}"
)]
pub trait IntoLocation<Shape> {
    /// The location.
    fn into_location(self) -> Location;
}

/// Markers that keep the shapes of [`IntoLocation`] apart.
#[doc(hidden)]
pub mod shape {
    /// Text.
    #[derive(Debug)]
    pub struct Text;
    /// A function that returns text.
    #[derive(Debug)]
    pub struct Function;
    /// A function that returns a future of text.
    #[derive(Debug)]
    pub struct AsyncFunction;
}

impl<T: Into<Cow<'static, str>>> IntoLocation<shape::Text> for T {
    fn into_location(self) -> Location {
        Location(Kind::Fixed(self.into()))
    }
}

impl<F, T> IntoLocation<shape::Function> for F
where
    F: Fn(&Parts) -> T + Send + Sync + 'static,
    T: Into<String>,
{
    fn into_location(self) -> Location {
        Location(Kind::Of(Box::new(move |parts| {
            let url = self(parts).into();
            Box::pin(std::future::ready(url))
        })))
    }
}

impl<F, Fut, T> IntoLocation<(shape::AsyncFunction, T)> for F
where
    F: Fn(&Parts) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = T> + Send + 'static,
    T: Into<String>,
{
    fn into_location(self) -> Location {
        Location(Kind::Of(Box::new(move |parts| {
            let url = self(parts);
            Box::pin(async move { url.await.into() })
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_targets_are_printable_and_have_no_backslash() {
        for (url, expected) in [
            ("https://a.example", true),
            ("http://a.example/b?c#d", true),
            ("/login", true),
            ("https://", false),
            ("https://a.example/\\b", false),
            ("https://a.example/ b", false),
            ("https://a.example/\n", false),
            ("https://a.example/\u{e4}", false),
            ("javascript://a.example", false),
            ("//a.example", false),
        ] {
            assert_eq!(is_target(url), expected, "{url}");
        }
    }
}
