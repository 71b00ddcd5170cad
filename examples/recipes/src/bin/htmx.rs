//! HTMX: a part with the current user, messages beside it, and refusals that lead to a login page.
//!
//! `cargo run -p recipes --bin htmx`, then <http://localhost:3000>.
use axum::response::{Html, Redirect};
use axum::{Router, routing::get, routing::post};
use muffin_session::{CurrentUser, Error, Secret, Session, Sessions, login_required, user_loader};

const LOGIN: &str = "<title>Login</title><form method=post><button>I am Ann</button></form>";
const PAGE: &str = r##"<!doctype html><html lang=en><meta charset=utf-8><title>HTMX</title>
<script src=https://cdn.jsdelivr.net/npm/htmx.org@2.0.11/dist/htmx.min.js crossorigin=anonymous
  integrity=sha384-2OatzQy1H+Zd/IIrjr1TcuDGqLXeHhbooAyJY1KdQMKnr4LZ22k31GBLdYKHmVjg></script>
<div id=me hx-get=/me hx-trigger=load></div><p id=message></p><button hx-post=/vote hx-target="#me">Vote</button>"##;

#[derive(Clone)]
struct User(&'static str);

#[user_loader]
async fn load_user(id: u64) -> Option<User> {
    (id == 1).then_some(User("Ann"))
}

/// Messages go to their own place "out of band". Templates escape what people wrote; this is our text.
async fn me(user: Option<CurrentUser<User>>, session: Session) -> Html<String> {
    let name = user.map_or("a guest", |user| user.0.0);
    let mut part = format!("You are {name}");
    for flash in session.get_flashed_messages() {
        part = format!("{part}<p id=message hx-swap-oob=true>{}</p>", flash.message);
    }
    Html(part)
}

/// Nobody gets a `401` with `HX-Redirect`, and HTMX goes to the login page.
#[login_required]
async fn vote(user: CurrentUser<User>, session: Session) -> Result<Html<String>, Error> {
    session.flash("Your vote counts")?;
    Ok(me(Some(user), session).await)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt::init();
    let secret = Secret::from_env("SESSION_SECRET").or_else(|error| {
        tracing::warn!("for development, a secret that ends with the process: {error}");
        Secret::generate()
    })?;
    let sessions = Sessions::builder(secret).user_loader(load_user).build()?;
    // After a look at the password, in your application.
    let login = async |session: Session| session.login(1).map(|()| Redirect::to("/"));
    let app = Router::new()
        .route("/", get(Html(PAGE)))
        .route("/me", get(me))
        .route("/vote", post(vote))
        .route("/login", get(Html(LOGIN)).post(login))
        .layer(sessions);
    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    tracing::info!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}
