//! Somebody who looks at a site.

use muffin_session_tests::{Answer as _, Browser, Jar};
use oidc::provider::CALLBACK;
use reqwest::redirect::Policy;

/// A browser with cookies of its own, that goes only where it is told.
pub(crate) struct Visitor {
    pub(crate) browser: Browser,
    pub(crate) jar: Jar,
    origin: String,
    outside: reqwest::Client,
}

impl Visitor {
    pub(crate) fn new(origin: &str) -> Self {
        let jar = Jar::default();
        let outside = reqwest::Client::builder().redirect(Policy::none());
        Self {
            browser: Browser::new(origin.to_owned(), jar.clone()),
            jar,
            origin: origin.to_owned(),
            outside: outside.build().unwrap(),
        }
    }

    /// The site that it looks at.
    pub(crate) fn origin(&self) -> String {
        self.origin.clone()
    }

    /// Presses the button of the login page, and gives the provider's page that it leads to.
    pub(crate) async fn begin(&self, query: &str) -> String {
        let response = self.browser.post(&format!("/login{query}")).await;
        assert_eq!(response.status(), 303);
        response.header("location")
    }

    /// Logs in at the provider, and gives the path that it sends the browser back to.
    pub(crate) async fn at_provider(&self, url: &str) -> String {
        let response = self.outside.get(url).send().await.unwrap();
        let back = response.header("location");
        let path = back.strip_prefix(&self.origin).unwrap();
        assert!(path.starts_with(CALLBACK), "{path}");
        path.to_owned()
    }

    /// Comes back, and gives where that leads.
    pub(crate) async fn come_back(&self, path: &str) -> String {
        let response = self.browser.get(path).await;
        assert_eq!(response.status(), 303);
        response.header("location")
    }

    /// The whole way, from the button on.
    pub(crate) async fn log_in(&self, query: &str) -> String {
        let back = self.at_provider(&self.begin(query).await).await;
        self.come_back(&back).await
    }

    /// Comes back, and is refused with these words: nobody is logged in.
    pub(crate) async fn is_refused(&self, path: &str, words: &str) {
        assert_eq!(self.come_back(path).await, "/login");
        let page = self.page("/login").await;
        assert!(page.contains(words), "{words}: {page}");
        self.is_nobody().await;
    }

    pub(crate) async fn is_nobody(&self) {
        assert!(self.page("/").await.contains("Nobody is logged in"));
        let account = self.browser.get("/account").await;
        assert_eq!(account.status(), 303);
        // The message of the guard, so that it is not in the way of what comes next.
        self.page("/login").await;
    }

    pub(crate) async fn page(&self, path: &str) -> String {
        self.browser.text(path).await
    }

    /// Posts a form without fields, and gives where that leads.
    pub(crate) async fn submit(&self, path: &str) -> String {
        let response = self.browser.post(path).await;
        assert_eq!(response.status(), 303, "{path}");
        response.header("location")
    }
}
