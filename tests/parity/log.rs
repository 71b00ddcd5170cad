//! The log: whatever happens to a session, it shows nothing of its content.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::HeaderName;
use axum::http::header::SET_COOKIE;
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use muffin_session::{
    Auth, CurrentUser, Error, Login, NextUrl, Refusal, Session, login_required, user_loader,
    user_pass,
};
use muffin_session_tests::{Browser, SECRET, Site, TestClock, builder};
use reqwest::header::COOKIE;
use reqwest::{Method, StatusCode};
use serde_json::json;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::{User, alone, json_of, log_in, post_json, serve};

const ID: &str = "id-of-the-baker";
const NAME: &str = "name-of-the-baker";

/// All that must not be shown, but for what is random.
const HIDDEN: [&str; 7] = [
    SECRET,
    ID,
    NAME,
    "value-of-the-dough",
    "text-of-the-flash",
    "claim-of-the-login",
    "another-kind-of-id",
];

#[user_loader]
async fn load_baker(id: String) -> Option<User> {
    let baker = User {
        id: 1,
        name: NAME,
        admin: false,
    };
    (id == ID).then_some(baker)
}

/// An application that logs its handlers' parameters.
#[tracing::instrument(level = "trace", ret)]
async fn spoken(session: Session, auth: Auth, next: NextUrl) -> Result<(), Error> {
    tracing::trace!(?session, ?auth, ?next, "in a handler");
    session.insert("spoken", true)
}

#[login_required]
#[tracing::instrument(level = "trace")]
async fn spoken_behind_a_guard(auth: Auth, session: Session) {}

#[user_pass(User::is_admin)]
async fn admins(_: CurrentUser<User>) {}

async fn by_hand(auth: Auth) -> Result<(), Refusal> {
    let refused = auth.check_user(User::is_admin).await.map(drop);
    tracing::trace!(?refused, "by hand");
    refused
}

async fn login_with_claims(session: Session) -> Result<(), Error> {
    session.login_with(Login::new(ID).claims(&json!({ "scope": HIDDEN[5] }))?)
}

async fn renew(session: Session) -> Result<(), Error> {
    session.renew_with_claims(json!({ "scope": HIDDEN[5], "renewed": true }))
}

async fn too_large(session: Session) -> Result<(), Error> {
    session.insert("large", "value-of-the-dough".repeat(300))
}

async fn wrong_type(session: Session) -> Result<String, Error> {
    let number = session.get::<u64>("dough")?;
    Ok(format!("{number:?}"))
}

async fn wrong_id(session: Session) -> Result<String, Error> {
    let number = session.user_id::<u64>()?;
    Ok(format!("{number:?}"))
}

async fn flash(session: Session) -> Result<(), Error> {
    (0..9).try_for_each(|number| session.flash(format!("text-of-the-flash {number}")))
}

