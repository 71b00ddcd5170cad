//! A small site with every sort of page, and the cookies that it has given to some people.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use axum::Router;
use axum::body::Body;
use axum::response::Redirect;
use axum::routing::any;
use http::header::{COOKIE, SET_COOKIE};
use http::{Method, Request, Uri};
use muffin_session::fuzzing::Inside;
use muffin_session::{
    CurrentUser, Error, MemoryStore, NextUrl, Record, RecordKey, Secret, Session, Sessions,
    Store as _, Timestamp, login_required, user_loader, user_pass,
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

use crate::{NOW, SECRET};

/// Where sessions are, and how they are protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Signed,
    Encrypted,
    /// Signed, and a store remembers which logins have ended.
    DenyList,
    Store,
}

impl Mode {
    pub const ALL: [Self; 4] = [Self::Signed, Self::Encrypted, Self::DenyList, Self::Store];
}

const MINUTE: u64 = 60_000;

#[derive(Clone)]
struct User {
    id: u64,
}

#[user_loader]
async fn load_user(id: u64) -> Option<User> {
    (1..=3).contains(&id).then_some(User { id })
}

#[user_loader]
async fn load_by_token(token: String) -> Option<User> {
    (token == "token-of-1").then_some(User { id: 1 })
}

/// What a page can see of the session.
fn seen(session: &Session) -> Result<String, Error> {
    let user: Option<Value> = session.user_id()?;
    let half: Option<Value> = session.half_login()?;
    let data: BTreeMap<_, _> = session.iter().collect();
    let flashes: Vec<_> = session
        .get_flashed_messages()
        .into_iter()
        .map(|flash| flash.message)
        .collect();
    Ok(json!({ "user": user, "half": half, "data": data, "flashes": flashes }).to_string())
}

async fn page(session: Session) -> Result<String, Error> {
    seen(&session)
}

async fn peek(session: Session) -> String {
    session.is_logged_in().to_string()
}

async fn write(session: Session) -> Result<String, Error> {
    let count: Option<u64> = session.get("count")?;
    session.insert("count", count.unwrap_or(0) + 1)?;
    seen(&session)
}

async fn clear(session: Session) -> Result<String, Error> {
    session.clear()?;
    seen(&session)
}

async fn flash(session: Session) -> Result<(), Error> {
    session.flash("hello")
}

/// Logs the user in whose number ends the URL.
async fn login(session: Session, uri: Uri, next: NextUrl) -> Result<Redirect, Error> {
    let user = uri.to_string().bytes().last().filter(u8::is_ascii_digit);
    session.login(user.map_or(1, |digit| u64::from(digit - b'0')))?;
    Ok(next.redirect_or("/"))
}

async fn begin(session: Session, next: NextUrl) -> Result<Redirect, Error> {
    session.begin_login(2)?;
    Ok(Redirect::to(&next.append_to("/login/code")))
}

async fn renew(session: Session) -> Result<String, Error> {
    session.renew()?;
    seen(&session)
}

async fn logout(session: Session) -> Redirect {
    session.logout();
    Redirect::to("/")
}

#[login_required]
async fn guarded(CurrentUser(user): CurrentUser<User>, session: Session) -> Result<String, Error> {
    Ok(format!("{} {}", user.id, seen(&session)?))
}

#[user_pass(|user: &User| user.id == 1)]
async fn admin() {}

#[login_required(fresh = "10m")]
async fn fresh() {}

/// The site, with sessions that have seen nothing yet and a store that holds these records. The clock says milliseconds.
///
/// # Panics
///
/// If the options are refused.
pub fn site(mode: Mode, store: MemoryStore, clock: Arc<AtomicU64>) -> (Router, Sessions) {
    let builder = Sessions::builder(Secret::new(SECRET))
        .clock(move || UNIX_EPOCH + Duration::from_millis(clock.load(Ordering::Relaxed)))
        .idle_timeout(Duration::from_hours(1))
        .user_loader(load_user)
        .token_loader(load_by_token)
        .login_message("log in first");
    let builder = match mode {
        Mode::Signed => builder,
        Mode::Encrypted => builder.encrypted(),
        Mode::DenyList => builder.deny_list(store),
        Mode::Store => builder.store(store),
    };
    let sessions = builder.build().expect("good options");
    let router = Router::new()
        .route("/", any(page))
        .route("/peek", any(peek))
        .route("/write", any(write))
        .route("/clear", any(clear))
        .route("/flash", any(flash))
        .route("/login", any(login))
        .route("/begin", any(begin))
        .route("/renew", any(renew))
        .route("/logout", any(logout))
        .route("/guarded", any(guarded))
        .route("/admin", any(admin))
        .route("/fresh", any(fresh))
        .fallback(page)
        .layer(sessions.clone());
    (router, sessions)
}

