//! Behind a proxy where TLS ends: it speaks plain HTTP with this program, and cookies stay `Secure`.
//!
//! `PUBLIC_ORIGIN=https://shop.example cargo run -p recipes --bin behind_proxy`, behind nginx, say:
//! ```text
//! server {
//!     listen 443 ssl; server_name shop.example;   # and its certificate
//!     location / { proxy_pass http://127.0.0.1:3000; proxy_set_header Host $host; }
//! }
//! ```
//! What browsers send can be tried without one:
//! ```console
//! $ curl -i -X POST -H "Origin: https://shop.example" localhost:3000/login        # logged in
//! $ curl -i -X POST -H "Origin: https://elsewhere.example" localhost:3000/login   # 403
//! $ curl -i -X POST -H "Origin: http://shop.example" localhost:3000/login         # 403: no TLS
//! ```
use axum::{Router, response::Redirect, routing::get, routing::post};
use muffin_session::{Error, Secret, Session, Sessions, login_required};

async fn login(session: Session) -> Result<Redirect, Error> {
    session.login(1)?; // after a look at the password, in your application
    Ok(Redirect::to("/")) // a path leads to the public origin, whatever it is
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
    let origin = std::env::var("PUBLIC_ORIGIN");
    let origin = origin.unwrap_or_else(|_| "https://shop.example".to_owned());
    let sessions = Sessions::builder(secret)
        .without_user_loader()
        // Whose pages may post here, also where a proxy does not pass the `Host` header on.
        // Without this line it would be those of that host, with TLS or not.
        .public_origin(origin)
        // Who may as well: a site on another host that posts to this one.
        .trusted_origin("https://admin.shop.example")
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
