//! The discussion of a card: comments that come and go without the page being loaded again.

use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use muffin_session::{CurrentUser, login_required, user_pass};
use serde::Deserialize;

use super::{frame, neighbours, problem_note};
use crate::app::Board;
use crate::cards::Card;
use crate::comments::{Comment, owns_comment};
use crate::error::AppError;
use crate::extract::{Path, Query};
use crate::paging::{Page, Start};
use crate::users::User;
use crate::visitor::Visitor;
use crate::when::ago;

/// The comments alone, for pages that are told that there are new ones. The messages that wait are left for the next page.
pub(super) async fn part(
    State(board): State<Board>,
    visitor: Visitor,
    Path(id): Path<i64>,
    Query(start): Query<Start>,
) -> Result<Markup, AppError> {
    let card = board.db.card(id).await?;
    let comments = board.db.comments_of(card.id, start).await?;
    Ok(list(visitor.user.as_ref(), card.id, &comments))
}

#[derive(Deserialize)]
pub(super) struct NewComment {
    text: String,
}

#[login_required]
pub(super) async fn add(
    State(board): State<Board>,
    CurrentUser(user): CurrentUser<User>,
    visitor: Visitor,
    Path(id): Path<i64>,
    Form(NewComment { text }): Form<NewComment>,
) -> Result<Response, AppError> {
    let card = board.db.card(id).await?;
    let problem = match text.trim().chars().count() {
        0 => Some("Write something first."),
        2001.. => Some("The comment is too long: take at most 2,000 characters."),
        _ if board.db.add_comment(id, &user, text.trim()).await? => None,
        _ => Some("The discussion was closed meanwhile."),
    };
    let is_fine = problem.is_none();
    if is_fine {
        let title = &card.title;
        board
            .live
            .tell(&user, id, &format!("commented on “{title}”"));
        visitor.session.flash("Your comment is there.")?;
        if !visitor.wants_part {
            return Ok(Redirect::to(&format!("/cards/{id}#discussion")).into_response());
        }
    }
    let comments = board.db.comments_of(id, Start::default()).await?;
    let entry = Entry {
        text: if is_fine { "" } else { &text },
        problem,
        takes_focus: true,
    };
    let section = section(Some(&user), &card, &comments, &entry);
    let page = if visitor.wants_part {
        frame::part(&visitor, &section)
    } else {
        let page = html! {
            h1 { a href={ "/cards/" (card.id) } { (card.title) } }
            (section)
        };
        frame::page(&visitor, &card.title, "/", &page)
    };
    let status = if is_fine {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    Ok((status, page).into_response())
}

#[user_pass(any(owns_comment, User::is_staff))]
pub(super) async fn delete(
    State(board): State<Board>,
    CurrentUser(user): CurrentUser<User>,
    visitor: Visitor,
    Path(id): Path<i64>,
    Query(start): Query<Start>,
) -> Result<Response, AppError> {
    let card = board.db.comment(id).await?.card_id;
    board.db.delete_comment(id).await?;
    board.live.tell(&user, card, "deleted a comment");
    visitor.session.flash("The comment is deleted.")?;
    if !visitor.wants_part {
        let page = start.on(&format!("/cards/{card}"));
        return Ok(Redirect::to(&format!("{page}#discussion")).into_response());
    }
    let comments = board.db.comments_of(card, start).await?;
    let list = list(Some(&user), card, &comments);
    Ok(frame::part(&visitor, &list).into_response())
}

/// What stands in the form for a comment.
#[derive(Default)]
pub(super) struct Entry<'a> {
    text: &'a str,
    problem: Option<&'a str>,
    /// The form was just sent, and is to be ready for the next.
    takes_focus: bool,
}

pub(super) fn section(
    user: Option<&User>,
    card: &Card,
    comments: &Page<Comment>,
    entry: &Entry<'_>,
) -> Markup {
    let action = format!("/cards/{}/comments", card.id);
    html! {
        section #discussion aria-labelledby="comments-title" {
            h2 #comments-title { "Comments" }
            (list(user, card.id, comments))
            @if card.is_closed {
                p.empty { "This discussion is closed." }
            } @else if user.is_some() {
                form.panel method="post" action=(action) hx-post=(action) hx-target="#discussion" hx-swap="outerHTML" {
                    (problem_note(entry.problem))
                    label for="text" { "Your comment" }
                    textarea id="text" name="text" rows="3" maxlength="2000" required autofocus[entry.takes_focus]
                        aria-invalid=[entry.problem.map(|_| "true")] aria-describedby=[entry.problem.map(|_| "problem")] { (entry.text) }
                    button { "Comment" }
                }
            } @else {
                p { a href={ "/login?next=%2Fcards%2F" (card.id) } { "Log in to comment" } }
            }
        }
    }
}

fn list(user: Option<&User>, card: i64, comments: &Page<Comment>) -> Markup {
    let page = format!("/cards/{card}");
    let part = comments.start.on(&format!("{page}/comments"));
    html! {
        // Takes the focus when what had it is deleted.
        div #comments role="group" aria-labelledby="comments-title" tabindex="-1" hx-get=(part) hx-trigger="live from:body" hx-swap="outerHTML" {
            (neighbours(comments, "comments", &page, "#discussion"))
            @if comments.items.is_empty() {
                p.empty {
                    @if comments.newer.is_none() { "Nobody has said anything yet." } @else { "Nothing was said before that." }
                }
            } @else {
                ol.comments {
                    @for comment in &comments.items {
                        li { (one(user, comment, comments.start)) }
                    }
                }
            }
        }
    }
}

fn one(user: Option<&User>, comment: &Comment, start: Start) -> Markup {
    let name = comment.author.as_ref().map(|author| author.name.as_str());
    let name = name.unwrap_or("somebody who left");
    let may_delete = user.is_some_and(|user| comment.is_of(user) || user.is_staff());
    let action = start.on(&format!("/comments/{}/delete", comment.id));
    html! {
        p.meta { b { (name) } ", " (ago(comment.created_at)) }
        p.text { (comment.text) }
        @if may_delete {
            form method="post" action=(action) hx-post=(action) hx-target="#comments" hx-swap="outerHTML" {
                // By its id HTMX finds the button again that had the focus.
                button.small.plain id={ "delete-" (comment.id) } { "Delete" span.sr { " the comment by " (name) } }
            }
        }
    }
}
