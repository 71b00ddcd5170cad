//! A site on which everything happens that is told of, and the trail of what its hooks were told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::{get, post};
use muffin_session::{
    Builder, CurrentUser, Error, Login, Session, SessionEvent, Sessions, login_required,
    user_loader, user_pass,
};
use muffin_session_tests::{TestClock, bare_builder};

pub(crate) const HOUR: Duration = Duration::from_secs(3_600);

#[derive(Clone)]
pub(crate) struct User {
    id: u64,
    stamp: &'static str,
}

/// A user as they are when they log in.
pub(crate) fn user(id: u64) -> User {
    User { id, stamp: "same" }
}

/// Users below 100 are there. The stamp of user 9 has changed since whoever has logged in.
#[user_loader(stamp = |user| user.stamp)]
pub(crate) async fn load_user(id: u64) -> Option<User> {
    let stamp = if id == 9 { "changed" } else { "same" };
    (id < 100).then_some(User { id, stamp })
}

/// What hooks were told.
#[derive(Clone, Default)]
pub(crate) struct Trail(Arc<Mutex<Vec<SessionEvent>>>);

impl Trail {
    pub(crate) fn push(&self, event: &SessionEvent) {
        self.locked().push(event.clone());
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Vec<SessionEvent>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything since the last time.
    pub(crate) fn all(&self) -> Vec<SessionEvent> {
        std::mem::take(&mut *self.locked())
    }

    /// Name, reason and user of everything since the last time: `"session.refused denied 1"`.
    pub(crate) fn lines(&self) -> Vec<String> {
        let line = |event: &SessionEvent| {
            let reason = event.reason().map(str::to_owned);
            let user = event.user_id::<u64>().map(|id| id.to_string());
            let words = [Some(event.name().to_owned()), reason, user];
            words.into_iter().flatten().collect::<Vec<_>>().join(" ")
        };
        self.all().iter().map(line).collect()
    }
}

/// A request's number, as a middleware might give it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestNumber(pub(crate) u32);

async fn log_in(session: Session, Path(id): Path<u64>) -> Result<(), Error> {
    session.login_user(id, &user(id))
}

async fn remember(session: Session, Path(id): Path<u64>) -> Result<(), Error> {
    session.login_with(Login::new(id).user(&user(id)).remember(HOUR))
}

async fn come_and_go(session: Session, Path(id): Path<u64>) -> Result<(), Error> {
    session.login_user(id, &user(id))?;
    session.logout();
    Ok(())
}

async fn go_and_come(session: Session, Path(id): Path<u64>) -> Result<(), Error> {
    session.logout();
    session.login_user(id, &user(id))
}

async fn log_out(session: Session) {
    session.logout();
}

async fn keep(session: Session) -> Result<(), Error> {
    session.insert("key", "value")
}

#[login_required]
async fn members() {}

#[login_required(fresh = "5m")]
async fn fresh() {}

#[user_pass(|user: &User| user.id == 7)]
async fn seven() {}

#[user_pass(|_: &User| -> Result<bool, StatusCode> { Err(StatusCode::IM_A_TEAPOT) })]
async fn teapot() {}

async fn owns(CurrentUser(user): CurrentUser<User>, Path(id): Path<u64>) -> bool {
    user.id == id
}

async fn is_public(_: Option<CurrentUser<User>>, Path(id): Path<u64>) -> bool {
    id == 1
}

#[user_pass(owns)]
async fn owned() {}

#[user_pass(any(owns, is_public))]
async fn shared() {}

/// All of it, with sessions of these options.
pub(crate) fn app(sessions: Sessions) -> Router {
    Router::new()
        .route("/log-in/{id}", post(log_in))
        .route("/remember/{id}", post(remember))
        .route("/come-and-go/{id}", post(come_and_go))
        .route("/go-and-come/{id}", post(go_and_come))
        .route("/log-out", post(log_out))
        .route("/keep", post(keep))
        .route("/renew", post(async |session: Session| session.renew()))
        .route(
            "/confirm",
            post(async |session: Session| session.confirm_login()),
        )
        .route(
            "/end-others",
            post(async |session: Session| session.end_other_sessions().await),
        )
        .route(
            "/end-all",
            post(async |session: Session| session.end_all_sessions().await),
        )
        .nest("/members", Router::new().route("/only", get(members)))
        .route("/fresh", get(fresh))
        .route("/seven", get(seven))
        .route("/teapot", get(teapot))
        .route("/owned/{id}", get(owned))
        .route("/shared/{id}", get(shared))
        .layer(sessions)
        .layer(axum::Extension(RequestNumber(42)))
}

/// A builder whose hooks write a trail, with a clock that is moved by hand.
pub(crate) fn told(builder: Builder) -> (Builder, Trail, TestClock) {
    let (trail, clock) = (Trail::default(), TestClock::new());
    let hook = trail.clone();
    let builder = builder
        .user_loader(load_user)
        .clock(clock.reader())
        .on_event(move |event| hook.push(event));
    (builder, trail, clock)
}

/// Sessions in cookies, and in a store.
pub(crate) fn both() -> [Builder; 2] {
    [
        bare_builder(),
        bare_builder().store(muffin_session::MemoryStore::new()),
    ]
}

/// Serves the site with addresses of peers, as long as the test runs.
pub(crate) async fn serve(sessions: Sessions) -> muffin_session_tests::Browser {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let service = app(sessions).into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    muffin_session_tests::Browser::new(base, muffin_session_tests::Jar::default())
}

/// Another browser on the same site.
pub(crate) fn another(browser: &muffin_session_tests::Browser) -> muffin_session_tests::Browser {
    let other = browser.stolen();
    other.jar.restore(&std::collections::BTreeMap::new());
    other
}
