//! Stamps: a change of password ends every other login, also where sessions live in cookies.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use muffin_session::{
    CurrentUser, Error, Login, Secret, Session, Sessions, login_required, user_loader,
};
use muffin_session_tests::{Answer as _, Browser, Site, TestClock, builder};

use crate::{post as do_post, status};

#[derive(Clone)]
struct User {
    id: u64,
    password_hash: String,
    generation: u32,
}

impl User {
    fn stamp(&self) -> (&str, u32) {
        (&self.password_hash, self.generation)
    }
}

/// Users by id.
#[derive(Clone, Default)]
struct Db(Arc<Mutex<HashMap<u64, User>>>);

impl Db {
    fn user(&self, id: u64) -> User {
        let mut users = self.0.lock().unwrap();
        let user = users.entry(id).or_insert_with(|| User {
            id,
            password_hash: "first".to_owned(),
            generation: 0,
        });
        user.clone()
    }

    fn set_password(&self, id: u64, hash: &str) -> User {
        self.user(id);
        let mut users = self.0.lock().unwrap();
        let user = users.get_mut(&id).unwrap();
        hash.clone_into(&mut user.password_hash);
        user.clone()
    }
}

#[user_loader(stamp = User::stamp)]
async fn load_user(id: u64, State(db): State<Db>) -> Option<User> {
    Some(db.user(id))
}

#[login_required]
async fn page(CurrentUser(user): CurrentUser<User>) -> String {
    user.id.to_string()
}

async fn log_in(session: Session, State(db): State<Db>, Path(id): Path<u64>) -> Result<(), Error> {
    session.login_user(id, &db.user(id))
}

async fn log_in_by_id(session: Session) -> Result<String, Error> {
    let error = session.login(1).unwrap_err();
    assert!(matches!(error, Error::Stamp(_)));
    assert!(!session.is_logged_in());
    Ok(error.to_string())
}

async fn log_in_as_something(session: Session) -> Result<String, Error> {
    Ok(session.login_user(1, &"no user").unwrap_err().to_string())
}

#[login_required]
async fn change_password(
    CurrentUser(user): CurrentUser<User>,
    session: Session,
    State(db): State<Db>,
    Path(hash): Path<String>,
) -> Result<(), Error> {
    let user = db.set_password(user.id, &hash);
    session.refresh_stamp(&user)
}

async fn begin(session: Session, State(db): State<Db>, Path(id): Path<u64>) -> Result<(), Error> {
    session.begin_login_with(Login::new(id).user(&db.user(id)))
}

async fn app(db: &Db, secret: &str, old: Option<&str>) -> (Site, TestClock) {
    let clock = TestClock::new();
    let mut options = Sessions::builder(Secret::new(secret));
    if let Some(old) = old {
        options = options.verify_with(Secret::new(old));
    }
    let sessions = options
        .user_loader_with_state(load_user, db.clone())
        .clock(clock.reader())
        .build()
        .unwrap();
    let app = Router::new()
        .route("/login/{id}", post(log_in))
        .route("/by-id", post(log_in_by_id))
        .route("/something", post(log_in_as_something))
        .route("/begin/{id}", post(begin))
        .route("/password/{hash}", post(change_password))
        .route("/page", get(page))
        .route(
            "/who",
            get(|session: Session| async move { session.is_logged_in().to_string() }),
        )
        .with_state(db.clone())
        .layer(sessions);
    (Site::serve(app).await, clock)
}

const OLD: &str = "p7Jq2vX9sLw4RtY8zKb3NcM6hGd1FfAe";
const NEW: &str = "Zt5Wn8Qe3Rx7Uj2Mk9Vb4Hs6Dg1Yp0Lc";

#[tokio::test]
async fn a_change_of_password_ends_every_other_login_on_every_process() {
    let db = Db::default();
    let (here, _) = app(&db, OLD, None).await;
    let (there, _) = app(&db, OLD, None).await;
    let (own, other) = (here.browser(), here.browser());
    let bob = here.browser();
    for (browser, id) in [(&own, 1), (&other, 1), (&bob, 2)] {
        do_post(browser, &format!("/login/{id}")).await;
    }
    let before = own.stolen();
    let elsewhere = Browser::new(there.url(""), other.jar.clone());
    assert_eq!(status(&elsewhere, "/page").await, StatusCode::OK);

    do_post(&own, "/password/second").await;
    assert_eq!(own.text("/page").await, "1", "one's own goes on");
    for (browser, what) in [
        (&other, "the other browser"),
        (&elsewhere, "another process"),
        (&before, "a copy of before"),
    ] {
        assert_eq!(
            status(browser, "/page").await,
            StatusCode::SEE_OTHER,
            "{what}"
        );
    }
    assert_eq!(bob.text("/page").await, "2", "another user's");
    do_post(&other, "/login/1").await;
    assert_eq!(other.text("/page").await, "1", "with the new password");
}

