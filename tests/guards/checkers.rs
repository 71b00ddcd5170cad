//! Checkers of extractors: state, paths, queries, headers, the application's own, in functions and closures, waiting or not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::{FromRef, FromRequestParts, Path, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use muffin_session::{CurrentUser, user_loader, user_pass};
use muffin_session_tests::{Browser, Site, builder};

use crate::{answer, log_in, status};

#[derive(Clone)]
struct User {
    id: u64,
}

#[user_loader]
async fn load_user(id: u64, State(loads): State<Arc<AtomicUsize>>) -> Option<User> {
    loads.fetch_add(1, Ordering::SeqCst);
    Some(User { id })
}

/// Who owns which note.
#[derive(Clone)]
struct Db(Arc<Vec<(u64, u64)>>);

impl Db {
    async fn owns(&self, user: u64, note: u64) -> Result<bool, StatusCode> {
        tokio::task::yield_now().await;
        match note {
            500 => Err(StatusCode::SERVICE_UNAVAILABLE),
            note => Ok(self.0.contains(&(user, note))),
        }
    }
}

#[derive(Clone)]
struct AppState {
    db: Db,
    /// How often a checker was asked.
    asked: Arc<AtomicUsize>,
}

impl FromRef<AppState> for Db {
    fn from_ref(state: &AppState) -> Self {
        state.db.clone()
    }
}

impl FromRef<AppState> for Arc<AtomicUsize> {
    fn from_ref(state: &AppState) -> Self {
        state.asked.clone()
    }
}

/// An extractor of the application's own, which needs the state.
struct Tenant(String);

impl FromRequestParts<AppState> for Tenant {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Self::Rejection> {
        match parts.headers.get("x-tenant").map(|tenant| tenant.to_str()) {
            Some(Ok(tenant)) => Ok(Self(tenant.to_owned())),
            _ => Err((StatusCode::BAD_REQUEST, "which tenant?")),
        }
    }
}

async fn owns(
    CurrentUser(user): CurrentUser<User>,
    Path(note): Path<u64>,
    State(db): State<Db>,
) -> Result<bool, StatusCode> {
    db.owns(user.id, note).await
}

// The state is found from the handler's own parameter, and is a part of the router's.
#[user_pass(owns)]
async fn by_handlers_state(Path(note): Path<u64>, State(db): State<Db>) -> String {
    format!("note {note} of {}", db.0.len())
}

// The handler takes none: the attribute says it.
#[user_pass(owns, state = AppState)]
async fn by_said_state(Path(note): Path<u64>) -> String {
    format!("note {note}")
}

#[user_pass(async |CurrentUser(user): CurrentUser<User>, Path(note): Path<u64>, State(db): State<Db>| {
    db.owns(user.id, note).await
})]
async fn by_async_closure(State(_): State<Db>, Path(note): Path<u64>) -> String {
    format!("note {note}")
}

#[user_pass(|CurrentUser(user): CurrentUser<User>, Path(id): Path<u64>| user.id == id)]
async fn by_closure(Path(id): Path<u64>) -> String {
    format!("user {id}")
}

#[user_pass(|Query(pairs): Query<Vec<(String, u64)>>, CurrentUser(user): CurrentUser<User>| {
    pairs.iter().all(|(_, number)| *number == user.id)
})]
async fn by_query() {}

#[user_pass(|headers: HeaderMap| headers.contains_key("x-key"))]
async fn by_headers() {}

#[user_pass(|Tenant(tenant): Tenant, CurrentUser(user): CurrentUser<User>| tenant == user.id.to_string(), state = AppState)]
async fn by_own_extractor() {}

// It needs no user of its own, and is asked about somebody all the same.
#[user_pass(count_asked, state = AppState)]
async fn counted() {}

async fn count_asked(State(asked): State<Arc<AtomicUsize>>) -> bool {
    tokio::task::yield_now().await;
    asked.fetch_add(1, Ordering::SeqCst);
    true
}

// It asks for nobody too, and so decides about nobody.
#[user_pass(|user: Option<CurrentUser<User>>, headers: HeaderMap| user.is_some() || headers.contains_key("x-key"))]
async fn open_by_key() {}

#[user_pass(async |CurrentUser(user): CurrentUser<User>| match user.id {
    1 => Ok(()),
    _ => Err((StatusCode::PAYMENT_REQUIRED, "pay first")),
})]
async fn answering() {}

struct App {
    site: Site,
    loads: Arc<AtomicUsize>,
    asked: Arc<AtomicUsize>,
}

