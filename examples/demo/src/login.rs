//! Logging in and out.

use std::time::Duration;

use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use maud::Markup;
use muffin_session::{Login, NextUrl, Session};
use serde::Deserialize;

use crate::error::AppError;
use crate::users::Users;
use crate::visitor::Visitor;
use crate::{devices, pages};

/// How long "remember me" lasts.
const REMEMBERED: Duration = Duration::from_hours(14 * 24);

/// What the login form sends. Not `Debug`, so that no password can end up in a log.
#[derive(Deserialize)]
pub(crate) struct Credentials {
    name: String,
    password: String,
    /// A box that is not ticked is not sent.
    #[serde(default)]
    remember: bool,
}

/// The login form. It has no `action`, so browsers post it to the URL that it stands on, `next` included.
pub(crate) async fn form(visitor: Visitor) -> Markup {
    pages::login(&visitor, pages::LoginForm::Fresh)
}

/// Checks the password, then leads back to the page that was asked for first.
pub(crate) async fn log_in(
    State(users): State<Users>,
    visitor: Visitor,
    next: NextUrl,
    headers: HeaderMap,
    Form(credentials): Form<Credentials>,
) -> Result<Response, AppError> {
    let Credentials {
        name,
        password,
        remember,
    } = credentials;
    let session = &visitor.session;
    let Some(user) = users.verify(&name, password).await? else {
        session.flash_with("error", "The name or the password is wrong.")?;
        let form = pages::LoginForm::Refused {
            name: &name,
            remember,
        };
        let page = pages::login(&visitor, form);
        return Ok((StatusCode::UNAUTHORIZED, page).into_response());
    };
    // With the user, of whom the login keeps the stamp.
    let mut login = Login::new(user.id)
        .user(&user)
        .label(&devices::name(&headers));
    if remember {
        login = login.remember(REMEMBERED);
    }
    session.login_with(login)?;
    session.flash(format!("Welcome, {}!", user.name))?;
    Ok(next.redirect_or("/dashboard").into_response())
}

/// Ends the session, from whichever page.
pub(crate) async fn log_out(session: Session) -> Result<Redirect, AppError> {
    session.logout();
    session.flash("You are logged out.")?;
    Ok(Redirect::to("/"))
}
