//! What the tests share: a site that listens, a browser's cookie jar, and a clock that can be set.

pub mod chromium;
#[cfg(all(doctest, feature = "servers"))]
pub mod docs;
pub mod forge;
pub mod listening;
pub mod map_store;
pub mod pages;
#[cfg(feature = "servers")]
pub mod postgres_server;
pub mod proxy;
pub mod raw;
#[cfg(feature = "servers")]
pub mod redis_servers;
pub mod servers;
pub mod watched;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use map_store::MapStore;
use muffin_session::{Builder, Secret, Sessions};
use reqwest::header::HeaderValue;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};

/// A secret for tests: the same each time, so that two applications can share it.
pub const SECRET: &str = "p7Jq2vX9sLw4RtY8zKb3NcM6hGd1FfAe";

/// Sessions with the defaults, on the tests' secret, in cookies.
pub fn bare_builder() -> Builder {
    Sessions::builder(Secret::new(SECRET))
}

/// Sessions with the defaults, on the tests' secret. With `SESSION_TESTS_STORE` in the environment they are kept in a store, the same for
/// all tests of a process.
pub fn builder() -> Builder {
    static STORE: LazyLock<Arc<MapStore>> = LazyLock::new(Arc::default);
    let builder = bare_builder();
    match std::env::var_os("SESSION_TESTS_STORE") {
        Some(_) => builder.store(STORE.clone()),
        None => builder,
    }
}

/// A clock that stands still until it is moved.
#[derive(Clone)]
pub struct TestClock(Arc<AtomicU64>);

impl TestClock {
    /// Sometime in 2026.
    pub const START: Duration = Duration::from_secs(1_780_000_000);

    /// A clock at [`TestClock::START`].
    #[allow(clippy::new_without_default, reason = "the start is worth a word")]
    pub fn new() -> Self {
        let clock = Self(Arc::default());
        clock.set(Self::START);
        clock
    }

    /// Moves it forward.
    pub fn advance(&self, by: Duration) {
        self.set(self.since_epoch() + by);
    }

    /// Moves it back.
    pub fn set_back(&self, by: Duration) {
        self.set(self.since_epoch().saturating_sub(by));
    }

    /// Sets it.
    pub fn set(&self, since_epoch: Duration) {
        let millis = u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX);
        self.0.store(millis, Ordering::SeqCst);
    }

    /// Its time.
    pub fn since_epoch(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::SeqCst))
    }

    /// For the builder's `clock(..)`.
    pub fn reader(&self) -> impl Fn() -> SystemTime + Send + Sync + 'static {
        let clock = self.clone();
        move || UNIX_EPOCH + clock.since_epoch()
    }
}

/// An application that listens on a port of its own until the test ends.
pub struct Site {
    addr: SocketAddr,
    server: tokio::task::JoinHandle<()>,
}

