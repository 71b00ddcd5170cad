//! A site, and somebody who looks at it: what the page's script does, without the page.

use std::net::Ipv4Addr;
use std::sync::Mutex;

use muffin_session::{Secret, Sessions};
use muffin_session_tests::{Browser, Jar, TestClock};
use passkeys::app::app;
use reqwest::{Method, Response};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::authenticator::Authenticator;

/// A browser with cookies of its own.
pub(crate) struct Visitor {
    browser: Browser,
    pub(crate) jar: Jar,
    pub(crate) origin: String,
    /// The last challenge.
    begun: Mutex<Value>,
}

/// A fresh site whose clock can be moved, and a visitor.
pub(crate) async fn site() -> (Visitor, TestClock) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let clock = TestClock::new();
    let builder = Sessions::builder(Secret::generate().unwrap()).clock(clock.reader());
    let router = app(builder, &origin).unwrap();
    tokio::spawn(axum::serve(listener, router).into_future());
    (Visitor::new(&origin), clock)
}

impl Visitor {
    fn new(origin: &str) -> Self {
        let jar = Jar::default();
        Self {
            browser: Browser::new(origin.to_owned(), jar.clone()),
            jar,
            origin: origin.to_owned(),
            begun: Mutex::default(),
        }
    }

    /// Somebody else on the same site.
    pub(crate) fn beside(&self) -> Self {
        Self::new(&self.origin)
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.browser.get(path).await
    }

    pub(crate) async fn page(&self, path: &str) -> String {
        self.browser.text(path).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Response {
        let request = self.browser.request(Method::POST, path).json(body);
        let request = request.header("accept", "application/json");
        request.send().await.unwrap()
    }

    /// Asks for a challenge.
    pub(crate) async fn begin(&self, form: &str, body: &Value) {
        let response = self.post(&format!("{form}/begin"), body).await;
        assert_eq!(response.status(), 200, "{form}");
        let options = response.json().await.unwrap();
        *self.begun.lock().unwrap() = options;
    }

    /// The last challenge.
    pub(crate) fn begun(&self) -> Value {
        self.begun.lock().unwrap().clone()
    }

    /// Sends the answer of a passkey, and gives the page that it leads to.
    pub(crate) async fn finish(&self, form: &str, query: &str, answer: &Value) -> String {
        let response = self.post(&format!("{form}/finish{query}"), answer).await;
        assert_eq!(response.status(), 200, "{form}");
        let onward: Value = response.json().await.unwrap();
        onward["to"].as_str().unwrap().to_owned()
    }

    /// Sends an answer that is refused, with words that the page can show.
    pub(crate) async fn refuses(&self, form: &str, answer: &Value, status: u16) {
        let response = self.post(&format!("{form}/finish"), answer).await;
        assert_eq!(response.status(), status, "{form}");
        let problem: Value = response.json().await.unwrap();
        assert!(!problem["detail"].as_str().unwrap().is_empty());
    }

    /// Makes an account with a passkey on a new device.
    pub(crate) async fn sign_up(&self, name: &str) -> Authenticator {
        let mut device = Authenticator::new(&self.origin);
        let new = serde_json::json!({ "name": name });
        self.begin("/register", &new).await;
        let made = device.create(&self.begun());
        self.finish("/register", "", &made).await;
        device
    }

    /// Posts a form without fields.
    pub(crate) async fn submit(&self, path: &str) {
        let response = self.browser.post(path).await;
        assert_eq!(response.status(), 303, "{path}");
    }

    pub(crate) async fn log_out(&self) {
        self.submit("/logout").await;
    }
}
