//! A site that runs, and a client that keeps cookies as a browser does.

use std::net::Ipv4Addr;
use std::sync::{Arc, LazyLock};

use demo::app::app;
use demo::people::People;
use demo::team::DEMO_STAFF;
use demo::users::DEMO_USERS;
use muffin_session::{AnyStore, Secret};
use reqwest::cookie::{CookieStore as _, Jar};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE, USER_AGENT};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use tokio::net::TcpListener;

/// Hashing passwords is made to take long, so the tests share the result: all but those that change a password.
static PEOPLE: LazyLock<People> = LazyLock::new(|| People::demo().unwrap());

/// A running site and one browser.
pub(crate) struct Browser {
    origin: String,
    client: Client,
    jar: Arc<Jar>,
}

impl Browser {
    pub(crate) async fn start() -> Self {
        Self::start_with(PEOPLE.clone()).await
    }

    /// A site where these people can log in.
    pub(crate) async fn start_with(people: People) -> Self {
        Self::serve(people, None).await
    }

    /// A site that keeps sessions in this store.
    pub(crate) async fn start_in(store: AnyStore) -> Self {
        Self::serve(PEOPLE.clone(), Some(store)).await
    }

    async fn serve(people: People, store: Option<AnyStore>) -> Self {
        let app = app(&Secret::generate().unwrap(), people, store.as_ref())
            .unwrap()
            .router;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, app).into_future());
        Self::on(origin)
    }

    /// Another browser on the same site.
    pub(crate) fn another(&self) -> Self {
        Self::on(self.origin.clone())
    }

    /// With the cookies of another one: the same browser, whose requests go to another process.
    #[cfg(feature = "sqlite")]
    pub(crate) fn with_cookies_of(&self, other: &Self) -> Self {
        Self {
            origin: self.origin.clone(),
            client: other.client.clone(),
            jar: Arc::clone(&other.jar),
        }
    }

    /// The cookies that it would send now.
    pub(crate) fn cookies(&self) -> String {
        let cookies = self.jar.cookies(&self.origin.parse().unwrap()).unwrap();
        cookies.to_str().unwrap().to_owned()
    }

    /// A browser on a site that runs.
    pub(crate) fn on(origin: String) -> Self {
        // The cookies are `Secure`, which the client's jar keeps on this machine's own address, as browsers do.
        let jar = Arc::new(Jar::default());
        let client = Client::builder()
            .cookie_provider(Arc::clone(&jar))
            .redirect(Policy::none())
            .build()
            .unwrap();
        Self {
            origin,
            client,
            jar,
        }
    }

    /// A site where this demo user has logged in and seen the welcome.
    pub(crate) async fn start_as(name: &str) -> Self {
        let browser = Self::start().await;
        browser.log_in(name).await;
        browser.page("/dashboard").await;
        browser
    }

    pub(crate) fn request_post(&self, path: &str, form: &[(&str, &str)]) -> RequestBuilder {
        self.client
            .post(format!("{}{path}", self.origin))
            .form(form)
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        let url = format!("{}{path}", self.origin);
        self.client.get(url).send().await.unwrap()
    }

    /// As [`get`](Self::get), with these cookies in place of those that are kept.
    pub(crate) async fn get_with(&self, path: &str, cookies: &str) -> Response {
        let url = format!("{}{path}", self.origin);
        let request = self.client.get(url).header(COOKIE, cookies);
        request.send().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Response {
        self.request_post(path, form).send().await.unwrap()
    }

    /// The HTML of a page that has to be there.
    pub(crate) async fn page(&self, path: &str) -> String {
        let response = self.get(path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.text().await.unwrap()
    }

    pub(crate) async fn log_in(&self, name: &str) -> Response {
        let user = DEMO_USERS.iter().find(|user| user.name == name).unwrap();
        let form = [("name", name), ("password", user.password)];
        let response = self.post("/login", &form).await;
        assert_eq!(redirect(&response), "/dashboard");
        response
    }

    /// As [`log_in`](Self::log_in), by a browser that calls itself this.
    pub(crate) async fn log_in_with(&self, name: &str, agent: &str) {
        let user = DEMO_USERS.iter().find(|user| user.name == name).unwrap();
        let form = [("name", name), ("password", user.password)];
        let request = self.request_post("/login", &form).header(USER_AGENT, agent);
        assert_eq!(redirect(&request.send().await.unwrap()), "/dashboard");
    }

    /// As [`log_in`](Self::log_in), with "remember me".
    pub(crate) async fn log_in_remembered(&self, name: &str) -> Response {
        let user = DEMO_USERS.iter().find(|user| user.name == name).unwrap();
        let password = user.password;
        let form = [("name", name), ("password", password), ("remember", "true")];
        let response = self.post("/login", &form).await;
        assert_eq!(redirect(&response), "/dashboard");
        response
    }

    /// Logs the demo's staff member in, and gives the answer.
    pub(crate) async fn log_in_as_staff(&self) -> Response {
        let [sam] = DEMO_STAFF;
        let form = [("name", sam.name), ("password", sam.password)];
        let response = self.post("/staff/login", &form).await;
        assert_eq!(redirect(&response), "/staff");
        response
    }

    pub(crate) async fn keep_note(&self, text: &str) {
        let response = self.post("/notes", &[("text", text)]).await;
        assert_eq!(redirect(&response), "/notes");
    }

    /// The status and the page of a note that is not kept.
    pub(crate) async fn refused_note(&self, text: &str) -> (StatusCode, String) {
        let response = self.post("/notes", &[("text", text)]).await;
        (response.status(), response.text().await.unwrap())
    }
}

/// Where a `303` leads.
pub(crate) fn redirect(response: &Response) -> &str {
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    response.headers()[LOCATION].to_str().unwrap()
}

pub(crate) fn cookies(response: &Response) -> Vec<&str> {
    let cookies = response.headers().get_all(SET_COOKIE).iter();
    cookies.map(|cookie| cookie.to_str().unwrap()).collect()
}
