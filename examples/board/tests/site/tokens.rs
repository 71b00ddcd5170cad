//! API tokens, and what programs do with them.

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::client::{Browser, Site, all_between, redirect};

/// Makes a token on the page, and gives it.
pub(crate) async fn make_token(browser: &Browser, name: &str) -> String {
    let response = browser.post("/account/tokens", &[("name", name)]).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    let page = response.text().await.unwrap();
    let shown = all_between(&page, "value=\"board_", "\"");
    let [token] = shown[..] else {
        panic!("{page}");
    };
    format!("board_{token}")
}

/// A program with a token, and no cookies.
pub(crate) struct Program<'s> {
    pub(crate) site: &'s Site,
    pub(crate) token: String,
}

impl Program<'_> {
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.site.origin);
        Client::new().request(method, url).bearer_auth(&self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        answer(self.request(Method::GET, path)).await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Value,
    ) -> (StatusCode, Value) {
        answer(self.request(method, path).json(&body)).await
    }
}

async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.unwrap();
    let status = response.status();
    (status, response.json().await.unwrap_or(Value::Null))
}

#[tokio::test]
async fn a_program_does_what_its_owner_may_do() {
    let site = Site::start().await;
    let ann = site.register("ann").await;
    let bob = site.register("bob").await;
    let anns = ann.add_card("Ann's card").await;
    let program = Program {
        site: &site,
        token: make_token(&bob, "backup").await,
    };
    let (status, me) = program.get("/api/me").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(me, json!({ "id": 2, "name": "bob", "role": "member" }));

    let draft = json!({ "title": "From a program" });
    let (status, card) = program.send(Method::POST, "/api/cards", draft).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(card["author"], "bob");
    let done = json!({ "status": "done" });
    let path = format!("/api/cards/{}/status", card["id"]);
    let (status, card) = program.send(Method::PUT, &path, done.clone()).await;
    assert_eq!((status, &card["status"]), (StatusCode::OK, &json!("done")));
    let (_, cards) = program.get("/api/cards").await;
    let titles: Vec<_> = cards
        .as_array()
        .unwrap()
        .iter()
        .map(|card| &card["title"])
        .collect();
    assert_eq!(titles, ["From a program", "Ann's card"]);

    // The same checker as on pages.
    let (status, _) = program
        .send(Method::PUT, &format!("/api{anns}/status"), done)
        .await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (status, problem) = program
        .send(Method::POST, "/api/cards", json!({ "title": "" }))
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["title"], "Give the card a title.");
    let (status, problem) = program.get("/api/cards/99").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(problem["status"], 404);

    // A role counts for tokens too, from the next request on.
    ann.post("/staff/users/2/role", &[("role", "moderator")])
        .await;
    let (_, me) = program.get("/api/me").await;
    assert_eq!(me["role"], "moderator");
}

#[tokio::test]
async fn a_token_opens_the_api_and_nothing_else() {
    let site = Site::start().await;
    let ann = site.register("ann").await;
    let program = Program {
        site: &site,
        token: make_token(&ann, "backup").await,
    };
    let card = ann.add_card("Fix the door").await;
    for path in ["/", &card, "/account/tokens", "/staff/users", "/live"] {
        let (status, problem) = program.get(path).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}");
        let title = problem["title"].as_str().unwrap();
        assert!(title.starts_with("Tokens are for /api alone"), "{title}");
    }
    for path in [&*format!("{card}/delete"), "/account/tokens/1/revoke"] {
        let (status, _) = program.send(Method::POST, path, Value::Null).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}");
    }
    // However the scheme is written.
    let request = ann.request_get("/account");
    let request = request.header("authorization", format!("bEARER {}", program.token));
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    ann.page(&card).await;
    assert_eq!(program.get("/api/me").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_revoked_token_is_worth_nothing() {
    let site = Site::start().await;
    let ann = site.register("ann").await;
    let bob = site.register("bob").await;
    let token = make_token(&ann, "<b>backup</b>").await;
    let page = ann.page("/account/tokens").await;
    assert!(!page.contains(&token), "it is shown once");
    assert!(page.contains("&lt;b&gt;backup&lt;/b&gt;"), "{page}");
    assert!(page.contains(", ends on <time"), "{page}");
    let revoke = "/account/tokens/1/revoke";
    assert_eq!(bob.status_of(revoke, &[]).await, StatusCode::NOT_FOUND);
    let program = Program { site: &site, token };
    assert_eq!(program.get("/api/me").await.0, StatusCode::OK);

    assert_eq!(redirect(&ann.post(revoke, &[]).await), "/account/tokens");
    assert_eq!(program.get("/api/me").await.0, StatusCode::UNAUTHORIZED);
    let forged = Program {
        site: &site,
        token: "board_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned(),
    };
    assert_eq!(forged.get("/api/me").await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn tokens_have_names_and_are_not_made_without_end() {
    let site = Site::start().await;
    let ann = site.register("ann").await;
    let refused = StatusCode::UNPROCESSABLE_ENTITY;
    assert_eq!(
        ann.status_of("/account/tokens", &[("name", " ")]).await,
        refused
    );
    for number in 0..20 {
        make_token(&ann, &number.to_string()).await;
    }
    let response = ann.post("/account/tokens", &[("name", "one more")]).await;
    assert_eq!(response.status(), refused);
    let page = response.text().await.unwrap();
    assert!(page.contains("You have many tokens already"));
    assert!(!page.contains("board_"));
}
