//! Registration: a name, a password, and one is logged in.

use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use muffin_session::{Login, NextUrl};
use serde::Deserialize;

use super::{Problem, devices, frame, password_field, problem_note};
use crate::app::Board;
use crate::client::Client;
use crate::error::AppError;
use crate::passwords;
use crate::visitor::Visitor;

/// What the form sends. Not `Debug`, so that no password can end up in a log.
#[derive(Deserialize)]
pub(super) struct Registration {
    name: String,
    password: String,
    again: String,
}

pub(super) async fn form(visitor: Visitor) -> Markup {
    page(&visitor, "", None)
}

pub(super) async fn register(
    State(board): State<Board>,
    Client(client): Client,
    visitor: Visitor,
    next: NextUrl,
    headers: HeaderMap,
    Form(registration): Form<Registration>,
) -> Result<Response, AppError> {
    let Registration {
        name,
        password,
        again,
    } = registration;
    let name = name.trim().to_lowercase();
    let refuse = |field, sentence| {
        let problem = Problem { field, sentence };
        let page = page(&visitor, &name, Some(problem));
        (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
    };
    if let Some(problem) = problem_with(&name) {
        return Ok(refuse("name", problem));
    }
    if let Some(problem) = passwords::problem_with(&password, &again) {
        return Ok(refuse("password", problem));
    }
    board.attempts.count_registration(client)?;
    let hash = board.passwords.hash(password).await?;
    let Some(user) = board.db.add_user(&name, &hash).await? else {
        return Ok(refuse(
            "name",
            "Somebody has that name already: take another one.",
        ));
    };
    let label = devices::name(&headers);
    let login = Login::new(user.id).user(&user).label(label);
    visitor.session.login_with(login)?;
    let role = user.role;
    visitor.session.flash(format!(
        "Welcome, {name}! You are {} {role} here.",
        article(role.as_str())
    ))?;
    Ok(next.redirect_or("/").into_response())
}

/// What is wrong with a name.
fn problem_with(name: &str) -> Option<&'static str> {
    let may_be =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    if !name.bytes().all(may_be) {
        Some("A name is made of the letters a to z, digits, - and _.")
    } else if !(3..=30).contains(&name.len()) {
        Some("A name has 3 to 30 characters.")
    } else {
        None
    }
}

fn article(word: &str) -> &'static str {
    if word.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    }
}

fn page(visitor: &Visitor, name: &str, problem: Option<Problem>) -> Markup {
    let is_with = |field| problem.is_some_and(|problem| problem.field == field);
    frame::page(
        visitor,
        "Register",
        "/register",
        &html! {
            h1 { "Register" }
            form.panel method="post" {
                (problem_note(problem.map(|problem| problem.sentence)))
                label for="name" { "Name " span.hint { "(letters a to z, digits, - and _)" } }
                input id="name" name="name" value=(name) autocomplete="username" autocapitalize="none" spellcheck="false" minlength="3" maxlength="30" required autofocus[!is_with("password")]
                    aria-invalid=[is_with("name").then_some("true")] aria-describedby=[is_with("name").then_some("problem")];
                (password_field("password", "Password (10 characters or more)", "new-password", is_with("password")))
                (password_field("again", "The same password again", "new-password", false))
                button { "Register" }
            }
            p { "Registered already? " a href="/login" { "Log in" } }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::problem_with;

    #[test]
    fn names_are_short_and_plain() {
        for name in ["ann", "bob-2", "a_b", &"x".repeat(30)] {
            assert_eq!(problem_with(name), None, "{name}");
        }
        for name in ["", "ab", "Ann", "ann b", "änn", "<b>", &"x".repeat(31)] {
            assert!(problem_with(name).is_some(), "{name}");
        }
    }
}
