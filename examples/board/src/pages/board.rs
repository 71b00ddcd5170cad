//! The board: all cards in three columns.

use axum::extract::State;
use maud::{Markup, html};

use super::{frame, neighbours};
use crate::app::Board;
use crate::cards::{Card, Status};
use crate::error::AppError;
use crate::extract::Query;
use crate::paging::{Page, Start};
use crate::users::User;
use crate::visitor::Visitor;
use crate::when::ago;

/// Everybody may read; who is logged in finds buttons on what is theirs.
pub(super) async fn page(
    State(board): State<Board>,
    visitor: Visitor,
    Query(start): Query<Start>,
) -> Result<Markup, AppError> {
    let columns = columns(&board, visitor.user.as_ref(), start, None).await?;
    Ok(frame::page(
        &visitor,
        "Cards",
        "/",
        &html! {
            div.head {
                h1 { "Cards" }
                @if visitor.user.is_some() {
                    a.button href="/new" { "New card" }
                }
            }
            @if visitor.user.is_none() {
                p.lead { a href="/login" { "Log in" } " or " a href="/register" { "register" } " to add cards and to comment." }
            }
            (columns)
        },
    ))
}

/// The columns alone, for pages that are told that something has changed. The messages that wait are left for the next page.
pub(super) async fn part(
    State(board): State<Board>,
    visitor: Visitor,
    Query(start): Query<Start>,
) -> Result<Markup, AppError> {
    columns(&board, visitor.user.as_ref(), start, None).await
}

/// The columns with a page of all cards, and the focus on the card that was moved: the button that did it is gone.
pub(super) async fn columns(
    board: &Board,
    user: Option<&User>,
    start: Start,
    moved: Option<i64>,
) -> Result<Markup, AppError> {
    let cards = board.db.cards(start).await?;
    let counts = board.db.count_cards().await?;
    Ok(html! {
        div #board hx-get=(start.on("/board")) hx-trigger="live from:body" hx-swap="outerHTML" {
            div.columns {
                @for (status, count) in counts { (column(user, &cards, status, count, moved)) }
            }
            (neighbours(&cards, "cards", "/", ""))
        }
    })
}

/// A column. The count is that of all pages.
fn column(
    user: Option<&User>,
    cards: &Page<Card>,
    status: Status,
    count: i64,
    moved: Option<i64>,
) -> Markup {
    let id = format!("column-{}", status.as_str());
    let of_status = || cards.items.iter().filter(|card| card.status == status);
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { (status.title()) " " span.count { (count) span.sr { " cards" } } }
            ul {
                @for card in of_status() {
                    li.card { (summary(user, card, cards.start, moved == Some(card.id))) }
                }
            }
            @if of_status().next().is_none() {
                p.empty { @if count == 0 { "Nothing here." } @else { "None of these is on this page." } }
            }
        }
    }
}

fn summary(user: Option<&User>, card: &Card, start: Start, is_moved: bool) -> Markup {
    html! {
        h3 {
            a id={ "card-" (card.id) } href={ "/cards/" (card.id) } autofocus[is_moved] { (card.title) }
        }
        p.meta {
            (by(card)) ", " (ago(card.created_at))
            @match card.comments {
                0 => {}
                1 => ", 1 comment",
                more => { ", " (more) " comments" }
            }
        }
        (moves(user, card, "board", start))
    }
}

/// Who wrote a card.
pub(super) fn by(card: &Card) -> Markup {
    let name = card.author.as_ref().map(|author| author.name.as_str());
    html! { "by " (name.unwrap_or("somebody who left")) }
}

/// Buttons that move a card, for whoever may. `place` is what HTMX replaces: the board, with the page that starts there, or the card on its
/// own page. Without scripts the form is an ordinary one.
pub(super) fn moves(user: Option<&User>, card: &Card, place: &str, start: Start) -> Markup {
    let may_move = user.is_some_and(|user| card.is_of(user) || user.is_staff());
    let action = start.on(&format!("/cards/{}/status", card.id));
    let others = Status::ALL.into_iter().filter(|&to| to != card.status);
    html! {
        @if may_move {
            form.moves method="post" action=(action) hx-post=(action) hx-target={ "#" (place) } hx-swap="outerHTML" {
                input type="hidden" name="place" value=(place);
                @for to in others {
                    button.small id={ "move-" (card.id) "-" (to.as_str()) } name="status" value=(to.as_str()) {
                        (verb(to)) span.sr { ": " (card.title) }
                    }
                }
            }
        }
    }
}

fn verb(to: Status) -> &'static str {
    match to {
        Status::Open => "Back to open",
        Status::Doing => "Start",
        Status::Done => "Finish",
    }
}
