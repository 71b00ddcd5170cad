//! The staff's pages: an overview for moderators and admins, and roles for admins.

use axum::extract::State;
use axum::response::Redirect;
use axum::routing::{get, post};
use axum::{Form, Router};
use maud::{Markup, html};
use muffin_session::{CurrentUser, GuardLayer, user_pass};
use serde::Deserialize;

use super::{frame, neighbours};
use crate::app::Board;
use crate::error::AppError;
use crate::extract::{Path, Query};
use crate::paging::Start;
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
    Query(start): Query<Start>,
) -> Result<Markup, AppError> {
    let cards = board.db.count_cards().await?;
    let people = board.db.count_users().await?;
    let closed = board.db.closed_cards(start).await?;
    Ok(frame::page(
        &visitor,
        "Staff",
        "/staff",
        &html! {
            h1 { "Staff" }
            p.lead { "You may move and delete everybody’s cards, delete comments, and close the discussions of others’ cards." }
            dl.facts {
                @for (status, count) in cards {
                    div { dt { (status.title()) } dd { (count) } }
                }
                div { dt { "People" } dd { (people) } }
            }
            h2 { "Closed discussions" }
            @if closed.items.is_empty() {
                p.empty { "There are none." }
            } @else {
                ul.links {
                    @for card in &closed.items {
                        li { a href={ "/cards/" (card.id) } { (card.title) } }
                    }
                }
            }
            (neighbours(&closed, "discussions", "/staff", ""))
            @if user.is_admin() {
                h2 { "People" }
                p { a.button href="/staff/users" { "Change roles" } }
            }
        },
    ))
}

#[user_pass(User::is_admin, fresh = "10m")]
async fn users(
    State(board): State<Board>,
    visitor: Visitor,
    Query(start): Query<Start>,
) -> Result<Markup, AppError> {
    // On the first page, before all others.
    let staff = if start.is_newest() {
        board.db.staff().await?
    } else {
        Vec::new()
    };
    let members = board.db.members(start).await?;
    Ok(frame::page(
        &visitor,
        "People",
        "/staff",
        &html! {
            h1 { "People" }
            p.lead { "A new role holds at once. Whoever is given less to do is logged out everywhere." }
            ul.rows {
                @for user in staff.iter().chain(&members.items) {
                    li { (row(user)) }
                }
            }
            (neighbours(&members, "members", "/staff/users", ""))
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
