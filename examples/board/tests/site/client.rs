//! A site that runs, and browsers on it: clients that keep cookies.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use board::app::app;
use board::client::TrustedProxies;
use board::settings::Settings;
use muffin_session::Secret;
use reqwest::cookie::{CookieStore as _, Jar};
use reqwest::header::{ACCEPT, HeaderMap, HeaderValue, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use tokio::net::TcpListener;

/// A running site.
pub(crate) struct Site {
    pub(crate) origin: String,
}

impl Site {
    /// A site with everything in memory.
    pub(crate) async fn start() -> Self {
        let settings = Settings::new("sqlite::memory:".to_owned(), None).unwrap();
        Self::start_with(&settings).await
    }

    pub(crate) async fn start_with(settings: &Settings) -> Self {
        Self::start_behind(TrustedProxies::default(), settings).await
    }

    pub(crate) async fn start_behind(proxies: TrustedProxies, settings: &Settings) -> Self {
        let (db, store) = settings.open().await.unwrap();
        let site = app(&Secret::generate().unwrap(), db, store, proxies).unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let service = site
            .router
            .into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(axum::serve(listener, service).into_future());
        Self { origin }
    }

    /// A browser that nobody has used yet.
    pub(crate) fn browser(&self) -> Browser {
        Browser::on(self.origin.clone())
    }

    /// A browser in which this user has just registered. The first one is the admin.
    pub(crate) async fn register(&self, name: &str) -> Browser {
        let browser = self.browser();
        let password = password_of(name);
        let form = [
            ("name", name),
            ("password", &*password),
            ("again", &*password),
        ];
        let response = browser.post("/register", &form).await;
        assert_eq!(redirect(&response), "/");
        // What was said about it has been seen.
        browser.page("/").await;
        browser
    }

    /// Another browser, in which this user has logged in.
    pub(crate) async fn log_in(&self, name: &str) -> Browser {
        let browser = self.browser();
        let response = browser.log_in(name, &password_of(name)).await;
        assert_eq!(redirect(&response), "/");
        browser
    }
}

pub(crate) fn password_of(name: &str) -> String {
    format!("the password of {name}")
}

/// A client that keeps cookies as a browser does, and follows no redirects.
pub(crate) struct Browser {
    pub(crate) origin: String,
    client: Client,
    jar: Arc<Jar>,
}

impl Browser {
    pub(crate) fn on(origin: String) -> Self {
        // The cookies are `Secure`, which the client's jar keeps on this machine's own address, as browsers do.
        let jar = Arc::new(Jar::default());
        let takes_pages = HeaderValue::from_static("text/html,*/*;q=0.8");
        let client = Client::builder()
            .cookie_provider(Arc::clone(&jar))
            .default_headers(HeaderMap::from_iter([(ACCEPT, takes_pages)]))
            .redirect(Policy::none())
            .build();
        Self {
            origin,
            client: client.unwrap(),
            jar,
        }
    }

    /// The cookies that it would send now.
    pub(crate) fn cookies(&self) -> HeaderValue {
        self.jar.cookies(&self.origin.parse().unwrap()).unwrap()
    }

    pub(crate) fn request_get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.origin))
    }

    pub(crate) fn request_post(&self, path: &str, form: &[(&str, &str)]) -> RequestBuilder {
        let url = format!("{}{path}", self.origin);
        self.client.post(url).form(form)
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request_get(path).send().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Response {
        self.request_post(path, form).send().await.unwrap()
    }

    /// The status of an answer to a form.
    pub(crate) async fn status_of(&self, path: &str, form: &[(&str, &str)]) -> StatusCode {
        self.post(path, form).await.status()
    }

    /// The HTML of a page that has to be there.
    pub(crate) async fn page(&self, path: &str) -> String {
        let response = self.get(path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.text().await.unwrap()
    }

    pub(crate) async fn log_in(&self, name: &str, password: &str) -> Response {
        let form = [("name", name), ("password", password)];
        self.post("/login", &form).await
    }

    /// Whether somebody is logged in.
    pub(crate) async fn is_logged_in(&self) -> bool {
        let response = self.get("/account").await;
        match response.status() {
            StatusCode::OK => true,
            StatusCode::SEE_OTHER => {
                assert_eq!(redirect(&response), "/login?next=%2Faccount");
                false
            }
            status => panic!("{status}"),
        }
    }

    /// Adds a card, and gives its path.
    pub(crate) async fn add_card(&self, title: &str) -> String {
        let response = self
            .post("/new", &[("title", title), ("details", "")])
            .await;
        redirect(&response).to_owned()
    }
}

/// Where a `303` leads.
pub(crate) fn redirect(response: &Response) -> &str {
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    response.headers()[LOCATION].to_str().unwrap()
}

/// The texts between two others, each time they occur.
pub(crate) fn all_between<'p>(page: &'p str, before: &str, after: &str) -> Vec<&'p str> {
    let parts = page.split(before).skip(1);
    let ends = parts.filter_map(|part| part.split_once(after));
    ends.map(|(between, _)| between).collect()
}
