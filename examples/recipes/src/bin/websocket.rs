//! A WebSocket for whoever is logged in. When the login has ended, it closes at the next message.
//!
//! `cargo run -p recipes --bin websocket`, then <http://localhost:3000>: log in, and send. Log out in
//! another tab, and send again.
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::{Html, Redirect, Response};
use axum::{Router, routing::any, routing::get, routing::post};
use muffin_session::{Secret, Session, Sessions, login_required};

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
    let upgrade = upgrade.max_message_size(1024); // by default 64 MiB
    upgrade.on_upgrade(move |socket| echo(socket, session))
}

/// The session was read when the socket was opened: each message asks whether the login still counts.
async fn echo(mut socket: WebSocket, session: Session) {
    while let Some(Ok(message)) = socket.recv().await {
        let Message::Text(_) = message else { continue };
        if !session.is_still_valid().await || socket.send(message).await.is_err() {
            return; // which closes it
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt::init();
    let secret = std::env::var_os("SESSION_SECRET").map(|_| Secret::from_env("SESSION_SECRET"));
    let secret = secret.unwrap_or_else(|| {
        tracing::warn!("for development, a secret that ends with the process: no SESSION_SECRET");
        Secret::generate()
    })?;
    let login = async |session: Session| session.login(1).map(|()| Redirect::to("/"));
    let logout = async |session: Session| (session.logout(), Redirect::to("/")).1;
    let app = Router::new()
        .route("/", get(Html(PAGE)))
        .route("/socket", any(socket))
        .route("/login", post(login)) // after a look at the password
        .route("/logout", post(logout))
        .layer(Sessions::builder(secret).without_user_loader().build()?);
    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    tracing::info!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}
