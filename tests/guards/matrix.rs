//! Every guard against every kind of request: who asks, with which method, and as what. `docs/guards.md` has the table of the answers,
//! and this test holds it against what a listening application answers.
//!
//! `WRITE_TABLES=1 cargo test -p muffin-session-tests --test guards matrix` writes the table anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use axum::Router;
use axum::routing::{any, post};
use muffin_session::{
    CurrentUser, Error, GuardLayer, Session, login_required, user_loader, user_pass,
};
use muffin_session_tests::forge::{Forge, IdentityBody, Kind, slot};
use muffin_session_tests::pages::has_table;
use muffin_session_tests::{Answer as _, Browser, Jar, Site, TestClock, builder};
use reqwest::Method;

#[derive(Clone)]
struct User {
    id: u64,
    /// Changes with the password.
    generation: u64,
}

impl User {
    fn is_admin(&self) -> bool {
        self.id == 1
    }

    fn generation(&self) -> u64 {
        self.generation
    }
}

/// User 3 changes their password after their login.
#[user_loader(stamp = User::generation)]
async fn load_user(
    id: u64,
    axum::extract::State(changed): axum::extract::State<Changed>,
) -> Option<User> {
    Some(changed.user(id))
}

#[derive(Clone, Default)]
struct Changed(std::sync::Arc<std::sync::atomic::AtomicU64>);

impl Changed {
    fn user(&self, id: u64) -> User {
        let generation = if id == 3 {
            self.0.load(std::sync::atomic::Ordering::SeqCst)
        } else {
            0
        };
        User { id, generation }
    }
}

async fn secret() -> &'static str {
    "secret"
}

#[user_pass(User::is_admin)]
async fn attribute() -> &'static str {
    "secret"
}

#[user_pass(all(User::is_admin, not(|user: &User| user.id == 2)))]
async fn combined() -> &'static str {
    "secret"
}

#[user_pass(|CurrentUser(user): CurrentUser<User>| user.is_admin())]
async fn extractors() -> &'static str {
    "secret"
}

#[login_required]
#[user_pass(User::is_admin)]
async fn stacked(_: CurrentUser<User>) -> &'static str {
    "secret"
}

/// The same question, asked in every way that there is.
const GUARDS: [&str; 6] = [
    "/attribute",
    "/combined",
    "/extractors",
    "/stacked",
    "/layer",
    "/nested/layer",
];

struct Matrix {
    site: Site,
    clock: TestClock,
    changed: Changed,
}

impl Matrix {
    async fn new() -> Self {
        let (clock, changed) = (TestClock::new(), Changed::default());
        let sessions = builder()
            .user_loader_with_state(load_user, changed.clone())
            .lifetime(Duration::from_secs(3_600))
            .clock(clock.reader())
            .build()
            .unwrap();
        let logins = changed.clone();
        let log_in = async move |session: Session,
                                 axum::extract::Path(id): axum::extract::Path<u64>|
                    -> Result<(), Error> {
            session.login_user(id, &logins.user(id))
        };
        let group = || {
            Router::new()
                .route("/layer", any(secret))
                .route_layer(GuardLayer::user_pass(User::is_admin))
        };
        let app = Router::new()
            .route("/login/{id}", post(log_in))
            .route("/attribute", any(attribute))
            .route("/combined", any(combined))
            .route("/extractors", any(extractors))
            .route("/stacked", any(stacked))
            .merge(group())
            .nest("/nested", group())
            .layer(sessions);
        Self {
            site: Site::serve(app).await,
            clock,
            changed,
        }
    }

    async fn user(&self, id: u64) -> Browser {
        let browser = self.site.browser();
        browser.post(&format!("/login/{id}")).await;
        browser
    }

    /// Who asks.
    async fn askers(&self) -> Vec<(&'static str, Browser)> {
        let expired = self.user(1).await;
        self.clock.advance(Duration::from_secs(3_600));
        let stale = self.user(3).await;
        self.changed.0.store(1, std::sync::atomic::Ordering::SeqCst);
        vec![
            ("nobody", self.site.browser()),
            ("refused", self.user(2).await),
            ("allowed", self.user(1).await),
            ("expired", expired),
            ("stale stamp", stale),
            ("forged", self.forged()),
        ]
    }