/// The most times that a request is polled: more than enough for what waits for a store in this process.
const MOST_POLLS: usize = 64;

/// The answer to a request, whose body is read to its end.
///
/// # Panics
///
/// If it takes too much work.
pub fn answer(
    runtime: &Runtime,
    router: Router,
    request: Request<Body>,
) -> (http::response::Parts, Vec<u8>) {
    runtime.block_on(async {
        let mut polls = 0;
        let mut response = pin!(router.oneshot(request));
        let response = std::future::poll_fn(|context| {
            polls += 1;
            assert!(polls <= MOST_POLLS, "it is polled again and again");
            response.as_mut().poll(context)
        });
        let Ok(response) = response.await;
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await;
        (parts, body.expect("a body in memory").to_vec())
    })
}

/// A cookie that the site has given to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    pub name: String,
    pub value: String,
}

/// Cookies of one person.
#[derive(Default)]
struct Jar(Vec<Cookie>);

impl Jar {
    fn header(&self) -> String {
        let pairs = self
            .0
            .iter()
            .map(|Cookie { name, value }| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    fn apply(&mut self, set_cookie: &str) {
        let (pair, attributes) = set_cookie.split_once(';').expect("attributes");
        let (name, value) = pair.split_once('=').expect("a name and a value");
        self.0.retain(|cookie| cookie.name != name);
        if !attributes.contains("; Max-Age=0") {
            self.0.push(Cookie {
                name: name.to_owned(),
                value: value.to_owned(),
            });
        }
    }
}

/// Genuine cookies of one mode, and what its store holds.
pub struct Given {
    pub cookies: Vec<Cookie>,
    records: Vec<(RecordKey, Record)>,
}

impl Given {
    /// Visits a site for a while, as several people.
    ///
    /// # Panics
    ///
    /// If the site does not work.
    pub fn of(mode: Mode, runtime: &Runtime) -> Self {
        let clock = Arc::new(AtomicU64::new(0));
        let store = MemoryStore::new().max_sessions(64);
        let (router, sessions) = site(mode, store.clone(), clock.clone());
        let mut cookies = Vec::new();
        let visits: [&[(u64, &str)]; 6] = [
            &[
                (20, "/login?1"),
                (20, "/write"),
                (8, "/write"),
                (8, "/flash"),
            ],
            &[(15, "/login?2")],
            &[(15, "/write"), (8, "/flash")],
            &[(5, "/begin")],
            &[(9, "/login?2"), (8, "/logout")],
            &[
                (9, "/login?3"),
                (8, "/logout"),
                (7, "/login?3"),
                (6, "/flash"),
            ],
        ];
        for visits in visits {
            let mut jar = Jar::default();
            for &(minutes_ago, path) in visits {
                clock.store(NOW - minutes_ago * MINUTE, Ordering::Relaxed);
                let request = Request::builder()
                    .method(Method::POST)
                    .uri(path)
                    .header(COOKIE, jar.header());
                let (parts, body) = answer(
                    runtime,
                    router.clone(),
                    request.body(Body::empty()).expect("a request"),
                );
                assert!(
                    parts.status.as_u16() < 400,
                    "{path}: {} {}",
                    parts.status,
                    String::from_utf8_lossy(&body)
                );
                for cookie in parts.headers.get_all(SET_COOKIE) {
                    jar.apply(cookie.to_str().expect("ASCII"));
                }
            }
            cookies.append(&mut jar.0);
        }
        let inside = Inside::from(&sessions);
        let now = Timestamp::from_millis(NOW);
        let records = cookies.iter().filter_map(|cookie| {
            let key = inside.record_key(&cookie.name, cookie.value.as_bytes())?;
            let record = runtime
                .block_on(store.load(key, now))
                .expect("a store in memory");
            Some((key, record?))
        });
        let records = records.collect();
        Self { cookies, records }
    }

    /// A store that holds what the site's store held.
    ///
    /// # Panics
    ///
    /// If it cannot be filled.
    pub fn store(&self, runtime: &Runtime) -> MemoryStore {
        let store = MemoryStore::new().max_sessions(64).max_guest_sessions(64);
        runtime.block_on(async {
            for (key, record) in &self.records {
                let made = store
                    .create(*key, record.clone(), Timestamp::from_millis(NOW))
                    .await;
                assert!(made.expect("a store in memory"));
            }
        });
        store
    }
}
