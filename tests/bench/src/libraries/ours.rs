//! Muffin-Session, sessions in signed cookies or in a store.

use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};
use muffin_session::{
    Builder, CurrentUser, Error, MemoryStore, Secret, Session, Sessions, login_required,
    store_from_url, user_loader,
};

use crate::filling::Filling;
use crate::users::{self, ANN, User};

#[user_loader]
async fn load_user(id: u64) -> Option<User> {
    users::find(id)
}

async fn value(session: Session) -> Result<String, Error> {
    Ok(users::value_page(session.get("value")?))
}

async fn count(session: Session) -> Result<&'static str, Error> {
    session.update("value", |value: Option<u64>| value.unwrap_or(0) + 1)?;
    Ok("ok")
}

async fn begin(session: Session) -> Result<&'static str, Error> {
    session.insert("value", 7)?;
    Ok("ok")
}

async fn log_in(session: Session) -> Result<&'static str, Error> {
    session.login(ANN)?;
    Ok("ok")
}

#[login_required]
async fn users_page(CurrentUser(user): CurrentUser<User>) -> String {
    users::page(&user)
}

async fn fill(session: Session, Path(filling): Path<Filling>) -> Result<&'static str, Error> {
    for (key, text) in filling.entries() {
        session.insert(&key, text)?;
    }
    Ok("ok")
}

async fn filled(session: Session, Path(filling): Path<Filling>) -> Result<String, Error> {
    let last: Option<String> = session.get(&filling.last_key())?;
    Ok(filling.page(last.as_deref()))
}

pub(crate) fn app() -> Router {
    with_secrets(vec![secret()])
}

pub(crate) fn secret() -> Secret {
    Secret::generate().expect("random bytes")
}

/// The first one signs.
pub(crate) fn with_secrets(secrets: Vec<Secret>) -> Router {
    routes(Sessions::builder(secrets))
}

pub(crate) fn in_memory(store: MemoryStore) -> Router {
    routes(Sessions::builder(secret()).store(store))
}

/// Sessions in the store that a URL names, which is made ready.
pub(crate) async fn with_store(url: &str) -> Result<Router, Box<dyn std::error::Error>> {
    let store = store_from_url(url)?;
    store.migrate().await?;
    Ok(routes(Sessions::builder(secret()).store(store)))
}

fn routes(sessions: Builder) -> Router {
    let sessions = sessions.user_loader(load_user).build();
    let sessions = sessions.expect("a good configuration");
    Router::new()
        .route("/untouched", get(async || "untouched"))
        .route("/value", get(value).post(count))
        .route("/begin", post(begin))
        .route("/login", post(log_in))
        .route("/users", get(users_page))
        .route(Filling::ROUTE, get(filled).post(fill))
        .layer(sessions)
}
