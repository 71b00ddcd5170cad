//! tower-cookies' signed cookies: the session is one cookie, a JSON text. It has no users: they are looked for by hand.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use tower_cookies::{CookieManagerLayer, Cookies, Key};

use super::one_cookie::{NAME, Session};
use crate::filling::Filling;
use crate::users::{self, ANN};

static KEY: LazyLock<Key> = LazyLock::new(Key::generate);

fn read(cookies: &Cookies) -> Session {
    Session::read(cookies.signed(&KEY).get(NAME))
}

fn write(cookies: &Cookies, session: &Session) {
    cookies.signed(&KEY).add(session.cookie());
}

async fn value(cookies: Cookies) -> String {
    users::value_page(read(&cookies).value)
}

async fn count(cookies: Cookies) -> &'static str {
    write(&cookies, &read(&cookies).counted());
    "ok"
}

async fn begin(cookies: Cookies) -> &'static str {
    write(&cookies, &Session::of_value(7));
    "ok"
}

async fn log_in(cookies: Cookies) -> &'static str {
    write(&cookies, &Session::of_user(ANN));
    "ok"
}

async fn users_page(cookies: Cookies) -> Response {
    match read(&cookies).user.and_then(users::find) {
        Some(user) => users::page(&user).into_response(),
        None => Redirect::to("/login?next=%2Fusers").into_response(),
    }
}

async fn fill(cookies: Cookies, Path(filling): Path<Filling>) -> &'static str {
    write(&cookies, &read(&cookies).filled(filling));
    "ok"
}

async fn filled(cookies: Cookies, Path(filling): Path<Filling>) -> String {
    filling.page(read(&cookies).text(&filling.last_key()))
}

pub(crate) fn app() -> Router {
    Router::new()
        .route("/untouched", get(async || "untouched"))
        .route("/value", get(value).post(count))
        .route("/begin", post(begin))
        .route("/login", post(log_in))
        .route("/users", get(users_page))
        .route(Filling::ROUTE, get(filled).post(fill))
        .layer(CookieManagerLayer::new())
}
