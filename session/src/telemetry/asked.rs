//! The request that something has happened in, as hooks get to see it.

use std::sync::Arc;

use axum::extract::OriginalUri;
use http::request::Parts;
use http::{Extensions, Method, Request, Uri};

use super::uri_of;
use crate::config::Config;
use crate::cross_site::may_be_foreign;
use crate::session::Session;

/// What is kept of a request for hooks: neither headers nor cookies.
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) extensions: Extensions,
}

impl Asked {
    pub(crate) fn of(parts: &Parts) -> Arc<Self> {
        Arc::new(Self {
            method: parts.method.clone(),
            uri: uri_of(parts),
            extensions: without_sessions(&parts.extensions),
        })
    }

    /// That of a request which has not been taken apart. Its extensions are kept only where there are hooks to see them.
    pub(crate) fn of_request<B>(config: &Config, request: &Request<B>) -> Self {
        Self {
            method: request.method().clone(),
            uri: match request.extensions().get::<OriginalUri>() {
                Some(OriginalUri(uri)) => uri.clone(),
                None => request.uri().clone(),
            },
            extensions: match config.hooks {
                Some(_) => without_sessions(request.extensions()),
                None => Extensions::new(),
            },
        }
    }
}

/// A session keeps this: with itself in it, neither would ever be freed.
fn without_sessions(extensions: &Extensions) -> Extensions {
    let mut extensions = extensions.clone();
    Session::detach(&mut extensions);
    extensions
}

/// A request that may be refused before it has a session, since another site made it.
pub(crate) struct Refusable {
    pub(crate) config: Arc<Config>,
    pub(crate) asked: Asked,
}

impl Refusable {
    /// Reads are not refused, nor anything where nobody checks, nor what says that it comes from here, or says nothing: hardly any request
    /// is kept. Boxed, so that the futures of the others have no room for it.
    pub(crate) fn of<B>(config: &Arc<Config>, request: &Request<B>) -> Option<Box<Self>> {
        let method = request.method();
        let is_read = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
        if is_read || !config.site_check.is_on || !may_be_foreign(request.headers()) {
            return None;
        }
        Some(Box::new(Self {
            config: config.clone(),
            asked: Asked::of_request(config, request),
        }))
    }
}
