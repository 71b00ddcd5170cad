//! From what a request has changed to the headers of its response.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::Ordering;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::SET_COOKIE;
use tracing::Instrument as _;

use crate::cache::cache_headers;
use crate::config::Config;
use crate::cookie_names::header_value;
use crate::error::Error;
use crate::foreign::{mark_ours, refuse_foreign};
use crate::problem::problem;
use crate::save::NotSaved;
use crate::session::Session;
use crate::set_cookies::{Cookies, Outcome};
use crate::state::{Loaded, State};
use crate::tokens::Tokens;

/// A response on its way out.
pub(crate) enum Leaving {
    Now(Response),
    /// Once a store has answered.
    Saved(Pin<Box<dyn Future<Output = Response> + Send>>),
}

/// Writes what has changed into the response, and where it is kept. From here on a change is an error.
pub(crate) fn commit(session: &Session, response: Response) -> Leaving {
    if session.has_to_be_saved() {
        return Leaving::Saved(Box::pin(save_and_finish(session.clone(), response)));
    }
    Leaving::Now(finish(session, Ok(()), response))
}

/// Saves the session to its end, whoever still waits for it: somebody who has closed the page is logged out all the same.
async fn save_and_finish(session: Session, response: Response) -> Response {
    let saving = async move {
        let _saving = session.lock_saving().await;
        session.state().send();
        let saved = session.save().await;
        finish(&session, saved, response)
    };
    // Boxed before it is handed on: tokio moves what it spawns several times.
    match tokio::spawn(Box::pin(saving).in_current_span()).await {
        Ok(response) => response,
        // A store, or a function that updates a key, has panicked: the log says where.
        Err(_) => problem(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong"),
    }
}

/// Writes the response's cookies and headers.
fn finish(session: &Session, saved: Result<(), NotSaved>, mut response: Response) -> Response {
    let config = session.config();
    refuse_foreign(config, &mut response);
    let mut state = session.state();
    let is_unreachable = matches!(&*state, State::Unreachable);
    let sent = state.send();
    let Some(loaded) = &mut sent.loaded else {
        if is_unreachable {
            // Somebody was told that there is no telling, and may have answered without: for this moment, and not for everybody.
            keep_from_caches(config, &mut response, true);
        }
        return response;
    };
    write(session, loaded, saved, &mut response);
    // What has been saved does not run again: it may hold what must be freed, and is, once nothing is locked.
    let updaters = loaded.data.take_updaters();
    if sent.is_ended {
        // While it was being saved.
        sent.end(config);
    }
    drop(state);
    drop(updaters);
    response
}

/// Writes what has become of a session.
fn write(
    session: &Session,
    loaded: &mut Loaded,
    saved: Result<(), NotSaved>,
    response: &mut Response,
) {
    let config = session.config();
    let mut cookies = Cookies::new(config);
    let written = match saved {
        Ok(()) => cookies.write(loaded).map_err(Error::from),
        Err(NotSaved::Ended) => Ok(Outcome::Lost),
        Err(NotSaved::Failed(error)) => Err(error),
    };
    match written {
        Ok(Outcome::Kept) => {}
        Ok(Outcome::Lost) => {
            cookies.only_committed(loaded);
            tracing::warn!(target: "muffin_session", "changes are lost: the session was ended while the request was under way");
            *response = Error::Ended.into_response();
        }
        Err(error) => {
            // Without its cookies, whatever the handler meant to say has not happened.
            cookies.only_committed(loaded);
            *response = error.into_response();
        }
    }
    if !cookies.written.is_empty() {
        if session.is_nested() {
            mark_ours(config, response);
        }
        if loaded.incoming.is_plain_http {
            warn_of_plain_http(config);
        }
    }
    let headers = response.headers_mut();
    let no_store = loaded.guarded || !cookies.written.is_empty();
    for cookie in cookies.written.into_iter().filter_map(header_value) {
        headers.append(SET_COOKIE, cookie);
    }
    keep_from_caches(config, response, no_store);
}

fn keep_from_caches(config: &Config, response: &mut Response, no_store: bool) {
    let token_header = config.tokens.as_ref().map(Tokens::header_name);
    cache_headers(response.headers_mut(), no_store, token_header);
}

/// Says once that nobody stays logged in over plain http.
fn warn_of_plain_http(config: &Config) {
    let is_secure = config.names.prefix.starts_with("__");
    if is_secure
        && !config
            .has_warned_of_plain_http
            .swap(true, Ordering::Relaxed)
    {
        tracing::warn!(target: "muffin_session", "a page that came over plain http gets `Secure` cookies, which browsers drop: open it on http://localhost, or, for development alone, give the builder `.allow_plain_http()`");
    }
}
