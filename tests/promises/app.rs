//! An application that does what a request tells it to, and waits at a gate if the request says so.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use muffin_session::{
    Auth, Builder, CurrentUser, Error, Login, Refusal, Session, Sessions, login_required,
    user_loader, user_pass,
};
use muffin_session_tests::{Browser, Site, TestClock, builder};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// A secret that takes the place of the tests' own.
pub(crate) const NEW_SECRET: &str = "Zr4Tn8Qw1Lx6Vb3Mk9Hs2Fd7Jg5Pc0Ye";

/// How long the login of `short` lasts.
pub(crate) const SHORT: Duration = Duration::from_mins(5);

/// Where a handler waits until the test lets it go on.
#[derive(Clone)]
pub(crate) struct Gate {
    arrived: Arc<Semaphore>,
    open: Arc<Semaphore>,
}

impl Gate {
    fn new() -> Self {
        Self {
            arrived: Arc::new(Semaphore::new(0)),
            open: Arc::new(Semaphore::new(0)),
        }
    }

    /// Waits at the gate.
    async fn pass(&self) {
        self.arrived.add_permits(1);
        self.open.acquire().await.unwrap().forget();
    }

    /// Waits until a handler has come to the gate.
    pub(crate) async fn arrival(&self) {
        self.arrived.acquire().await.unwrap().forget();
    }

