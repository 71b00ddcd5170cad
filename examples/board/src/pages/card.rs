//! A card: made, shown, edited in place, moved, closed, deleted.

use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use muffin_session::{CurrentUser, login_required, user_pass};
use serde::Deserialize;

use super::board::{by, columns, moves};
use super::{discussion, frame, problem_note};
use crate::app::Board;
use crate::cards::{Card, Draft, Status, owns_card};
use crate::error::AppError;
use crate::extract::{Path, Query};
use crate::paging::Start;
use crate::users::User;
use crate::visitor::Visitor;
use crate::when::ago;

/// A card with its discussion, for everybody.
pub(super) async fn page(
    State(board): State<Board>,
    visitor: Visitor,
    Path(id): Path<i64>,
    Query(start): Query<Start>,
) -> Result<Markup, AppError> {
    let card = board.db.card(id).await?;
    let comments = board.db.comments_of(id, start).await?;
    Ok(frame::page(
        &visitor,
        &card.title,
        "/",
        &html! {
            (article(&visitor, &card))
            (discussion::section(visitor.user.as_ref(), &card, &comments, &discussion::Entry::default()))
        },
    ))
}

#[login_required]
pub(super) async fn new_form(visitor: Visitor) -> Markup {
    new_page(&visitor, &Draft::default(), None)
}

