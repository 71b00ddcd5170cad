//! A site that shows its session, two people who are logged in, and a client that sends any bytes.

use std::collections::BTreeMap;

use axum::extract::{Multipart, Query};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use muffin_session::{Builder, CurrentUser, Error, Session, login_required, user_loader};
use muffin_session_tests::raw;
pub(crate) use muffin_session_tests::raw::Raw;
use muffin_session_tests::{Browser, Site, TestClock, builder};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What begins all names of ours.
pub(crate) const BASE: &str = "__Host-session";

#[derive(Clone)]
pub(crate) struct User {
    id: u64,
}

#[user_loader]
async fn load_user(id: u64) -> Option<User> {
    Some(User { id })
}

/// What a page sees of its session.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Shown {
    pub(crate) user: Option<u64>,
    pub(crate) data: BTreeMap<String, Value>,
    pub(crate) flashes: Vec<String>,
}

async fn show(session: Session, user: Option<CurrentUser<User>>) -> Json<Shown> {
    let flashes = session.get_flashed_messages();
    Json(Shown {
        user: user.map(|CurrentUser(user)| user.id),
        data: session.iter().collect(),
        flashes: flashes.iter().map(ToString::to_string).collect(),
    })
}

#[derive(Deserialize)]
struct Whom {
    id: u64,
}

/// What somebody's own data says.
fn color(id: u64) -> &'static str {
    if id == 1 { "red" } else { "blue" }
}

async fn login(session: Session, Query(Whom { id }): Query<Whom>) -> Result<(), Error> {
    session.login(id)?;
    session.insert("color", color(id))
}

async fn logout(session: Session) {
    session.logout();
}

#[derive(Deserialize)]
struct Entry {
    key: String,
    value: String,
}

async fn insert(session: Session, Json(entry): Json<Entry>) -> Result<(), Error> {
    session.insert(&entry.key, entry.value)
}

async fn flash(session: Session, message: String) -> Result<(), Error> {
    session.flash(message)
}

#[login_required]
async fn guarded(CurrentUser(user): CurrentUser<User>) -> String {
    format!("for {}", user.id)
}

#[login_required]
async fn guarded_json(Json(value): Json<Value>) -> String {
    value.to_string()
}

#[login_required]
async fn guarded_form(Form(form): Form<BTreeMap<String, String>>) -> String {
    form.len().to_string()
}

#[login_required]
async fn guarded_multipart(mut parts: Multipart) -> StatusCode {
    while let Ok(Some(part)) = parts.next_field().await {
        drop(part);
    }
    StatusCode::OK
}

/// The application, and its sessions' clock.
pub(crate) fn app(builder: Builder) -> (Router, TestClock) {
    let clock = TestClock::new();
    let sessions = builder.user_loader(load_user).clock(clock.reader());
    let router = Router::new()
        .route("/", get(show).post(show))
        .route("/login", post(login))
        .route("/logout", post(logout))
        .route("/insert", post(insert))
        .route("/flash", post(flash))
        .route("/guarded", get(guarded).post(guarded))
        .route("/guarded/json", post(guarded_json))
        .route("/guarded/form", post(guarded_form))
        .route("/guarded/text", post(guarded_text))
        .route("/guarded/multipart", post(guarded_multipart))
        .layer(sessions.build().expect("good options"));
    (router, clock)
}

#[login_required]
async fn guarded_text(text: String) -> String {
    text.len().to_string()
}

/// The site, on the network.
pub(crate) struct World {
    pub(crate) site: Site,
    pub(crate) clock: TestClock,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(builder()).await
    }

    pub(crate) async fn with(builder: Builder) -> Self {
        let (router, clock) = app(builder);
        Self {
            site: Site::serve(router).await,
            clock,
        }
    }

    /// Somebody who is logged in.
    pub(crate) async fn user(&self, id: u64) -> Person {
        let browser = self.site.browser();
        let response = browser.post(&format!("/login?id={id}")).await;
        assert!(response.status().is_success());
        Person { id, browser }
    }

    /// Sends a GET for `/` with these `Cookie` fields, and gives what the page has seen. Nothing may come back in `Set-Cookie`.
    pub(crate) async fn shown(&self, fields: &[&[u8]]) -> Shown {
        let answer = self.get("/", fields).await;
        let sent = String::from_utf8_lossy(&fields.concat()).into_owned();
        assert_eq!(answer.status, 200, "{sent:.500}");
        assert!(!answer.has("set-cookie"), "{sent:.500}: {}", answer.head);
        answer.json()
    }

    pub(crate) async fn get(&self, path: &str, fields: &[&[u8]]) -> Raw {
        let mut lines: Vec<Vec<u8>> = vec![format!("GET {path} HTTP/1.1").into_bytes()];
        lines.extend(fields.iter().map(|field| [b"Cookie: ", *field].concat()));
        self.send(&lines, b"").await
    }

    /// Sends a request: these lines, and a body.
    pub(crate) async fn send<L: AsRef<[u8]>>(&self, lines: &[L], body: &[u8]) -> Raw {
        let mut request = Vec::new();
        for line in lines {
            request.extend(line.as_ref());
            request.extend(b"\r\n");
        }
        request.extend(b"Host: localhost\r\nConnection: close\r\n\r\n");
        request.extend(body);
        self.send_bytes(&request).await
    }

    /// Sends bytes, and reads the answer, which may come before all of them are sent.
    pub(crate) async fn send_bytes(&self, request: &[u8]) -> Raw {
        raw::send(self.site.addr(), request).await
    }
}

/// Somebody who is logged in.
pub(crate) struct Person {
    pub(crate) id: u64,
    pub(crate) browser: Browser,
}

impl Person {
    /// `name=value` of the identity, and of its data.
    pub(crate) fn id_cookie(&self) -> String {
        self.cookie(".id")
    }

    pub(crate) fn data_cookie(&self) -> String {
        self.cookie(".data.")
    }

    pub(crate) fn cookie(&self, part: &str) -> String {
        let (name, value) = self.browser.jar.find(part).expect("a cookie of this kind");
        format!("{name}={value}")
    }

    /// The value of the identity.
    pub(crate) fn id_value(&self) -> String {
        self.browser.jar.find(".id").expect("an identity").1
    }

    /// All of the cookies, as browsers send them.
    pub(crate) fn cookies(&self) -> String {
        self.browser.jar.header().expect("cookies")
    }

    /// What their page shows.
    pub(crate) fn shown(&self) -> Shown {
        Shown {
            user: Some(self.id),
            data: BTreeMap::from([("color".to_owned(), color(self.id).into())]),
            flashes: Vec::new(),
        }
    }
}
