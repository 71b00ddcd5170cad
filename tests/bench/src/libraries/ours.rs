//! Muffin-Session, sessions in signed cookies.

use axum::Router;
use axum::routing::{get, post};
use muffin_session::{CurrentUser, Error, Secret, Session, Sessions, login_required, user_loader};

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

pub(crate) fn app() -> Router {
    let sessions = Sessions::builder(Secret::generate().expect("random bytes"))
        .user_loader(load_user)
        .build()
        .expect("a good configuration");
    Router::new()
        .route("/untouched", get(async || "untouched"))
        .route("/value", get(value).post(count))
        .route("/begin", post(begin))
        .route("/login", post(log_in))
        .route("/users", get(users_page))
        .layer(sessions)
}
