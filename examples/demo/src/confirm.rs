//! "Confirm your password": where pages lead that want a fresh login, by somebody who is logged in.

use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::Markup;
use muffin_session::{CurrentUser, NextUrl, login_required};
use serde::Deserialize;

use crate::error::AppError;
use crate::pages;
use crate::users::{User, Users};
use crate::visitor::Visitor;

/// What the form sends. Not `Debug`, so that no password can end up in a log.
#[derive(Deserialize)]
pub(crate) struct Confirmation {
    password: String,
}

/// The form, which like that of the login page is posted to the URL that it stands on, `next` included.
#[login_required]
pub(crate) async fn form(visitor: Visitor) -> Markup {
    pages::confirm(&visitor, pages::ConfirmForm::Fresh)
}

/// Checks the password, then leads on to the page that asked for it.
#[login_required]
pub(crate) async fn confirm(
    State(users): State<Users>,
    CurrentUser(user): CurrentUser<User>,
    visitor: Visitor,
    next: NextUrl,
    Form(Confirmation { password }): Form<Confirmation>,
) -> Result<Response, AppError> {
    let session = &visitor.session;
    if users.verify(&user.name, password).await?.is_none() {
        session.flash_with("error", "That is not your password.")?;
        let page = pages::confirm(&visitor, pages::ConfirmForm::Refused);
        return Ok((StatusCode::UNAUTHORIZED, page).into_response());
    }
    session.confirm_login()?;
    Ok(next.redirect_or("/account").into_response())
}
