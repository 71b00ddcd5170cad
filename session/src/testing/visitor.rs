//! Somebody who visits the application: a browser with its cookies, or a program with its token.

use std::fmt;
use std::future::Future;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use form_urlencoded::Serializer;
use http::header::{CONTENT_TYPE, COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Serialize;
use tower_service::Service as _;

use super::app::TestApp;
use super::browser;
use super::jar::Jar;
use super::response::{ResponseExt as _, described};
use crate::layer::Sessions;
use crate::tokens::TokenHeader;

/// Somebody who visits a [`TestApp`]: one browser, with a cookie jar that follows what responses set and remove. Clones are the same
/// browser.
///
/// Requests have what a browser sends for a page of the application itself (`Host`, `Origin` and Fetch Metadata), so that they pass the
/// cross-site check, and pages are told from what scripts fetch. A redirect is not followed: see [`follow`](Self::follow).
///
/// ```
/// use axum::response::Redirect;
/// use axum::{Form, Router, routing::get};
/// use muffin_session::testing::{ResponseExt as _, TestApp};
/// use muffin_session::{Error, Secret, Session, Sessions};
///
/// #[derive(serde::Deserialize)]
/// struct Note { text: String }
///
/// async fn add(session: Session, Form(note): Form<Note>) -> Result<Redirect, Error> {
///     session.insert("note", note.text)?;
///     Ok(Redirect::to("/"))
/// }
///
/// async fn show(session: Session) -> Result<String, Error> {
///     Ok(session.get("note")?.unwrap_or_default())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let sessions = Sessions::builder(Secret::generate()?).without_user_loader().build()?;
/// let router = Router::new().route("/", get(show).post(add)).layer(sessions.clone());
/// let guest = TestApp::new(router, &sessions).guest();
///
/// let response = guest.post_form("/", [("text", "Buy milk")]).await;
/// assert_eq!(guest.follow(&response).await.text().await, "Buy milk");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Visitor {
    pub(super) app: TestApp,
    jar: Jar,
    token: Option<(HeaderName, HeaderValue)>,
}

impl Visitor {
    pub(super) fn new(app: TestApp) -> Self {
        Self {
            app,
            jar: Jar::default(),
            token: None,
        }
    }

    #[track_caller]
    pub(super) fn with_token(app: TestApp, token: &str) -> Self {
        let Some(tokens) = &app.config().tokens else {
            panic!("the sessions take no tokens: give their builder `.token_loader(..)`");
        };
        let text = match tokens.header {
            TokenHeader::Bearer => format!("Bearer {token}"),
            TokenHeader::Named(_) => token.to_owned(),
        };
        let Ok(mut value) = HeaderValue::try_from(text) else {
            panic!("the token has characters that a header cannot hold");
        };
        value.set_sensitive(true);
        let token = Some((tokens.header_name().clone(), value));
        Self {
            token,
            ..Self::new(app)
        }
    }

    /// The same browser, where it is about users of another kind: those of another session layer.
    ///
    /// ```
    /// # use axum::Router;
    /// # use muffin_session::testing::TestApp;
    /// # use muffin_session::{Secret, Sessions};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let customers = Sessions::builder(Secret::generate()?).without_user_loader().build()?;
    /// # let staff = Sessions::builder(Secret::generate()?).without_user_loader().cookie_name("staff").build()?;
    /// # let router = Router::new().layer(customers.clone()).layer(staff.clone());
    /// let app = TestApp::new(router, &customers);
    /// let both = app.login_as(1).await?; // customer 1,
    /// both.with_sessions(&staff).login_as(7).await?; // who is also 7 of the staff
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_sessions(&self, sessions: &Sessions) -> Self {
        Self {
            app: self.app.with_sessions(sessions),
            ..self.clone()
        }
    }

