//! Another secret after a restart, without logging anybody out.
//!
//! `cargo run -p recipes --bin old_secrets` with `SESSION_SECRET`, then log in:
//! ```console
//! $ curl -c jar -X POST localhost:3000/login
//! ```
//! 1. Stop it, make `SESSION_SECRET` another one, and the one before `OLD_SECRET`. Logins go on.
//! 2. Where nothing is signed with the old one any more, set `OLD_SECRET_UNTIL="$(date +%s)"` as well,
//!    once: what claims to be signed with it later does not count, whoever has found it.
//! 3. Unset both after 30 days, when the longest login is over.
//! ```console
//! $ curl -b jar -i localhost:3000/
//! ```
use std::time::{Duration, UNIX_EPOCH};

use axum::{Router, routing::get, routing::post};
use muffin_session::{Error, Secret, Session, Sessions, login_required};

async fn login(session: Session) -> Result<(), Error> {
    session.login(1) // after a look at the password, in your application
}

#[login_required]
async fn home() -> &'static str {
    "Logged in\n"
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt::init();
    let secret = Secret::from_env("SESSION_SECRET").or_else(|error| {
        tracing::warn!("for development, a secret that ends with the process: {error}");
        Secret::generate()
    })?;
    let mut builder = Sessions::builder(secret).without_user_loader();
    if let Ok(old) = Secret::from_env("OLD_SECRET") {
        builder = match std::env::var("OLD_SECRET_UNTIL") {
            Ok(time) => builder.verify_until(old, UNIX_EPOCH + Duration::from_secs(time.parse()?)),
            Err(_) => builder.verify_with(old),
        };
    }
    let sessions = builder.build()?;
    let app = Router::new()
        .route("/", get(home))
        .route("/login", post(login))
        .layer(sessions);
    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    tracing::info!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}
