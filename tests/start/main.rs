//! The programs of `docs/start.md`, and what that page says one sees of them. That its code is theirs is checked in `tests/docs`.

#![allow(clippy::unwrap_used, reason = "these are tests")]

#[allow(dead_code, clippy::print_stdout, reason = "it is a program")]
mod first;
#[allow(clippy::format_push_string, reason = "it is easier to read")]
mod last;
#[cfg(feature = "servers")]
#[allow(
    dead_code,
    clippy::format_push_string,
    clippy::needless_pass_by_value,
    clippy::print_stdout,
    reason = "it is a program"
)]
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
    log_in(&browser, "/login", "Ann", "wrong").await;
    let form = browser.text("/login").await;
    assert!(
        form.starts_with("<p>That is not the password</p><form"),
        "{form}"
    );
    assert!(browser.text("/login").await.starts_with("<form"));
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
    let folder = muffin_session_tests::servers::Folder::new("start");
    let url = format!("sqlite:{}/users.db?mode=rwc", folder.path().display());
    let serve = async || {
        let db = database::open(&url).await.unwrap();
        let sessions = bare_builder().user_loader_with_state(database::load_user, db.clone());
        let app = database::app(sessions.build().unwrap(), db.clone());
        (Site::serve(app).await, db)
    };
    let (site, _) = serve().await;

    // Who was logged in by a name is nobody where ids are numbers.
    let site_of_before = last().await;
    let named = site_of_before.browser();
    log_in(&named, "/login", "Ann", "muffin").await;
    assert_eq!(named.text("/").await, "* You are logged in\nHello, Ann!");
    let before = Browser::new(site.url(""), named.jar);
    assert_eq!(before.text("/").await, "Hello, stranger! Log in at /login.");

    let browser = site.browser();
    for (name, password) in [("Ann", "bagel"), ("Ann", ""), ("Eve", "muffin")] {
        assert_eq!(log_in(&browser, "/login", name, password).await, "/login");
        let form = browser.text("/login").await;
        assert!(
            form.starts_with("<p>There is no such name with that password</p>"),
            "{form}"
        );
    }
    assert_eq!(
        log_in(&browser, "/login?next=%2Fnotes", "Bob", "bagel").await,
        "/notes"
    );
    assert_eq!(browser.text("/notes").await, "The notes of Bob");
    assert_eq!(browser.get("/admin").await.status(), 303);
    assert_eq!(log_in(&browser, "/login", "Ann", "muffin").await, "/");
    assert_eq!(browser.text("/").await, "* You are logged in\nHello, Ann!");
    assert_eq!(browser.text("/admin").await, "Only Ann sees this");

    // The program is started again, with the same file.
    let (site, db) = serve().await;
    let browser = Browser::new(site.url(""), browser.jar);
    assert_eq!(browser.text("/").await, "Hello, Ann!");
    let delete = "DELETE FROM users WHERE name = 'Ann'";
    let deleted = sqlx::query(delete).execute(&db).await.unwrap();
    assert_eq!(deleted.rows_affected(), 1);
    assert_eq!(
        browser.text("/").await,
        "Hello, stranger! Log in at /login."
    );
    assert_eq!(browser.get("/notes").await.status(), 303);

    log_in(&browser, "/login", "Bob", "bagel").await;
    let copy = browser.stolen();
    assert_eq!(copy.text("/notes").await, "The notes of Bob");
    assert_eq!(browser.post("/logout").await.status(), 303);
    assert_eq!(copy.get("/notes").await.status(), 303);
    log_in(&browser, "/login", "Bob", "bagel").await;
    db.close().await;
    assert_eq!(browser.get("/notes").await.status(), 500);
    let form = [("name", "Bob"), ("password", "bagel")];
    let request = browser.request(Method::POST, "/login").form(&form);
    assert_eq!(request.send().await.unwrap().status(), 500);
}