#[login_required]
pub(super) async fn add(
    State(board): State<Board>,
    CurrentUser(user): CurrentUser<User>,
    visitor: Visitor,
    Form(draft): Form<Draft>,
) -> Result<Response, AppError> {
    if let Some(problem) = draft.problem() {
        let page = new_page(&visitor, &draft, Some(problem));
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    let id = board.db.add_card(&user, &draft).await?;
    let title = draft.title.trim();
    board.live.tell(&user, id, &format!("added “{title}”"));
    visitor.session.flash("The card is on the board.")?;
    Ok(Redirect::to(&format!("/cards/{id}")).into_response())
}

/// The form in place of the card. What a card says is for its author alone, whatever somebody else's role is.
#[user_pass(owns_card)]
pub(super) async fn edit_form(
    State(board): State<Board>,
    visitor: Visitor,
    Path(id): Path<i64>,
) -> Result<Markup, AppError> {
    let Card { title, details, .. } = board.db.card(id).await?;
    Ok(edit_page(&visitor, id, &Draft { title, details }, None))
}

#[user_pass(owns_card)]
pub(super) async fn edit(
    State(board): State<Board>,
    CurrentUser(user): CurrentUser<User>,
    visitor: Visitor,
    Path(id): Path<i64>,
    Form(draft): Form<Draft>,
) -> Result<Response, AppError> {
    if let Some(problem) = draft.problem() {
        let page = edit_page(&visitor, id, &draft, Some(problem));
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    board.db.edit_card(id, &draft).await?;
    let title = draft.title.trim();
    board.live.tell(&user, id, &format!("edited “{title}”"));
    visitor.session.flash("The card is saved.")?;
    answer(&board, &visitor, id).await
}

#[derive(Deserialize)]
pub(super) struct Move {
    status: Status,
    /// Where the button stands.
    place: Place,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Place {
    Board,
    Card,
}

/// The author moves a card, or one of the staff does.
#[user_pass(any(owns_card, User::is_staff))]
pub(super) async fn change_status(
    State(board): State<Board>,
    CurrentUser(user): CurrentUser<User>,
    visitor: Visitor,
    Path(id): Path<i64>,
    Query(start): Query<Start>,
    Form(Move { status, place }): Form<Move>,
) -> Result<Response, AppError> {
    board.db.move_card(id, status).await?;
    let title = board.db.card(id).await?.title;
    let to = status.title();
    board
        .live
        .tell(&user, id, &format!("moved “{title}” to {to}"));
    visitor
        .session
        .flash(format!("“{title}” is in {to} now."))?;
    match place {
        Place::Card => answer(&board, &visitor, id).await,
        Place::Board if visitor.wants_part => {
            let columns = columns(&board, Some(&user), start, Some(id)).await?;
            Ok(frame::part(&visitor, &columns).into_response())
        }
        Place::Board => Ok(Redirect::to(&start.on("/")).into_response()),
    }
}

#[derive(Deserialize)]
pub(super) struct Closing {
    closed: bool,
}

/// Staff close a discussion, or open it again; not that of a card of their own, about which somebody else is to judge.
#[user_pass(all(User::is_staff, not(owns_card)))]
pub(super) async fn close(
    State(board): State<Board>,
    CurrentUser(user): CurrentUser<User>,
    visitor: Visitor,
    Path(id): Path<i64>,
    Form(Closing { closed }): Form<Closing>,
) -> Result<Redirect, AppError> {
    board.db.close_card(id, closed).await?;
    let (did, message) = if closed {
        ("closed a discussion", "The discussion is closed.")
    } else {
        ("opened a discussion again", "The discussion is open again.")
    };
    board.live.tell(&user, id, did);
    visitor.session.flash(message)?;
    Ok(Redirect::to(&format!("/cards/{id}")))
}

#[user_pass(any(owns_card, User::is_staff))]
pub(super) async fn delete(
    State(board): State<Board>,
    CurrentUser(user): CurrentUser<User>,
    visitor: Visitor,
    Path(id): Path<i64>,
) -> Result<Redirect, AppError> {
    board.db.delete_card(id).await?;
    board.live.tell(&user, id, "deleted a card");
    visitor.session.flash("The card is deleted.")?;
    Ok(Redirect::to("/"))
}

/// The card as it is now, in its place; without scripts, its page.
async fn answer(board: &Board, visitor: &Visitor, id: i64) -> Result<Response, AppError> {
    if !visitor.wants_part {
        return Ok(Redirect::to(&format!("/cards/{id}")).into_response());
    }
    let card = board.db.card(id).await?;
    let article = article(visitor, &card);
    Ok(frame::part(visitor, &article).into_response())
}

fn article(visitor: &Visitor, card: &Card) -> Markup {
    let user = visitor.user.as_ref();
    let is_own = user.is_some_and(|user| card.is_of(user));
    let is_staff = user.is_some_and(User::is_staff);
    let path = format!("/cards/{}", card.id);
    html! {
        article #card {
            // Takes the focus where the card was put in place of the form or the button that had it.
            h1 tabindex="-1" autofocus[visitor.wants_part] { (card.title) }
            p.meta {
                span.badge { (card.status.title()) } " " (by(card)) ", " (ago(card.created_at))
            }
            @if !card.details.is_empty() {
                p.text { (card.details) }
            }
            div.actions {
                @if is_own {
                    a.button.small href={ (path) "/edit" } hx-get={ (path) "/edit" } hx-target="#card" hx-swap="outerHTML" { "Edit" }
                }
                (moves(user, card, "card", Start::default()))
                @if is_staff && !is_own {
                    form method="post" action={ (path) "/closed" } {
                        button.small name="closed" value=(!card.is_closed) {
                            @if card.is_closed { "Open the discussion" } @else { "Close the discussion" }
                        }
                    }
                }
                @if is_own || is_staff {
                    details {
                        summary { "Delete …" }
                        form method="post" action={ (path) "/delete" } {
                            button.small.danger { "Delete the card and its comments" }
                        }
                    }
                }
            }
        }
    }
}

fn new_page(visitor: &Visitor, draft: &Draft, problem: Option<&str>) -> Markup {
    frame::page(
        visitor,
        "New card",
        "/",
        &html! {
            h1 { "New card" }
            form.panel method="post" action="/new" {
                (problem_note(problem))
                (fields(draft, problem.is_some()))
                button { "Add the card" }
            }
        },
    )
}

/// The form in place of the card; without scripts, on a page of its own.
fn edit_page(visitor: &Visitor, id: i64, draft: &Draft, problem: Option<&str>) -> Markup {
    let path = format!("/cards/{id}");
    let form = html! {
        form #card.panel method="post" action=(path) hx-post=(path) hx-target="#card" hx-swap="outerHTML" {
            h1 { "Edit the card" }
            (problem_note(problem))
            (fields(draft, problem.is_some()))
            div.buttons {
                button { "Save" }
                a.button.quiet href=(path) { "Cancel" }
            }
        }
    };
    if visitor.wants_part {
        frame::part(visitor, &form)
    } else {
        frame::page(visitor, "Edit the card", "/", &form)
    }
}

fn fields(draft: &Draft, is_invalid: bool) -> Markup {
    html! {
        label for="title" { "Title" }
        input id="title" name="title" value=(draft.title) maxlength="100" required autofocus
            aria-invalid=[is_invalid.then_some("true")] aria-describedby=[is_invalid.then_some("problem")];
        label for="details" { "Details " span.hint { "(if there are any)" } }
        textarea id="details" name="details" rows="6" maxlength="5000" { (draft.details) }
    }
}
