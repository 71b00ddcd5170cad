//! Each example over HTTP, with a client that keeps cookies as a browser does.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::net::Ipv4Addr;

use muffin_session::Secret;
use reqwest::header::{LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use tokio::net::TcpListener;

/// A running application and one browser.
struct Browser {
    origin: String,
    client: Client,
}

impl Browser {
    async fn start() -> Self {
        let app = plugin_examples::app(Secret::generate().unwrap()).unwrap();
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

    async fn get(&self, path: &str) -> Response {
        let url = format!("{}{path}", self.origin);
        self.client.get(url).send().await.unwrap()
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Response {
        let url = format!("{}{path}", self.origin);
        self.client.post(url).form(form).send().await.unwrap()
    }

    async fn text(&self, path: &str) -> String {
        let response = self.get(path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.text().await.unwrap()
    }

    async fn log_in(&self, name: &str) {
        let response = self.post("/login", &[("name", name)]).await;
        assert_eq!(redirect(&response), "/session");
    }
}

/// Where a `303` leads.
fn redirect(response: &Response) -> &str {
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    response.headers()[LOCATION].to_str().unwrap()
}

#[tokio::test]
async fn loader_finds_the_user_of_the_session() {
    let browser = Browser::start().await;
    assert_eq!(browser.text("/profile").await, "You are a guest");
    browser.log_in("bob").await;
    assert_eq!(browser.text("/profile").await, "You are bob");
}

#[tokio::test]
async fn session_is_a_json_object() {
    let browser = Browser::start().await;
    assert_eq!(browser.text("/session").await, "{}");
    browser.post("/update", &[]).await;
    let session: serde_json::Value = browser.get("/session").await.json().await.unwrap();
    assert_eq!(session, serde_json::json!({ "var": "value" }));
}

#[tokio::test]
async fn admin_is_for_admins() {
    let browser = Browser::start().await;
    assert_eq!(
        redirect(&browser.get("/admin").await),
        "/login?next=%2Fadmin"
    );
    browser.log_in("bob").await;
    // Without `next`: logging in again as bob would only lead back here.
    assert_eq!(redirect(&browser.get("/admin").await), "/login");
    browser.log_in("ann").await;
    assert_eq!(browser.text("/admin").await, "TOP SECRET");
}

#[tokio::test]
async fn login_leads_back_to_the_page_that_was_asked_for() {
    let browser = Browser::start().await;
    let asked = browser.get("/admin").await;
    let answer = browser.post(redirect(&asked), &[("name", "ann")]).await;
    assert_eq!(redirect(&answer), "/admin");
}

#[tokio::test]
async fn login_of_an_unknown_name_changes_nothing() {
    let browser = Browser::start().await;
    let answer = browser.post("/login", &[("name", "carol")]).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert!(!answer.headers().contains_key(SET_COOKIE));
    assert_eq!(browser.text("/profile").await, "You are a guest");
}

#[tokio::test]
async fn logout_ends_the_session_and_is_harmless_twice() {
    let browser = Browser::start().await;
    browser.log_in("ann").await;
    browser.post("/update", &[]).await;
    for _ in 0..2 {
        assert_eq!(redirect(&browser.post("/logout", &[]).await), "/common");
        assert_eq!(browser.text("/profile").await, "You are a guest");
        assert_eq!(browser.text("/session").await, "{}");
    }
}

#[tokio::test]
async fn a_message_is_shown_once_on_the_next_page() {
    let browser = Browser::start().await;
    let answer = browser.post("/somewhere", &[]).await;
    let page = browser.text(redirect(&answer)).await;
    assert!(page.contains(r#"<p class="message">Something done successfully</p>"#));
    assert!(page.contains("Other content"));
    assert!(!browser.text("/common").await.contains("Something done"));
}

#[tokio::test]
async fn what_one_handler_writes_another_reads() {
    let browser = Browser::start().await;
    assert_eq!(browser.text("/load").await, "");
    let answer = browser.post("/update", &[]).await;
    assert_eq!(answer.text().await.unwrap(), "Session has been updated");
    assert_eq!(browser.text("/load").await, "value");
}

#[tokio::test]
async fn clearing_keeps_the_login() {
    let browser = Browser::start().await;
    browser.log_in("bob").await;
    browser.post("/update", &[]).await;
    browser.post("/clear", &[]).await;
    assert_eq!(browser.text("/session").await, "{}");
    assert_eq!(browser.text("/profile").await, "You are bob");
}

#[tokio::test]
async fn a_check_by_hand_answers_like_the_attribute() {
    let browser = Browser::start().await;
    assert_eq!(
        redirect(&browser.get("/report").await),
        "/login?next=%2Freport"
    );
    browser.log_in("bob").await;
    assert_eq!(redirect(&browser.get("/report").await), "/login");
    browser.log_in("ann").await;
    assert_eq!(browser.text("/report").await, "A report for ann");
}
