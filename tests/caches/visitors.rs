//! Who asks, and what they get to see.

use std::sync::atomic::{AtomicU64, Ordering};

use muffin_session_tests::{Answer as _, Browser, Jar};
use reqwest::{Method, StatusCode};

use crate::caches::Cache;
use crate::origin::{ANSWER, Ledger, REQUEST};

/// Everybody who asks: two users, a guest who has left something in a session, and somebody without any cookie.
pub(crate) const NAMES: [&str; 4] = ["ann", "bob", "guest", "nobody"];

/// What is in nobody's session but this visitor's.
pub(crate) fn secret_of(name: &str) -> String {
    format!("the-secret-of-{name}")
}

/// A visitor with a browser that looks through a cache at the application.
pub(crate) struct Visitor {
    pub(crate) name: &'static str,
    pub(crate) browser: Browser,
    ledger: Ledger,
}

/// What a visitor got.
pub(crate) struct Seen {
    pub(crate) status: StatusCode,
    pub(crate) etag: String,
    pub(crate) body: String,
    /// Everything, in words that secrets can be looked for in.
    text: String,
    by: &'static str,
    /// Whether the answer was made for this very request.
    pub(crate) is_own: bool,
    /// The cookies in it that were not made for this request.
    strangers_cookies: Vec<String>,
    /// Which answer it is.
    pub(crate) number: String,
}

impl Visitor {
    /// One of [`NAMES`].
    pub(crate) fn new(name: &'static str, cache: &Cache, ledger: &Ledger) -> Self {
        Self {
            name,
            browser: Browser::new(cache.url(), Jar::default()),
            ledger: ledger.clone(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Seen {
        self.ask(Method::GET, path, &[]).await
    }

    /// Asks for a page, and looks up for whom the answer was made.
    pub(crate) async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Seen {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        if self.name == "nobody" {
            // What the last page has set is forgotten.
            self.browser.jar.drop("");
        }
        let known_by = NEXT.fetch_add(1, Ordering::Relaxed).to_string();
        let mut request = self
            .browser
            .request(method, path)
            .header(REQUEST, &known_by)
            .header("x-visitor", self.name);
        for &(name, value) in headers {
            request = request.header(name, value);
        }
        let response = request.send().await.expect("an answer");
        let number = response.header(ANSWER);
        assert!(
            !number.is_empty(),
            "{path}: the cache answers by itself: {}",
            response.status()
        );
        let made = self.ledger.look_up(&number);
        let is_own = made.request.is_some_and(|request| request == known_by);
        let strangers_cookies = response
            .set_cookies()
            .into_iter()
            .filter(|cookie| !(is_own && made.cookies.iter().any(|made| made == cookie)))
            .collect();
        let mut text = format!("{:?}\n", response.headers());
        let (status, etag) = (response.status(), response.header("etag"));
        let body = response.text().await.expect("a body");
        text += &body;
        Seen {
            status,
            etag,
            body,
            text,
            by: self.name,
            is_own,
            strangers_cookies,
            number,
        }
    }
}

impl Seen {
    /// That nothing in it is somebody else's.
    pub(crate) fn holds_nothing_of_others(&self) -> Result<(), String> {
        let others = NAMES.iter().filter(|&&name| name != self.by);
        if let Some(name) = others
            .copied()
            .find(|name| self.text.contains(&secret_of(name)))
        {
            return Err(format!("{} sees the secret of {name}", self.by));
        }
        match self.strangers_cookies.first() {
            Some(cookie) => Err(format!("{} gets somebody's cookie: {cookie}", self.by)),
            None => Ok(()),
        }
    }

    /// That it was made for this visitor and this request, and holds nothing of others.
    pub(crate) fn is_made_for_the_visitor(&self) -> Result<(), String> {
        self.holds_nothing_of_others()?;
        if !self.is_own {
            return Err(format!("{} gets an answer made before", self.by));
        }
        Ok(())
    }
}
