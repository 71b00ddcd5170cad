//! The account page, where something sensitive is done: only for whoever has given their password not long ago.

use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::Markup;
use muffin_session::{CurrentUser, Error, login_required};
use serde::Deserialize;

use crate::error::AppError;
use crate::kept::Kept;
use crate::pages;
use crate::users::{User, Users};
use crate::visitor::Visitor;

/// What the form sends. Not `Debug`, so that no password can end up in a log.
#[derive(Deserialize)]
pub(crate) struct NewPassword {
    password: String,
    again: String,
}

impl NewPassword {
    /// What is wrong with it.
    fn problem(&self) -> Option<&'static str> {
        if self.password.chars().count() < 8 {
            Some("That is too short: take at least 8 characters.")
        } else if self.password != self.again {
            Some("The two are not the same: type the new password twice.")
        } else {
            None
        }
    }
}

/// The form to change the password. Whose password was given longer ago than that is sent to `confirm.rs`, and led back here.
#[login_required(fresh = "10m")]
pub(crate) async fn form(visitor: Visitor) -> Markup {
    pages::account(&visitor, None)
}

/// Changes the password. Of this user's logins, only the one at hand goes on: the stamp ends the others where they are asked for their user,
/// and a store ends them in every process.
#[login_required(fresh = "10m")]
pub(crate) async fn change_password(
    State(users): State<Users>,
    CurrentUser(user): CurrentUser<User>,
    visitor: Visitor,
    Form(new): Form<NewPassword>,
) -> Result<Response, AppError> {
    if let Some(problem) = new.problem() {
        let page = pages::account(&visitor, Some(problem));
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    let Some(user) = users.change_password(&user, new.password).await? else {
        return Err(Error::Ended.into());
    };
    let session = &visitor.session;
    session.refresh_stamp(&user)?;
    if let Kept::InStore(_) = visitor.kept {
        session.end_other_sessions().await?;
    }
    session.flash("Your password is changed, and your other logins have ended.")?;
    Ok(Redirect::to("/account").into_response())
}
