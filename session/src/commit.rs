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
use crate::state::{Ending, Loaded, Sent, State};
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
    let is_unreachable = matches!(&*session.state(), State::Unreachable);
    begin_sending(session);
    let mut response = finish(session, Ok(()), response);
    if is_unreachable {
        // Somebody was told that there is no telling, and may have answered without: for this moment, and not for everybody.
        keep_from_caches(session.config(), &mut response, true);
    }
    Leaving::Now(response)
}

/// Saves the session to its end, whoever still waits for it: somebody who has closed the page is logged out all the same.
async fn save_and_finish(session: Session, response: Response) -> Response {
    let saving = async move {
        let _saving = session.lock_saving().await;
        begin_sending(&session);
        let saved = session.save().await;
        finish(&session, saved, response)
    };
    match tokio::spawn(saving.in_current_span()).await {
        Ok(response) => response,
        // A store, or a function that updates a key, has panicked: the log says where.
        Err(_) => problem(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong"),
    }
}

fn untouched(config: &Config, mut response: Response) -> Response {
    refuse_foreign(config, &mut response);
    response
}

fn keep_from_caches(config: &Config, response: &mut Response, no_store: bool) {
    let token_header = config.tokens.as_ref().map(Tokens::header_name);
    cache_headers(response.headers_mut(), no_store, token_header);
}

/// Writes the response's cookies and headers.
fn finish(session: &Session, saved: Result<(), NotSaved>, mut response: Response) -> Response {
    let config = session.config();
    let Some(mut loaded) = take_sent(session) else {
        return untouched(config, response);
    };
    refuse_foreign(config, &mut response);
    let mut cookies = Cookies {
        config,
        now: config.now(),
        written: Vec::new(),
    };
    let written = match saved {
        Ok(()) => cookies.write(&mut loaded).map_err(Error::from),
        Err(NotSaved::Ended) => Ok(Outcome::Lost),
        Err(NotSaved::Failed(error)) => Err(error),
    };
    match written {
        Ok(Outcome::Kept) => {}
        Ok(Outcome::Lost) => {
            cookies.only_committed(&loaded);
            tracing::warn!(target: "muffin_session", "changes are lost: the session was ended while the request was under way");
            response = Error::Ended.into_response();
        }
        Err(error) => {
            // Without its cookies, whatever the handler meant to say has not happened.
            cookies.only_committed(&loaded);
            response = error.into_response();
        }
    }
    if !cookies.written.is_empty() {
        mark_ours(config, &mut response);
        if loaded.incoming.is_plain_http {
            warn_of_plain_http(config);
        }
    }
    let headers = response.headers_mut();
    let no_store = loaded.guarded || !cookies.written.is_empty();
    for cookie in cookies.written.into_iter().filter_map(header_value) {
        headers.append(SET_COOKIE, cookie);
    }
    keep_from_caches(config, &mut response, no_store);
    // What has been saved does not run again: it may hold what must be freed.
    drop(loaded.data.take_updaters());
    if let State::Sent(sent) = &mut *session.state() {
        sent.loaded = Some(loaded);
        if sent.is_ended {
            // While it was being saved.
            sent.end(config);
        }
    }
    response
}

/// The session, for as long as its cookies are written.
fn take_sent(session: &Session) -> Option<Box<Loaded>> {
    match &mut *session.state() {
        State::Sent(sent) => sent.loaded.take(),
        State::Untouched | State::Unreachable | State::Loaded(_) => None,
    }
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

/// From here on a change is too late. A logout is not: it can end the session at any time, as this is the moment when it is known which.
fn begin_sending(session: &Session) {
    let config = session.config();
    let mut state = session.state();
    let sent = match std::mem::take(&mut *state) {
        State::Loaded(loaded) => Sent {
            sessions: sessions_after(config, &loaded),
            is_ended: false,
            loaded: Some(loaded),
        },
        State::Untouched | State::Unreachable => Sent::default(),
        State::Sent(sent) => sent,
    };
    *state = State::Sent(sent);
}

/// The sessions that a logout would still have to end.
fn sessions_after(config: &Config, loaded: &Loaded) -> Vec<Ending> {
    if config.store.is_some() {
        return Vec::new();
    }
    let mut sessions = loaded.incoming.verified.clone();
    if let Some(identity) = &loaded.identity
        && loaded.is_new_session()
    {
        let key = loaded.key_of(config, identity);
        sessions.push(Ending::of(config, key, identity));
    }
    sessions
}
