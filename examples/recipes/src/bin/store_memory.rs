//! Sessions in this process's memory, and a counter that is right when requests cross.
//!
//! `cargo run -p recipes --features memory --bin store_memory`, then:
//! ```console
//! $ curl -c jar -X POST localhost:3000/click
//! $ for i in 1 2 3 4; do curl -b jar -X POST localhost:3000/click & done; wait
//! ```
//! Each click has a number of its own. In cookies the last one of several at once would win.
use axum::{Router, routing::get, routing::post};
use muffin_session::{Error, MemoryStore, Secret, Session, Sessions};

/// `update` runs again if another request was faster: what counts is the number after `commit`.
async fn click(session: Session) -> Result<String, Error> {
    session.update("clicks", |clicks: Option<u32>| clicks.unwrap_or(0) + 1)?;
    session.commit().await?;
    clicks(session).await
}

async fn clicks(session: Session) -> Result<String, Error> {
    let clicks: u32 = session.get("clicks")?.unwrap_or_default();
    Ok(format!("{clicks} clicks\n"))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt::init();
    let secret = Secret::from_env("SESSION_SECRET").or_else(|error| {
        tracing::warn!("for development, a secret that ends with the process: {error}");
        Secret::generate()
    })?;
    let sessions = Sessions::builder(secret)
        .without_user_loader() // nobody logs in here: visitors have sessions too
        .store(MemoryStore::new()) // its methods say how many there may be, and how large
        .build()?;
    let _sweeper = sessions.sweep_every(std::time::Duration::from_mins(5)); // removes what is over
    let app = Router::new()
        .route("/", get(clicks))
        .route("/click", post(click))
        .layer(sessions);
    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    tracing::info!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}