impl Site {
    /// Serves the application.
    ///
    /// # Panics
    ///
    /// If no port can be had.
    pub async fn serve(app: Router) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port");
        let addr = listener.local_addr().expect("a bound port has an address");
        let server = tokio::spawn(async move {
            axum::serve(listener, app).await.expect("serving");
        });
        Self { addr, server }
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// A browser with an empty cookie jar that looks at this site.
    pub fn browser(&self) -> Browser {
        Browser::new(self.url(""), Jar::default())
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// A cookie jar for one host that takes `Secure` cookies over plain http, as browsers do on localhost. It can be looked into, copied
/// and tampered with. Paths and domains are left out.
#[derive(Clone, Default)]
pub struct Jar(Arc<Mutex<BTreeMap<String, String>>>);

impl Jar {
    fn cookies(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, String>> {
        self.0
            .lock()
            .expect("no test panics while it holds the jar")
    }

    /// Names and values as they are now.
    pub fn all(&self) -> BTreeMap<String, String> {
        self.cookies().clone()
    }

    /// The names.
    pub fn names(&self) -> Vec<String> {
        self.cookies().keys().cloned().collect()
    }

    /// The name and value of the cookie whose name contains `part`. Of `.id` and the like it is a whole
    /// part: the slot at the end of another name may begin with the same letters.
    pub fn find(&self, part: &str) -> Option<(String, String)> {
        self.cookies()
            .iter()
            .find(|(name, _)| has_part(name, part))
            .map(|(name, value)| (name.clone(), value.clone()))
    }

    /// Whether there is a cookie whose name contains `part`.
    pub fn has(&self, part: &str) -> bool {
        self.find(part).is_some()
    }

    /// Sets a cookie by hand.
    pub fn set(&self, name: &str, value: &str) {
        self.cookies().insert(name.to_owned(), value.to_owned());
    }

    /// Drops the cookies whose name contains `part`.
    pub fn drop(&self, part: &str) {
        self.cookies().retain(|name, _| !has_part(name, part));
    }

    /// Makes it what a copy of it was.
    pub fn restore(&self, copy: &BTreeMap<String, String>) {
        self.cookies().clone_from(copy);
    }

    /// What a `Set-Cookie` header does.
    ///
    /// # Panics
    ///
    /// If the header is no `Set-Cookie`.
    pub fn apply(&self, set_cookie: &str) {
        let (pair, attributes) = set_cookie.split_once(';').unwrap_or((set_cookie, ""));
        let (name, value) = pair.split_once('=').expect("name=value");
        let is_removal = attributes
            .split(';')
            .any(|attribute| attribute.trim_ascii() == "Max-Age=0");
        if is_removal {
            self.cookies().remove(name);
        } else {
            self.set(name, value);
        }
    }

    /// The `Cookie` header.
    pub fn header(&self) -> Option<String> {
        let cookies = self.cookies();
        let pairs = cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let header = pairs.collect::<Vec<_>>().join("; ");
        (!header.is_empty()).then_some(header)
    }
}

fn has_part(name: &str, part: &str) -> bool {
    if part.starts_with('.') && !part.ends_with('.') {
        name.ends_with(part) || name.contains(&format!("{part}."))
    } else {
        name.contains(part)
    }
}

impl reqwest::cookie::CookieStore for Jar {
    fn set_cookies(&self, headers: &mut dyn Iterator<Item = &HeaderValue>, _: &Url) {
        for header in headers {
            self.apply(header.to_str().expect("cookies are ASCII"));
        }
    }

    fn cookies(&self, _: &Url) -> Option<HeaderValue> {
        self.header()
            .map(|header| HeaderValue::from_str(&header).expect("cookies are ASCII"))
    }
}

/// A client with a cookie jar that follows no redirects.
#[derive(Clone)]
pub struct Browser {
    base: String,
    /// Its cookies.
    pub jar: Jar,
    client: Client,
}

impl Browser {
    /// A browser on a site, with a jar.
    ///
    /// # Panics
    ///
    /// If no client can be made.
    pub fn new(base: String, jar: Jar) -> Self {
        let client = Client::builder()
            .redirect(Policy::none())
            .cookie_provider(Arc::new(jar.clone()))
            .timeout(Duration::from_secs(20))
            .build()
            .expect("a client");
        Self { base, jar, client }
    }

    /// A browser with a copy of this one's cookies: what somebody who stole them has.
    #[must_use]
    pub fn stolen(&self) -> Self {
        let jar = Jar::default();
        jar.restore(&self.jar.all());
        Self::new(self.base.clone(), jar)
    }

    /// A GET, to be sent as it is or with more headers.
    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    /// Sends a request with headers and without a body.
    ///
    /// # Panics
    ///
    /// If there is no answer.
    pub async fn send(
        &self,
        method: reqwest::Method,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Response {
        let mut request = self.request(method, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.expect("an answer")
    }

    /// Sends a GET.
    ///
    /// # Panics
    ///
    /// If there is no answer.
    pub async fn get(&self, path: &str) -> Response {
        self.request(reqwest::Method::GET, path)
            .send()
            .await
            .expect("an answer")
    }

    /// Sends a POST without a body.
    ///
    /// # Panics
    ///
    /// If there is no answer.
    pub async fn post(&self, path: &str) -> Response {
        self.request(reqwest::Method::POST, path)
            .send()
            .await
            .expect("an answer")
    }

    /// Sends a GET, and gives the body.
    ///
    /// # Panics
    ///
    /// If there is no answer, or it is no success.
    pub async fn text(&self, path: &str) -> String {
        let response = self.get(path).await;
        assert!(
            response.status().is_success(),
            "{path}: {}",
            response.status()
        );
        response.text().await.expect("a body")
    }
}

/// What is convenient to ask a response.
pub trait Answer {
    /// The header's value, or an empty text.
    fn header(&self, name: &str) -> String;
    /// The `Set-Cookie` headers.
    fn set_cookies(&self) -> Vec<String>;
}

impl Answer for Response {
    fn header(&self, name: &str) -> String {
        let values = self.headers().get_all(name);
        let texts = values.iter().map(|value| value.to_str().expect("ASCII"));
        texts.collect::<Vec<_>>().join(", ")
    }

    fn set_cookies(&self) -> Vec<String> {
        let values = self.headers().get_all("set-cookie");
        let texts = values
            .iter()
            .map(|value| value.to_str().expect("ASCII").to_owned());
        texts.collect()
    }
}
