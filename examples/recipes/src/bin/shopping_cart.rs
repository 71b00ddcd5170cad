//! A cart that a guest fills, and that is still there once they have logged in.
//!
//! `cargo run -p recipes --bin shopping_cart`, then:
//! ```console
//! $ curl -b jar -c jar -X POST localhost:3000/cart/oats
//! $ curl -b jar -c jar -X POST localhost:3000/login
//! $ curl -b jar -c jar localhost:3000/cart
//! ```
use axum::{Router, extract::Path, response::Redirect, routing::get, routing::post};
use muffin_session::{Error, InSession, Secret, Session, SessionValue, Sessions};
use serde::{Deserialize, Serialize};

/// A value of the session, under a key of its own: "cart".
#[derive(Default, Serialize, Deserialize, SessionValue)]
struct Cart {
    items: Vec<String>,
}

async fn add(mut cart: InSession<Cart>, Path(item): Path<String>) -> Result<Redirect, Error> {
    cart.update(move |cart| cart.items.push(item.clone()))?;
    Ok(Redirect::to("/cart"))
}

async fn show(cart: InSession<Cart>) -> String {
    format!("{} items: {}\n", cart.items.len(), cart.items.join(", "))
}

async fn order(cart: InSession<Cart>) -> Result<String, Error> {
    let Cart { items } = cart.remove()?;
    Ok(format!("Ordered: {}\n", items.join(", ")))
}

async fn login(session: Session) -> Result<Redirect, Error> {
    session.login(1)?; // after a look at the password, in your application
    Ok(Redirect::to("/cart"))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt::init();
    let secret = Secret::from_env("SESSION_SECRET").or_else(|error| {
        tracing::warn!("for development, a secret that ends with the process: {error}");
        Secret::generate()
    })?;
    let sessions = Sessions::builder(secret)
        .without_user_loader()
        .carry_on_login([Cart::KEY]) // what else a guest has gathered is dropped
        .build()?;
    let app = Router::new()
        .route("/cart", get(show))
        .route("/cart/{item}", post(add))
        .route("/order", post(order))
        .route("/login", post(login))
        .layer(sessions);
    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    tracing::info!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}
