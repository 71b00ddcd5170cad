//! `all(..)`, `any(..)` and `not(..)`, and several attributes on one handler.

use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Extension, Router};
use muffin_session::{CurrentUser, user_loader, user_pass};
use muffin_session_tests::{Browser, Site, builder};

use crate::{log_in, status};

/// What was done, in order: users that were loaded, checkers that were asked.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<&'static str>>>);

impl Log {
    fn note(&self, what: &'static str) {
        self.0.lock().unwrap().push(what);
    }

    fn take(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[derive(Clone)]
struct User {
    id: u64,
    log: Log,
}

impl User {
    fn yes(&self) -> bool {
        self.log.note("yes");
        true
    }

    fn no(&self) -> bool {
        self.log.note("no");
        false
    }

    fn is_admin(&self) -> bool {
        self.id == 1
    }

    fn is_banned(&self) -> bool {
        self.id == 3
    }

    fn teapot(&self) -> Result<(), StatusCode> {
        self.log.note("teapot");
        Err(StatusCode::IM_A_TEAPOT)
    }
}

#[user_loader]
async fn load_user(id: u64, State(log): State<Log>) -> Option<User> {
    log.note("load");
    Some(User { id, log })
}

async fn owns(CurrentUser(user): CurrentUser<User>, Path(id): Path<u64>) -> bool {
    user.id == id
}

/// An async checker that leaves a note.
async fn waits(CurrentUser(user): CurrentUser<User>, Extension(log): Extension<Log>) -> bool {
    tokio::task::yield_now().await;
    log.note("waits");
    user.id > 0
}

#[user_pass(all(User::yes, User::no, User::yes))]
async fn all_stops() {}

#[user_pass(any(User::no, waits, User::teapot))]
async fn any_stops() {}

#[user_pass(any(User::no, User::teapot, User::no))]
async fn any_answers() {}

#[user_pass(any(User::teapot, User::yes))]
async fn any_goes_on_after_an_answer() {}

#[user_pass(not(User::teapot))]
async fn not_an_answer() {}

#[user_pass(not(User::is_banned))]
async fn not_banned() {}

#[user_pass(all(not(User::is_banned), any(User::is_admin, owns, |user: &User| user.id > 100)))]
async fn nested(Path(id): Path<u64>) -> String {
    id.to_string()
}

#[user_pass(User::yes, reject = StatusCode::GONE)]
#[user_pass(User::no, reject = StatusCode::IM_A_TEAPOT)]
#[user_pass(waits, reject = StatusCode::CONFLICT)]
async fn stacked(_: CurrentUser<User>) {}

#[user_pass(all(User::yes))]
async fn all_of_one() {}

struct App {
    site: Site,
    log: Log,
}

impl App {
    async fn new() -> Self {
        let log = Log::default();
        let sessions = builder()
            .user_loader_with_state(load_user, log.clone())
            .build()
            .unwrap();
        let app = Router::new()
            .route("/login/{id}", post(log_in))
            .route("/all", get(all_stops))
            .route("/any", get(any_stops))
            .route("/any-answers", get(any_answers))
            .route("/any-on", get(any_goes_on_after_an_answer))
            .route("/not-answer", get(not_an_answer))
            .route("/not", get(not_banned))
            .route("/nested/{id}", get(nested))
            .route("/stacked", get(stacked))
            .route("/one", get(all_of_one))
            .layer(Extension(log.clone()))
            .layer(sessions);
        let site = Site::serve(app).await;
        Self { site, log }
    }

    async fn user(&self, id: u64) -> Browser {
        let browser = self.site.browser();
        browser.post(&format!("/login/{id}")).await;
        browser
    }
}

#[tokio::test]
async fn checkers_are_asked_in_order_until_it_is_decided_and_the_user_is_loaded_once() {
    let app = App::new().await;
    let ann = app.user(1).await;
    for (path, expected, asked) in [
        ("/all", 303, &["load", "yes", "no"][..]),
        ("/any", 200, &["load", "no", "waits"]),
        ("/any-answers", 418, &["load", "no", "teapot", "no"]),
        ("/any-on", 200, &["load", "teapot", "yes"]),
        ("/one", 200, &["load", "yes"]),
    ] {
        app.log.take();
        assert_eq!(status(&ann, path).await.as_u16(), expected, "{path}");
        assert_eq!(app.log.take(), asked, "{path}");
    }
}

#[tokio::test]
async fn not_turns_a_yes_and_a_no_round_and_nothing_else() {
    let app = App::new().await;
    assert_eq!(status(&app.user(1).await, "/not").await, StatusCode::OK);
    assert_eq!(
        status(&app.user(3).await, "/not").await,
        StatusCode::SEE_OTHER,
        "banned"
    );
    assert_eq!(
        status(&app.user(1).await, "/not-answer").await,
        StatusCode::IM_A_TEAPOT,
        "an answer stays"
    );
    app.log.take();
    assert_eq!(
        status(&app.site.browser(), "/not").await,
        StatusCode::SEE_OTHER,
        "nobody is not somebody else"
    );
    assert_eq!(app.log.take(), [""; 0]);
}

#[tokio::test]
async fn combinations_nest() {
    let app = App::new().await;
    for (user, path, allowed) in [
        (1, "/nested/2", true),
        (2, "/nested/2", true),
        (2, "/nested/1", false),
        (3, "/nested/3", false),
        (101, "/nested/1", true),
    ] {
        let expected = if allowed {
            StatusCode::OK
        } else {
            StatusCode::SEE_OTHER
        };
        assert_eq!(
            status(&app.user(user).await, path).await,
            expected,
            "{user}, {path}"
        );
    }
    assert_eq!(
        status(&app.site.browser(), "/nested/2").await,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn several_attributes_mean_all_of_them_from_top_to_bottom() {
    let app = App::new().await;
    let ann = app.user(1).await;
    app.log.take();
    assert_eq!(
        status(&ann, "/stacked").await,
        StatusCode::IM_A_TEAPOT,
        "the second one refuses"
    );
    assert_eq!(app.log.take(), ["load", "yes", "no"]);
    assert_eq!(
        status(&app.site.browser(), "/stacked").await,
        StatusCode::GONE,
        "the first one refuses"
    );
}
