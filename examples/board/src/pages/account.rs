//! One's account: the password, and the way out.

use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use muffin_session::{CurrentUser, Error, login_required};
use serde::Deserialize;

use super::entrance::verify;
use super::{Problem, frame, password_field, problem_note};
use crate::app::Board;
use crate::client::Client;
use crate::error::AppError;
use crate::passwords;
use crate::users::User;
use crate::visitor::Visitor;
use crate::when::ago;

#[login_required]
pub(super) async fn page(CurrentUser(user): CurrentUser<User>, visitor: Visitor) -> Markup {
    account_page(&visitor, &user, None)
}

/// What the form sends. Not `Debug`, so that no password can end up in a log.
#[derive(Deserialize)]
pub(super) struct NewPassword {
    current: String,
    password: String,
    again: String,
}

/// Changes the password. Of this user's logins only the one at hand goes on: it gets the new stamp, and the others are ended. API
/// tokens are revoked.
#[login_required]
pub(super) async fn change_password(
    State(board): State<Board>,
    Client(client): Client,
    CurrentUser(user): CurrentUser<User>,
    visitor: Visitor,
    Form(new): Form<NewPassword>,
) -> Result<Response, AppError> {
    let known = verify(&board, client, &user.name, new.current).await?;
    let problem = match known {
        None => Some("That is not your password."),
        Some(_) => passwords::problem_with(&new.password, &new.again),
    };
    if let Some(sentence) = problem {
        let field = if known.is_none() {
            "current"
        } else {
            "password"
        };
        let problem = Problem { field, sentence };
        let page = account_page(&visitor, &user, Some(problem));
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    let hash = board.passwords.hash(new.password).await?;
    let Some(user) = board.db.change_password(&user, &hash).await? else {
        // Somebody else was faster, and has ended this login.
        return Err(Error::Ended.into());
    };
    let session = &visitor.session;
    session.refresh_stamp(&user)?;
    session.end_other_sessions().await?;
    board.live.login_ended();
    session.flash(
        "Your password is changed, you are logged out everywhere else, and your API tokens are revoked.",
    )?;
    Ok(Redirect::to("/account").into_response())
}

/// Only for whoever has given their password in the last ten minutes: others are sent to `/confirm`, and led back here.
#[login_required(fresh = "10m")]
pub(super) async fn delete_form(visitor: Visitor) -> Markup {
    frame::page(
        &visitor,
        "Delete your account",
        "/account",
        &html! {
            h1 { "Delete your account" }
            p.lead { "Your cards and comments stay on the board, without your name. Your tokens stop working, and your name is free for others." }
            form.panel.buttons method="post" {
                button.danger { "Delete my account for good" }
                a.button.quiet href="/account" { "Keep it" }
            }
        },
    )
}

#[login_required(fresh = "10m")]
pub(super) async fn delete(
    State(board): State<Board>,
    CurrentUser(user): CurrentUser<User>,
    visitor: Visitor,
) -> Result<Redirect, AppError> {
    let session = &visitor.session;
    if !board.db.delete_user(user.id).await? {
        session.flash_with(
            "error",
            "You are the only admin: make somebody else one first.",
        )?;
        return Ok(Redirect::to("/account"));
    }
    session.end_all_sessions().await?;
    board.live.login_ended();
    session.flash("Your account is deleted.")?;
    Ok(Redirect::to("/"))
}

fn account_page(visitor: &Visitor, user: &User, problem: Option<Problem>) -> Markup {
    let is_with = |field| problem.is_some_and(|problem| problem.field == field);
    frame::page(
        visitor,
        "Your account",
        "/account",
        &html! {
            h1 { (user.name) }
            p.lead { "Registered " (ago(user.created_at)) ". Your role: " (user.role) "." }
            ul.links {
                li { a href="/account/devices" { "Devices" } ": where you are logged in" }
                li { a href="/account/tokens" { "API tokens" } ": for programs of yours" }
            }
            h2 { "Change your password" }
            form.panel method="post" action="/account/password" {
                (problem_note(problem.map(|problem| problem.sentence)))
                input type="text" name="name" value=(user.name) autocomplete="username" hidden;
                (password_field("current", "Current password", "current-password", is_with("current")))
                (password_field("password", "New password (10 characters or more)", "new-password", is_with("password")))
                (password_field("again", "The new password again", "new-password", false))
                p.meta { "Your API tokens are revoked, too." }
                button { "Change it, and log out everywhere else" }
            }
            h2 { "Leave" }
            p { a.button.quiet href="/account/delete" { "Delete your account …" } }
        },
    )
}
