//! Logging in.

use axum::Form;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use muffin_session::{Error, NextUrl, Session};
use serde::Deserialize;

use crate::loader::USERS;

#[derive(Deserialize)]
pub(crate) struct Credentials {
    name: String,
}

/// Saves the user's id into the session, then leads to the page that was asked for first.
pub(crate) async fn login(
    session: Session,
    next: NextUrl,
    Form(credentials): Form<Credentials>,
) -> Result<Response, Error> {
    // An application checks a password here, too; the demo next door shows how.
    let Some(user) = USERS.iter().find(|user| user.name == credentials.name) else {
        return Ok((StatusCode::UNAUTHORIZED, "Nobody has that name").into_response());
    };
    session.login(user.pk)?;
    Ok(next.redirect_or("/session").into_response())
}
