//! The site over HTTP, with a client that keeps cookies as a browser does.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::net::Ipv4Addr;
use std::sync::LazyLock;

use demo::app::app;
use demo::users::{DEMO_USERS, Users};
use muffin_session::Secret;
use reqwest::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use tokio::net::TcpListener;

/// Hashing passwords is made to take long, so the tests share the result.
static USERS: LazyLock<Users> = LazyLock::new(|| Users::demo().unwrap());

/// A running site and one browser.
struct Browser {
    origin: String,
    client: Client,
}

impl Browser {
    async fn start() -> Self {
        let app = app(Secret::generate().unwrap(), USERS.clone()).unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, app).into_future());
        // The cookies are `Secure`, which the client's jar keeps on this machine's own address, as browsers do.
        let client = Client::builder()
            .cookie_store(true)
            .redirect(Policy::none())
            .build()
            .unwrap();
        Self { origin, client }
    }

    /// A site where this demo user has logged in and seen the welcome.
    async fn start_as(name: &str) -> Self {
        let browser = Self::start().await;
        browser.log_in(name).await;
        browser.page("/dashboard").await;
        browser
    }

    fn request_post(&self, path: &str, form: &[(&str, &str)]) -> RequestBuilder {
        self.client
            .post(format!("{}{path}", self.origin))
            .form(form)
    }

    async fn get(&self, path: &str) -> Response {
        let url = format!("{}{path}", self.origin);
        self.client.get(url).send().await.unwrap()
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Response {
        self.request_post(path, form).send().await.unwrap()
    }

    /// The HTML of a page that has to be there.
    async fn page(&self, path: &str) -> String {
        let response = self.get(path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.text().await.unwrap()
    }

    async fn log_in(&self, name: &str) -> Response {
        let user = DEMO_USERS.iter().find(|user| user.name == name).unwrap();
        let form = [("name", name), ("password", user.password)];
        let response = self.post("/login", &form).await;
        assert_eq!(redirect(&response), "/dashboard");
        response
    }

    async fn keep_note(&self, text: &str) {
        let response = self.post("/notes", &[("text", text)]).await;
        assert_eq!(redirect(&response), "/notes");
    }

    /// The status and the page of a note that is not kept.
    async fn refused_note(&self, text: &str) -> (StatusCode, String) {
        let response = self.post("/notes", &[("text", text)]).await;
        (response.status(), response.text().await.unwrap())
    }
}

/// Where a `303` leads.
fn redirect(response: &Response) -> &str {
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    response.headers()[LOCATION].to_str().unwrap()
}

fn cookies(response: &Response) -> Vec<&str> {
    let cookies = response.headers().get_all(SET_COOKIE).iter();
    cookies.map(|cookie| cookie.to_str().unwrap()).collect()
}

#[tokio::test]
async fn the_home_page_says_who_you_are() {
    let browser = Browser::start().await;
    let page = browser.page("/").await;
    assert!(page.contains("Nobody is logged in"));
    assert!(page.contains(r#"href="/login""#));
    browser.log_in("ann").await;
    let page = browser.page("/").await;
    assert!(page.contains("Hello, ann"));
    assert!(page.contains("Log out"));
}

#[tokio::test]
async fn a_guest_touches_no_cookie() {
    let browser = Browser::start().await;
    for path in [
        "/",
        "/login",
        "/notes",
        "/session",
        "/style.css",
        "/nowhere",
    ] {
        assert_eq!(cookies(&browser.get(path).await), [""; 0], "{path}");
    }
}

#[tokio::test]
async fn login_leads_back_to_the_page_that_was_asked_for() {
    let browser = Browser::start().await;
    let asked = browser.get("/dashboard?tab=1").await;
    let login = redirect(&asked);
    assert_eq!(login, "/login?next=%2Fdashboard%3Ftab%3D1");
    // The form has no action of its own, so a browser posts it to this very URL.
    let form = browser.page(login).await;
    assert!(form.contains(r#"<form class="card" method="post">"#));
    let credentials = [("name", "bob"), ("password", DEMO_USERS[1].password)];
    let answer = browser.post(login, &credentials).await;
    assert_eq!(redirect(&answer), "/dashboard?tab=1");
    assert!(browser.page("/dashboard?tab=1").await.contains("bob"));
}

#[tokio::test]
async fn login_leads_to_no_other_site() {
    let browser = Browser::start().await;
    let credentials = [("name", "bob"), ("password", DEMO_USERS[1].password)];
    let answer = browser
        .post("/login?next=%2F%2Fevil.example%2F", &credentials)
        .await;
    assert_eq!(redirect(&answer), "/dashboard");
}

#[tokio::test]
async fn a_wrong_password_is_a_401_with_the_form_and_a_message() {
    let browser = Browser::start().await;
    let credentials = [("name", "ann"), ("password", "wrong")];
    let answer = browser.post("/login?next=%2Fadmin", &credentials).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    let page = answer.text().await.unwrap();
    assert!(
        page.contains(
            r#"<p class="flash error" role="alert">The name or the password is wrong.</p>"#
        )
    );
    assert!(page.contains(r#"value="ann""#));
    assert!(page.contains(r#"aria-invalid="true""#));
    assert!(!page.contains("wrong\""), "the password comes back");
    // The message was shown, so it does not wait for the next page, and nobody is logged in.
    assert!(!browser.page("/").await.contains("is wrong"));
    assert_eq!(
        redirect(&browser.get("/dashboard").await),
        "/login?next=%2Fdashboard"
    );
}

#[tokio::test]
async fn the_answer_does_not_say_which_names_there_are() {
    let browser = Browser::start().await;
    let mut answers = Vec::new();
    for name in ["ann", "eve"] {
        let credentials = [("name", name), ("password", "wrong")];
        let answer = browser.post("/login", &credentials).await;
        let status = answer.status();
        let headers: Vec<_> = answer.headers().keys().cloned().collect();
        let field = format!(r#"value="{name}""#);
        let page = answer.text().await.unwrap();
        assert!(page.contains(&field));
        answers.push((status, headers, page.replace(&field, "")));
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn the_welcome_is_shown_once() {
    let browser = Browser::start().await;
    browser.log_in("bob").await;
    assert!(browser.page("/dashboard").await.contains("Welcome, bob!"));
    assert!(!browser.page("/dashboard").await.contains("Welcome"));
}

#[tokio::test]
async fn admin_is_for_ann_and_tells_bob_why_not() {
    let browser = Browser::start().await;
    assert_eq!(
        redirect(&browser.get("/admin").await),
        "/login?next=%2Fadmin"
    );
    browser.log_in("bob").await;
    let refused = browser.get("/admin").await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert!(
        refused
            .text()
            .await
            .unwrap()
            .contains("This page is for admins")
    );
    browser.log_in("ann").await;
    let page = browser.page("/admin").await;
    assert!(page.contains("ann") && page.contains("bob"));
}

#[tokio::test]
async fn logging_out_ends_the_session_and_says_so_once() {
    let browser = Browser::start_as("bob").await;
    browser.keep_note("Buy oats").await;
    // A link or a picture cannot do it.
    let by_get = browser.get("/logout").await;
    assert_eq!(by_get.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert!(browser.page("/").await.contains("Hello, bob"));

    assert_eq!(redirect(&browser.post("/logout", &[]).await), "/");
    let page = browser.page("/").await;
    assert!(page.contains("You are logged out."));
    assert!(page.contains("Nobody is logged in"));
    assert!(!browser.page("/").await.contains("You are logged out."));
    assert_eq!(
        redirect(&browser.get("/dashboard").await),
        "/login?next=%2Fdashboard"
    );
    assert!(!browser.page("/notes").await.contains("Buy oats"));
}

#[tokio::test]
async fn notes_are_kept_until_they_are_deleted() {
    let browser = Browser::start_as("bob").await;
    browser.keep_note("Buy oats\r\nand cinnamon").await;
    let page = browser.page("/notes").await;
    assert!(page.contains("The note is kept."));
    assert!(page.contains("Buy oats\nand cinnamon"));
    browser.keep_note("<script>alert(1)</script>").await;
    let page = browser.page("/notes").await;
    assert!(page.contains("Buy oats"));
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(!page.contains("<script"));

    assert_eq!(
        redirect(&browser.post("/notes/1/delete", &[]).await),
        "/notes"
    );
    let page = browser.page("/notes").await;
    assert!(page.contains("The note is deleted."));
    assert!(!page.contains("Buy oats"));
    assert!(page.contains("One note"));
    browser.post("/notes/2/delete", &[]).await;
    assert!(browser.page("/notes").await.contains("No notes yet"));
    // Numbers are not given again, so an old page cannot delete a newer note.
    browser.keep_note("Third").await;
    for old in ["/notes/1/delete", "/notes/2/delete"] {
        browser.post(old, &[]).await;
        let page = browser.page("/notes").await;
        assert!(page.contains("That note was gone already."), "{old}");
        assert!(page.contains("Third"), "{old}");
    }
}

#[tokio::test]
async fn notes_of_a_guest_come_along_at_login() {
    let browser = Browser::start().await;
    browser.keep_note("Written as a guest").await;
    browser.log_in("ann").await;
    assert!(browser.page("/notes").await.contains("Written as a guest"));
}

#[tokio::test]
async fn a_note_without_room_is_not_lost_and_loses_no_other() {
    let browser = Browser::start_as("bob").await;
    let mut kept: usize = 0;
    let (status, page) = loop {
        let text = format!("Note number {} {}", kept + 1, "y".repeat(500));
        let response = browser.post("/notes", &[("text", &text)]).await;
        if response.status() != StatusCode::SEE_OTHER {
            assert!(kept > 3, "only {kept} notes fit");
            break (response.status(), response.text().await.unwrap());
        }
        browser.page("/notes").await;
        kept += 1;
        assert!(kept < 20, "the limit was never met");
    };
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(page.contains("There is no room for this note"));
    assert!(
        page.contains(&format!("Note number {} y", kept + 1)),
        "the text is lost"
    );
    let reloaded = browser.page("/notes").await;
    for number in 1..=kept {
        let note = format!("Note number {number} y");
        assert!(page.contains(&note) && reloaded.contains(&note), "{note}");
    }
    assert!(!reloaded.contains(&format!("Note number {} y", kept + 1)));
    assert!(browser.page("/").await.contains("Hello, bob"));

    browser.post("/notes/1/delete", &[]).await;
    browser.page("/notes").await;
    browser
        .keep_note(&format!("At last {}", "y".repeat(500)))
        .await;
}

#[tokio::test]
async fn a_guest_whose_notes_fill_the_session_can_log_in_and_keeps_them() {
    let browser = Browser::start().await;
    let mut kept = 0;
    for size in [1000, 100, 10, 1] {
        loop {
            let note = format!("{kept}-{}", "y".repeat(size));
            let response = browser.post("/notes", &[("text", &note)]).await;
            browser.page("/notes").await;
            if response.status() != StatusCode::SEE_OTHER {
                break;
            }
            kept += 1;
        }
    }
    browser.log_in("bob").await;
    let page = browser.page("/notes").await;
    assert!(page.contains(&format!("{kept} notes")), "{page}");
    assert!(page.contains("0-yyy"));
}

#[tokio::test]
async fn an_empty_note_is_refused() {
    let browser = Browser::start().await;
    for text in ["", " \r\n\t"] {
        let (status, page) = browser.refused_note(text).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.contains("Write something first."));
        assert!(page.contains("No notes yet"));
    }
}

#[tokio::test]
async fn the_session_is_json() {
    let browser = Browser::start_as("bob").await;
    browser.keep_note("Buy oats").await;
    let session: serde_json::Value = browser.get("/session").await.json().await.unwrap();
    assert_eq!(
        session,
        serde_json::json!({ "notes": { "last": 1, "items": [{ "id": 1, "text": "Buy oats" }] } })
    );
}

#[tokio::test]
async fn another_site_cannot_post() {
    let browser = Browser::start_as("bob").await;
    let answer = browser
        .request_post("/notes", &[("text", "planted")])
        .header("Origin", "https://evil.example")
        .header("Sec-Fetch-Site", "cross-site")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert!(!browser.page("/notes").await.contains("planted"));
}

#[tokio::test]
async fn cookies_are_for_this_host_only_and_out_of_reach_for_scripts() {
    let browser = Browser::start().await;
    let login = browser.log_in("bob").await;
    let cookies = cookies(&login);
    assert!(
        cookies.len() >= 3,
        "identity, data and the welcome: {cookies:?}"
    );
    for cookie in cookies {
        let attributes: Vec<_> = cookie.split("; ").collect();
        assert!(cookie.starts_with("__Host-session."), "{cookie}");
        for attribute in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(attributes.contains(&attribute), "{cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
}

#[tokio::test]
async fn guarded_pages_are_stored_nowhere() {
    let browser = Browser::start_as("ann").await;
    for path in ["/dashboard", "/admin"] {
        let cache = browser.get(path).await.headers()[CACHE_CONTROL].clone();
        assert!(cache.to_str().unwrap().contains("no-store"), "{path}");
    }
}

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let browser = Browser::start_as("bob").await;
    for path in [
        "/",
        "/login",
        "/admin",
        "/session",
        "/style.css",
        "/nowhere",
        "/logout",
    ] {
        let answer = browser.get(path).await;
        let headers = answer.headers();
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'none'; style-src 'self'; "),
            "{path}"
        );
        assert!(
            !policy.contains("unsafe") && !policy.contains("script-src"),
            "{path}"
        );
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "same-origin", "{path}");
        assert_eq!(
            headers["cross-origin-opener-policy"], "same-origin",
            "{path}"
        );
    }
}

#[tokio::test]
async fn pages_bring_nothing_from_elsewhere_and_no_scripts() {
    let browser = Browser::start_as("ann").await;
    browser.keep_note("One").await;
    for path in ["/", "/login", "/dashboard", "/admin", "/notes", "/nowhere"] {
        let page = browser.get(path).await.text().await.unwrap();
        assert!(page.starts_with("<!DOCTYPE html>"), "{path}");
        assert!(page.contains(r#"<html lang="en">"#), "{path}");
        assert_eq!(page.matches("<h1>").count(), 1, "{path}");
        for unwanted in ["<script", " style=", "http://", "https://", "javascript:"] {
            assert!(!page.contains(unwanted), "{path}: {unwanted}");
        }
    }
    for (path, kind) in [
        ("/style.css", "text/css; charset=utf-8"),
        ("/icon.svg", "image/svg+xml"),
    ] {
        let file = browser.get(path).await;
        assert_eq!(file.status(), StatusCode::OK);
        assert_eq!(file.headers()[CONTENT_TYPE], kind);
    }
}

#[tokio::test]
async fn an_unknown_page_is_a_404_with_a_way_home() {
    let browser = Browser::start().await;
    let answer = browser.get("/nowhere").await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert!(
        answer
            .text()
            .await
            .unwrap()
            .contains("There is no such page")
    );
}
