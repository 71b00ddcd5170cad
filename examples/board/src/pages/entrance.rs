//! Logging in and out, and giving the password once more before something sensitive.

use std::net::IpAddr;
use std::time::Duration;

use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use muffin_session::{CurrentUser, Login, NextUrl, Session, login_required};
use serde::Deserialize;

use super::{devices, frame, password_field, problem_note};
use crate::app::Board;
use crate::client::Client;
use crate::error::AppError;
use crate::users::User;
use crate::visitor::Visitor;

/// How long "remember me" lasts.
const REMEMBERED: Duration = Duration::from_hours(14 * 24);

/// What the login form sends. Not `Debug`, so that no password can end up in a log.
#[derive(Deserialize)]
pub(super) struct Credentials {
    name: String,
    password: String,
    /// A box that is not ticked is not sent.
    #[serde(default)]
    remember: bool,
}

pub(super) async fn form(visitor: Visitor) -> Markup {
    login_page(&visitor, "", None)
}

/// Logs in, then leads back to the page that was asked for first.
pub(super) async fn log_in(
    State(board): State<Board>,
    Client(client): Client,
    visitor: Visitor,
    next: NextUrl,
    headers: HeaderMap,
    Form(credentials): Form<Credentials>,
) -> Result<Response, AppError> {
    let name = credentials.name.trim().to_lowercase();
    let Some(user) = verify(&board, client, &name, credentials.password).await? else {
        let page = login_page(&visitor, &name, Some("The name or the password is wrong."));
        return Ok((StatusCode::UNAUTHORIZED, page).into_response());
    };
    // With the user, of whom the login keeps the stamp, and a label for the page of devices.
    let label = devices::name(&headers);
    let mut login = Login::new(user.id).user(&user).label(label);
    if credentials.remember {
        login = login.remember(REMEMBERED);
    }
    visitor.session.login_with(login)?;
    visitor.session.flash(format!("Welcome, {}!", user.name))?;
    Ok(next.redirect_or("/").into_response())
}

/// Ends the login. It is saved at once, so that open sockets that look for it find it ended.
pub(super) async fn log_out(
    State(board): State<Board>,
    session: Session,
) -> Result<Redirect, AppError> {
    session.logout();
    session.flash("You are logged out.")?;
    session.commit().await?;
    board.live.login_ended();
    Ok(Redirect::to("/"))
}

#[derive(Deserialize)]
pub(super) struct Confirmation {
    password: String,
}

/// Where guards with `fresh = ".."` send somebody whose password was given too long ago, or who was remembered.
#[login_required]
pub(super) async fn confirm_form(visitor: Visitor) -> Markup {
    confirm_page(&visitor, None)
}

#[login_required]
pub(super) async fn confirm(
    State(board): State<Board>,
    Client(client): Client,
    CurrentUser(user): CurrentUser<User>,
    visitor: Visitor,
    next: NextUrl,
    Form(Confirmation { password }): Form<Confirmation>,
) -> Result<Response, AppError> {
    let known = verify(&board, client, &user.name, password).await?;
    if known.is_none() {
        let page = confirm_page(&visitor, Some("That is not your password."));
        return Ok((StatusCode::UNAUTHORIZED, page).into_response());
    }
    visitor.session.confirm_login()?;
    Ok(next.redirect_or("/account").into_response())
}

/// Whose name and password these are. Neither the answer nor its time says which names there are.
pub(super) async fn verify(
    board: &Board,
    client: IpAddr,
    name: &str,
    password: String,
) -> Result<Option<User>, AppError> {
    board.attempts.count(client, name)?;
    let user = board.db.user_named(name).await?;
    let hash = user.as_ref().map(User::password_hash);
    if !board.passwords.fits(password, hash).await? {
        return Ok(None);
    }
    board.attempts.was_right(client, name);
    Ok(user)
}

/// The form has no `action`: browsers post it to the URL that it stands on, `next` included.
fn login_page(visitor: &Visitor, name: &str, problem: Option<&str>) -> Markup {
    frame::page(
        visitor,
        "Log in",
        "/login",
        &html! {
            h1 { "Log in" }
            form.panel method="post" {
                (problem_note(problem))
                label for="name" { "Name" }
                input id="name" name="name" value=(name) autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="30" required autofocus[problem.is_none()]
                    aria-invalid=[problem.map(|_| "true")] aria-describedby=[problem.map(|_| "problem")];
                (password_field("password", "Password", "current-password", problem.is_some()))
                label.check {
                    input type="checkbox" name="remember" value="true";
                    "Remember me for two weeks"
                }
                button { "Log in" }
            }
            p { "New here? " a href="/register" { "Register" } }
        },
    )
}

fn confirm_page(visitor: &Visitor, problem: Option<&str>) -> Markup {
    frame::page(
        visitor,
        "Confirm your password",
        "/account",
        &html! {
            h1 { "Confirm your password" }
            p.lead { "What comes next is sensitive, and so we make sure that it is you." }
            form.panel method="post" {
                (problem_note(problem))
                // Password managers want to know whose it is.
                input type="text" name="name" value=[visitor.user.as_ref().map(|user| &user.name)] autocomplete="username" hidden;
                (password_field("password", "Password", "current-password", problem.is_some()))
                button { "Go on" }
            }
        },
    )
}
