//! The API says what is wrong in one way: problem documents (RFC 9457), whatever it was that went wrong.

use reqwest::header::{ACCEPT, ALLOW, AUTHORIZATION, CONTENT_TYPE, LINK};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::client::Site;
use crate::tokens::{Program, make_token};

/// A request, as programs send it whose libraries ask for HTML wherever they go.
async fn send(program: &Program<'_>, method: Method, path: &str, body: &'static str) -> Response {
    let url = format!("{}{path}", program.site.origin);
    let request = Client::new().request(method, url);
    let request = request
        .header(AUTHORIZATION, format!("Bearer {}", program.token))
        .header(ACCEPT, "text/html, */*; q=.2")
        .header(CONTENT_TYPE, "application/json");
    request.body(body).send().await.unwrap()
}

/// The problem document that an answer is.
async fn problem(response: Response) -> Value {
    let kind = response.headers()[CONTENT_TYPE].to_str().unwrap();
    assert_eq!(kind, "application/problem+json");
    let status = response.status();
    let document: Value = response.json().await.unwrap();
    assert_eq!(document["status"], status.as_u16());
    document
}

#[tokio::test]
async fn whatever_is_refused_is_a_problem_document() {
    let site = Site::start().await;
    let ann = site.register("ann").await;
    ann.add_card("Fix the door").await;
    let program = Program {
        site: &site,
        token: make_token(&ann, "backup").await,
    };
    for (method, path, body, status, title) in [
        // No such path.
        (Method::GET, "/api/x", "", 404, "There is no such thing"),
        (Method::GET, "/api", "", 404, "There is no such thing"),
        (
            Method::GET,
            "/api/cards/9",
            "",
            404,
            "There is no such thing",
        ),
        // A path that does not fit, in a handler and in a checker.
        (Method::GET, "/api/cards/abc", "", 400, "The path is not as"),
        (
            Method::PUT,
            "/api/cards/abc/status",
            "{\"status\":\"done\"}",
            400,
            "The path is not as",
        ),
        (
            Method::GET,
            "/api/cards?before=abc",
            "",
            400,
            "What stands behind",
        ),
        // A body that does not fit.
        (
            Method::POST,
            "/api/cards",
            "{\"title\":",
            400,
            "That is no JSON",
        ),
        (
            Method::POST,
            "/api/cards",
            "{}",
            422,
            "The JSON does not say",
        ),
        (
            Method::PUT,
            "/api/cards/1/status",
            "{\"status\":\"eaten\"}",
            422,
            "The JSON does not say",
        ),
        (
            Method::POST,
            "/api/cards",
            "{\"title\":\"\"}",
            422,
            "Give the card",
        ),
        // A method that there is not.
        (
            Method::DELETE,
            "/api/cards/1",
            "",
            405,
            "That cannot be done",
        ),
        (Method::POST, "/api/me", "", 405, "That cannot be done"),
    ] {
        let response = send(&program, method.clone(), path, body).await;
        assert_eq!(response.status(), status, "{method} {path} {body}");
        let said = problem(response).await;
        let said = said["title"].as_str().unwrap();
        assert!(said.starts_with(title), "{method} {path} {body}: {said}");
    }
}

#[tokio::test]
async fn whoever_brings_no_token_is_not_taken_for_a_browser() {
    let site = Site::start().await;
    for (name, value) in [("accept", "*/*"), ("sec-fetch-mode", "navigate")] {
        let request = Client::new().get(format!("{}/api/cards", site.origin));
        let response = request.header(name, value).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert!(!response.headers().contains_key("set-cookie"));
        problem(response).await;
    }
}

#[tokio::test]
async fn a_problem_document_says_what_to_change() {
    let site = Site::start().await;
    let ann = site.register("ann").await;
    let program = Program {
        site: &site,
        token: make_token(&ann, "backup").await,
    };
    let response = send(&program, Method::POST, "/api/cards", "{}").await;
    let said = problem(response).await;
    let detail = said["detail"].as_str().unwrap();
    assert!(detail.contains("missing field `title`"), "{detail}");

    let response = send(&program, Method::DELETE, "/api/cards", "").await;
    let allowed = response.headers()[ALLOW].to_str().unwrap();
    assert!(allowed.contains("GET") && allowed.contains("POST"));

    // Not JSON at all.
    let url = format!("{}/api/cards", site.origin);
    let request = Client::new().post(url).bearer_auth(&program.token);
    let response = request.body("title=Hello").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    problem(response).await;

    // More than is read.
    let draft = json!({ "title": "x".repeat(3 * 1024 * 1024) });
    let (status, said) = program.send(Method::POST, "/api/cards", draft).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(said["title"], "That is too much to send at once.");
}

#[tokio::test]
async fn all_cards_are_found_page_by_page() {
    let site = Site::start().await;
    let ann = site.register("ann").await;
    for number in 1..=101 {
        ann.add_card(&format!("Card {number}")).await;
    }
    let program = Program {
        site: &site,
        token: make_token(&ann, "backup").await,
    };
    let response = send(&program, Method::GET, "/api/cards", "").await;
    let link = response.headers()[LINK].to_str().unwrap().to_owned();
    assert_eq!(link, "</api/cards?before=2>; rel=\"next\"");
    let cards: Vec<Value> = response.json().await.unwrap();
    assert_eq!((cards.len(), &cards[99]["id"]), (100, &json!(2)));

    let response = send(&program, Method::GET, "/api/cards?before=2", "").await;
    let link = response.headers()[LINK].to_str().unwrap().to_owned();
    assert_eq!(link, "</api/cards>; rel=\"prev\"");
    let cards: Vec<Value> = response.json().await.unwrap();
    assert_eq!((cards.len(), &cards[0]["id"]), (1, &json!(1)));
}
