//! Two processes of one application, called without sockets, and requests to them that may be stopped at each of their three points:
//! they begin (the cookies have left the jar, and the session is read), they are handled (the handler has done its work, and the answer is
//! made), and they arrive (the answer's cookies are in the jar).

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{Method, Request};
use axum::response::Response;
use axum::{Extension, Router};
use muffin_session::{Builder, Error, Session, Sessions};
use muffin_session_tests::{Jar, TestClock};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tower::ServiceExt as _;

/// Seconds, since the beginning of the test.
pub(crate) type Time = u64;

pub(crate) type User = u8;

/// A key of the data.
pub(crate) type Key = &'static str;

/// What a handler does with the session.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    Login(User),
    Logout,
    Renew,
    Insert(Key, u32),
    Remove(Key),
    Clear,
    /// Adds a number to the one under a key, as an update.
    Add(Key, u32),
    /// Leaves the message of this number.
    Flash(u32),
    /// Shows the messages that wait.
    Show,
}

impl Deed {
    /// Whether it changes who is logged in, or the session's id.
    pub(crate) fn is_about_logins(self) -> bool {
        matches!(self, Self::Login(_) | Self::Logout | Self::Renew)
    }
}

/// As somebody would say it.
impl fmt::Debug for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Login(user) => write!(f, "login {user}"),
            Self::Logout => f.write_str("logout"),
            Self::Renew => f.write_str("renew"),
            Self::Insert(key, number) => write!(f, "insert {key} {number}"),
            Self::Remove(key) => write!(f, "remove {key}"),
            Self::Clear => f.write_str("clear"),
            Self::Add(key, number) => write!(f, "add {number} to {key}"),
            Self::Flash(_) => f.write_str("flash"),
            Self::Show => f.write_str("show"),
        }
    }
}

/// What the session answered to a deed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Done,
    /// The value that was removed, or that an update has made.
    Value(Option<u32>),
    Messages(Vec<u32>),
    /// The session has ended: nothing was done.
    Ended,
    NotLoggedIn,
}

/// What a number begins with that this user puts into the data: so it can be told whose it is. That of a nobody is 0.
pub(crate) const fn share(user: Option<User>) -> u32 {
    match user {
        Some(user) => user as u32 * 1_000_000,
        None => 0,
    }
}

/// Who is logged in, and the data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) user: Option<User>,
    pub(crate) data: BTreeMap<String, u32>,
}

impl Seen {
    fn of(session: &Session) -> Self {
        let number = |(key, value): (String, serde_json::Value)| {
            let number = value.as_u64().expect("a number");
            (key, u32::try_from(number).expect("a small number"))
        };
        Self {
            user: session.user_id().expect("a user"),
            data: session.iter().map(number).collect(),
        }
    }
}

/// Does it.
fn perform(session: &Session, deed: Deed) -> Said {
    let share = share(session.user_id().expect("a user"));
    let said = match deed {
        Deed::Login(user) => session.login(user).map(|()| Said::Done),
        Deed::Logout => {
            session.logout();
            Ok(Said::Done)
        }
        Deed::Renew => session.renew().map(|()| Said::Done),
        Deed::Insert(key, number) => session.insert(key, share + number).map(|()| Said::Done),
        Deed::Remove(key) => session.remove(key).map(Said::Value),
        Deed::Clear => session.clear().map(|()| Said::Done),
        Deed::Add(key, number) => {
            let add = move |before: Option<u32>| before.unwrap_or(share) + number;
            session.update(key, add).map(|now| Said::Value(Some(now)))
        }
        Deed::Flash(number) => session.flash(number.to_string()).map(|()| Said::Done),
        Deed::Show => {
            let shown = session.get_flashed_messages();
            let numbers = shown.iter().map(|flash| flash.message.parse());
            Ok(Said::Messages(
                numbers.collect::<Result<_, _>>().expect("numbers"),
            ))
        }
    };
    said.unwrap_or_else(|error| match error {
        Error::Ended => Said::Ended,
        Error::NotLoggedIn => Said::NotLoggedIn,
        error => panic!("{deed:?}: {error}"),
    })
}

/// What a request is to do when its session has been read, and what when it is let go on.
#[derive(Clone, Default)]
pub(crate) struct Work {
    pub(crate) early: Vec<Deed>,
    pub(crate) late: Vec<Deed>,
}

/// What a request saw, and was told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) before: Seen,
    pub(crate) said: Vec<Said>,
    pub(crate) after: Seen,
}

struct Errand {
    work: Work,
    begun: oneshot::Sender<()>,
    go_on: oneshot::Receiver<()>,
}

type Shared<T> = Arc<Mutex<Option<T>>>;

async fn run(
    session: Session,
    Extension(errand): Extension<Shared<Errand>>,
    Extension(report): Extension<Shared<Report>>,
) {
    let errand = errand.lock().expect("no other holder").take();
    let Errand { work, begun, go_on } = errand.expect("one request, one errand");
    let before = Seen::of(&session);
    let mut said: Vec<_> = work
        .early
        .iter()
        .map(|deed| perform(&session, *deed))
        .collect();
    begun.send(()).expect("the test waits");
    go_on.await.expect("the test lets it go on");
    said.extend(work.late.iter().map(|deed| perform(&session, *deed)));
    let after = Seen::of(&session);
    *report.lock().expect("no other holder") = Some(Report {
        before,
        said,
        after,
    });
}

