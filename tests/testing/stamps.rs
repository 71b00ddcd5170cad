//! Users with a stamp: the login is given the user, and ends with the stamp.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use muffin_session::testing::{TestApp, assert_refused};
use muffin_session::{Login, RefusalKind, login_required, user_loader};
use muffin_session_tests::bare_builder;

#[derive(Clone)]
struct User {
    passwords: u32,
}

/// How often the only user has changed their password.
type Passwords = Arc<AtomicU32>;

#[user_loader(stamp = |user: &User| user.passwords)]
async fn load_user(id: u64, State(passwords): State<Passwords>) -> Option<User> {
    let passwords = passwords.load(Ordering::SeqCst);
    (id == 1).then_some(User { passwords })
}

#[login_required]
async fn home() {}

fn app(passwords: &Passwords) -> TestApp {
    let sessions = bare_builder()
        .user_loader_with_state(load_user, passwords.clone())
        .build()
        .unwrap();
    let router = Router::new().route("/", get(home)).layer(sessions.clone());
    TestApp::new(router, &sessions)
}

#[tokio::test]
async fn a_login_with_the_user_counts_until_the_stamp_changes() {
    let passwords = Passwords::default();
    let app = app(&passwords);
    let user = User { passwords: 0 };
    let visitor = app.login_user(1, &user).await.unwrap();
    assert_eq!(visitor.get("/").await.status(), 200);

    passwords.fetch_add(1, Ordering::SeqCst);
    assert_refused(&visitor.get("/").await, RefusalKind::NotLoggedIn);
    let login = Login::new(1).user(&user);
    visitor.login_with(login).await.unwrap();
    assert_refused(&visitor.get("/").await, RefusalKind::NotLoggedIn);
    visitor.login_user(1, &User { passwords: 1 }).await.unwrap();
    assert_eq!(visitor.get("/").await.status(), 200);
}

#[tokio::test]
async fn a_login_without_the_user_is_an_error_that_says_what_to_write() {
    let app = app(&Passwords::default());
    let error = app.login_as(1).await.unwrap_err();
    assert!(
        error.to_string().contains("login_user(id, &user)"),
        "{error}"
    );
    let error = app.login_user(1, &"somebody").await.unwrap_err();
    assert!(error.to_string().contains("User"), "{error}");
}
