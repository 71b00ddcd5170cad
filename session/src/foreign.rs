//! Cookies of our names that something else has set.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::HeaderValue;
use http::header::SET_COOKIE;

use crate::config::Config;

/// What the names of the cookies begin with that session layers have set: another layer further out lets them be.
#[derive(Clone)]
struct Ours {
    prefix: Arc<str>,
    /// Those of layers further in.
    others: Option<Arc<Ours>>,
}

impl Ours {
    fn has(&self, cookie: &[u8]) -> bool {
        let mut marks = std::iter::successors(Some(self), |ours| ours.others.as_deref());
        marks.any(|ours| cookie.starts_with(ours.prefix.as_bytes()))
    }
}

/// Lets other layers know that the cookies with our names are ours.
pub(crate) fn mark_ours(config: &Config, response: &mut Response<Body>) {
    let extensions = response.extensions_mut();
    let others = extensions.remove::<Ours>().map(Arc::new);
    let prefix = config.names.prefix.clone();
    extensions.insert(Ours { prefix, others });
}

/// Drops cookies of our names that something else has set: one name must not be set twice in one response, and a login is not a
/// handler's to write.
pub(crate) fn refuse_foreign(config: &Config, response: &mut Response<Body>) {
    let prefix = config.names.prefix.as_bytes();
    let headers = response.headers();
    let by_layers = response.extensions().get::<Ours>();
    let is_foreign = |value: &HeaderValue| {
        let value = value.as_bytes();
        value.starts_with(prefix) && !by_layers.is_some_and(|ours| ours.has(value))
    };
    if !headers.get_all(SET_COOKIE).iter().any(is_foreign) {
        return;
    }
    tracing::warn!(target: "muffin_session", "a handler has set a cookie with a name of the session's: it is not sent");
    let others: Vec<_> = headers
        .get_all(SET_COOKIE)
        .iter()
        .filter(|value| !is_foreign(value))
        .cloned()
        .collect();
    let headers = response.headers_mut();
    headers.remove(SET_COOKIE);
    for other in others {
        headers.append(SET_COOKIE, other);
    }
}
