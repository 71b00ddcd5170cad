//! Sessions in an SQLite file, which outlive the process, and a list of one's devices to log out.
//!
//! `cargo run -p recipes --features sqlite --bin store_sqlite`, with a `SESSION_SECRET` that stays, then:
//! ```console
//! $ curl -c phone -X POST localhost:3000/login/ann/phone
//! $ curl -c laptop -X POST localhost:3000/login/ann/laptop
//! $ curl -b phone localhost:3000/devices
//! $ curl -b phone -X POST localhost:3000/devices/ID/end    # with the laptop's ID of that list
//! ```
use axum::{Router, extract::Path, response::Redirect, routing::get, routing::post};
use muffin_session::{Error, Login, Secret, Session, Sessions, SqliteStore, login_required};

/// After a look at the password, in your application, where the device is the `User-Agent`, say.
async fn login(session: Session, path: Path<(String, String)>) -> Result<(), Error> {
    let Path((name, device)) = path;
    session.login_with(Login::new(name).label(&device))
}

#[login_required]
async fn devices(session: Session) -> Result<String, Error> {
    let mut lines = Vec::new();
    for login in session.all_sessions().await? {
        let (id, here) = (login.id(), login.is_current());
        let device = login.label().unwrap_or("unknown");
        lines.push(format!("{id} {device}, this one: {here}\n"));
    }
    Ok(lines.concat())
}

/// That device is logged out at once. The id of somebody else's ends nothing.
#[login_required]
async fn end(session: Session, Path(id): Path<String>) -> Result<Redirect, Error> {
    session.end_session(&id).await?;
    Ok(Redirect::to("/devices"))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt::init();
    let secret = Secret::from_env("SESSION_SECRET").or_else(|error| {
        tracing::warn!("for development, a secret that ends with the process: {error}");
        Secret::generate()
    })?;
    let file = std::env::var("SESSIONS_FILE").unwrap_or_else(|_| "sessions.db".to_owned());
    let builder = Sessions::builder(secret).without_user_loader();
    let sessions = builder.store(SqliteStore::open(file).await?).build()?;
    sessions.prepare_store().await?; // makes the table, unless it is there
    let _sweeper = sessions.sweep_every(std::time::Duration::from_mins(5)); // removes what is over
    let app = Router::new()
        .route("/login/{name}/{device}", post(login))
        .route("/devices", get(devices))
        .route("/devices/{id}/end", post(end))
        .layer(sessions);
    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    tracing::info!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}