    /// Lets one handler go on.
    pub(crate) fn open(&self) {
        self.open.add_permits(1);
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct User {
    pub(crate) id: u64,
}

impl User {
    fn is_admin(&self) -> bool {
        self.id == 1
    }
}

/// The user who is gone for now, or 0.
#[derive(Clone, Default)]
pub(crate) struct Gone(Arc<AtomicU64>);

impl Gone {
    pub(crate) fn set(&self, id: u64) {
        self.0.store(id, Ordering::SeqCst);
    }
}

#[user_loader]
async fn load_user(id: u64, State(gone): State<Gone>) -> Result<Option<User>, std::io::Error> {
    match id {
        id if id == gone.0.load(Ordering::SeqCst) => Ok(None),
        500 => Err(std::io::Error::other("the users' database is down")),
        404 => Ok(None),
        id => Ok(Some(User { id })),
    }
}

/// The site, its clock and its gate.
pub(crate) struct App {
    pub(crate) site: Site,
    pub(crate) clock: TestClock,
    pub(crate) gate: Gate,
    pub(crate) gone: Gone,
    /// For what happens outside of requests.
    pub(crate) sessions: Sessions,
}

impl App {
    pub(crate) async fn new() -> Self {
        Self::with(|builder| builder).await
    }

    /// With more options.
    pub(crate) async fn with(options: impl FnOnce(Builder) -> Builder) -> Self {
        Self::on(options(builder())).await
    }

    /// On a builder that has no loader and no clock yet.
    pub(crate) async fn on(builder: Builder) -> Self {
        let clock = TestClock::new();
        let gate = Gate::new();
        let gone = Gone::default();
        let sessions = builder
            .user_loader_with_state(load_user, gone.clone())
            .clock(clock.reader())
            .build()
            .unwrap();
        let account = Router::new().route("/orders", get(dashboard));
        let router = Router::new()
            .route("/untouched", get(|| async { "untouched" }))
            .route("/show", get(show))
            .route("/flashes", get(flashes))
            .route("/do", post(perform).get(perform))
            .route("/dashboard", get(dashboard).post(dashboard))
            .route("/admin", get(admin))
            .route("/public", get(public))
            .route("/tolerant", get(tolerant))
            .route("/tolerant/required", get(tolerant_of_users))
            .route("/cached", get(cached))
            .route("/body", post(body))
            .nest("/account", account)
            .with_state(gate.clone())
            .layer(sessions.clone());
        Self {
            sessions,
            site: Site::serve(router).await,
            clock,
            gate,
            gone,
        }
    }

    pub(crate) fn browser(&self) -> Browser {
        self.site.browser()
    }

    /// Sends a request, and returns once its handler waits at the gate. Its answer is applied to the jar when it comes.
    pub(crate) async fn under_way(&self, browser: &Browser, script: &str) -> UnderWay {
        let (browser, script) = (browser.clone(), script.to_owned());
        let answer = tokio::spawn(async move { perform_in(&browser, &script).await });
        self.gate.arrival().await;
        UnderWay {
            answer,
            gate: self.gate.clone(),
        }
    }
}

/// A browser with the same cookies that talks to another process of the same site.
pub(crate) fn at(app: &App, browser: &Browser) -> Browser {
    Browser::new(app.site.url(""), browser.jar.clone())
}

/// A request whose handler waits at the gate.
pub(crate) struct UnderWay {
    answer: JoinHandle<reqwest::Response>,
    gate: Gate,
}

impl UnderWay {
    /// Closes the connection, and lets nobody wait for the answer.
    pub(crate) fn give_up(self) {
        self.answer.abort();
    }

    /// Lets the handler finish, and waits for the answer.
    pub(crate) async fn finish(self) -> reqwest::Response {
        self.gate.open();
        self.answer.await.unwrap()
    }
}

/// Has the application perform a script: commands with their arguments, such as `insert k v, flash hello`.
pub(crate) async fn perform_in(browser: &Browser, script: &str) -> reqwest::Response {
    browser
        .request(reqwest::Method::POST, "/do")
        .query(&[("script", script)])
        .send()
        .await
        .unwrap()
}

/// As [`perform_in`], and it must succeed.
pub(crate) async fn run(browser: &Browser, script: &str) {
    let response = perform_in(browser, script).await;
    let status = response.status();
    assert!(
        status.is_success(),
        "{script}: {status}, {}",
        response.text().await.unwrap()
    );
}

/// Who is logged in, and the data.
pub(crate) async fn state(browser: &Browser) -> (Option<u64>, Value) {
    let shown: Value = serde_json::from_str(&browser.text("/show").await).unwrap();
    (shown["user"].as_u64(), shown["data"].clone())
}

/// The flashes of the next page.
pub(crate) async fn messages(browser: &Browser) -> Vec<String> {
    serde_json::from_str(&browser.text("/flashes").await).unwrap()
}

/// The names of the cookies that a response sets or removes, without prefix and slot.
pub(crate) fn written(response: &reqwest::Response) -> Vec<String> {
    use muffin_session_tests::Answer as _;
    let kind = |cookie: String| {
        let name = cookie.split('=').next().unwrap_or_default();
        let name = name.strip_prefix("__Host-session.").unwrap_or(name);
        let kind = name.split('.').next().unwrap_or_default();
        let sign = if cookie.contains("Max-Age=0") {
            "-"
        } else {
            "+"
        };
        format!("{sign}{kind}")
    };
    let mut written: Vec<_> = response.set_cookies().into_iter().map(kind).collect();
    written.sort();
    written
}

async fn perform(
    State(gate): State<Gate>,
    Query(query): Query<HashMap<String, String>>,
    session: Session,
    auth: Auth,
) -> Result<String, Response> {
    let refused = |error: Error| {
        let text = error.to_string();
        let status = error.into_response().status();
        (status, text).into_response()
    };
    let mut said = Vec::new();
    for command in query["script"].split(", ") {
        let words: Vec<_> = command.split(' ').collect();
        match words[..] {
            ["wait"] => gate.pass().await,
            ["insert", key, value] => session.insert(key, value).map_err(refused)?,
            ["fill", key, bytes] => {
                let value = "x".repeat(bytes.parse().unwrap());
                session.insert(key, value).map_err(refused)?;
            }
            ["remove", key] => drop(session.remove::<Value>(key).map_err(refused)?),
            ["count", key] => drop(
                session
                    .update(key, |n| n.unwrap_or(0_u64) + 1)
                    .map_err(refused)?,
            ),
            ["clear"] => session.clear().map_err(refused)?,
            ["login", id] => session.login(id.parse::<u64>().unwrap()).map_err(refused)?,
            ["renew"] => session.renew().map_err(refused)?,
            ["login", id, role] => {
                let login = Login::new(id.parse::<u64>().unwrap())
                    .claims(&json!({ "role": role }))
                    .map_err(refused)?;
                session.login_with(login).map_err(refused)?;
            }
            ["renew", role] => session
                .renew_with_claims(json!({ "role": role }))
                .map_err(refused)?,
            ["role"] => {
                let claims: Option<Value> = session.claims().map_err(refused)?;
                said.push(claims.map_or("none".to_owned(), |claims| claims["role"].to_string()));
            }
            ["begin", id] => session
                .begin_login(id.parse::<u64>().unwrap())
                .map_err(refused)?,
            ["half"] => {
                let id: Option<u64> = session.half_login().map_err(refused)?;
                said.push(id.map_or("nobody".to_owned(), |id| id.to_string()));
            }
            ["confirm"] => session.confirm_login().map_err(refused)?,
            ["logout"] => session.logout(),
            ["device", id, label] => session
                .login_with(Login::new(id.parse::<u64>().unwrap()).label(label))
                .map_err(refused)?,
            ["commit"] => session.commit().await.map_err(refused)?,
            ["get", key] => {
                let value: Option<Value> = session.get(key).map_err(refused)?;
                said.push(value.unwrap_or_default().to_string());
            }
            ["sessions"] => {
                for known in session.all_sessions().await.map_err(refused)? {
                    let here = if known.is_current() { "*" } else { "" };
                    said.push(format!(
                        "{}{here}={}",
                        known.label().unwrap_or("?"),
                        known.id()
                    ));
                }
            }
            ["end", id] => {
                let ended = session.end_session(id).await.map_err(refused)?;
                said.push(ended.to_string());
            }
            ["others"] => session.end_other_sessions().await.map_err(refused)?,
            ["everywhere"] => session.end_all_sessions().await.map_err(refused)?,
            ["short", id] => session
                .login_with(Login::new(id.parse::<u64>().unwrap()).lifetime(SHORT))
                .map_err(refused)?,
            ["valid"] => said.push(session.is_still_valid().await.to_string()),
            ["flash", message] => session.flash(message).map_err(refused)?,
            ["flash", category, message] => {
                session.flash_with(category, message).map_err(refused)?;
            }
            ["flashes"] => said.extend(texts(session.get_flashed_messages())),
            ["flashes", category] => {
                said.extend(texts(session.get_flashed_messages_in(&[category])));
            }
            ["user"] => {
                let user: Option<User> = auth.user().await.map_err(IntoResponse::into_response)?;
                said.push(user.map_or("nobody".to_owned(), |user| user.id.to_string()));
            }
            ["fail"] => return Err((http_error(), said.join(" ")).into_response()),
            ref other => panic!("unknown command {other:?}"),
        }
    }
    Ok(said.join(" "))
}

fn http_error() -> axum::http::StatusCode {
    axum::http::StatusCode::BAD_REQUEST
}

fn texts(flashes: Vec<muffin_session::Flash>) -> Vec<String> {
    flashes.into_iter().map(|flash| flash.message).collect()
}

async fn show(session: Session) -> Json<Value> {
    Json(json!({ "user": session.user_id::<u64>().unwrap(), "data": &session }))
}

async fn flashes(session: Session) -> Json<Vec<String>> {
    Json(texts(session.get_flashed_messages()))
}

#[login_required]
async fn dashboard(CurrentUser(user): CurrentUser<User>) -> String {
    format!("user {}", user.id)
}

#[user_pass(User::is_admin)]
async fn admin() -> &'static str {
    "admins only"
}

async fn public(user: Option<CurrentUser<User>>) -> String {
    user.map_or("nobody".to_owned(), |CurrentUser(user)| user.id.to_string())
}

async fn tolerant(user: Result<Option<CurrentUser<User>>, Refusal>) -> String {
    match user {
        Ok(user) => public(user).await,
        Err(refusal) => format!("cannot be told: {:?}", refusal.kind()),
    }
}

async fn tolerant_of_users(user: Result<CurrentUser<User>, Refusal>) -> String {
    tolerant(user.map(Some)).await
}

async fn cached(session: Session) -> impl IntoResponse {
    let headers = [
        ("cache-control", "public, max-age=3600"),
        ("vary", "accept-encoding"),
    ];
    (headers, session.is_logged_in().to_string())
}

#[login_required]
async fn body(Json(body): Json<Value>) -> String {
    body.to_string()
}
