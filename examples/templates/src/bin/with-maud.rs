//! The page with Maud: the layout is a function that takes the session and the user.

use std::error::Error;

use axum::Router;
use axum::routing::get;
use maud::{DOCTYPE, Markup, html};
use muffin_session::{CurrentUser, Session};
use templates::User;

type Visitor = Option<CurrentUser<User>>;

fn layout(title: &str, session: &Session, visitor: &Visitor, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { (title) } }
            body {
                nav aria-label="Account" {
                    @if let Some(user) = visitor {
                        p { "Logged in as " b { (user.name) } }
                        @if user.is_admin { a href="/admin" { "Admin" } }
                        form method="post" action="/logout" { button { "Log out" } }
                    } @else {
                        p { "Nobody is logged in" }
                    }
                }
                main {
                    @for flash in session.get_flashed_messages() {
                        @let role = if flash.category == "error" { "alert" } else { "status" };
                        p class=(flash.category) role=(role) { (flash.message) }
                    }
                    (content)
                }
            }
        }
    }
}

async fn home(session: Session, visitor: Visitor) -> Markup {
    let content = html! {
        h1 { "Home" }
        @if visitor.is_none() {
            form method="post" action="/login" {
                label { "Ann or Bob: " input name="name" autocomplete="username" required; }
                button { "Log in" }
            }
        }
    };
    layout("Home", &session, &visitor, &content)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    templates::serve(Router::new().route("/", get(home))).await
}
