//! Parts of pages, as HTMX asks for them.

use reqwest::{RequestBuilder, Response, StatusCode};

use crate::client::{Browser, Site};

/// As HTMX sends a request.
async fn sent(request: RequestBuilder) -> Response {
    request
        .header("HX-Request", "true")
        .header("Accept", "*/*")
        .send()
        .await
        .unwrap()
}

/// The part that answers a form.
async fn part(browser: &Browser, path: &str, form: &[(&str, &str)]) -> (StatusCode, String) {
    let response = sent(browser.request_post(path, form)).await;
    let status = response.status();
    let part = response.text().await.unwrap();
    assert!(!part.contains("<html"), "{path} answers with a whole page");
    (status, part)
}

#[tokio::test]
async fn a_card_is_edited_in_its_place() {
    let site = Site::start().await;
    let ann = site.register("ann").await;
    let card = ann.add_card("Fix the door").await;
    ann.page("/").await;
    let form = sent(ann.request_get(&format!("{card}/edit"))).await;
    let form = form.text().await.unwrap();
    assert!(
        form.starts_with("<form class=\"panel\" id=\"card\""),
        "{form}"
    );
    assert!(form.contains("value=\"Fix the door\""), "{form}");

    let (status, answer) = part(&ann, &card, &[("title", ""), ("details", "")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        answer.starts_with("<form class=\"panel\" id=\"card\""),
        "{answer}"
    );
    assert!(answer.contains("Give the card a title."), "{answer}");
    let (status, answer) = part(&ann, &card, &[("title", "Paint the door"), ("details", "")]).await;
    assert_eq!(status, StatusCode::OK);
    assert!(answer.starts_with("<article id=\"card\""), "{answer}");
    assert!(answer.contains("Paint the door"), "{answer}");
    // The message comes along, and is not said again on the next page.
    let message =
        "<div hx-swap-oob=\"innerHTML:#notices\"><p class=\"note\">The card is saved.</p></div>";
    assert!(answer.ends_with(message), "{answer}");
    assert!(!ann.page(&card).await.contains("The card is saved."));
}

#[tokio::test]
async fn a_card_is_moved_on_the_board_and_on_its_page() {
    let site = Site::start().await;
    let ann = site.register("ann").await;
    let card = ann.add_card("Fix the door").await;
    ann.page("/").await;
    let status = format!("{card}/status");
    let (_, board) = part(&ann, &status, &[("status", "doing"), ("place", "board")]).await;
    assert!(board.starts_with("<div id=\"board\""), "{board}");
    let (_, doing) = board.split_once("column-doing\">Doing").unwrap();
    let (doing, _) = doing.split_once("</section>").unwrap();
    // The button that did it is gone: the focus is on the card.
    assert!(doing.contains("autofocus>Fix the door</a>"), "{board}");
    let (_, article) = part(&ann, &status, &[("status", "done"), ("place", "card")]).await;
    assert!(article.starts_with("<article id=\"card\""), "{article}");
    assert!(
        article.contains("“Fix the door” is in Done now."),
        "{article}"
    );
}

#[tokio::test]
async fn comments_come_and_go_in_their_place() {
    let site = Site::start().await;
    let ann = site.register("ann").await;
    let card = ann.add_card("Fix the door").await;
    let path = format!("{card}/comments");
    ann.page("/").await;
    let (status, section) = part(&ann, &path, &[("text", " ")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let problem = "id=\"problem\" role=\"alert\"><b>Error:</b> Write something first.</p>";
    assert!(section.contains(problem), "{section}");
    let field = "aria-invalid=\"true\" aria-describedby=\"problem\"> </textarea>";
    assert!(section.contains(field), "{section}");
    let (status, section) = part(&ann, &path, &[("text", "Which one?")]).await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        section.starts_with("<section id=\"discussion\""),
        "{section}"
    );
    assert!(section.contains("Which one?"), "{section}");
    assert!(section.contains("autofocus></textarea>"), "{section}");
    let (_, list) = part(&ann, "/comments/1/delete", &[]).await;
    assert!(list.contains("Nobody has said anything yet."), "{list}");
    assert!(list.contains("The comment is deleted."), "{list}");
}

#[tokio::test]
async fn what_is_fetched_again_leaves_the_messages_for_the_next_page() {
    let site = Site::start().await;
    let ann = site.register("ann").await;
    let card = ann.add_card("Fix the door").await;
    for path in ["/board", &format!("{card}/comments")] {
        let response = sent(ann.request_get(path)).await;
        assert_eq!(response.status(), StatusCode::OK);
        let part = response.text().await.unwrap();
        assert!(part.contains("hx-trigger=\"live from:body\""), "{part}");
        assert!(!part.contains("The card is on the board."), "{part}");
    }
    assert!(ann.page(&card).await.contains("The card is on the board."));
}

#[tokio::test]
async fn refusals_lead_to_the_login_or_have_a_sentence() {
    let site = Site::start().await;
    let ann = site.register("ann").await;
    let card = ann.add_card("Fix the door").await;
    let path = format!("{card}/comments");
    let form = [("text", "Hello")];
    let anybody = site.browser();
    let response = sent(anybody.request_post(&path, &form)).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(response.headers()["hx-redirect"], "/login");

    let bob = site.register("bob").await;
    let response = sent(bob.request_post(&card, &[("title", "Mine"), ("details", "")])).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
    let response = sent(bob.request_post("/cards/9/comments", &form)).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    let problem: serde_json::Value = response.json().await.unwrap();
    assert_eq!(problem["title"], "There is no such thing here.");
}
