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
use crate::telemetry::{self, Happened};
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
        send(session.config(), &mut session.state());
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

/// Writes the response's cookies and headers. Nothing is locked meanwhile: a handler's response may look at the session when it is
/// dropped, and so may whoever reads the log.
fn finish(session: &Session, saved: Result<(), NotSaved>, mut response: Response) -> Response {
    let config = session.config();
    refuse_foreign(config, &mut response);
    let (loaded, is_unreachable) = {
        let mut state = session.state();
        let is_unreachable = matches!(&*state, State::Unreachable);
        (send(config, &mut state).loaded.take(), is_unreachable)
    };
    let Some(mut loaded) = loaded else {
        if is_unreachable {
            // Somebody was told that there is no telling, and may have answered without: for this moment, and not for everybody.
            keep_from_caches(config, &mut response, true);
        }
        return response;
    };
    let happened = write(config, &mut loaded, saved, &mut response);
    // What has been saved does not run again: it may hold what must be freed.
    drop(loaded.data.take_updaters());
    let mut ended = None;
    if let State::Sent(sent) = &mut *session.state() {
        sent.loaded = Some(loaded);
        if sent.is_ended {
            // While it was being saved or sent.
            ended = sent.end(config);
        }
    }
    for happened in [happened, ended].into_iter().flatten() {
        happened.tell(config);
    }
    response
}

/// From here on a change is too late. A logout is not: it can end the session at any time, as this is the moment when it is known which.
fn send<'s>(config: &Config, state: &'s mut State) -> &'s mut Sent {
    let sent = match std::mem::take(state) {
        State::Loaded(loaded) => Sent {
            logins: logins_after(config, &loaded),
            is_ended: false,
            loaded: Some(loaded),
        },
        State::Untouched | State::Unreachable => Sent::default(),
        State::Sent(sent) => sent,
    };
    *state = State::Sent(sent);
    match state {
        State::Sent(sent) => sent,
        _ => unreachable!("it was put there"),
    }
}

/// The logins that a logout would still have to end.
fn logins_after(config: &Config, loaded: &Loaded) -> Vec<Ending> {
    if config.store.is_some() {
        return Vec::new();
    }
    let mut logins = loaded.incoming.verified.clone();
    if let Some(identity) = &loaded.identity
        && loaded.is_new_session()
    {
        let key = loaded.key_of(config, identity);
        logins.push(Ending::of(config, key, identity));
    }
    logins
}

/// Writes what has become of a session. What has happened is true once nothing is locked any more.
fn write(
    config: &Config,
    loaded: &mut Loaded,
    saved: Result<(), NotSaved>,
    response: &mut Response,
) -> Option<Happened> {
    let mut cookies = Cookies::new(config);
    let written = match saved {
        Ok(()) => cookies.write(loaded).map_err(Error::from),
        Err(NotSaved::Ended) => Ok(Outcome::Lost),
        Err(NotSaved::Failed(error)) => Err(error),
    };
    let happened = match &written {
        Ok(Outcome::Kept) => Happened::of(config, loaded),
        Ok(Outcome::Lost) | Err(_) => Happened::of_not_saved(config, loaded),
    };
    match written {
        Ok(Outcome::Kept) => {}
        Ok(Outcome::Lost) => {
            cookies.only_committed(loaded);
            telemetry::lost(config, loaded);
            *response = Error::Ended.into_response();
        }
        Err(error) => {
            // Without its cookies, whatever the handler meant to say has not happened.
            cookies.only_committed(loaded);
            *response = error.into_response();
        }
    }
    if !cookies.written.is_empty() {
        mark_ours(config, response);
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
    happened
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
