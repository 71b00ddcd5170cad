//! Sessions in PostgreSQL, for any number of servers, and "log out everywhere else".
//!
//! `cargo run -p recipes --features postgres --bin store_postgres`, then:
//! ```console
//! $ curl -c laptop -X POST localhost:3000/login/ann
//! $ curl -c phone -X POST localhost:3000/login/ann
//! $ curl -b laptop -X POST localhost:3000/end-others   # the phone is logged out at once
//! $ curl -b phone -i localhost:3000/
//! ```
//! Processes with the same `SESSION_SECRET` and `POSTGRES_URL` are one site.
use axum::{Router, extract::Path, response::Redirect, routing::get, routing::post};
use muffin_session::{Error, PostgresStore, Secret, Session, Sessions, login_required};

async fn login(session: Session, Path(name): Path<String>) -> Result<Redirect, Error> {
    session.login(name)?; // after a look at the password, in your application
    Ok(Redirect::to("/"))
}

#[login_required]
async fn home(session: Session) -> Result<String, Error> {
    let logins = session.all_sessions().await?.len();
    Ok(format!("You are logged in {logins} times\n"))
}

/// To be called after a change of the password too.
#[login_required]
async fn end_others(session: Session) -> Result<Redirect, Error> {
    session.end_other_sessions().await?;
    Ok(Redirect::to("/"))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt::init();
    let secret = Secret::from_env("SESSION_SECRET").or_else(|error| {
        tracing::warn!("for development, a secret that ends with the process: {error}");
        Secret::generate()
    })?;
    let url = std::env::var("POSTGRES_URL");
    let url = url.unwrap_or_else(|_| "postgres://postgres@127.0.0.1/postgres".to_owned());
    let builder = Sessions::builder(secret).without_user_loader();
    let sessions = builder.store(PostgresStore::connect_lazy(&url)?).build()?;
    sessions.prepare_store().await?; // makes the table, unless it is there
    let _sweeper = sessions.sweep_every(std::time::Duration::from_mins(5)); // removes what is over
    let app = Router::new()
        .route("/", get(home))
        .route("/login/{name}", post(login))
        .route("/end-others", post(end_others))
        .layer(sessions);
    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    tracing::info!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}
