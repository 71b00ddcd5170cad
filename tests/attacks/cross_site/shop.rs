//! A shop in which somebody is logged in, and what it refuses.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use muffin_session::{Builder, CurrentUser, Error, Session, login_required, user_loader};
use muffin_session_tests::{Answer as _, Browser, Site, builder};
use reqwest::Method;

#[derive(Clone)]
pub(super) struct User {
    id: u64,
}

#[user_loader]
async fn load_user(id: u64) -> Option<User> {
    Some(User { id })
}

#[user_loader]
pub(super) async fn load_by_token(token: String) -> Option<User> {
    (token == "of-bob").then_some(User { id: 2 })
}

/// How often a handler has run that changes something.
#[derive(Clone, Default)]
pub(super) struct Runs(pub(super) Arc<AtomicUsize>);

impl Runs {
    fn note(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

async fn change(State(runs): State<Runs>, session: Session, body: String) -> Result<(), Error> {
    runs.note();
    session.insert("changed", body)
}

async fn login(State(runs): State<Runs>, session: Session, id: Path<u64>) -> Result<(), Error> {
    runs.note();
    session.login(*id)
}

async fn logout(session: Session) {
    session.logout();
}

async fn who(session: Session) -> Result<String, Error> {
    let user: Option<u64> = session.user_id()?;
    let changed: Option<String> = session.get("changed")?;
    Ok(format!("{user:?} {changed:?}"))
}

#[login_required]
async fn transfer(CurrentUser(user): CurrentUser<User>, State(runs): State<Runs>) -> String {
    runs.note();
    user.id.to_string()
}

async fn socket(State(runs): State<Runs>, upgrade: WebSocketUpgrade) -> Response {
    runs.note();
    upgrade.on_upgrade(|_| async {})
}

/// A shop in which Ann is logged in.
pub(super) struct Shop {
    pub(super) site: Site,
    pub(super) runs: Runs,
    pub(super) ann: Browser,
}

impl Shop {
    pub(super) async fn open() -> Self {
        Self::with(|builder| builder).await
    }

    pub(super) async fn with(options: impl FnOnce(Builder) -> Builder) -> Self {
        let runs = Runs::default();
        let sessions = options(builder().user_loader(load_user)).build();
        let app = Router::new()
            .route("/", get(who))
            .route(
                "/change",
                post(change).put(change).patch(change).delete(change),
            )
            .route("/any", axum::routing::any(change))
            .route("/transfer", post(transfer))
            .route("/login/{id}", post(login))
            .route("/logout", post(logout).get(logout))
            .route("/socket", get(socket))
            .layer(sessions.expect("good options"))
            .route("/late", post(transfer))
            .with_state(runs.clone());
        let site = Site::serve(app).await;
        let ann = site.browser();
        assert_eq!(ann.post("/login/1").await.status(), 200);
        runs.0.store(0, Ordering::SeqCst);
        Self { site, runs, ann }
    }

    /// The origin that browsers know it by.
    pub(super) fn origin(&self) -> String {
        self.site.url("")
    }

    /// `127.0.0.1:port`.
    pub(super) fn host(&self) -> String {
        self.site.addr().to_string()
    }

    /// Sent by Ann's browser it is refused, before any handler has run.
    pub(super) async fn refuses(&self, method: Method, path: &str, headers: &[(&str, &str)]) {
        let before = self.ann.text("/").await;
        let answer = self.ann.send(method.clone(), path, headers).await;
        assert_eq!(answer.status(), 403, "{method} {path} {headers:?}");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("vary"), "Sec-Fetch-Site, Origin");
        assert_eq!(answer.set_cookies(), [""; 0]);
        assert_eq!(self.runs.0.load(Ordering::SeqCst), 0, "{headers:?}");
        assert_eq!(self.ann.text("/").await, before);
    }

    pub(super) async fn refuses_a_post(&self, headers: &[(&str, &str)]) {
        self.refuses(Method::POST, "/change", headers).await;
    }

    /// Sent by Ann's browser its handler runs.
    pub(super) async fn takes_a_post(&self, headers: &[(&str, &str)]) {
        let runs = self.runs.0.load(Ordering::SeqCst);
        let answer = self.ann.send(Method::POST, "/change", headers).await;
        assert_eq!(answer.status(), 200, "{headers:?}");
        assert_eq!(self.runs.0.swap(0, Ordering::SeqCst), runs + 1);
    }

    /// A handshake for a `WebSocket`, with these headers besides.
    pub(super) async fn opens_a_socket(&self, headers: &[(&str, &str)]) -> reqwest::Response {
        let handshake = [
            ("connection", "Upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        let headers = [&handshake, headers].concat();
        self.ann.send(Method::GET, "/socket", &headers).await
    }

    pub(super) async fn refuses_a_socket(&self, headers: &[(&str, &str)]) {
        assert_eq!(self.opens_a_socket(headers).await.status(), 403);
        assert_eq!(self.runs.0.load(Ordering::SeqCst), 0, "{headers:?}");
    }
}
