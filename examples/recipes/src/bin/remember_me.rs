//! "Remember me": a login that outlives the browser, if its user wants that.
//!
//! `cargo run -p recipes --bin remember_me`, then <http://localhost:3000>: close the browser, and come back.
use std::time::Duration;

use axum::response::{Html, Redirect};
use axum::{Form, Router, routing::get};
use muffin_session::{Error, Login, NextUrl, Secret, Session, Sessions, login_required};

/// Without an `action` it is posted to the URL that it stands on, `next` included.
const FORM: &str = "<title>Login</title><form method=post><label>Name <input name=name></label>
<label><input type=checkbox name=remember value=true> Remember me</label> <button>Go</button></form>";

#[derive(serde::Deserialize)]
struct Who {
    name: String,
    #[serde(default)] // a box that is not ticked is not sent
    remember: bool,
}

async fn login(session: Session, next: NextUrl, who: Form<Who>) -> Result<Redirect, Error> {
    let mut login = Login::new(&who.name); // after a look at the password, in your application
    if who.remember {
        login = login.remember(Duration::from_hours(14 * 24));
    }
    session.login_with(login)?;
    Ok(next.redirect_or("/"))
}

#[login_required]
async fn home(session: Session) -> String {
    format!("Logged in. Remembered: {}\n", session.is_remembered())
}

/// Whoever finds the browser finds it logged in, so a remembered login is not fresh: see `confirm_password`.
#[login_required(fresh = "10m")]
async fn payments() -> &'static str {
    "Payments\n"
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt::init();
    let secret = Secret::from_env("SESSION_SECRET").or_else(|error| {
        tracing::warn!("for development, a secret that ends with the process: {error}");
        Secret::generate()
    })?;
    let sessions = Sessions::builder(secret).without_user_loader().build()?;
    let app = Router::new()
        .route("/", get(home))
        .route("/payments", get(payments))
        .route("/login", get(Html(FORM)).post(login))
        .layer(sessions);
    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    tracing::info!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}
