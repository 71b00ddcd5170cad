//! A WebSocket for whoever is logged in, which closes when the login ends.
//!
//! `cargo run -p recipes --bin websocket`, then <http://localhost:3000>: log in, and send. Log out in
//! another tab, and send again.
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::{Html, Redirect, Response};
use axum::{Router, routing::any, routing::get, routing::post};
use muffin_session::{Error, Secret, Session, Sessions, login_required};

const PAGE: &str = r#"<!doctype html><html lang=en><meta charset=utf-8><title>WebSocket</title>
<form method=post><button formaction=/login>Log in</button> <button formaction=/logout>Log out</button>
<button type=button id=send>Send</button></form> <pre></pre>
<script type=module>
const say = text => document.querySelector("pre").append(text, "\n");
const socket = new WebSocket("/socket");
socket.onmessage = message => say(message.data);
socket.onclose = () => say("closed");
send.onclick = () => socket.send("Hello");
</script>"#;

/// Nobody is answered `401` in place of a socket, and pages of other sites `403`.
#[login_required]
async fn socket(session: Session, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(move |socket| echo(socket, session))
}

/// The session was read when the socket was opened: each message asks whether the login still counts.
async fn echo(mut socket: WebSocket, session: Session) {
    while let Some(Ok(Message::Text(text))) = socket.recv().await {
        if !session.is_still_valid().await || socket.send(Message::Text(text)).await.is_err() {
            return; // which closes it
        }
    }
}

async fn login(session: Session) -> Result<Redirect, Error> {
    session.login(1)?; // after a look at the password, in your application
    Ok(Redirect::to("/"))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt::init();
    let secret = Secret::from_env("SESSION_SECRET").or_else(|error| {
        tracing::warn!("for development, a secret that ends with the process: {error}");
        Secret::generate()
    })?;
    let logout = async |session: Session| (session.logout(), Redirect::to("/")).1;
    let app = Router::new()
        .route("/", get(Html(PAGE)))
        .route("/socket", any(socket))
        .route("/login", post(login))
        .route("/logout", post(logout))
        .layer(Sessions::builder(secret).without_user_loader().build()?);
    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    tracing::info!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}
