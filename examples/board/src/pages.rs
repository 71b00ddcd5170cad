//! The pages: each file has the handlers of a few pages, and below them their HTML. Every `(value)` in it is escaped by maud.

mod account;
mod assets;
mod board;
mod card;
mod devices;
mod discussion;
mod entrance;
mod frame;
mod register;
mod staff;
mod tokens;

use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use maud::{Markup, html};

use crate::app::Board;
use crate::paging::Page;
use crate::visitor::Visitor;

pub(crate) fn routes() -> Router<Board> {
    Router::new()
        // For everybody.
        .route("/", get(board::page))
        .route("/board", get(board::part))
        .route("/cards/{id}", get(card::page).post(card::edit))
        .route(
            "/cards/{id}/comments",
            get(discussion::part).post(discussion::add),
        )
        .route("/register", get(register::form).post(register::register))
        .route("/login", get(entrance::form).post(entrance::log_in))
        // For whom the guards above the handlers allow.
        .route("/logout", post(entrance::log_out))
        .route(
            "/confirm",
            get(entrance::confirm_form).post(entrance::confirm),
        )
        .route("/new", get(card::new_form).post(card::add))
        .route("/cards/{id}/edit", get(card::edit_form))
        .route("/cards/{id}/status", post(card::change_status))
        .route("/cards/{id}/closed", post(card::close))
        .route("/cards/{id}/delete", post(card::delete))
        .route("/comments/{id}/delete", post(discussion::delete))
        .route("/account", get(account::page))
        .route("/account/password", post(account::change_password))
        .route(
            "/account/delete",
            get(account::delete_form).post(account::delete),
        )
        .route("/account/devices", get(devices::page))
        .route("/account/devices/{id}/end", post(devices::end))
        .route("/account/devices/end-others", post(devices::end_others))
        .route("/account/tokens", get(tokens::page).post(tokens::add))
        .route("/account/tokens/{id}/revoke", post(tokens::revoke))
        .nest("/staff", staff::routes())
        .nest("/assets", assets::routes())
}

pub(crate) async fn not_found(visitor: Visitor) -> impl IntoResponse {
    let page = frame::page(
        &visitor,
        "Not found",
        "",
        &html! {
            h1 { "There is no such page here" }
            p { a href="/" { "Back to the board" } }
        },
    );
    (StatusCode::NOT_FOUND, page)
}

/// A page that says what was refused, whoever looks at it: it needs no session.
pub(crate) fn problem(status: StatusCode, sentence: &str) -> Markup {
    let title = status.canonical_reason().unwrap_or("That did not work");
    frame::bare_page(
        title,
        &html! {
            h1 { (title) }
            p.lead { (sentence) }
            p { a href="/" { "Back to the board" } }
        },
    )
}

/// What is wrong with what was sent, and in which field.
#[derive(Clone, Copy)]
struct Problem {
    field: &'static str,
    sentence: &'static str,
}

/// Says above a form what is wrong with what was sent. The field at fault is `aria-describedby` it.
fn problem_note(problem: Option<&str>) -> Markup {
    html! {
        @if let Some(problem) = problem {
            p.note.error #problem role="alert" { (frame::in_words(problem)) }
        }
    }
}

/// Links from a page of a list to what is newer and older. They keep the focus where HTMX puts the list in place anew, by their ids.
fn neighbours<T>(page: &Page<T>, what: &str, path: &str, fragment: &str) -> Markup {
    html! {
        @if page.newer.is_some() || page.older.is_some() {
            nav aria-label={ "More " (what) } {
                @if let Some(newer) = page.newer {
                    a id={ "newer-" (what) } href={ (newer.on(path)) (fragment) } rel="prev" { "Newer " (what) }
                }
                @if let Some(older) = page.older {
                    a id={ "older-" (what) } href={ (older.on(path)) (fragment) } rel="next" { "Older " (what) }
                }
            }
        }
    }
}

/// A field for a password, as password managers want it. One that is at fault has the focus.
fn password_field(id: &str, label: &str, autocomplete: &str, is_invalid: bool) -> Markup {
    html! {
        label for=(id) { (label) }
        input type="password" id=(id) name=(id) autocomplete=(autocomplete) maxlength="200" required autofocus[is_invalid]
            aria-invalid=[is_invalid.then_some("true")] aria-describedby=[is_invalid.then_some("problem")];
    }
}
