//! A house with a guarded room, which says so when somebody gets in.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::{FromRef, Path, State};
use axum::routing::{get, post};
use muffin_session::{Builder, Error, Login, Session, login_required, user_loader};
use muffin_session_tests::raw::{self, Raw};
use muffin_session_tests::{Browser, Site, TestClock, builder};

#[derive(Clone)]
pub(super) struct User {
    pub(super) id: u64,
}

impl User {
    pub(super) fn is_admin(&self) -> bool {
        self.id == 1
    }
}

#[user_loader]
pub(super) async fn load_user(id: u64) -> Result<Option<User>, std::io::Error> {
    match id {
        500 => Err(std::io::Error::other("the users' database is down")),
        404 => Ok(None),
        id => Ok(Some(User { id })),
    }
}

/// How often somebody was in a guarded room.
#[derive(Clone, Default)]
pub(super) struct Visits(Arc<AtomicUsize>);

impl Visits {
    pub(super) fn note(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// The state of the application.
#[derive(Clone, Default, FromRef)]
pub(super) struct House {
    pub(super) visits: Visits,
}

#[login_required]
pub(super) async fn room(State(visits): State<Visits>) -> &'static str {
    visits.note();
    "in the room"
}

/// What lies beside the guarded routes, and is open.
pub(super) async fn hall() -> &'static str {
    "hall"
}

async fn log_in(session: Session, Path(id): Path<u64>) -> Result<(), Error> {
    session.login(id)
}

async fn remember(session: Session, Path(id): Path<u64>) -> Result<(), Error> {
    session.login_with(Login::new(id).remember(Duration::from_secs(86_400)))
}

async fn begin(session: Session, Path(id): Path<u64>) -> Result<(), Error> {
    session.begin_login(id)
}

/// The house on the network.
pub(super) struct Served {
    pub(super) site: Site,
    pub(super) clock: TestClock,
    visits: Visits,
}

impl Served {
    /// With these rooms.
    pub(super) async fn new(rooms: Router<House>) -> Self {
        Self::with(rooms, |builder| builder).await
    }

    pub(super) async fn with(
        rooms: Router<House>,
        options: impl FnOnce(Builder) -> Builder,
    ) -> Self {
        let clock = TestClock::new();
        let sessions = options(builder().user_loader(load_user).clock(clock.reader()));
        let house = House::default();
        let app = rooms
            .route("/log-in/{id}", post(log_in))
            .route("/remember/{id}", post(remember))
            .route("/begin/{id}", post(begin))
            .route("/hall", get(hall))
            .layer(sessions.build().expect("good options"))
            .with_state(house.clone());
        Self {
            site: Site::serve(app).await,
            clock,
            visits: house.visits,
        }
    }

    /// Somebody who is logged in.
    pub(super) async fn user(&self, id: u64) -> Browser {
        self.after(&format!("/log-in/{id}")).await
    }

    /// Somebody who has posted to this path.
    pub(super) async fn after(&self, path: &str) -> Browser {
        let browser = self.site.browser();
        assert_eq!(browser.post(path).await.status(), 200, "{path}");
        browser
    }

    /// Sends a request line with these fields, `Host`, and a body.
    pub(super) async fn send(&self, line: &str, fields: &[&str], body: &[u8]) -> Raw {
        let mut request = format!("{line} HTTP/1.1\r\nHost: localhost\r\n");
        if !fields.contains(&"Connection: Upgrade") {
            request += "Connection: close\r\n";
        }
        for field in fields {
            request.extend([field, "\r\n"]);
        }
        let request = [request.as_bytes(), b"\r\n", body].concat();
        raw::send(self.site.addr(), &request).await
    }

    /// Nobody gets in with this, and gives what is answered.
    pub(super) async fn keeps_out(&self, line: &str, fields: &[&str], body: &[u8]) -> Raw {
        let answer = self.send(line, fields, body).await;
        self.is_empty(&answer, &format!("{line} {fields:?}"));
        answer
    }

    /// Nobody was in.
    pub(super) fn is_empty(&self, answer: &Raw, what: &str) {
        assert!(answer.status >= 300, "{what}: {}", answer.head);
        assert!(!answer.has("set-cookie"), "{what}: {}", answer.head);
        assert!(!answer.body.starts_with(b"in "), "{what}");
        assert_eq!(self.visits(), 0, "{what}");
    }

    /// How often somebody was in since the last time that this was asked.
    pub(super) fn visits(&self) -> usize {
        self.visits.0.swap(0, Ordering::SeqCst)
    }

    /// Whoever is logged in gets in: else it shows nothing that others do not.
    pub(super) async fn lets_in(&self, path: &str) {
        let browser = self.user(1).await;
        assert_eq!(browser.text(path).await, "in the room", "{path}");
        assert_eq!(self.visits(), 1, "{path}");
    }
}

/// Its `Cookie` field.
pub(super) fn cookies(browser: &Browser) -> String {
    format!("Cookie: {}", browser.jar.header().expect("cookies"))
}
