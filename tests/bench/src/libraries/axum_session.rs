//! `axum_session`, in memory, its cookie signed. It has no users: they are looked for by hand.

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum_session::{Key, Session, SessionConfig, SessionLayer, SessionNullPool, SessionStore};

use crate::filling::Filling;
use crate::users::{self, ANN};

type Sessions = Session<SessionNullPool>;

async fn value(session: Sessions) -> String {
    users::value_page(session.get("value"))
}

async fn count(session: Sessions) -> &'static str {
    session.set("value", session.get::<u64>("value").unwrap_or(0) + 1);
    "ok"
}

async fn begin(session: Sessions) -> &'static str {
    session.set("value", 7);
    "ok"
}

async fn log_in(session: Sessions) -> &'static str {
    session.renew();
    session.set("user", ANN);
    "ok"
}

async fn users_page(session: Sessions) -> Response {
    match session.get("user").and_then(users::find) {
        Some(user) => users::page(&user).into_response(),
        None => Redirect::to("/login?next=%2Fusers").into_response(),
    }
}

async fn fill(session: Sessions, Path(filling): Path<Filling>) -> &'static str {
    for (key, text) in filling.entries() {
        session.set(&key, text);
    }
    "ok"
}

async fn filled(session: Sessions, Path(filling): Path<Filling>) -> String {
    let last: Option<String> = session.get(&filling.last_key());
    filling.page(last.as_deref())
}

pub(crate) async fn app() -> Router {
    let config = SessionConfig::default().with_key(Key::generate());
    let store = SessionStore::<SessionNullPool>::new(None, config)
        .await
        .expect("memory");
    Router::new()
        .route("/untouched", get(async || "untouched"))
        .route("/value", get(value).post(count))
        .route("/begin", post(begin))
        .route("/login", post(log_in))
        .route("/users", get(users_page))
        .route(Filling::ROUTE, get(filled).post(fill))
        .layer(SessionLayer::new(store))
}
