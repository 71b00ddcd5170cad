//! The staff's pages: an overview for moderators and admins, and roles for admins.

use axum::extract::{Path, State};
use axum::response::Redirect;
use axum::routing::{get, post};
use axum::{Form, Router};
use maud::{Markup, html};
use muffin_session::{CurrentUser, GuardLayer, user_pass};
use serde::Deserialize;

use super::frame;
use crate::app::Board;
use crate::cards::{Card, Status};
use crate::error::AppError;
use crate::users::{Role, User};
use crate::visitor::Visitor;
use crate::when::ago;

/// All below `/staff`, behind one guard; what is for admins has another one of its own.
pub(super) fn routes() -> Router<Board> {
    Router::new()
        .route("/", get(overview))
        .route("/users", get(users))
        .route("/users/{id}/role", post(change_role))
        // After the routes that it guards.
        .route_layer(GuardLayer::user_pass(User::is_staff))
}

async fn overview(
    State(board): State<Board>,
    CurrentUser(user): CurrentUser<User>,
    visitor: Visitor,
) -> Result<Markup, AppError> {
    let cards = board.db.cards().await?;
    let users = board.db.users().await?;
    let count = |status| cards.iter().filter(|card| card.status == status).count();
    let closed: Vec<&Card> = cards.iter().filter(|card| card.is_closed).collect();
    Ok(frame::page(
        &visitor,
        "Staff",
        "/staff",
        &html! {
            h1 { "Staff" }
            p.lead { "You may move and delete everybody’s cards, delete comments, and close the discussions of others’ cards." }
            dl.facts {
                @for status in Status::ALL {
                    div { dt { (status.title()) } dd { (count(status)) } }
                }
                div { dt { "People" } dd { (users.len()) } }
            }
            h2 { "Closed discussions" }
            @if closed.is_empty() {
                p.empty { "There are none." }
            } @else {
                ul.links {
                    @for card in closed {
                        li { a href={ "/cards/" (card.id) } { (card.title) } }
                    }
                }
            }
            @if user.is_admin() {
                h2 { "People" }
                p { a.button href="/staff/users" { "Change roles" } }
            }
        },
    ))
}

#[user_pass(User::is_admin, fresh = "10m")]
async fn users(State(board): State<Board>, visitor: Visitor) -> Result<Markup, AppError> {
    let users = board.db.users().await?;
    Ok(frame::page(
        &visitor,
        "People",
        "/staff",
        &html! {
            h1 { "People" }
            p.lead { "A new role holds at once. Whoever is given less to do is logged out everywhere." }
            ul.rows {
                @for user in &users {
                    li { (row(user)) }
                }
            }
        },
    ))
}

#[derive(Deserialize)]
struct NewRole {
    role: Role,
}

/// A new role holds from the next request on, since each loads its user. Whose rights shrink is logged out besides, which ends what lasts
/// longer than a request, such as sockets. Whoever demotes themself stays logged in here, and nowhere else.
#[user_pass(User::is_admin, fresh = "10m")]
async fn change_role(
    State(board): State<Board>,
    CurrentUser(admin): CurrentUser<User>,
    visitor: Visitor,
    Path(id): Path<i64>,
    Form(NewRole { role }): Form<NewRole>,
) -> Result<Redirect, AppError> {
    let session = &visitor.session;
    let Some(before) = board.db.change_role(id, role).await? else {
        session.flash_with(
            "error",
            "The only admin remains one: make somebody else one first.",
        )?;
        return Ok(Redirect::to("/staff/users"));
    };
    session.flash(format!("{}: {role}.", before.name))?;
    if id == admin.id {
        // One's own login goes on, as another session: copies of its cookies from before are worth nothing.
        session.renew()?;
        if role < before.role {
            session.end_other_sessions().await?;
            board.live.login_ended();
        }
        return Ok(Redirect::to("/"));
    }
    if role < before.role {
        board.sessions.end_sessions_of(id).await?;
        board.live.login_ended();
    }
    Ok(Redirect::to("/staff/users"))
}

fn row(user: &User) -> Markup {
    let label = format!("role-{}", user.id);
    html! {
        div {
            h2 { (user.name) " " span.badge { (user.role) } }
            p.meta { "Registered " (ago(user.created_at)) }
        }
        form.inline method="post" action={ "/staff/users/" (user.id) "/role" } {
            label.sr for=(label) { "Role of " (user.name) }
            select id=(label) name="role" {
                @for role in Role::ALL {
                    option value=(role) selected[role == user.role] { (role) }
                }
            }
            button.small { "Change" span.sr { " the role of " (user.name) } }
        }
    }
}
