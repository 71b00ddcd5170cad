//! Sessions in Redis or Valkey, for any number of servers, whose changes do not undo one another.
//!
//! `cargo run -p recipes --features redis --bin store_redis`, then:
//! ```console
//! $ curl -c jar -X POST localhost:3000/basket/oats
//! $ for item in milk eggs salt; do curl -b jar -X POST localhost:3000/basket/$item & done; wait
//! $ curl -b jar localhost:3000/basket                 # all of them are in it
//! ```
//! Processes with the same `SESSION_SECRET` and `REDIS_URL` are one site.
use axum::{Router, extract::Path, response::Redirect, routing::get, routing::post};
use muffin_session::{Error, RedisStore, Secret, Session, Sessions};

/// What another request puts in meanwhile stays: the function then runs again, on what is there.
async fn add(session: Session, Path(item): Path<String>) -> Result<Redirect, Error> {
    session.update("basket", move |basket: Option<Vec<String>>| {
        let mut basket = basket.unwrap_or_default();
        basket.push(item.clone());
        basket
    })?;
    Ok(Redirect::to("/basket"))
}

async fn basket(session: Session) -> Result<String, Error> {
    let basket: Vec<String> = session.get("basket")?.unwrap_or_default();
    Ok(basket.join(" ") + "\n")
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt::init();
    let secret = Secret::from_env("SESSION_SECRET").or_else(|error| {
        tracing::warn!("for development, a secret that ends with the process: {error}");
        Secret::generate()
    })?;
    let url = std::env::var("REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1".to_owned());
    let sessions = Sessions::builder(secret)
        .without_user_loader() // nobody logs in here: visitors have sessions too
        .store(RedisStore::connect_lazy(url)?) // which wants no table, and sweeps by itself
        .build()?;
    let app = Router::new()
        .route("/basket", get(basket))
        .route("/basket/{item}", post(add))
        .layer(sessions);
    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    tracing::info!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}
