//! An application whose users have passwords, and logins that depend on them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use muffin_session::{CurrentUser, Error, Login, Session, login_required, user_loader};
use muffin_session_tests::{Browser, Site};

use crate::site::Kept;

/// How often the password was changed.
#[derive(Clone, Default)]
struct Passwords(Arc<AtomicU64>);

#[derive(Clone)]
struct User {
    password: u64,
}

#[user_loader(stamp = |user: &User| user.password)]
async fn load(_: u64, State(passwords): State<Passwords>) -> Option<User> {
    Some(passwords.user())
}

impl Passwords {
    fn user(&self) -> User {
        let password = self.0.load(Ordering::SeqCst);
        User { password }
    }
}

#[login_required]
async fn page(_: CurrentUser<User>) -> &'static str {
    "in"
}

async fn login(session: Session, State(passwords): State<Passwords>) -> Result<(), Error> {
    session.login_user(1, &passwords.user())
}

async fn begin(session: Session, State(passwords): State<Passwords>) -> Result<(), Error> {
    session.begin_login_with(Login::new(1).user(&passwords.user()))
}

#[login_required]
async fn change(
    _: CurrentUser<User>,
    session: Session,
    State(passwords): State<Passwords>,
) -> Result<(), Error> {
    passwords.0.fetch_add(1, Ordering::SeqCst);
    session.refresh_stamp(&passwords.user())
}

/// A process of it.
async fn process(kept: Kept, passwords: &Passwords) -> Site {
    let sessions = kept.builder();
    let sessions = sessions.user_loader_with_state(load, passwords.clone());
    let app = Router::new()
        .route("/", get(page))
        .route("/login", post(login))
        .route("/begin", post(begin))
        .route("/change", post(change))
        .with_state(passwords.clone())
        .layer(sessions.build().unwrap());
    Site::serve(app).await
}

pub(super) async fn changed(kept: Kept) {
    let passwords = Passwords::default();
    let (here, there) = (
        process(kept, &passwords).await,
        process(kept, &passwords).await,
    );
    let (ann, other) = (here.browser(), here.browser());
    for browser in [&ann, &other] {
        browser.post("/login").await;
    }
    let thief = ann.stolen();
    let elsewhere = Browser::new(there.url(""), thief.jar.clone());
    assert_eq!(thief.text("/").await, "in");
    assert_eq!(ann.post("/change").await.status(), 200);
    for browser in [&thief, &other, &elsewhere] {
        assert_eq!(browser.get("/").await.status(), 303, "{kept:?}");
    }
    assert_eq!(ann.text("/").await, "in", "{kept:?}");
}

pub(super) async fn half_done(kept: Kept) {
    let passwords = Passwords::default();
    let site = process(kept, &passwords).await;
    let (thief, ann) = (site.browser(), site.browser());
    thief.post("/begin").await;
    ann.post("/login").await;
    ann.post("/change").await;
    assert_eq!(thief.post("/login").await.status(), 401, "{kept:?}");
    assert_eq!(thief.get("/").await.status(), 303);
}
