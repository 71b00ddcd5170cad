//! The programs of `docs/start.md`, and what that page says one sees of them. That its code is theirs is checked in `tests/docs`.

#![allow(clippy::unwrap_used, reason = "these are tests")]

#[allow(dead_code, clippy::print_stdout, reason = "it is a program")]
mod first;
#[allow(clippy::format_push_string, reason = "it is easier to read")]
mod last;
#[cfg(feature = "servers")]
mod database;

use muffin_session_tests::{Answer as _, Browser, Site, bare_builder};
use reqwest::Method;

async fn first() -> Site {
    let sessions = bare_builder().user_loader(first::load_user);
    Site::serve(first::app(sessions.build().unwrap())).await
}

async fn last() -> Site {
    let sessions = bare_builder().user_loader(last::load_user);
    Site::serve(last::app(sessions.build().unwrap())).await
}

/// Sends the login form, and says where its answer leads.
async fn log_in(browser: &Browser, url: &str, name: &str, password: &str) -> String {
    let form = [("name", name), ("password", password)];
    let request = browser.request(Method::POST, url).form(&form);
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status(), 303);
    answer.header("location")
}

#[tokio::test]
async fn step_2_somebody_logs_in_and_is_greeted() {
    let site = first().await;
    let browser = site.browser();
    assert_eq!(
        browser.text("/").await,
        "Hello, stranger! Log in at /login."
    );
    assert!(browser.jar.all().is_empty());
    assert!(browser.text("/login").await.contains("Log in</button>"));
    assert_eq!(log_in(&browser, "/login", "Ann", "wrong").await, "/login");
    assert_eq!(log_in(&browser, "/login", "Ann", "muffin").await, "/");
    assert_eq!(browser.text("/").await, "Hello, Ann!");
    let names = browser.jar.names();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names[0].starts_with("__Host-session.data."), "{names:?}");
    assert_eq!(names[1], "__Host-session.id");
}

#[tokio::test]
async fn step_3_a_guarded_page_sends_to_the_login_and_back() {
    let site = last().await;
    let browser = site.browser();
    let refused = browser.get("/notes").await;
    assert_eq!(refused.status(), 303);
    assert_eq!(refused.header("location"), "/login?next=%2Fnotes");
    assert_eq!(
        log_in(&browser, "/login?next=%2Fnotes", "Bob", "wrong").await,
        "/login?next=%2Fnotes"
    );
    assert_eq!(
        log_in(&browser, "/login?next=%2Fnotes", "Bob", "muffin").await,
        "/notes"
    );
    assert_eq!(browser.text("/notes").await, "The notes of Bob");
    let refused = browser.get("/admin").await;
    assert_eq!(refused.header("location"), "/login");
    log_in(&browser, "/login", "Ann", "muffin").await;
    assert_eq!(browser.text("/admin").await, "Only Ann sees this");
    let api = browser.stolen();
    api.jar.drop("session");
    let refused = api
        .send(Method::GET, "/notes", &[("accept", "application/json")])
        .await;
    assert_eq!(refused.status(), 401);
}

#[tokio::test]
async fn step_4_messages_are_shown_once() {
    let site = last().await;
    let browser = site.browser();
    log_in(&browser, "/login", "Ann", "muffin").await;
    assert_eq!(browser.text("/").await, "* You are logged in\nHello, Ann!");
    assert_eq!(browser.text("/").await, "Hello, Ann!");
}

#[tokio::test]
async fn step_5_a_logout_ends_the_login_and_every_copy_of_its_cookies() {
    let site = last().await;
    let browser = site.browser();
    log_in(&browser, "/login", "Ann", "muffin").await;
    let copy = browser.stolen();
    assert_eq!(copy.text("/notes").await, "The notes of Ann");
    assert!(browser.text("/logout").await.contains("Log out</button>"));
    assert_eq!(browser.post("/logout").await.status(), 303);
    assert!(!browser.jar.has(".id") && !browser.jar.has(".data."));
    assert_eq!(
        browser.text("/").await,
        "* You are logged out\nHello, stranger! Log in at /login."
    );
    assert_eq!(copy.get("/notes").await.status(), 303);
}

#[cfg(feature = "servers")]
#[tokio::test]
async fn step_6_users_come_from_a_database() {
    use axum::routing::{get, post};
    use muffin_session::{CurrentUser, Error, Secret, Session};

    let options = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1);
    let db = options.connect("sqlite::memory:").await.unwrap();
    let table = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL)";
    sqlx::query(table).execute(&db).await.unwrap();
    let insert = "INSERT INTO users VALUES (7, 'Ann')";
    sqlx::query(insert).execute(&db).await.unwrap();

    let sessions =
        database::sessions(Secret::new(muffin_session_tests::SECRET), db.clone()).unwrap();
    let login = async |session: Session| -> Result<(), Error> { session.login(7) };
    let name = async |CurrentUser(user): CurrentUser<database::User>| user.name;
    let router = axum::Router::new()
        .route("/login", post(login))
        .route("/", get(name));
    let site = Site::serve(router.layer(sessions)).await;
    let browser = site.browser();
    browser.post("/login").await;
    assert_eq!(browser.text("/").await, "Ann");
    sqlx::query("DELETE FROM users").execute(&db).await.unwrap();
    assert_eq!(browser.get("/").await.status(), 303);
}
