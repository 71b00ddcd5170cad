//! tower-sessions, with its store in memory, its cookie plain or signed. It has no users: they are looked for by hand.

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use tower_sessions::cookie::Key;
use tower_sessions::session::Error;
use tower_sessions::{MemoryStore, Session, SessionManagerLayer};

use crate::filling::Filling;
use crate::users::{self, ANN};

struct Failed(Error);

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        (
            axum::http::StatusCode::INTERNAL_SERVER_ERROR,
            self.0.to_string(),
        )
            .into_response()
    }
}

async fn value(session: Session) -> Result<String, Failed> {
    Ok(users::value_page(session.get("value").await?))
}

async fn count(session: Session) -> Result<&'static str, Failed> {
    let value: u64 = session.get("value").await?.unwrap_or(0);
    session.insert("value", value + 1).await?;
    Ok("ok")
}

async fn begin(session: Session) -> Result<&'static str, Failed> {
    session.insert("value", 7).await?;
    Ok("ok")
}

async fn log_in(session: Session) -> Result<&'static str, Failed> {
    session.cycle_id().await?;
    session.insert("user", ANN).await?;
    Ok("ok")
}

async fn users_page(session: Session) -> Result<Response, Failed> {
    let id: Option<u64> = session.get("user").await?;
    Ok(match id.and_then(users::find) {
        Some(user) => users::page(&user).into_response(),
        None => Redirect::to("/login?next=%2Fusers").into_response(),
    })
}

async fn fill(session: Session, Path(filling): Path<Filling>) -> Result<&'static str, Failed> {
    for (key, text) in filling.entries() {
        session.insert(&key, text).await?;
    }
    Ok("ok")
}

async fn filled(session: Session, Path(filling): Path<Filling>) -> Result<String, Failed> {
    let last: Option<String> = session.get(&filling.last_key()).await?;
    Ok(filling.page(last.as_deref()))
}

fn routes() -> Router {
    Router::new()
        .route("/untouched", get(async || "untouched"))
        .route("/value", get(value).post(count))
        .route("/begin", post(begin))
        .route("/login", post(log_in))
        .route("/users", get(users_page))
        .route(Filling::ROUTE, get(filled).post(fill))
}

pub(crate) fn in_memory() -> Router {
    routes().layer(SessionManagerLayer::new(MemoryStore::default()))
}

pub(crate) fn signed() -> Router {
    let layer = SessionManagerLayer::new(MemoryStore::default());
    routes().layer(layer.with_signed(Key::generate()))
}