#[tokio::test]
async fn a_login_without_its_user_is_an_error_that_says_what_to_write() {
    let (site, _) = app(&Db::default(), OLD, None).await;
    let message = site.browser().post("/by-id").await.text().await.unwrap();
    assert!(
        message.contains("session.login_user(id, &user)"),
        "{message}"
    );
    let message = site
        .browser()
        .post("/something")
        .await
        .text()
        .await
        .unwrap();
    assert!(message.contains("stamps::User"), "{message}");
}

#[tokio::test]
async fn a_login_that_was_begun_with_an_old_password_cannot_be_finished() {
    let db = Db::default();
    let (site, _) = app(&db, OLD, None).await;
    let browser = site.browser();
    do_post(&browser, "/begin/1").await;
    db.set_password(1, "second");
    assert_eq!(browser.post("/login/1").await.status(), 401);
    assert_eq!(status(&browser, "/page").await, StatusCode::SEE_OTHER);
    do_post(&browser, "/begin/1").await;
    do_post(&browser, "/login/1").await;
    assert_eq!(browser.text("/page").await, "1");
}

#[tokio::test]
async fn stamps_outlive_a_change_of_the_secret() {
    let db = Db::default();
    let (before, _) = app(&db, OLD, None).await;
    let browser = before.browser();
    do_post(&browser, "/login/1").await;
    do_post(&browser, "/begin/1").await;
    let (after, _) = app(&db, NEW, Some(OLD)).await;
    let browser = Browser::new(after.url(""), browser.jar.clone());
    assert_eq!(browser.text("/page").await, "1");
    do_post(&browser, "/login/1").await;
    assert_eq!(
        browser.text("/page").await,
        "1",
        "what was begun under the old secret"
    );
}

#[tokio::test]
async fn an_identity_without_a_stamp_is_nobody_where_stamps_are_wanted() {
    #[user_loader]
    async fn without_stamp(id: u64) -> Option<User> {
        Some(Db::default().user(id))
    }
    async fn log_in(session: Session) -> Result<(), Error> {
        session.login(1)
    }
    let clock = TestClock::new();
    let sessions = builder()
        .user_loader(without_stamp)
        .clock(clock.reader())
        .build()
        .unwrap();
    let before = Site::serve(Router::new().route("/login", post(log_in)).layer(sessions)).await;
    let browser = before.browser();
    do_post(&browser, "/login").await;
    let (after, _) = app(&Db::default(), OLD, None).await;
    let browser = Browser::new(after.url(""), browser.jar.clone());
    assert_eq!(
        browser.text("/who").await,
        "true",
        "as far as the cookies say"
    );
    assert_eq!(status(&browser, "/page").await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn with_a_stamp_a_login_lasts_for_two_weeks_unless_told_otherwise() {
    let (site, clock) = app(&Db::default(), OLD, None).await;
    let browser = site.browser();
    do_post(&browser, "/login/1").await;
    clock.advance(Duration::from_secs(14 * 24 * 3_600 - 1));
    assert_eq!(status(&browser, "/page").await, StatusCode::OK);
    clock.advance(Duration::from_secs(1));
    assert_eq!(status(&browser, "/page").await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_cookie_shows_nothing_of_the_stamp() {
    use base64::Engine as _;
    let db = Db::default();
    db.set_password(1, "a-very-secret-hash");
    let (site, _) = app(&db, OLD, None).await;
    let response = site.browser().post("/login/1").await;
    for cookie in response.set_cookies() {
        let value = cookie.split(['=', ';']).nth(1).unwrap();
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
            .decode(value)
            .unwrap();
        assert!(!bytes.windows(6).any(|part| part == b"secret"), "{cookie}");
    }
}

/// A stamp that was forgotten is not taken for one that was renewed.
#[tokio::test]
async fn without_a_stamp_there_is_nothing_to_refresh_and_that_is_said() {
    #[user_loader]
    async fn without_stamp(id: u64) -> Option<User> {
        Some(Db::default().user(id))
    }
    async fn log_in(session: Session) -> Result<String, Error> {
        let user = Db::default().user(1);
        session.login_user(1, &user)?;
        Ok(session.refresh_stamp(&user).unwrap_err().to_string())
    }
    let sessions = builder().user_loader(without_stamp).build().unwrap();
    let site = Site::serve(Router::new().route("/login", post(log_in)).layer(sessions)).await;
    let message = site.browser().post("/login").await.text().await.unwrap();
    assert!(message.contains("#[user_loader(stamp ="), "{message}");
}
