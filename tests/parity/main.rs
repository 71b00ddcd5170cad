//! What Muffin-Session for Python does, row by row, and that ours does it too, or does it right: one test a row.

mod alone;
mod cookies;
mod data;
mod flashes;
mod guards;
mod log;
mod options;
mod refusals;
mod users;

use axum::routing::{get, post};
use axum::{Json, Router};
use muffin_session::{Builder, CurrentUser, Error, Session, user_loader};
use muffin_session_tests::{Browser, Site, builder};
use reqwest::{Method, Response};
use serde_json::{Map, Value, json};

/// Somebody whom the tests know.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct User {
    pub(crate) id: u64,
    pub(crate) name: &'static str,
    pub(crate) admin: bool,
}

impl User {
    pub(crate) fn is_admin(&self) -> bool {
        self.admin
    }

    /// Ann, an admin, is 1. Bob is 2. There is nobody else.
    pub(crate) fn find(id: u64) -> Option<Self> {
        let (name, admin) = match id {
            1 => ("ann", true),
            2 => ("bob", false),
            _ => return None,
        };
        Some(Self { id, name, admin })
    }
}

#[user_loader]
pub(crate) fn load_user(id: u64) -> Option<User> {
    User::find(id)
}

/// The defaults, with users.
pub(crate) fn with_users() -> Builder {
    builder().user_loader(load_user)
}

/// A site with these pages, and with those that every test needs.
pub(crate) async fn serve(builder: Builder, pages: Router) -> Site {
    let sessions = builder.build().expect("a good configuration");
    let app = Router::new()
        .route("/login", post(login))
        .route("/logout", post(logout))
        .route("/set", post(set))
        .route("/who", get(who))
        .route("/all", get(all))
        .merge(pages);
    Site::serve(app.layer(sessions)).await
}

async fn login(session: Session, Json(id): Json<Value>) -> Result<(), Error> {
    session.login(id)
}

async fn logout(session: Session) {
    session.logout();
}

/// Sets what the body, a JSON object, says.
async fn set(session: Session, Json(values): Json<Map<String, Value>>) -> Result<(), Error> {
    values
        .iter()
        .try_for_each(|(key, value)| session.insert(key, value))
}

async fn who(user: Option<CurrentUser<User>>) -> &'static str {
    user.map_or("nobody", |CurrentUser(user)| user.name)
}

/// All that a session has.
async fn all(user: Option<CurrentUser<User>>, session: Session) -> Json<Value> {
    Json(json!({
        "user": user.map(|CurrentUser(user)| user.name),
        "logged_in": session.is_logged_in(),
        "flashes": session.get_flashed_messages(),
        "data": session,
    }))
}

/// What `/all` shows of a session that has nothing.
pub(crate) fn nothing() -> Value {
    json!({ "user": null, "logged_in": false, "flashes": [], "data": {} })
}

/// Posts JSON.
pub(crate) async fn post_json(browser: &Browser, path: &str, body: Value) -> Response {
    let request = browser.request(Method::POST, path).json(&body);
    let response = request.send().await.expect("an answer");
    assert!(
        response.status().is_success(),
        "{path}: {}",
        response.status()
    );
    response
}

/// Gets JSON.
pub(crate) async fn json_of(browser: &Browser, path: &str) -> Value {
    serde_json::from_str(&browser.text(path).await).expect("JSON")
}

pub(crate) async fn log_in(browser: &Browser, id: Value) -> Response {
    post_json(browser, "/login", id).await
}

/// A browser that Ann (1) or Bob (2) has logged in with, or nobody (0).
pub(crate) async fn visitor(site: &Site, id: u64) -> Browser {
    let browser = site.browser();
    if id > 0 {
        log_in(&browser, json!(id)).await;
    }
    browser
}
