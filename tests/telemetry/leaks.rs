//! What is never told: cookies, users, flashes, data, secrets. All events of many requests are looked through.

use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};
use muffin_session::{CurrentUser, Error, Login, Session, login_required, user_loader, user_pass};
use muffin_session_tests::watched::{Mood, Watched};
use muffin_session_tests::{SECRET, bare_builder};
use serde_json::json;

use crate::log::Log;
use crate::site::{HOUR, Trail, another};

const ANN: &str = "user-canary-ann";
const BOB: &str = "user-canary-bob";
const PRIVATE: [&str; 7] = [
    ANN,
    BOB,
    "canary-data",
    "canary-key",
    "canary-flash",
    "canary-claim",
    SECRET,
];

#[derive(Clone)]
struct User;

#[user_loader(stamp = |_| "canary-stamp")]
async fn load_user(id: String) -> Option<User> {
    id.starts_with("user-canary").then_some(User)
}

async fn log_in(session: Session, Path(who): Path<u8>) -> Result<(), Error> {
    let who = if who == 0 { ANN } else { BOB };
    let login = Login::new(who).user(&User);
    session.login_with(login.claims(&json!({ "role": "canary-claim" }))?)?;
    session.insert("canary-key", "canary-data")?;
    session.flash("canary-flash")
}

#[login_required]
async fn guarded(_: CurrentUser<User>, session: Session) -> Result<(), Error> {
    session.insert("canary-key", "canary-data")
}

#[user_pass(|_: &User| false)]
async fn forbidden() {}

#[tokio::test]
async fn neither_cookies_nor_users_nor_content_are_in_any_event() {
    let watched = Watched::default();
    for builder in [
        bare_builder(),
        bare_builder().encrypted(),
        bare_builder().store(watched.clone()),
    ] {
        let trail = Trail::default();
        let hook = trail.clone();
        let clock = muffin_session_tests::TestClock::new();
        let sessions = builder
            .user_loader(load_user)
            .clock(clock.reader())
            .lifetime(24 * HOUR)
            .on_event(move |event| hook.push(event))
            .build()
            .unwrap();
        let app = Router::new()
            .route("/log-in/{who}", post(log_in))
            .route("/log-out", post(async |session: Session| session.logout()))
            .route("/renew", post(async |session: Session| session.renew()))
            .route("/guarded", get(guarded))
            .route("/forbidden", get(forbidden))
            .layer(sessions.clone());
        let site = muffin_session_tests::Site::serve(app).await;
        let log = Log::begin();
        let browser = site.browser();
        let mut cookies = Vec::new();
        let mut values = |browser: &muffin_session_tests::Browser| {
            cookies.extend(browser.jar.all().into_values());
        };
        browser.get("/guarded").await;
        for path in ["/log-in/0", "/log-in/1", "/renew"] {
            browser.post(path).await;
            values(&browser);
        }
        for path in ["/guarded", "/forbidden"] {
            browser.get(path).await;
            values(&browser);
        }
        let evil = [("origin", "https://evil.example")];
        browser.send(reqwest::Method::POST, "/renew", &evil).await;
        let stolen = browser.stolen();
        let (name, id) = browser.jar.find(".id").unwrap();
        let forger = browser.stolen();
        forger.jar.set(&name, &id[1..]);
        forger.get("/guarded").await;
        watched.set(Mood::Down);
        browser.get("/guarded").await;
        watched.set(Mood::Well);
        browser.post("/log-out").await;
        stolen.get("/guarded").await;
        let second = another(&browser);
        second.post("/log-in/0").await;
        values(&second);
        clock.advance(25 * HOUR);
        second.get("/guarded").await;
        second.post("/log-in/0").await;
        let _ = sessions.end_sessions_of(ANN).await;
        second.get("/guarded").await;

        let logged = log.all();
        let told = trail.all();
        assert!(logged.len() > 10 && told.len() > 10, "{logged:?}");
        let debugged = told.iter().map(|event| format!("{event:?}"));
        let fields = logged.iter().map(|entry| format!("{entry:?}"));
        for text in fields.chain(debugged) {
            for word in PRIVATE {
                assert!(!text.contains(word), "{word}: {text}");
            }
            for value in &cookies {
                // Parts of values say enough, too.
                let middle = value.len() / 2;
                let part = &value[middle..(middle + 12).min(value.len())];
                assert!(part.len() < 12 || !text.contains(part), "{text}");
            }
        }
    }
}
