//! Guards, logins and users beyond the plain ones, over real HTTP: checkers with state, groups of routes, fresh and remembered logins,
//! stamps, several kinds of users, tokens, typed values, connections that last, and every guard against every kind of request.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod beside;
mod checkers;
mod combinators;
mod edges;
mod fresh;
mod groups;
mod kinds;
mod matrix;
mod messages;
mod recipes;
mod sockets;
mod stamps;
mod tokens;
mod values;

use axum::extract::Path;
use axum::http::StatusCode;
use muffin_session::{Error, Session};
use muffin_session_tests::{Answer as _, Browser};

/// Logs in the user whose id is in the path.
async fn log_in(session: Session, Path(id): Path<u64>) -> Result<(), Error> {
    session.login(id)
}

/// The status of a page, with where it sends to.
async fn answer(browser: &Browser, path: &str) -> (u16, String) {
    let response = browser.get(path).await;
    (response.status().as_u16(), response.header("location"))
}

/// The status of a page.
async fn status(browser: &Browser, path: &str) -> StatusCode {
    browser.get(path).await.status()
}

/// A POST that must succeed.
async fn post(browser: &Browser, path: &str) {
    let response = browser.post(path).await;
    let status = response.status();
    assert!(
        status.is_success(),
        "{path}: {status}, {}",
        response.text().await.unwrap()
    );
}
