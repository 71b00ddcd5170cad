//! Secrets that change while the program runs, without logging anybody out.
//!
//! `cargo run -p recipes --bin rotating_keys`, then:
//! ```console
//! $ curl -c jar -X POST localhost:3000/login
//! $ curl -b jar -X POST localhost:3000/keys        # a new secret signs from now on
//! $ curl -b jar localhost:3000/keys                # still logged in, by the old one
//! $ curl -b jar -X DELETE localhost:3000/keys/ID   # with the old one's ID of that list
//! $ curl -b jar -i localhost:3000/keys             # logged out
//! ```
use axum::extract::{Path, State};
use axum::{Router, http::StatusCode, routing::delete, routing::get, routing::post};
use muffin_session::{ConfigError, Keys, Secret, Session, Sessions, login_required};

type Refused = (StatusCode, String);
fn refused(error: &ConfigError) -> Refused {
    (StatusCode::CONFLICT, error.to_string()) // there are too many, say
}

#[login_required] // in your application, like the others, for admins: `#[user_pass(..)]`
async fn list(State(keys): State<Keys>) -> String {
    let keys = keys.list().into_iter();
    let lines = keys.map(|key| format!("{} signs: {}\n", key.id, key.signs));
    lines.collect::<Vec<_>>().concat()
}

/// This secret is lost with the process: in your application it is that of a secret manager.
#[login_required]
async fn rotate(State(keys): State<Keys>) -> Result<String, Refused> {
    let id = Secret::generate().and_then(|secret| keys.rotate(secret));
    id.map(|id| id.to_string()).map_err(|error| refused(&error))
}

#[login_required]
async fn remove(State(keys): State<Keys>, Path(id): Path<String>) -> Result<(), Refused> {
    let removed = id.parse().and_then(|id| keys.remove(id));
    removed.map_err(|error| refused(&error))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt::init();
    let secret = Secret::from_env("SESSION_SECRET").or_else(|error| {
        tracing::warn!("for development, a secret that ends with the process: {error}");
        Secret::generate()
    })?;
    let sessions = Sessions::builder(secret).without_user_loader().build()?;
    let login = async |session: Session| session.login(1); // after a look at the password
    let app = Router::new()
        .route("/login", post(login))
        .route("/keys", get(list).post(rotate))
        .route("/keys/{id}", delete(remove))
        .with_state(sessions.keys())
        .layer(sessions);
    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    tracing::info!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}
