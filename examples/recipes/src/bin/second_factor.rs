//! A second factor: the password, a code of an authenticator app (TOTP, RFC 6238), and then the login.
//!
//! `cargo run -p recipes --bin second_factor`, then:
//! ```console
//! $ curl -c jar -X POST localhost:3000/login           # half a login, which opens nothing yet
//! $ CODE="$(oathtool --totp --base32 GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ)"
//! $ curl -b jar -c jar -X POST localhost:3000/login/$CODE
//! ```
use axum::extract::{Path, State};
use axum::{Router, routing::get, routing::post};
use muffin_session::{Error, Secret, Session, Sessions, login_required};
use ring::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};

/// In which half minute each user last tried a code. In your application a table.
type Tries = std::sync::Arc<tokio::sync::Mutex<std::collections::HashMap<u64, u64>>>;

fn code_of(half_minute: u64) -> u32 {
    let key = Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"12345678901234567890"); // each user's own
    let tag = sign(&key, &half_minute.to_be_bytes());
    let place = usize::from(tag.as_ref()[19] & 15);
    let bytes = [0, 1, 2, 3].map(|at| tag.as_ref()[place + at]);
    (u32::from_be_bytes(bytes) & 0x7fff_ffff) % 1_000_000
}

/// The code before counts too: typing takes time. One try in half a minute, and no code twice.
async fn code(session: Session, code: Path<u32>, tries: State<Tries>) -> Result<(), Error> {
    let user = session.half_login()?.ok_or(Error::NotLoggedIn)?;
    let time = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
    let now = time.as_secs() / 30;
    let last = tries.lock().await.insert(user, now).unwrap_or(0);
    let mut times = (last + 1..=now).rev().take(2);
    let right = times.find(|&time| code_of(time) == *code);
    right.ok_or(Error::NotLoggedIn)?;
    session.login(user)
}

#[login_required]
async fn home() {}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt::init();
    let secret = Secret::from_env("SESSION_SECRET").or_else(|error| {
        tracing::warn!("for development, a secret that ends with the process: {error}");
        Secret::generate()
    })?;
    let sessions = Sessions::builder(secret).without_user_loader().build()?;
    let password = async |session: Session| session.begin_login(1); // after a look at it
    let app = Router::new()
        .route("/", get(home))
        .route("/login", post(password))
        .route("/login/{code}", post(code))
        .with_state(Tries::default())
        .layer(sessions);
    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    tracing::info!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}