impl App {
    async fn new() -> Self {
        let (loads, asked) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let sessions = builder()
            .user_loader_with_state(load_user, loads.clone())
            .build()
            .unwrap();
        let state = AppState {
            db: Db(Arc::new(vec![(1, 10), (2, 20)])),
            asked: asked.clone(),
        };
        let app = Router::new()
            .route("/login/{id}", post(log_in))
            .route("/a/{note}", get(by_handlers_state))
            .route("/b/{note}", get(by_said_state))
            .route("/c/{note}", get(by_async_closure))
            .route("/user/{id}", get(by_closure))
            .route("/query", get(by_query))
            .route("/headers", get(by_headers))
            .route("/tenant", get(by_own_extractor))
            .route("/counted", get(counted))
            .route("/key", get(open_by_key))
            .route("/answering", get(answering))
            .with_state(state)
            .layer(sessions);
        Self {
            site: Site::serve(app).await,
            loads,
            asked,
        }
    }

    async fn user(&self, id: u64) -> Browser {
        let browser = self.site.browser();
        browser.post(&format!("/login/{id}")).await;
        browser
    }
}

#[tokio::test]
async fn a_checker_takes_the_state_and_the_path_and_both_are_there_for_the_handler() {
    let app = App::new().await;
    let ann = app.user(1).await;
    for (route, text) in [("a", "note 10 of 2"), ("b", "note 10"), ("c", "note 10")] {
        assert_eq!(ann.text(&format!("/{route}/10")).await, text);
        let refused = answer(&ann, &format!("/{route}/20")).await;
        assert_eq!(refused, (303, "/login".to_owned()), "{route}: not hers");
        let failed = status(&ann, &format!("/{route}/500")).await;
        assert_eq!(
            failed,
            StatusCode::SERVICE_UNAVAILABLE,
            "{route}: a failure answers as itself"
        );
        let bad = status(&ann, &format!("/{route}/x")).await;
        assert_eq!(
            bad,
            StatusCode::BAD_REQUEST,
            "{route}: so does an extractor"
        );
        let nobody = answer(&app.site.browser(), &format!("/{route}/10")).await;
        assert_eq!(nobody, (303, format!("/login?next=%2F{route}%2F10")));
        let nobody = status(&app.site.browser(), &format!("/{route}/x")).await;
        assert_eq!(
            nobody,
            StatusCode::SEE_OTHER,
            "{route}: nobody learns what is wrong with a path"
        );
    }
}

#[tokio::test]
async fn closures_take_extractors_waiting_or_not() {
    let app = App::new().await;
    let ann = app.user(1).await;
    assert_eq!(ann.text("/user/1").await, "user 1");
    assert_eq!(status(&ann, "/user/2").await, StatusCode::SEE_OTHER);
    assert_eq!(status(&ann, "/query?a=1&b=1").await, StatusCode::OK);
    assert_eq!(status(&ann, "/query?a=1&b=2").await, StatusCode::SEE_OTHER);
    let get = |path| ann.request(reqwest::Method::GET, path);
    let with_key = get("/headers").header("x-key", "1").send().await.unwrap();
    assert_eq!(with_key.status(), StatusCode::OK);
    assert_eq!(status(&ann, "/headers").await, StatusCode::SEE_OTHER);
    for (tenant, expected) in [("1", StatusCode::OK), ("2", StatusCode::SEE_OTHER)] {
        let answer = get("/tenant")
            .header("x-tenant", tenant)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), expected, "tenant {tenant}");
    }
    assert_eq!(status(&ann, "/tenant").await, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_checker_is_never_asked_about_nobody_unless_it_asks_for_nobody() {
    let app = App::new().await;
    assert_eq!(
        status(&app.site.browser(), "/counted").await,
        StatusCode::SEE_OTHER
    );
    assert_eq!(app.asked.load(Ordering::SeqCst), 0);
    assert_eq!(status(&app.user(1).await, "/counted").await, StatusCode::OK);
    assert_eq!(app.asked.load(Ordering::SeqCst), 1);

    let nobody = app.site.browser();
    assert_eq!(status(&nobody, "/key").await, StatusCode::SEE_OTHER);
    let request = nobody.request(reqwest::Method::GET, "/key");
    let answer = request.header("x-key", "1").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "it decides about nobody");
}

#[tokio::test]
async fn an_answer_of_a_checker_is_the_answer_and_the_user_is_loaded_once() {
    let app = App::new().await;
    assert_eq!(
        status(&app.user(2).await, "/answering").await,
        StatusCode::PAYMENT_REQUIRED
    );
    assert_eq!(answer(&app.site.browser(), "/answering").await.0, 303);
    let ann = app.user(1).await;
    app.loads.store(0, Ordering::SeqCst);
    assert_eq!(status(&ann, "/a/10").await, StatusCode::OK);
    assert_eq!(app.loads.load(Ordering::SeqCst), 1);
}
