//! The application: a login, a page for members, and one for its admin.

use axum::response::{Html, Redirect};
use axum::routing::{get, post};
use axum::{Form, Router};
use muffin_session::{
    Builder, ConfigError, CurrentUser, Error, MemoryStore, NextUrl, Secret, Session, Sessions,
    login_required, user_loader, user_pass,
};

use crate::audit::Trail;

#[derive(Clone)]
struct User {
    name: &'static str,
    is_admin: bool,
}

#[user_loader]
async fn load_user(id: usize) -> Option<User> {
    let (name, is_admin) = *[("Ann", true), ("Bob", false)].get(id)?;
    Some(User { name, is_admin })
}

#[login_required]
async fn home(CurrentUser(user): CurrentUser<User>) -> Html<String> {
    // The names are this program's own. What people wrote has to be escaped, as templates do.
    let out = "<form method=post action=/logout><button>Log out</button></form>";
    Html(format!(
        "Hello, {}. <a href=/admin>Admins</a> {out}",
        user.name
    ))
}

#[user_pass(|user: &User| user.is_admin)]
async fn admin() -> &'static str {
    "Admins only"
}

async fn login_page() -> Html<&'static str> {
    Html("<form method=post>0 for Ann, 1 for Bob: <input name=id><button>Log in</button></form>")
}

#[derive(serde::Deserialize)]
struct Who {
    id: usize,
}

async fn login(session: Session, next: NextUrl, form: Form<Who>) -> Result<Redirect, Error> {
    session.login(form.id)?; // after a look at the password, in your application
    Ok(next.redirect_or("/"))
}

async fn logout(session: Session) -> Redirect {
    session.logout();
    Redirect::to("/login")
}

/// The sessions, whose events go into the trail. Metrics are counted without a word here, once a recorder is installed.
///
/// # Errors
///
/// If the secret is weak.
pub fn sessions(secret: Secret, trail: Trail) -> Result<Sessions, ConfigError> {
    let builder: Builder = Sessions::builder(secret)
        .user_loader(load_user)
        .store(MemoryStore::new())
        .forbid_refused();
    builder.on_event(move |event| trail.note(event)).build()
}

/// The pages.
pub fn router(sessions: Sessions) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/admin", get(admin))
        .route("/login", get(login_page).post(login))
        .route("/logout", post(logout))
        .layer(sessions)
}
