//! An API with tokens beside the pages: the same handlers and guards, whoever asks.
//!
//! `API_TOKEN=TOKEN cargo run -p recipes --bin api_tokens`, with what `openssl rand -hex 32` prints, then:
//! ```console
//! $ curl -c jar -X POST localhost:3000/login
//! $ curl -b jar localhost:3000/                                       # a browser
//! $ curl -H "Authorization: Bearer TOKEN" localhost:3000/             # a program
//! ```
use axum::{Router, extract::State, routing::get, routing::post};
use muffin_session::{CurrentUser, Error, Secret, Session, Sessions, login_required, user_loader};
use ring::digest::{Digest, SHA256, digest};

#[derive(Clone)]
struct User(&'static str);

#[user_loader]
async fn load_user(id: u64) -> Option<User> {
    (id == 1).then_some(User("Ann"))
}

/// What is kept is a hash, which is no use to whoever reads it. In your application it is in a table,
/// with a time when the token ends.
#[user_loader]
async fn load_by_token(token: String, State(known): State<Digest>) -> Option<User> {
    let hash = digest(&SHA256, token.as_bytes());
    (hash.as_ref() == known.as_ref()).then_some(User("Ann"))
}

#[login_required]
async fn home(CurrentUser(user): CurrentUser<User>) -> String {
    format!("Hello, {}\n", user.0)
}

async fn login(session: Session) -> Result<(), Error> {
    session.login(1) // after a look at the password, in your application
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt::init();
    let secret = Secret::from_env("SESSION_SECRET").or_else(|error| {
        tracing::warn!("for development, a secret that ends with the process: {error}");
        Secret::generate()
    })?;
    let token = std::env::var("API_TOKEN").map_err(|_| "API_TOKEN is not set")?;
    let token = digest(&SHA256, token.as_bytes());
    let builder = Sessions::builder(secret).user_loader(load_user);
    let sessions = builder
        .token_loader_with_state(load_by_token, token)
        .build()?;
    let app = Router::new()
        .route("/", get(home))
        .route("/login", post(login))
        .layer(sessions);
    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    tracing::info!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}