/// Sets a cookie of the session's own name.
async fn foreign(_: Session) -> [(HeaderName, &'static str); 1] {
    [(SET_COOKIE, "__Host-session.id=value-of-the-dough")]
}

/// Everything that was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .expect("nobody panics while logging")
            .extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Logs all that this process has to say, at every level and from every crate.
    fn of_this_process() -> Self {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_ansi(false)
            .with_span_events(FmtSpan::FULL)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::set_global_default(subscriber).expect("nothing else listens");
        log
    }

    fn text(&self) -> String {
        let bytes = self.0.lock().expect("nobody panics while logging");
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// Every value that any answer has set.
#[derive(Default)]
struct Values(Vec<(String, String)>);

impl Values {
    fn note(&mut self, browser: &Browser) {
        self.0.extend(browser.jar.all());
    }

    /// Parts of the values, long enough to be nothing else, and the session ids inside.
    fn hidden(&self) -> Vec<String> {
        let mut hidden = Vec::new();
        for (name, value) in &self.0 {
            assert!(value.is_ascii(), "{value}");
            hidden.extend(
                (20..=value.len())
                    .step_by(10)
                    .map(|end| value[end - 20..end].to_owned()),
            );
            if name.split('.').nth(1) == Some("id") {
                let bytes = URL_SAFE_NO_PAD.decode(value).expect("it is ours");
                // Version, hint and time come first.
                let sid = bytes[10..].first_chunk::<16>().expect("an id");
                let (hex, list) = (
                    format!("{:032x}", u128::from_be_bytes(*sid)),
                    format!("{sid:?}"),
                );
                hidden.extend([hex.to_uppercase(), hex, list[1..30].to_owned()]);
            }
        }
        hidden
    }
}

async fn site(clock: &TestClock) -> Site {
    let builder = builder()
        .user_loader(load_baker)
        .idle_timeout(Duration::from_secs(600))
        .clock(clock.reader());
    let pages = Router::new()
        .route("/spoken", get(spoken))
        .route("/guarded", get(spoken_behind_a_guard))
        .route("/admins", get(admins))
        .route("/by-hand", get(by_hand))
        .route("/login-with-claims", post(login_with_claims))
        .route("/renew", post(renew))
        .route("/too-large", post(too_large))
        .route("/wrong-type", get(wrong_type))
        .route("/wrong-id", get(wrong_id))
        .route("/flash", post(flash))
        .route("/foreign", get(foreign));
    serve(builder, pages).await
}

/// Everything that a session can meet with.
async fn live_through(values: &mut Values) {
    let clock = TestClock::new();
    let site = site(&clock).await;
    let browser = site.browser();
    let error = StatusCode::INTERNAL_SERVER_ERROR;
    let dough = json!({ "dough": "value-of-the-dough", "in": [{ "side": "value-of-the-dough" }] });

    // A guest, who writes, reads and is refused.
    post_json(&browser, "/set", dough.clone()).await;
    browser.post("/flash").await;
    values.note(&browser);
    assert_eq!(
        browser.get("/guarded").await.status(),
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        browser.get("/by-hand").await.status(),
        StatusCode::SEE_OTHER
    );
    assert_eq!(browser.get("/wrong-type").await.status(), error);
    json_of(&browser, "/all").await;

    // A login, with all that it can do.
    log_in(&browser, json!(ID)).await;
    values.note(&browser);
    let first = browser.stolen();
    browser.post("/login-with-claims").await;
    post_json(&browser, "/set", dough).await;
    browser.post("/flash").await;
    values.note(&browser);
    assert_eq!(browser.text("/who").await, NAME);
    browser.text("/spoken").await;
    browser.text("/guarded").await;
    assert_eq!(browser.get("/admins").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(
        browser.get("/by-hand").await.status(),
        StatusCode::SEE_OTHER
    );
    assert_eq!(browser.post("/too-large").await.status(), error);
    assert_eq!(browser.get("/wrong-type").await.status(), error);
    assert_eq!(browser.get("/wrong-id").await.status(), error);
    browser.get("/foreign").await;
    browser.post("/renew").await;
    clock.advance(Duration::from_secs(300));
    json_of(&browser, "/all").await;
    values.note(&browser);

    // Cookies that do not count: replaced, two at once, forged, and malformed.
    assert_eq!(first.text("/who").await, "nobody");
    let second = site.browser();
    log_in(&second, json!(ID)).await;
    values.note(&second);
    let (name, value) = second.jar.find("session.id").expect("a login");
    let both = format!("{}; {name}={value}", browser.jar.header().expect("a login"));
    let request = browser.request(Method::GET, "/spoken").header(COOKIE, both);
    request.send().await.expect("an answer");
    for (name, value) in second.jar.all() {
        let forged = format!(
            "{}{}",
            &value[..value.len() - 1],
            if value.ends_with('A') { 'E' } else { 'A' }
        );
        let copy = second.stolen();
        values.0.push((String::new(), forged.clone()));
        copy.jar.set(&name, &forged);
        assert_eq!(copy.text("/who").await, "nobody");
        copy.get("/spoken").await;
        copy.jar.set(&name, "value-of-the-dough");
        assert_eq!(copy.text("/who").await, "nobody");
        copy.get("/guarded").await;
    }
    let request = second
        .request(Method::POST, "/logout")
        .header("origin", "https://elsewhere.example");
    assert_eq!(
        request.send().await.expect("an answer").status(),
        StatusCode::FORBIDDEN
    );

    // An end by logout, and a copy of before; an end by time; somebody who is not there, and an id of another type.
    let copy = browser.stolen();
    browser.post("/logout").await;
    values.note(&browser);
    assert_eq!(copy.text("/who").await, "nobody");
    clock.advance(Duration::from_secs(601));
    assert_eq!(second.text("/who").await, "nobody");
    for id in [
        json!("another-kind-of-id"),
        json!({ "another-kind-of-id": 1 }),
    ] {
        log_in(&browser, id).await;
        values.note(&browser);
        assert_eq!(browser.text("/who").await, "nobody");
    }
    log_in(&browser, json!(ID)).await;
    values.note(&browser);
    assert_eq!(browser.text("/who").await, NAME);
}

#[tokio::test]
async fn p27_the_log_shows_nothing_of_the_session() {
    if alone::part().is_none() {
        return alone::run("log::p27_the_log_shows_nothing_of_the_session", "all", &[]);
    }
    let log = Log::of_this_process();
    let mut values = Values::default();
    live_through(&mut values).await;

    let log = log.text();
    for event in [
        "session begun",
        "session ended",
        "session renewed",
        "an identity cookie is not ours",
        "two valid identities",
        "an identity does not count",
        "reason=\"ended\"",
        "reason=\"idle\"",
        "refused reason=\"not_logged_in\"",
        "refused reason=\"denied\"",
        "would take",
        "of another type",
        "the id in a session is no",
        "was made by another site",
        "a cookie with a name of the session's",
        "the oldest gave way",
        "in a handler",
        "by hand",
    ] {
        assert!(log.contains(event), "no {event:?} in the log:\n{log}");
    }
    let hidden = HIDDEN.map(str::to_owned).into_iter().chain(values.hidden());
    for hidden in hidden {
        let line = log.lines().find(|line| line.contains(&hidden));
        assert!(line.is_none(), "{hidden:?} is in the log: {line:?}");
    }
}
