//! A recipe, running in a process of its own, and browsers that visit it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use reqwest::header::{LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};

/// A secret for those that need the same one twice.
pub(crate) const SECRET: &str = "q7T0c2vYVb1hJm8rWk3sXz5dNf6gLp9a";

/// A running recipe, ended with the test.
pub(crate) struct Running {
    child: Child,
    /// Kept, since a program may go on to log.
    _stdout: BufReader<ChildStdout>,
    /// What it said before it listened, and where.
    pub(crate) greeting: String,
}

impl Running {
    /// Starts a program with these settings and no others, at any free port.
    pub(crate) fn start(program: &str, settings: &[(&str, &str)]) -> Self {
        let started = Self::try_start(program, settings);
        started.unwrap_or_else(|said| panic!("it ended after {said:?}"))
    }

    /// As [`start`](Self::start), or what it said before it ended.
    pub(crate) fn try_start(program: &str, settings: &[(&str, &str)]) -> Result<Self, String> {
        let mut command = Command::new(program);
        for setting in ["SESSION_SECRET", "OLD_SECRET", "OLD_SECRET_UNTIL"] {
            command.env_remove(setting);
        }
        let mut child = command
            .envs(settings.iter().copied())
            .env("PORT", "0")
            // Built with what other packages want of its logger, it says by itself no more than errors.
            .env("RUST_LOG", "info")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut greeting = String::new();
        while !greeting.contains("listening on http://127.0.0.1:") {
            let read = stdout.read_line(&mut greeting).unwrap();
            if read == 0 {
                child.wait().unwrap();
                return Err(greeting);
            }
        }
        Ok(Self {
            child,
            _stdout: stdout,
            greeting,
        })
    }

    /// Such as `http://127.0.0.1:40000`.
    pub(crate) fn origin(&self) -> &str {
        self.greeting.trim_end().rsplit(' ').next().unwrap()
    }

    /// A browser that was never there before.
    pub(crate) fn browser(&self) -> Browser {
        // The cookies are `Secure`, which the client's jar keeps on this machine's own address, as browsers do.
        let client = Client::builder()
            .cookie_store(true)
            .redirect(Policy::none())
            .build()
            .unwrap();
        Browser {
            client,
            origin: self.origin().to_owned(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A browser: it keeps cookies, and follows no redirects.
#[derive(Clone)]
pub(crate) struct Browser {
    client: Client,
    origin: String,
}

impl Browser {
    /// The same browser with the same cookies, at another process.
    pub(crate) fn at(&self, site: &Running) -> Self {
        Self {
            client: self.client.clone(),
            origin: site.origin().to_owned(),
        }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.origin))
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str) -> Response {
        self.request(Method::POST, path).send().await.unwrap()
    }

    pub(crate) async fn post_form(&self, path: &str, form: &[(&str, &str)]) -> Response {
        let request = self.request(Method::POST, path).form(form);
        request.send().await.unwrap()
    }

    /// What a page says, which has to be there.
    pub(crate) async fn text(&self, path: &str) -> String {
        said(self.get(path).await).await
    }

    /// What a POST is answered, which has to take place.
    pub(crate) async fn done(&self, path: &str) -> String {
        said(self.post(path).await).await
    }
}

async fn said(response: Response) -> String {
    let path = response.url().path().to_owned();
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    response.text().await.unwrap()
}

/// Where a `303` leads.
pub(crate) fn redirect(response: &Response) -> &str {
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    response.headers()[LOCATION].to_str().unwrap()
}

/// The cookies that a response sets, with their attributes.
pub(crate) fn set_cookies(response: &Response) -> Vec<&str> {
    let cookies = response.headers().get_all(SET_COOKIE).iter();
    cookies.map(|cookie| cookie.to_str().unwrap()).collect()
}

/// What a browser sends back for them.
pub(crate) fn cookies(response: &Response) -> String {
    let cookies = set_cookies(response).into_iter();
    let pairs = cookies.map(|cookie| cookie.split(';').next().unwrap());
    pairs.collect::<Vec<_>>().join("; ")
}

/// Where a server is that a test needs.
#[cfg(any(feature = "mysql", feature = "postgres", feature = "redis"))]
pub(crate) fn server(variable: &str) -> String {
    let url = std::env::var(variable);
    url.unwrap_or_else(|_| panic!("this test needs a server: set {variable} to its URL"))
}

/// A name that no run before has left in a database.
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(crate) fn unique(name: &str) -> String {
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    format!("{name}-{}-{}", std::process::id(), now.as_nanos())
}
