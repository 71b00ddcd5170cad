//! Sessions in a store made for tower-sessions, and "log out everywhere", which is new to it.
//!
//! `cargo run -p recipes --features tower-sessions --bin store_tower_sessions`, then:
//! ```console
//! $ curl -c laptop -X POST localhost:3000/login/ann
//! $ curl -c phone -X POST localhost:3000/login/ann
//! $ curl -b phone -X POST localhost:3000/end-all      # the laptop is logged out as well
//! $ curl -b laptop -i localhost:3000/
//! ```
use axum::{Router, extract::Path, response::Redirect, routing::get, routing::post};
use muffin_session::{Error, Secret, Session, Sessions, TowerSessionsStore, login_required};
use tower_sessions_memory_store::MemoryStore;

async fn login(session: Session, Path(name): Path<String>) -> Result<Redirect, Error> {
    session.login(name)?; // after a look at the password, in your application
    Ok(Redirect::to("/"))
}

#[login_required]
async fn home(session: Session) -> Result<String, Error> {
    let logins = session.all_sessions().await?.len();
    Ok(format!("You are logged in {logins} times\n"))
}

#[login_required]
async fn end_all(session: Session) -> Result<Redirect, Error> {
    session.end_all_sessions().await?;
    Ok(Redirect::to("/"))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt::init();
    let secret = Secret::from_env("SESSION_SECRET").or_else(|error| {
        tracing::warn!("for development, a secret that ends with the process: {error}");
        Secret::generate()
    })?;
    let theirs = MemoryStore::default(); // or any other for tower-sessions 0.15
    let sessions = Sessions::builder(secret)
        .without_user_loader()
        .store(TowerSessionsStore::new(theirs)) // once in a process: its locks keep requests apart
        .build()?;
    let app = Router::new()
        .route("/", get(home))
        .route("/login/{name}", post(login))
        .route("/end-all", post(end_all))
        .layer(sessions);
    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    tracing::info!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}
