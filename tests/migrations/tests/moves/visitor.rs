//! Somebody with a browser: opens pages, fills in the login form as it stands there, and sends it where it stands.

use axum::Router;
use muffin_session_tests::{Answer as _, Browser, Site};
use reqwest::{Method, Response};

/// A site, and somebody who visits it.
pub(crate) struct Visitor {
    pub(crate) site: Site,
    pub(crate) browser: Browser,
}

impl Visitor {
    pub(crate) async fn of(app: Router) -> Self {
        let site = Site::serve(app).await;
        let browser = site.browser();
        Self { site, browser }
    }

    /// The same browser, with its cookies, at another application.
    pub(crate) async fn goes_on_at(&self, app: Router) -> Self {
        let site = Site::serve(app).await;
        let browser = Browser::new(site.url(""), self.browser.jar.clone());
        Self { site, browser }
    }

    /// A browser with a copy of the cookies.
    pub(crate) fn stolen(&self) -> Browser {
        self.browser.stolen()
    }

    /// Puts something into the cart.
    pub(crate) async fn puts_in(&self, item: &str) -> Response {
        let request = self.browser.request(Method::POST, "/cart");
        let added = request.form(&[("name", item)]).send().await;
        let added = added.expect("an answer");
        assert_eq!(
            (added.status().as_u16(), &*added.header("location")),
            (303, "/cart")
        );
        added
    }

    /// What the page of the cart says is in it.
    pub(crate) async fn cart(&self) -> String {
        let page = self.browser.text("/cart").await;
        let (_, items) = page.split_once("In the cart: ").expect("a cart");
        items.strip_suffix("</main>").expect("the end").to_owned()
    }

    /// Opens the login page at this URL, and sends its form.
    pub(crate) async fn logs_in_at(&self, url: &str, fields: &[(&str, &str)]) -> Response {
        let page = self.browser.text(url).await;
        let mut fields = fields.to_vec();
        if let Some((_, rest)) = page.split_once("name=\"next\" value=\"") {
            let (next, _) = rest.split_once('"').expect("an end");
            fields.push(("next", next));
        }
        let request = self.browser.request(Method::POST, url);
        request.form(&fields).send().await.expect("an answer")
    }

    pub(crate) async fn logs_in(&self, name: &str, password: &str) -> Response {
        let answer = self
            .logs_in_at("/login", &[("name", name), ("password", password)])
            .await;
        assert_eq!(
            (answer.status().as_u16(), &*answer.header("location")),
            (303, "/")
        );
        answer
    }

    pub(crate) async fn logs_in_remembered(&self, name: &str, password: &str) -> Response {
        let fields = [("name", name), ("password", password), ("remember", "on")];
        let answer = self.logs_in_at("/login", &fields).await;
        assert_eq!(answer.status(), 303);
        answer
    }

    pub(crate) async fn logs_out(&self) {
        let answer = self.browser.post("/logout").await;
        assert_eq!(
            (answer.status().as_u16(), &*answer.header("location")),
            (303, "/login")
        );
    }

    pub(crate) async fn is_logged_in(&self) -> bool {
        is_logged_in(&self.browser).await
    }
}

/// Whether the page for members is shown.
pub(crate) async fn is_logged_in(browser: &Browser) -> bool {
    let answer = browser.get("/").await;
    if answer.status() == 200 {
        return true;
    }
    assert!(answer.status().is_redirection(), "{}", answer.status());
    assert!(answer.header("location").starts_with("/login"));
    false
}

/// Whether any of its cookies stays when the browser is closed. Those of messages do, for some minutes, and are left out.
pub(crate) fn is_kept(answer: &Response) -> bool {
    let cookies = answer.set_cookies();
    cookies.iter().any(|cookie| {
        let lasts = cookie.contains("Max-Age=") || cookie.contains("Expires=");
        lasts && !cookie.contains("Max-Age=0") && !cookie.contains(".flash")
    })
}
