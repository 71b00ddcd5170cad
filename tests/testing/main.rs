//! Help for applications' tests (feature `test-util`): visitors, their sessions and flashes, a clock, and who was refused.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod clock;
mod elsewhere;
mod failures;
mod flashes;
mod guide;
mod logins;
mod refused;
mod requests;
mod sessions;
mod several;
mod stamps;

use std::panic::AssertUnwindSafe;

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Redirect;
use axum::routing::{get, post};
use muffin_session::testing::{TestApp, TestClock};
use muffin_session::{
    Auth, Builder, CurrentUser, Error, GuardLayer, MemoryStore, Refusal, Session, Sessions,
    login_required, user_loader, user_pass,
};
use muffin_session_tests::bare_builder;
use tokio::task::JoinError;

#[derive(Clone)]
struct User {
    name: &'static str,
}

impl User {
    fn is_admin(&self) -> bool {
        self.name == "Ann"
    }
}

/// 1 is Ann, who is an admin, and 2 is Bob.
#[user_loader]
async fn load_user(id: u64) -> Result<Option<User>, std::io::Error> {
    match id {
        1 => Ok(Some(User { name: "Ann" })),
        2 => Ok(Some(User { name: "Bob" })),
        500 => Err(std::io::Error::other("the database is down")),
        _ => Ok(None),
    }
}

#[login_required]
async fn dashboard(CurrentUser(user): CurrentUser<User>) -> String {
    format!("Hello, {}", user.name)
}

#[user_pass(User::is_admin)]
async fn admin() -> &'static str {
    "admins only"
}

#[user_pass(User::is_admin, reject = StatusCode::NOT_FOUND)]
async fn hidden() {}

#[user_pass(|_: &User| Err::<(), _>((StatusCode::PAYMENT_REQUIRED, "pay first")))]
async fn paid() {}

#[login_required(fresh = "10m")]
async fn transfer() -> &'static str {
    "transferred"
}

async fn asked_within(auth: Auth) -> Result<&'static str, Refusal> {
    auth.check_user(User::is_admin).await?;
    Ok("allowed")
}

async fn save(session: Session) -> Result<Redirect, Error> {
    session.flash_with("success", "Saved")?;
    session.flash("Have a nice day")?;
    Ok(Redirect::to("/flashes"))
}

async fn flashes(session: Session) -> String {
    let flashes = session.get_flashed_messages();
    let lines = flashes
        .iter()
        .map(|flash| format!("{}: {}", flash.category, flash.message));
    lines.collect::<Vec<_>>().join(", ")
}

async fn log_in(session: Session, Path(id): Path<u64>) -> Result<(), Error> {
    session.login(id)
}

async fn log_out(session: Session) {
    session.logout();
}

fn router() -> Router {
    let staff = Router::new()
        .route("/staff", get(|| async { "staff" }))
        .route_layer(GuardLayer::user_pass(User::is_admin));
    Router::new()
        .route("/", get(dashboard))
        .route("/admin", get(admin).post(admin))
        .route("/hidden", get(hidden))
        .route("/paid", get(paid))
        .route("/transfer", get(transfer))
        .route("/within", get(asked_within))
        .route("/save", post(save))
        .route("/flashes", get(flashes))
        .route("/login/{id}", post(log_in))
        .route("/logout", post(log_out))
        .merge(staff)
}

/// The application, with sessions of this kind.
fn app_with(builder: Builder) -> TestApp {
    let sessions = builder.user_loader(load_user).build().unwrap();
    TestApp::new(router().layer(sessions.clone()), &sessions)
}

/// The application, with sessions in signed cookies.
fn app() -> TestApp {
    app_with(bare_builder())
}

/// A way of keeping sessions.
type Way = fn(Builder) -> Builder;

/// The application in each way of keeping sessions, with a clock.
fn apps() -> Vec<(&'static str, TestApp, TestClock)> {
    let ways: [(_, Way); 4] = [
        ("signed", |builder| builder),
        ("encrypted", Builder::encrypted),
        ("store", |builder| builder.store(MemoryStore::new())),
        ("deny list", |builder| builder.deny_list(MemoryStore::new())),
    ];
    let of = |(name, way): (_, Way)| {
        let clock = TestClock::new();
        let app = app_with(way(bare_builder()).clock(clock.clone()));
        (name, app, clock)
    };
    ways.map(of).into()
}

/// Sessions whose users nobody loads.
fn without_users(builder: Builder) -> (TestApp, Sessions) {
    let sessions = builder.without_user_loader().build().unwrap();
    let app = TestApp::new(router().layer(sessions.clone()), &sessions);
    (app, sessions)
}

/// What a call says when it panics.
fn panic_message<T>(call: impl FnOnce() -> T) -> String {
    message(std::panic::catch_unwind(AssertUnwindSafe(call)))
}

/// What a future says when it panics, in a task of its own.
async fn panic_message_of<T: Send + 'static>(
    call: impl Future<Output = T> + Send + 'static,
) -> String {
    message(tokio::spawn(call).await.map_err(JoinError::into_panic))
}

fn message<T>(outcome: std::thread::Result<T>) -> String {
    let Err(panic) = outcome else {
        panic!("there was no panic");
    };
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => (*panic.downcast::<&str>().expect("a text")).to_owned(),
    }
}
