//! One's API tokens: made and revoked. A new one is shown once, and then nowhere.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use muffin_session::{CurrentUser, login_required};
use serde::Deserialize;

use super::{frame, problem_note};
use crate::app::Board;
use crate::error::AppError;
use crate::tokens::{self, Token};
use crate::users::User;
use crate::visitor::Visitor;
use crate::when::{ago, day};

/// A token opens the account for months, if nobody revokes it: whoever makes one has given their password just now.
#[login_required(fresh = "10m")]
pub(super) async fn page(
    State(board): State<Board>,
    CurrentUser(user): CurrentUser<User>,
    visitor: Visitor,
) -> Result<Markup, AppError> {
    let tokens = board.db.tokens_of(&user).await?;
    Ok(tokens_page(&visitor, &tokens, None, None))
}

#[derive(Deserialize)]
pub(super) struct NewToken {
    name: String,
}

/// Shows the token on the very page that answers: in a flash message it would lie in a cookie for a while.
#[login_required(fresh = "10m")]
pub(super) async fn add(
    State(board): State<Board>,
    CurrentUser(user): CurrentUser<User>,
    visitor: Visitor,
    Form(NewToken { name }): Form<NewToken>,
) -> Result<Response, AppError> {
    let token = tokens::generate()?;
    let name = name.trim();
    let problem = match name.chars().count() {
        0 => Some("Give the token a name."),
        51.. => Some("The name is too long: take at most 50 characters."),
        _ if board
            .db
            .add_token(&user, name, &tokens::hash(&token))
            .await? =>
        {
            None
        }
        _ => Some("You have many tokens already: revoke one first."),
    };
    let all = board.db.tokens_of(&user).await?;
    let (status, shown) = match problem {
        None => (StatusCode::CREATED, Some(token.as_str())),
        Some(_) => (StatusCode::UNPROCESSABLE_ENTITY, None),
    };
    let page = tokens_page(&visitor, &all, shown, problem);
    Ok((status, page).into_response())
}

#[login_required]
pub(super) async fn revoke(
    State(board): State<Board>,
    CurrentUser(user): CurrentUser<User>,
    visitor: Visitor,
    Path(id): Path<i64>,
) -> Result<Redirect, AppError> {
    if !board.db.revoke_token(&user, id).await? {
        return Err(AppError::NotFound);
    }
    visitor.session.flash("The token is revoked.")?;
    Ok(Redirect::to("/account/tokens"))
}

fn tokens_page(
    visitor: &Visitor,
    all: &[Token],
    new: Option<&str>,
    problem: Option<&str>,
) -> Markup {
    frame::page(
        visitor,
        "API tokens",
        "/account/tokens",
        &html! {
            h1 { "API tokens" }
            p.lead { "With a token, a program of yours may do on the board what you may do. It is good for " (tokens::DAYS) " days, and ends when you change your password." }
            @if let Some(token) = new {
                div.note role="status" {
                    p { label for="token" { "Copy your new token now: it is not shown again." } }
                    input #token.mono value=(token) readonly;
                    p.meta { "Programs send it with each request, to " code { "/api/cards" } " for example, as " code { "Authorization: Bearer board_…" } }
                }
            }
            @if !all.is_empty() {
                ul.rows {
                    @for token in all {
                        li {
                            div {
                                h2 id={ "token-" (token.id) } { (token.name) }
                                p.meta {
                                    "Made " (ago(token.created_at)) ", "
                                    @if token.has_ended() { "ended on " } @else { "ends on " } (day(token.expires_at))
                                }
                            }
                            form method="post" action={ "/account/tokens/" (token.id) "/revoke" } {
                                button.small aria-describedby={ "token-" (token.id) } { "Revoke" }
                            }
                        }
                    }
                }
            }
            form.panel method="post" action="/account/tokens" {
                (problem_note(problem))
                label for="name" { "What is the new token for?" }
                input id="name" name="name" maxlength="50" autocomplete="off" required autofocus[problem.is_some()]
                    aria-invalid=[problem.map(|_| "true")] aria-describedby=[problem.map(|_| "problem")];
                button { "Make a token" }
            }
        },
    )
}
