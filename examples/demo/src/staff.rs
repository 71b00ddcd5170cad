//! The staff area: pages for a second kind of user, with a login of their own beside the visitor's.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use maud::Markup;
use muffin_session::{CurrentUser, GuardLayer, NextUrl, SessionOf};
use serde::Deserialize;

use crate::error::AppError;
use crate::people::People;
use crate::team::{Staff, Team};
use crate::users::Users;
use crate::visitor::Visitor;
use crate::{notes, pages};

/// The routes below `/staff`: all of them for staff alone, but for those to log in and out.
pub(crate) fn routes() -> Router<People> {
    let guarded = Router::new()
        .route("/", get(overview))
        .route("/users", get(users))
        // After the routes that it guards, before those that it does not.
        .route_layer(GuardLayer::login_required_as::<Staff>());
    guarded
        .route("/login", get(form).post(log_in))
        .route("/logout", post(log_out))
}

/// The visitor is whoever uses the site in this browser: `Visitor` has the site's session, `SessionOf<Staff>` is the staff's.
async fn overview(
    CurrentUser(staff): CurrentUser<Staff>,
    session: SessionOf<Staff>,
    visitor: Visitor,
) -> Result<Markup, AppError> {
    let notes = notes::read(&visitor.session)?;
    let page = pages::staff(&session, &staff, &visitor, &notes);
    Ok(page)
}

async fn users(
    State(users): State<Users>,
    CurrentUser(staff): CurrentUser<Staff>,
    session: SessionOf<Staff>,
    visitor: Visitor,
) -> Markup {
    pages::staff_users(&session, &staff, &visitor, &users.all())
}

/// What the login form sends. Not `Debug`, so that no password can end up in a log.
#[derive(Deserialize)]
struct Credentials {
    name: String,
    password: String,
}

async fn form(session: SessionOf<Staff>, staff: Option<CurrentUser<Staff>>) -> Markup {
    pages::staff_login(&session, staff_of(staff.as_ref()), pages::LoginForm::Fresh)
}

async fn log_in(
    State(team): State<Team>,
    session: SessionOf<Staff>,
    staff: Option<CurrentUser<Staff>>,
    next: NextUrl,
    Form(Credentials { name, password }): Form<Credentials>,
) -> Result<Response, AppError> {
    let Some(known) = team.verify(&name, password).await? else {
        session.flash_with("error", "The name or the password is wrong.")?;
        let form = pages::LoginForm::Refused {
            name: &name,
            remember: false,
        };
        let page = pages::staff_login(&session, staff_of(staff.as_ref()), form);
        return Ok((StatusCode::UNAUTHORIZED, page).into_response());
    };
    session.login(known.id)?;
    session.flash(format!("Welcome, {}!", known.name))?;
    Ok(next.redirect_or("/staff").into_response())
}

/// Ends the staff's session. The visitor's own login is another one, and goes on.
async fn log_out(session: SessionOf<Staff>) -> Result<Redirect, AppError> {
    session.logout();
    session.flash("You are logged out.")?;
    Ok(Redirect::to("/staff/login"))
}

fn staff_of(current: Option<&CurrentUser<Staff>>) -> Option<&Staff> {
    current.map(|CurrentUser(staff)| staff)
}
