//! Checkers of your own: closures, `all` and `not`, and an async one that answers with a page.
//!
//! `cargo run -p recipes --bin custom_checker`, then:
//! ```console
//! $ curl -c jar -X POST localhost:3000/login/ann   # or bob, or eve, who is suspended
//! $ curl -b jar -i localhost:3000/reports          # for staff, which bob is not
//! $ curl -b jar -i localhost:3000/notes/0          # ann's; 1 is bob's
//! ```
use axum::extract::{Path, State};
use axum::{Router, http::StatusCode, response::Html, routing::get, routing::post};
use muffin_session::{CurrentUser, Secret, Session, Sessions, user_loader, user_pass};

#[derive(Clone)]
struct User(String);

#[user_loader]
async fn load_user(name: String) -> Option<User> {
    Some(User(name)) // in your application a query
}

#[user_pass(all(|user: &User| user.0 != "bob", not(|user: &User| user.0 == "eve")))]
async fn reports() {}

type Db = std::sync::Arc<tokio::sync::RwLock<Vec<&'static str>>>; // the owners of notes
type Page = (StatusCode, Html<&'static str>);

/// Takes any extractors. Its `Err` is the answer; a `false` would leave that to the guard.
async fn owns(user: CurrentUser<User>, note: Path<usize>, db: State<Db>) -> Result<(), Page> {
    let owner = db.read().await.get(*note).copied();
    let is_owner = owner == Some(user.0.0.as_str());
    let page = Html("<h1>Not yours</h1><p>Ask its owner to share it.</p>");
    is_owner.then_some(()).ok_or((StatusCode::FORBIDDEN, page))
}

#[user_pass(owns, state = Db)]
async fn note(Path(note): Path<usize>) -> String {
    format!("Note {note}\n")
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt::init();
    let secret = Secret::from_env("SESSION_SECRET").or_else(|error| {
        tracing::warn!("for development, a secret that ends with the process: {error}");
        Secret::generate()
    })?;
    let sessions = Sessions::builder(secret).user_loader(load_user).build()?;
    let login = async |session: Session, Path(name): Path<String>| session.login(name);
    let app = Router::new()
        .route("/login/{name}", post(login)) // after a look at the password
        .route("/reports", get(reports))
        .route("/notes/{note}", get(note))
        .with_state(Db::new(vec!["ann", "bob"].into()))
        .layer(sessions);
    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    tracing::info!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}
