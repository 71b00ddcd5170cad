//! One's devices: where one is logged in, and "log out there".

use std::cmp::Reverse;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::USER_AGENT;
use axum::response::Redirect;
use maud::{Markup, html};
use muffin_session::{Session, UserSession, login_required};

use super::frame;
use crate::app::Board;
use crate::error::AppError;
use crate::visitor::Visitor;
use crate::when::{ago, now, seconds};

#[login_required]
pub(super) async fn page(visitor: Visitor) -> Result<Markup, AppError> {
    let mut logins = visitor.session.all_sessions().await?;
    logins.sort_by_key(|login| Reverse(login.is_current()));
    let has_others = logins.len() > 1;
    Ok(frame::page(
        &visitor,
        "Devices",
        "/account/devices",
        &html! {
            h1 { "Devices" }
            p.lead {
                @if has_others { "You are logged in here, and elsewhere." } @else { "You are logged in here, and nowhere else." }
            }
            ul.rows {
                @for (number, login) in (1..).zip(&logins) {
                    li { (device(number, login)) }
                }
            }
            @if has_others {
                form method="post" action="/account/devices/end-others" {
                    button { "Log out everywhere else" }
                }
            }
        },
    ))
}

/// Ends one of the user's own logins. The id of somebody else's ends nothing.
#[login_required]
pub(super) async fn end(
    State(board): State<Board>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Redirect, AppError> {
    let message = if session.end_session(&id).await? {
        "You are logged out there."
    } else {
        "That login was over already."
    };
    board.live.login_ended();
    session.flash(message)?;
    Ok(Redirect::to("/account/devices"))
}

#[login_required]
pub(super) async fn end_others(
    State(board): State<Board>,
    session: Session,
) -> Result<Redirect, AppError> {
    session.end_other_sessions().await?;
    board.live.login_ended();
    session.flash("You are logged out everywhere else.")?;
    Ok(Redirect::to("/account/devices"))
}

/// What a browser is called on this page: enough for its owner to know it again.
pub(super) fn name(headers: &HeaderMap) -> &'static str {
    let agent = headers
        .get(USER_AGENT)
        .and_then(|agent| agent.to_str().ok());
    let agent = agent.unwrap_or_default();
    let known = KINDS.iter().find(|(part, _)| agent.contains(part));
    known.map_or("A program", |(_, name)| name)
}

/// Parts of what browsers call themselves. Phones name the systems of desktops too, and so they come first.
const KINDS: [(&str, &str); 7] = [
    ("iPhone", "An iPhone"),
    ("iPad", "An iPad"),
    ("Android", "An Android device"),
    ("Windows", "A computer with Windows"),
    ("Mac OS", "A Mac"),
    ("CrOS", "A Chromebook"),
    ("Linux", "A computer with Linux"),
];

/// How often the library notes that somebody is there, in seconds: less than that says nothing.
const NOTED: i64 = 600;

fn device(number: usize, login: &UserSession) -> Markup {
    let label = format!("device-{number}");
    let last_seen = seconds(login.last_seen());
    html! {
        div {
            h2 id=(label) {
                (login.label().unwrap_or("A device"))
                @if login.is_current() { " " span.badge { "this one" } }
            }
            p.meta {
                "Logged in " (ago(seconds(login.begun_at()))) ", last seen "
                @if now() - last_seen < NOTED { "in the last ten minutes" } @else { (ago(last_seen)) }
            }
        }
        @if !login.is_current() {
            form method="post" action={ "/account/devices/" (login.id()) "/end" } {
                button.small aria-describedby=(label) { "Log out there" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_have_names_that_their_owners_know() {
        for (agent, known) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
                "A computer with Linux",
            ),
            (
                "Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
                "An Android device",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15",
                "An iPhone",
            ),
            ("curl/8.9.1", "A program"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(USER_AGENT, agent.parse().unwrap());
            assert_eq!(name(&headers), known);
        }
        assert_eq!(name(&HeaderMap::new()), "A program");
    }
}
