//! axum-extra's jars: the session is one cookie, a JSON text. It has no users: they are looked for by hand.

use axum::Router;
use axum::extract::{FromRef, Path};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum_extra::extract::cookie::{Key, PrivateCookieJar, SignedCookieJar};

use super::one_cookie::{NAME, Session};
use crate::filling::Filling;
use crate::users::{self, ANN};

#[derive(Clone)]
struct Keys(Key);

impl FromRef<Keys> for Key {
    fn from_ref(keys: &Keys) -> Self {
        keys.0.clone()
    }
}

macro_rules! routes {
    ($Jar:ty) => {{
        async fn value(jar: $Jar) -> String {
            users::value_page(Session::read(jar.get(NAME)).value)
        }

        async fn count(jar: $Jar) -> ($Jar, &'static str) {
            let session = Session::read(jar.get(NAME)).counted();
            (jar.add(session.cookie()), "ok")
        }

        async fn begin(jar: $Jar) -> ($Jar, &'static str) {
            (jar.add(Session::of_value(7).cookie()), "ok")
        }

        async fn log_in(jar: $Jar) -> ($Jar, &'static str) {
            (jar.add(Session::of_user(ANN).cookie()), "ok")
        }

        async fn users_page(jar: $Jar) -> Response {
            match Session::read(jar.get(NAME)).user.and_then(users::find) {
                Some(user) => users::page(&user).into_response(),
                None => Redirect::to("/login?next=%2Fusers").into_response(),
            }
        }

        async fn fill(jar: $Jar, Path(filling): Path<Filling>) -> ($Jar, &'static str) {
            let session = Session::read(jar.get(NAME)).filled(filling);
            (jar.add(session.cookie()), "ok")
        }

        async fn filled(jar: $Jar, Path(filling): Path<Filling>) -> String {
            filling.page(Session::read(jar.get(NAME)).text(&filling.last_key()))
        }

        Router::new()
            .route("/untouched", get(async || "untouched"))
            .route("/value", get(value).post(count))
            .route("/begin", post(begin))
            .route("/login", post(log_in))
            .route("/users", get(users_page))
            .route(Filling::ROUTE, get(filled).post(fill))
            .with_state(Keys(Key::generate()))
    }};
}

pub(crate) fn signed() -> Router {
    routes!(SignedCookieJar)
}

pub(crate) fn private() -> Router {
    routes!(PrivateCookieJar)
}
