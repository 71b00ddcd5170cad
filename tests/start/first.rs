//! The program of `docs/start.md` as it is after its second step.

use axum::response::{Html, Redirect};
use axum::routing::get;
use axum::{Form, Router};
use muffin_session::{CurrentUser, Error, NextUrl, Secret, Session, Sessions, user_loader};
use serde::Deserialize;

#[derive(Clone)]
pub(super) struct User {
    name: String,
}

/// Who is it that has logged in by this name? A database comes later.
#[user_loader]
pub(super) async fn load_user(name: String) -> Option<User> {
    Some(User { name })
}

async fn home(user: Option<CurrentUser<User>>) -> String {
    match user {
        Some(CurrentUser(user)) => format!("Hello, {}!", user.name),
        None => "Hello, stranger! Log in at /login.".to_owned(),
    }
}

async fn login_page() -> Html<&'static str> {
    Html(
        "<form method=post>
            <input name=name placeholder=Name required>
            <input name=password type=password placeholder=Password required>
            <button>Log in</button>
        </form>",
    )
}

#[derive(Deserialize)]
struct Credentials {
    name: String,
    password: String,
}

async fn login(
    session: Session,
    next: NextUrl,
    Form(form): Form<Credentials>,
) -> Result<Redirect, Error> {
    // An application looks the user up, and verifies the hash of their password.
    if form.password != "muffin" {
        return Ok(Redirect::to(&next.append_to("/login")));
    }
    session.login(form.name)?;
    Ok(next.redirect_or("/"))
}

pub(super) fn app(sessions: Sessions) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/login", get(login_page).post(login))
        .layer(sessions) // after the routes: it covers those that are there
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt::init();
    let sessions = Sessions::builder(Secret::from_env("SESSION_SECRET")?)
        .user_loader(load_user)
        .build()?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!("Open http://localhost:3000");
    axum::serve(listener, app(sessions)).await?;
    Ok(())
}
