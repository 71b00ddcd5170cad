//! The password again, before something sensitive, unless it was given in the last ten minutes.
//!
//! `cargo run -p recipes --bin confirm_password`, then:
//! ```console
//! $ curl -c jar -X POST localhost:3000/login      # remembered, and so not fresh
//! $ curl -b jar -i localhost:3000/payments        # 303 to /confirm?next=%2Fpayments
//! $ curl -b jar -c jar -d password=blueberry-and-lemon localhost:3000/confirm
//! ```
use argon2::{Argon2, PasswordVerifier as _};
use axum::{Form, Router, response::Html, response::Redirect, routing::get, routing::post};
use muffin_session::{Error, Login, NextUrl, Secret, Session, Sessions, login_required};

const FORM: &str = "<form method=post>Password <input type=password name=password></form>";
const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$+YfV6Ej2Ejx8L5oH0gNXZQ$A44fWy9ak468KU3dzwatt5UKraXeZFatTNRr97RfZ08"; // each user's own

#[derive(serde::Deserialize)]
struct Given {
    password: String,
}

#[login_required]
async fn confirm(session: Session, next: NextUrl, form: Form<Given>) -> Result<Redirect, Error> {
    // It takes time and 19 MiB, on purpose: not where requests are served, and only two at once.
    static TURNS: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(2);
    let _turn = TURNS.acquire().await;
    let verify = move || Argon2::default().verify_password(form.password.as_bytes(), HASH);
    if !matches!(tokio::task::spawn_blocking(verify).await, Ok(Ok(()))) {
        return Ok(Redirect::to(&next.append_to("/confirm")));
    }
    session.confirm_login()?;
    Ok(next.redirect_or("/payments"))
}

#[login_required(fresh = "10m")]
async fn payments() {}

async fn login(session: Session) -> Result<(), Error> {
    // After a look at the password, in your application.
    session.login_with(Login::new(1).remember(std::time::Duration::from_hours(14 * 24)))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt::init();
    let secret = Secret::from_env("SESSION_SECRET").or_else(|error| {
        tracing::warn!("for development, a secret that ends with the process: {error}");
        Secret::generate()
    })?;
    let builder = Sessions::builder(secret).without_user_loader();
    let app = Router::new()
        .route("/login", post(login))
        .route("/confirm", get(Html(FORM)).post(confirm))
        .route("/payments", get(payments))
        .layer(builder.confirm_url("/confirm").build()?);
    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    tracing::info!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}