    /// An identity of an admin, signed with a secret that is not the application's.
    fn forged(&self) -> Browser {
        let forge = Forge {
            secret: "another secret of 32 bytes and more, says the forger",
            ..Forge::SIGNED
        };
        let now = u64::try_from(self.clock.since_epoch().as_millis()).unwrap();
        let sid = [7; 16];
        let jar = Jar::default();
        let name = forge.name(Kind::Identity, "");
        let body = IdentityBody::new(sid, now, "1").encode();
        jar.set(&name, &forge.seal(Kind::Identity, &name, now, &body));
        let name = forge.name(Kind::Data, &slot(sid));
        let body = [&sid[..], b"{}"].concat();
        jar.set(&name, &forge.seal(Kind::Data, &name, now, &body));
        Browser::new(self.site.url(""), jar)
    }
}

const METHODS: [Method; 6] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::DELETE,
    Method::OPTIONS,
];

/// As what a request comes.
const KINDS: [(&str, &[(&str, &str)]); 4] = [
    (
        "page",
        &[
            ("accept", "text/html"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-site", "same-origin"),
        ],
    ),
    (
        "fetch",
        &[
            ("accept", "*/*"),
            ("sec-fetch-mode", "cors"),
            ("sec-fetch-site", "same-origin"),
        ],
    ),
    (
        "HTMX",
        &[
            ("hx-request", "true"),
            ("sec-fetch-mode", "cors"),
            ("sec-fetch-site", "same-origin"),
        ],
    ),
    (
        "upgrade",
        &[
            ("upgrade", "websocket"),
            ("connection", "upgrade"),
            ("sec-fetch-site", "same-origin"),
        ],
    ),
];

/// What came back, in a word or two.
async fn outcome(
    browser: &Browser,
    method: &Method,
    path: &str,
    headers: &[(&str, &str)],
) -> String {
    let mut request = browser.request(method.clone(), path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let way_back = format!("/login?next={}", path.replace('/', "%2F"));
    let location = response.header("location");
    let mut outcome = match (status, &*location) {
        (200, "") => "200".to_owned(),
        (303, to) if to == way_back => "303 next".to_owned(),
        (303, "/login") => "303".to_owned(),
        (401 | 403, "") => status.to_string(),
        other => panic!("{method} {path}: {other:?}"),
    };
    if response.header("hx-redirect") == "/login" {
        outcome += " HX";
    }
    let no_store = response.header("cache-control");
    assert_eq!(no_store, "no-store", "{method} {path}: {outcome}");
    assert!(
        response.set_cookies().is_empty(),
        "{method} {path}: {outcome}"
    );
    let body = response.text().await.unwrap();
    let is_secret = body.contains("secret");
    assert_eq!(
        is_secret,
        status == 200 && method != Method::HEAD,
        "{method} {path}: {body}"
    );
    outcome
}

/// The table, made of what the application answers.
async fn table() -> String {
    let matrix = Matrix::new().await;
    let askers = matrix.askers().await;
    let mut cells = 0;
    let mut text = String::from(
        "| who | as | GET | HEAD | POST | PUT | DELETE | OPTIONS |\n|---|---|---|---|---|---|---|---|\n",
    );
    for (who, browser) in &askers {
        for (kind, headers) in KINDS {
            write!(text, "| {who} | {kind} |").unwrap();
            for method in METHODS {
                let mut outcomes = BTreeMap::<String, Vec<&str>>::new();
                for guard in GUARDS {
                    let outcome = outcome(browser, &method, guard, headers).await;
                    outcomes.entry(outcome).or_default().push(guard);
                }
                assert_eq!(outcomes.len(), 1, "{who}, {kind}, {method}: {outcomes:?}");
                write!(text, " {} |", outcomes.keys().next().unwrap()).unwrap();
                cells += 1;
            }
            text.push('\n');
        }
    }
    assert_eq!(cells, 144);
    text
}

#[tokio::test]
async fn the_table_of_the_documentation_says_what_every_guard_answers() {
    has_table("docs/guards.md", &table().await);
}