/// The processes, and their clock.
pub(crate) struct Site {
    routers: [Router; 2],
    pub(crate) sessions: [Sessions; 2],
    pub(crate) clock: TestClock,
}

/// A request that has begun.
pub(crate) struct Begun {
    task: JoinHandle<Response>,
    go_on: oneshot::Sender<()>,
    report: Shared<Report>,
}

/// An answer that is on its way.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) set_cookies: Vec<String>,
    pub(crate) report: Report,
}

impl Site {
    pub(crate) fn new(builders: [Builder; 2]) -> Self {
        let clock = TestClock::new();
        let sessions = builders.map(|builder| {
            let builder = builder.clock(clock.reader()).without_user_loader();
            builder.build().expect("good options")
        });
        let routers = [&sessions[0], &sessions[1]]
            .map(|sessions| Router::new().fallback(run).layer(sessions.clone()));
        Self {
            routers,
            sessions,
            clock,
        }
    }

    pub(crate) fn now(&self) -> Time {
        self.clock
            .since_epoch()
            .saturating_sub(TestClock::START)
            .as_secs()
    }

    pub(crate) fn advance(&self, seconds: Time) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Sends a request with the browser's cookies, and waits until its handler has read the session and done its early work.
    pub(crate) async fn begin(
        &self,
        process: usize,
        method: Method,
        browser: &Browser,
        work: Work,
    ) -> Begun {
        let (begun, arrival) = oneshot::channel();
        let (go_on, gate) = oneshot::channel();
        let errand = Errand {
            work,
            begun,
            go_on: gate,
        };
        let report = Shared::<Report>::default();
        let mut request = Request::builder()
            .method(method)
            .uri("/")
            .extension(Arc::new(Mutex::new(Some(errand))))
            .extension(report.clone());
        if let Some(cookies) = browser.jar.header() {
            request = request.header(COOKIE, cookies);
        }
        let request = request.body(Body::empty()).expect("a request");
        let answer = self.routers[process].clone().oneshot(request);
        let task = tokio::spawn(async { answer.await.expect("a router does not fail") });
        arrival.await.expect("the handler is reached");
        settle().await;
        Begun {
            task,
            go_on,
            report,
        }
    }

    /// A whole request, whose answer's cookies are taken.
    pub(crate) async fn visit(
        &self,
        process: usize,
        method: Method,
        browser: &mut Browser,
        deeds: &[Deed],
    ) -> Answer {
        let work = Work {
            early: deeds.to_vec(),
            late: Vec::new(),
        };
        let begun = self.begin(process, method, browser, work).await;
        let answer = begun.handle().await;
        browser.take(&answer.set_cookies, self.now());
        answer
    }
}

impl Begun {
    /// Lets the handler do its late work, and has the answer made.
    pub(crate) async fn handle(self) -> Answer {
        self.go_on.send(()).expect("the handler waits");
        let response = self.task.await.expect("no handler panics");
        settle().await;
        let set_cookies = response.headers().get_all(SET_COOKIE).iter();
        let set_cookies = set_cookies
            .map(|value| value.to_str().expect("ASCII").to_owned())
            .collect();
        let report = self.report.lock().expect("no other holder").take();
        Answer {
            status: response.status().as_u16(),
            set_cookies,
            report: report.expect("the handler has run"),
        }
    }
}

/// Lets come to its end what a logout has left to be done in the background.
async fn settle() {
    for _ in 0..4 {
        tokio::task::yield_now().await;
    }
}

/// Runs a test on one thread, with a clock for time limits that nobody waits for.
pub(crate) fn block_on<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime")
        .block_on(test)
}

/// A browser's cookies, which are gone once their `Max-Age` is over by the test's clock.
#[derive(Clone, Default)]
pub(crate) struct Browser {
    pub(crate) jar: Jar,
    ends: BTreeMap<String, Time>,
}

impl Browser {
    /// With cookies that somebody has copied, and who does not care about any `Max-Age`.
    pub(crate) fn with(cookies: &BTreeMap<String, String>) -> Self {
        let browser = Self::default();
        browser.jar.restore(cookies);
        browser
    }

    /// Takes what an answer sets.
    pub(crate) fn take(&mut self, set_cookies: &[String], now: Time) {
        for set_cookie in set_cookies {
            self.jar.apply(set_cookie);
            let (name, _) = set_cookie.split_once('=').expect("name=value");
            let max_age = set_cookie
                .split("; ")
                .find_map(|attribute| attribute.strip_prefix("Max-Age="));
            let max_age = max_age.map(|seconds| seconds.parse::<Time>().expect("seconds"));
            self.ends.remove(name);
            self.ends
                .extend(max_age.map(|seconds| (name.to_owned(), now + seconds)));
        }
    }

    /// Puts a copied cookie in.
    pub(crate) fn put(&mut self, name: &str, value: &str) {
        self.ends.remove(name);
        self.jar.set(name, value);
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.ends.remove(name);
        // Names of ours end with a kind or eight characters of base64url: none is a part of another.
        self.jar.drop(name);
    }

    /// Drops what has reached its `Max-Age`.
    pub(crate) fn forget(&mut self, now: Time) {
        let over: Vec<_> = self.ends.extract_if(.., |_, end| *end <= now).collect();
        for (name, _) in over {
            self.jar.drop(&name);
        }
    }
}
