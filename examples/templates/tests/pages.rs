//! Each program, running in a process of its own, driven over HTTP by a client that keeps cookies as a browser does.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};

/// A running program, ended with the test, and one browser.
struct Running {
    child: Child,
    origin: String,
    client: Client,
}

impl Running {
    fn start(program: &str) -> Self {
        let mut child = Command::new(program)
            .env("PORT", "0")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut greeting = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut greeting).unwrap();
        let port = greeting.trim().strip_prefix("http://localhost:").unwrap();
        // The cookies are `Secure`, which the client's jar keeps on this machine's own address, as browsers do.
        let client = Client::builder()
            .cookie_store(true)
            .redirect(Policy::none())
            .build()
            .unwrap();
        Self {
            origin: format!("http://127.0.0.1:{port}"),
            client,
            child,
        }
    }

    /// The page, without the white space between its tags.
    async fn home(&self) -> String {
        let response = self.client.get(&self.origin).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(
            response.headers()["content-type"],
            "text/html; charset=utf-8"
        );
        let cached = response.headers()["cache-control"].to_str().unwrap();
        assert!(["private", "no-store"].contains(&cached), "{cached}");
        let page = response.text().await.unwrap();
        page.lines().map(str::trim).collect()
    }

    /// Posts a form, and is sent home.
    async fn post(&self, path: &str, form: &[(&str, &str)]) {
        let url = format!("{}{path}", self.origin);
        let response = self.client.post(url).form(form).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        assert_eq!(response.headers()["location"], "/");
    }

    async fn admin(&self) -> StatusCode {
        let url = format!("{}/admin", self.origin);
        self.client.get(url).send().await.unwrap().status()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The page, as far as it is the same in all.
fn page(nav: &str, messages: &str, content: &str) -> String {
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Home</title></head>\
         <body><nav aria-label=\"Account\">{nav}</nav><main>{messages}<h1>Home</h1>{content}</main></body></html>"
    )
}

const NOBODY: &str = "<p>Nobody is logged in</p>";
const ANN: &str = "<p>Logged in as <b>Ann</b></p><a href=\"/admin\">Admin</a>\
    <form method=\"post\" action=\"/logout\"><button>Log out</button></form>";
const BOB: &str = "<p>Logged in as <b>Bob</b></p>\
    <form method=\"post\" action=\"/logout\"><button>Log out</button></form>";
const LOGIN: &str = "<form method=\"post\" action=\"/login\">\
    <label>Ann or Bob: <input name=\"name\" autocomplete=\"username\" required></label>\
    <button>Log in</button></form>";

async fn is_the_page(program: &str) {
    let running = Running::start(program);
    assert_eq!(running.home().await, page(NOBODY, "", LOGIN));

    // What somebody has typed is text, whichever way an engine writes it.
    let typed = "<script>alert('hi')</script>";
    running.post("/login", &[("name", typed)]).await;
    let shown = running.home().await;
    assert!(
        shown.contains("<p class=\"error\" role=\"alert\">Nobody is called &"),
        "{shown}"
    );
    assert!(!shown.contains("<script"), "{shown}");
    assert!(shown.contains("script"), "{shown}");
    assert_eq!(running.home().await, page(NOBODY, "", LOGIN));

    assert_eq!(running.admin().await, StatusCode::SEE_OTHER);
    let refused = "<p class=\"error\" role=\"alert\">Log in as somebody who may see that</p>";
    assert_eq!(running.home().await, page(NOBODY, refused, LOGIN));

    running.post("/login", &[("name", "Ann")]).await;
    let welcome = "<p class=\"success\" role=\"status\">Welcome, Ann</p>";
    assert_eq!(running.home().await, page(ANN, welcome, ""));
    assert_eq!(running.home().await, page(ANN, "", ""));
    assert_eq!(running.admin().await, StatusCode::OK);

    running.post("/logout", &[]).await;
    let bye = "<p class=\"message\" role=\"status\">You are logged out</p>";
    assert_eq!(running.home().await, page(NOBODY, bye, LOGIN));
    assert_eq!(running.home().await, page(NOBODY, "", LOGIN));

    running.post("/login", &[("name", "Bob")]).await;
    let welcome = "<p class=\"success\" role=\"status\">Welcome, Bob</p>";
    assert_eq!(running.home().await, page(BOB, welcome, ""));
    assert_eq!(running.admin().await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn with_minijinja() {
    is_the_page(env!("CARGO_BIN_EXE_with-minijinja")).await;
}

#[tokio::test]
async fn with_askama() {
    is_the_page(env!("CARGO_BIN_EXE_with-askama")).await;
}

#[tokio::test]
async fn with_maud() {
    is_the_page(env!("CARGO_BIN_EXE_with-maud")).await;
}
