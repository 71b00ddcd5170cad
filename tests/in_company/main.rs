//! Guards among what other crates put on handlers and around them: attributes, routers, layers, macros.
//!
//! Each handler is asked by nobody, by somebody who may not, and by somebody who may.

mod attributes;
mod described;
mod generic_over_handlers;
mod trait_methods;
mod typed_paths;
mod layers;
mod elsewhere;

use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{io, mem};

use async_trait::async_trait;
use axum::error_handling::HandleErrorLayer;
use axum::extract::{FromRef, Path, Query, Request, State};
use axum::handler::Handler;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use axum::{BoxError, Extension, Json, Router, debug_handler};
use axum_extra::routing::{RouterExt, TypedPath};
use muffin_session::{
    CurrentUser, Error, GuardLayer, Login, Session, login_required, user_loader, user_pass,
};
use muffin_session_tests::{Answer, Browser, Site, builder};
use serde::{Deserialize, Serialize};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;
use tracing::instrument;
use utoipa::OpenApi;

#[derive(Clone, Debug)]
struct User {
    id: u64,
}

impl User {
    fn is_admin(&self) -> bool {
        self.id == ANN
    }
}

/// An admin, who owns book 1.
const ANN: u64 = 1;
/// Somebody, who owns book 2.
const BOB: u64 = 2;
/// Somebody whose account is closed.
const GONE: u64 = 404;

#[user_loader]
async fn load_user(id: u64) -> Option<User> {
    (id != GONE).then_some(User { id })
}

/// Where books are, asked through a trait object.
#[async_trait]
trait Books: Send + Sync {
    async fn owner(&self, book: u64) -> u64;
}

/// Book 1 is user 1's, and so on.
struct SameNumber;

#[async_trait]
impl Books for SameNumber {
    async fn owner(&self, book: u64) -> u64 {
        book
    }
}

type Shelf = Arc<dyn Books>;

#[derive(Clone, FromRef)]
struct App {
    shelf: Shelf,
    motto: &'static str,
}

/// A checker of extractors, one of which is a part of the application's state.
async fn owns(
    CurrentUser(user): CurrentUser<User>,
    Path(book): Path<u64>,
    State(shelf): State<Shelf>,
) -> bool {
    shelf.owner(book).await == user.id
}

/// Serves the routes with what they need: the state, sessions, and ways to log in.
async fn serve(routes: Router<App>) -> Site {
    let app = App {
        shelf: Arc::new(SameNumber),
        motto: "Books first",
    };
    Site::serve(with_sessions(routes.with_state(app))).await
}

fn with_sessions(routes: Router) -> Router {
    let sessions = builder()
        .login_url("/login")
        .forbid_refused()
        .user_loader(load_user)
        .build()
        .expect("a configuration");
    routes
        .route("/login/{id}", post(login))
        .route("/remembered/{id}", post(remembered))
        .layer(sessions)
}

async fn login(session: Session, Path(id): Path<u64>) -> Result<(), Error> {
    session.login(id)
}

async fn remembered(session: Session, Path(id): Path<u64>) -> Result<(), Error> {
    session.login_with(Login::new(id).remember(Duration::from_hours(24)))
}

async fn logged_in(site: &Site, path: &str) -> Browser {
    let browser = site.browser();
    assert_eq!(browser.post(path).await.status(), StatusCode::OK);
    browser
}

/// The status, and where to or what was said.
async fn told(browser: &Browser, path: &str) -> (StatusCode, String) {
    let page = browser.request(Method::GET, path);
    let response = page.header("accept", "text/html").send().await;
    let response = response.expect("an answer");
    match (response.status(), response.header("location")) {
        (status, location) if location.is_empty() => {
            let said = response.text().await.expect("a body");
            (status, said)
        }
        (status, location) => (status, location),
    }
}

/// Nobody is sent to log in, and back again afterwards.
async fn refuses_nobody(site: &Site, path: &str) {
    let (status, location) = told(&site.browser(), path).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{path}, nobody: {location}");
    assert!(location.starts_with("/login?next="), "{path}: {location}");
}

/// A page that `#[login_required]` guards lets Bob in, and refuses somebody whose account is closed.
async fn is_for_users(site: &Site, path: &str, said: &str) {
    refuses_nobody(site, path).await;
    let gone = logged_in(site, &format!("/login/{GONE}")).await;
    assert_eq!(told(&gone, path).await.0, StatusCode::SEE_OTHER, "{path}");
    let bob = logged_in(site, &format!("/login/{BOB}")).await;
    let wanted = (StatusCode::OK, said.to_owned());
    assert_eq!(told(&bob, path).await, wanted, "{path}, Bob");
}

/// A page that `#[user_pass(..)]` guards lets Ann in, and refuses Bob.
async fn is_for_ann(site: &Site, path: &str, said: &str) {
    refuses_nobody(site, path).await;
    let bob = logged_in(site, &format!("/login/{BOB}")).await;
    assert_eq!(told(&bob, path).await.0, StatusCode::FORBIDDEN, "{path}");
    let ann = logged_in(site, &format!("/login/{ANN}")).await;
    let wanted = (StatusCode::OK, said.to_owned());
    assert_eq!(told(&ann, path).await, wanted, "{path}, Ann");
}

/// A page with `fresh` lets in who has just given a password, and refuses a login that is remembered.
async fn is_for_the_fresh(site: &Site, path: &str, said: &str) {
    let ann = logged_in(site, &format!("/remembered/{ANN}")).await;
    let (status, location) = told(&ann, path).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{path}: {location}");
    is_for_ann(site, path, said).await;
}

/// What is logged while a test runs, with the spans around it.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// All lines since the last time, and a subscriber for this thread until the guard is dropped.
    fn collect() -> (Self, tracing::subscriber::DefaultGuard) {
        let lines = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::DEBUG)
            .without_time()
            .with_writer({
                let lines = lines.clone();
                move || lines.clone()
            })
            .finish();
        let guard = muffin_session_tests::listening::listen(subscriber);
        (lines, guard)
    }

    fn take(&self) -> String {
        let bytes = mem::take(&mut *self.0.lock().expect("nobody panics with the log"));
        String::from_utf8(bytes).expect("UTF-8")
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut lines = self.0.lock().expect("nobody panics with the log");
        lines.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
