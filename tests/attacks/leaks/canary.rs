//! An application with words in it that nobody else is to see.

use axum::Router;
use axum::extract::Path;
use axum::routing::{any, get, post};
use muffin_session::{
    Auth, CurrentUser, Error, Login, NextUrl, Session, Sessions, login_required, user_loader,
    user_pass,
};
use muffin_session_tests::{Browser, SECRET};
use serde_json::json;

/// Words of sessions and users that nobody else is to see.
const PRIVATE: [&str; 8] = [
    "canary-user",
    "canary-name",
    "canary-key",
    "canary-value",
    "canary-claim",
    "canary-flash",
    "canary-hash",
    SECRET,
];

#[derive(Clone, Debug)]
#[allow(dead_code, reason = "it is for `Debug` to show, or not")]
pub(super) struct User {
    name: &'static str,
    hash: &'static str,
}

#[user_loader(stamp = |user| user.hash)]
pub(super) async fn load_user(id: String) -> Option<User> {
    (id == "canary-user").then_some(USER)
}

/// One that says in its errors what is inside.
#[user_loader]
pub(super) async fn load_in_vain(_: u64) -> Result<Option<User>, std::io::Error> {
    Err(std::io::Error::other(
        "SELECT failed on db-7.internal for canary-user",
    ))
}

const USER: User = User {
    name: "canary-name",
    hash: "canary-hash",
};

async fn log_in(session: Session) -> Result<String, Error> {
    let login = Login::new("canary-user")
        .user(&USER)
        .claims(&json!({ "role": "canary-claim" }))?;
    let shown = format!("{login:?} {session:?}");
    session.login_with(login)?;
    session.insert("canary-key", "canary-value")?;
    session.flash("canary-flash")?;
    Ok(shown)
}

async fn show(session: Session, auth: Auth, user: CurrentUser<User>, next: NextUrl) -> String {
    let flashes = session.get_flashed_messages();
    let refusal = auth
        .check_user(|_: &User| false)
        .await
        .expect_err("nobody passes");
    format!("{session:?} {session:#?} {auth:?} {user:?} {next:?} {flashes:?} {refusal:?}")
}

async fn fail(session: Session, Path(how): Path<String>) -> Result<(), Error> {
    match how.as_str() {
        "type" => session.get::<u64>("canary-key").map(drop),
        "large" => session.insert("k", "canary-value".repeat(1_000_000)),
        "null" => session.login(None::<u64>),
        "stamp" => session.login("canary-user"),
        "flash" => session.flash("canary-flash".repeat(400)),
        how => panic!("{how}?"),
    }
}

#[login_required]
pub(super) async fn guarded(_: CurrentUser<User>) {}

#[user_pass(|_: &User| false)]
async fn forbidden() {}

async fn log_out(session: Session) {
    session.logout();
}

pub(super) fn app(sessions: Sessions) -> Router {
    Router::new()
        .route("/log-in", post(log_in))
        .route("/log-out", post(log_out))
        .route("/show", get(show))
        .route("/fail/{how}", post(fail))
        .route("/guarded", any(guarded))
        .route("/forbidden", get(forbidden))
        .route("/renew", post(async |session: Session| session.renew()))
        .layer(sessions)
}

/// None of these words is in a text, nor of the values of cookies.
pub(super) fn hides(text: &str, cookies: &[String], except: &[&str]) {
    let words = PRIVATE
        .iter()
        .copied()
        .filter(|word| !except.contains(word));
    for word in words.chain(cookies.iter().map(String::as_str)) {
        assert!(!text.contains(word), "{word}: {text}");
    }
}

pub(super) fn values(browser: &Browser) -> Vec<String> {
    browser.jar.all().into_values().collect()
}
