//! Pages that ask to be cached, whatever they have to do with a session.

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, ETAG};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Redirect};
use axum::routing::{get, post};
use axum::{Json, Router};
use muffin_session::{
    Auth, Builder, CurrentUser, Error, Session, login_required, user_loader, user_pass,
};
use muffin_session_tests::{TestClock, builder};
use serde_json::{Value, json};

#[derive(Clone)]
pub(super) struct User {
    id: u64,
}

#[user_loader]
pub(super) async fn load_user(id: u64) -> Option<User> {
    Some(User { id })
}

#[user_loader]
pub(super) async fn load_by_token(token: String) -> Option<User> {
    (token == "of-bob").then_some(User { id: 2 })
}

pub(super) const PUBLIC: [(HeaderName, &str); 1] =
    [(CACHE_CONTROL, "public, max-age=3600, s-maxage=86400")];

async fn login(session: Session, Path(id): Path<u64>) -> Result<(), Error> {
    session.login(id)
}

async fn logout(session: Session) -> Redirect {
    session.logout();
    Redirect::to("/")
}

async fn write(session: Session) -> Result<impl IntoResponse, Error> {
    session.insert("seen", true)?;
    Ok((PUBLIC, "written"))
}

/// Touches the session in a way that gives no value of it away, at first sight.
async fn touch(session: Session, Path(how): Path<String>) -> impl IntoResponse {
    let touched = match how.as_str() {
        "extractor" => false,
        "contains" => session.contains_key("k"),
        "empty" => session.is_empty(),
        "len" => session.len() > 1,
        "keys" => session.keys().is_empty(),
        "iter" => session.iter().next().is_none(),
        "get" => session.get::<u64>("k").is_ok(),
        "logged-in" => session.is_logged_in(),
        "user-id" => session.user_id::<u64>().is_ok(),
        "claims" => session.claims::<Value>().is_ok(),
        "half" => session.half_login::<u64>().is_ok(),
        "flashes" => session.get_flashed_messages().is_empty(),
        "valid" => session.is_still_valid().await,
        _ => panic!("{how}?"),
    };
    (PUBLIC, touched.to_string())
}

pub(super) async fn maybe(user: Option<CurrentUser<User>>) -> impl IntoResponse {
    (
        PUBLIC,
        user.map_or("nobody".to_owned(), |CurrentUser(user)| user.id.to_string()),
    )
}

async fn by_auth(auth: Auth) -> impl IntoResponse {
    let user = auth.user::<User>().await.ok().flatten();
    (PUBLIC, user.is_some().to_string())
}

async fn flash(session: Session) -> Result<(), Error> {
    session.flash("for your eyes")
}

async fn shows_flashes(session: Session) -> impl IntoResponse {
    (PUBLIC, session.get_flashed_messages().len().to_string())
}

async fn fails(session: Session) -> Result<Json<Value>, Error> {
    let mut deep = json!(1);
    for _ in 0..200 {
        deep = json!([deep]);
    }
    session.insert("deep", deep)?;
    Ok(Json(json!({})))
}

/// A page with an `ETag`, which asks who is there.
async fn tagged(session: Session, headers: HeaderMap) -> impl IntoResponse {
    let status = match headers.get("if-none-match") {
        Some(tag) if tag == "\"1\"" => StatusCode::NOT_MODIFIED,
        _ => StatusCode::OK,
    };
    if headers.contains_key("x-write") {
        session.insert("k", "v").expect("it fits");
    }
    (
        status,
        PUBLIC,
        [(ETAG, "\"1\"")],
        session.is_logged_in().to_string(),
    )
}

/// A page that answers as its path says.
async fn said(session: Session, Path(said): Path<String>) -> impl IntoResponse {
    let said: Vec<(HeaderName, HeaderValue)> = said
        .split('+')
        .map(|line| {
            let (name, value) = line.split_once('=').expect("name=value");
            let name = name.parse().expect("a name");
            (name, value.parse().expect("a value"))
        })
        .collect();
    (AppendHeaders(said), session.is_logged_in().to_string())
}

#[login_required]
pub(super) async fn account(CurrentUser(user): CurrentUser<User>) -> impl IntoResponse {
    (PUBLIC, format!("account of {}", user.id))
}

#[user_pass(|user: &User| user.id == 1)]
async fn admin() -> impl IntoResponse {
    (PUBLIC, "admin")
}

async fn open() -> impl IntoResponse {
    (PUBLIC, "for everybody")
}

pub(super) fn app(options: impl FnOnce(Builder) -> Builder) -> (Router, TestClock) {
    let clock = TestClock::new();
    let sessions = builder().user_loader(load_user).clock(clock.reader());
    let app = Router::new()
        .route("/open", get(open))
        .route("/login/{id}", post(login))
        .route("/logout", post(logout))
        .route("/write", get(write))
        .route("/touch/{how}", get(touch))
        .route("/maybe", get(maybe))
        .route("/auth", get(by_auth))
        .route("/flash", post(flash))
        .route("/flashes", get(shows_flashes))
        .route("/fails", get(fails))
        .route("/tagged", get(tagged))
        .route("/said/{said}", get(said))
        .route("/account", get(account))
        .route("/account/{*rest}", get(account))
        .route("/admin", get(admin))
        .layer(options(sessions).build().expect("good options"));
    (app, clock)
}
