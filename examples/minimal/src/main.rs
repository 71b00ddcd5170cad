//! Login, a guarded page, and one for admins.
use axum::response::{Html, Redirect};
use axum::{Form, Router, routing::get, routing::post};
use muffin_session::{CurrentUser, Error, NextUrl, Secret, Session, Sessions, user_loader};

#[derive(Clone)]
struct User {
    name: &'static str,
    is_admin: bool,
}

#[user_loader]
async fn load_user(id: usize) -> Option<User> {
    let (name, is_admin) = *[("Ann", true), ("Bob", false)].get(id)?; // a query, in an application
    Some(User { name, is_admin })
}

#[muffin_session::login_required]
async fn home(CurrentUser(user): CurrentUser<User>) -> String {
    format!("Hello, {}", user.name)
}

#[muffin_session::user_pass(|user: &User| user.is_admin)]
async fn admin() -> &'static str {
    "Admins only"
}

async fn login_page() -> Html<&'static str> {
    Html("<form method=post>0 for Ann, 1 for Bob: <input name=id><button>Log in</button></form>")
}

async fn login(session: Session, next: NextUrl, form: Form<Who>) -> Result<Redirect, Error> {
    session.login(form.id)?; // after a look at the password, in your application
    Ok(next.redirect_or("/"))
}

#[derive(serde::Deserialize)]
struct Who {
    id: usize,
}

async fn logout(session: Session) -> Redirect {
    session.logout();
    Redirect::to("/login")
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sessions = Sessions::builder(Secret::from_env("SESSION_SECRET")?);
    let sessions = sessions.user_loader(load_user).build()?;
    let app = Router::new()
        .route("/", get(home))
        .route("/admin", get(admin))
        .route("/login", get(login_page).post(login))
        .route("/logout", post(logout))
        .layer(sessions); // after the routes: it covers those that are there
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    Ok(axum::serve(listener, app).await?)
}