    /// Opens a page.
    ///
    /// # Panics
    ///
    /// If the path is none that a request can have.
    #[track_caller]
    pub fn get(&self, path: &str) -> impl Future<Output = Response> + Send + use<'_> {
        self.send(request(Method::GET, path, None, Body::empty()))
    }

    /// Sends a form without fields, such as a button that logs out.
    ///
    /// # Panics
    ///
    /// As [`get`](Self::get).
    #[track_caller]
    pub fn post(&self, path: &str) -> impl Future<Output = Response> + Send + use<'_> {
        self.post_form(path, [("", ""); 0])
    }

    /// Sends a form, by its fields.
    ///
    /// # Panics
    ///
    /// As [`get`](Self::get).
    #[track_caller]
    pub fn post_form<I, K, V>(
        &self,
        path: &str,
        fields: I,
    ) -> impl Future<Output = Response> + Send + use<'_, I, K, V>
    where
        I: IntoIterator<Item = (K, V)>,
        K: AsRef<str>,
        V: AsRef<str>,
    {
        let form = Serializer::new(String::new()).extend_pairs(fields).finish();
        let kind = "application/x-www-form-urlencoded";
        self.send(request(Method::POST, path, Some(kind), form.into()))
    }

    /// Sends JSON, as a page's script does.
    ///
    /// # Panics
    ///
    /// As [`get`](Self::get), and if the value has no form in JSON.
    #[track_caller]
    pub fn post_json<T: Serialize + ?Sized>(
        &self,
        path: &str,
        value: &T,
    ) -> impl Future<Output = Response> + Send + use<'_, T> {
        let json = match serde_json::to_vec(value) {
            Ok(json) => json,
            Err(error) => panic!("what is sent to {path} has no form in JSON: {error}"),
        };
        let kind = Some("application/json");
        self.send(request(Method::POST, path, kind, json.into()))
    }

    /// Sends any request. Headers that it has stay as they are; what a browser sends besides is added, with the visitor's cookies.
    ///
    /// ```
    /// # use axum::Router;
    /// # use muffin_session::testing::TestApp;
    /// # use muffin_session::{Secret, Sessions};
    /// use axum::body::Body;
    /// use axum::http::Request;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sessions = Sessions::builder(Secret::generate()?).without_user_loader().build()?;
    /// # let ann = TestApp::new(Router::new(), &sessions).guest();
    /// let request = Request::delete("/notes/1").header("hx-request", "true");
    /// let response = ann.send(request.body(Body::empty())?).await;
    ///
    /// // What a page of another site would make the browser send:
    /// let request = Request::post("/notes").header("sec-fetch-site", "cross-site");
    /// let response = ann.send(request.body(Body::empty())?).await;
    /// # drop(response);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send(&self, mut request: Request) -> Response {
        let page = request.uri().path().to_owned();
        self.sign(&mut request, Some(&page));
        let response = match self.app.router.clone().call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        self.absorb(response.headers());
        response
    }

    /// Opens the page that a response redirects to, by a GET.
    ///
    /// # Panics
    ///
    /// If the response is no redirect, or leads away from the application.
    #[track_caller]
    pub fn follow(&self, response: &Response) -> impl Future<Output = Response> + Send + use<'_> {
        let what = described(response);
        let location = response.location().unwrap_or_default();
        assert!(
            response.status().is_redirection() && !location.is_empty(),
            "there is nowhere to go: the response is {what}",
        );
        let origin = browser::own_origin(self.public_origin());
        let path = location.strip_prefix(origin).unwrap_or(location);
        assert!(
            path.starts_with('/') && !path.starts_with("//"),
            "only paths of the application are followed: the response is {what}",
        );
        self.get(path)
    }

    /// Closes the browser and opens it again: cookies that end with it are gone, those of a remembered login are not.
    pub fn restart(&self) {
        self.jar.close_browser();
    }

    /// The visitor's cookies as a `Cookie` header, for whatever else sends requests. `Debug` does not show them.
    ///
    /// ```
    /// # use muffin_session::testing::TestApp;
    /// # use muffin_session::{Secret, Sessions};
    /// use axum::body::Body;
    /// use axum::http::{Request, header::COOKIE};
    /// use axum::{Router, routing::get};
    /// use tower::ServiceExt as _;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sessions = Sessions::builder(Secret::generate()?).without_user_loader().build()?;
    /// # let router = Router::new().route("/", get(|| async {})).layer(sessions.clone());
    /// let app = TestApp::new(router.clone(), &sessions);
    /// let ann = app.login_as(1).await?;
    ///
    /// let request = Request::get("/").header(COOKIE, ann.cookie_header());
    /// let response = router.oneshot(request.body(Body::empty())?).await?;
    /// ann.absorb(response.headers());
    /// # Ok(())
    /// # }
    /// ```
    pub fn cookie_header(&self) -> HeaderValue {
        self.jar.header(None)
    }

    /// Takes over what a response sets and removes, of a request that was sent by other means.
    pub fn absorb(&self, headers: &HeaderMap) {
        self.jar.absorb(headers, self.app.config().now());
    }

    /// Adds what comes from the visitor: cookies for a page, or all of them, and what a browser sends; or a token.
    pub(super) fn sign(&self, request: &mut Request, page: Option<&str>) {
        let public_origin = self.public_origin();
        if let Some((name, value)) = &self.token {
            request.headers_mut().insert(name.clone(), value.clone());
            browser::add_host(request, public_origin);
            return;
        }
        browser::complete(request, public_origin);
        let cookies = self.jar.header(page);
        // The test's own cookies go beside them.
        if !cookies.is_empty() {
            request.headers_mut().append(COOKIE, cookies);
        }
    }

    fn public_origin(&self) -> Option<&str> {
        self.app.config().site_check.public_origin.as_deref()
    }
}

#[track_caller]
fn request(method: Method, path: &str, content_type: Option<&'static str>, body: Body) -> Request {
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = match path.parse() {
        Ok(uri) => uri,
        Err(error) => panic!("{path:?} is no path of a request: {error}"),
    };
    if let Some(content_type) = content_type {
        let value = HeaderValue::from_static(content_type);
        request.headers_mut().insert(CONTENT_TYPE, value);
    }
    request
}

/// Neither cookies nor a token are shown.
impl fmt::Debug for Visitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Visitor(..)")
    }
}
