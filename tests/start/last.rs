//! The program of `docs/start.md` as it is after its fifth step, but for `main`, which stays what it was.

use axum::response::{Html, Redirect};
use axum::routing::get;
use axum::{Form, Router};
use muffin_session::{
    CurrentUser, Error, NextUrl, Session, Sessions, login_required, user_loader, user_pass,
};
use serde::Deserialize;

#[derive(Clone)]
pub(super) struct User {
    name: String,
}

#[user_loader]
pub(super) async fn load_user(name: String) -> Option<User> {
    Some(User { name })
}

async fn home(user: Option<CurrentUser<User>>, session: Session) -> String {
    let mut page = String::new();
    for message in session.get_flashed_messages() {
        page += &format!("* {message}\n");
    }
    page += &match user {
        Some(CurrentUser(user)) => format!("Hello, {}!", user.name),
        None => "Hello, stranger! Log in at /login.".to_owned(),
    };
    page
}

async fn login_page(session: Session) -> Html<String> {
    let mut page = String::new();
    for message in session.get_flashed_messages() {
        // Texts of this program: what people have written has to be escaped, as templates do.
        page += &format!("<p>{message}</p>");
    }
    page += "<form method=post>
        <input name=name placeholder=Name required>
        <input name=password type=password placeholder=Password required>
        <button>Log in</button>
    </form>";
    Html(page)
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
        session.flash_with("error", "That is not the password")?;
        return Ok(Redirect::to(&next.append_to("/login")));
    }
    session.login(form.name)?;
    session.flash("You are logged in")?;
    Ok(next.redirect_or("/"))
}

#[login_required]
async fn notes(CurrentUser(user): CurrentUser<User>) -> String {
    format!("The notes of {}", user.name)
}

#[user_pass(|user: &User| user.name == "Ann")]
async fn admin() -> &'static str {
    "Only Ann sees this"
}

async fn logout_page() -> Html<&'static str> {
    Html("<form method=post><button>Log out</button></form>")
}

async fn logout(session: Session) -> Result<Redirect, Error> {
    session.logout();
    session.flash("You are logged out")?;
    Ok(Redirect::to("/"))
}

pub(super) fn app(sessions: Sessions) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/login", get(login_page).post(login))
        .route("/notes", get(notes))
        .route("/admin", get(admin))
        .route("/logout", get(logout_page).post(logout))
        .layer(sessions) // after the routes: it covers those that are there
}
