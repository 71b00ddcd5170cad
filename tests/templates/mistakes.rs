//! What goes wrong is an error that says what, and shows nobody's content.

use axum::extract::FromRequestParts as _;
use axum::http::Request;
use axum::routing::get;
use axum::{Json, Router};
use minijinja::Value;
use muffin_session::{Builder, PageContext};
use muffin_session_tests::{Answer as _, Site, bare_builder};
use serde::Serialize;

use crate::site::{Asked, User, leave, load_user, log_in, pages, post_json, site};

/// Templates with a mistake.
pub(crate) const TEMPLATES: [(&str, &str); 4] = [
    (
        "misspelled.html",
        "{{ get_flashed_messages(categories=['error']) }}",
    ),
    (
        "one_text.html",
        "{{ get_flashed_messages(category_filter='error') }}",
    ),
    (
        "many.html",
        "{{ get_flashed_messages(true, ['error'], 3) }}",
    ),
    ("unknown.html", "{{ current_user.name }}"),
];

#[tokio::test]
async fn a_call_that_is_none_is_an_error_that_uses_nothing_up() {
    let site = site().await;
    let browser = site.browser();
    leave(&browser, &[["error", "one"]]).await;
    for (page, said) in [
        ("misspelled.html", "unknown keyword argument 'categories'"),
        ("one_text.html", "not iterable"),
        ("many.html", "too many arguments"),
    ] {
        let answer = browser.get(&format!("/page/{page}")).await;
        assert_eq!(answer.status(), 500, "{page}");
        assert!(answer.set_cookies().is_empty(), "{page}");
        let text = answer.text().await.unwrap();
        assert!(text.contains(said), "{page}: {text}");
    }
    // Where a page has no user type, a template that shows one is mistaken.
    let answer = browser.get("/anybodys/unknown.html").await;
    assert_eq!(answer.status(), 500);
    assert!(answer.text().await.unwrap().contains("undefined value"));
    assert_eq!(browser.text("/page/shown.html").await, "one");
}

#[tokio::test]
async fn a_page_of_a_type_that_no_loader_loads_is_refused() {
    #[derive(Clone, Serialize)]
    struct Stranger;
    async fn stranger(_: PageContext<Stranger>) {}
    async fn status(builder: Builder) -> (u16, String) {
        let app = Router::new().route("/", get(stranger));
        let site = Site::serve(app.layer(builder.build().expect("sound options"))).await;
        let answer = site.browser().get("/").await;
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
    let with_users = bare_builder().user_loader_with_state(load_user, Asked::default());
    let (code, text) = status(with_users).await;
    assert_eq!(code, 500);
    assert!(text.contains("Stranger"), "{text}");
    let (code, text) = status(bare_builder().without_user_loader()).await;
    assert_eq!(code, 500);
    assert!(text.contains("without_user_loader"), "{text}");

    let (mut parts, ()) = Request::new(()).into_parts();
    let refused = PageContext::<User>::from_request_parts(&mut parts, &()).await;
    let refusal = refused.expect_err("there is no layer");
    assert_eq!(refusal.kind(), muffin_session::RefusalKind::Failed);
}

#[tokio::test]
async fn debug_output_shows_nothing() {
    async fn debugged(page: PageContext<User>, anybodys: PageContext) -> Json<Vec<String>> {
        let mut texts = vec![format!("{page:?}, {anybodys:?}")];
        for context in [Value::from(page), anybodys.into()] {
            let session = context.get_attr("session").expect("a context");
            let function = context.get_attr("get_flashed_messages").expect("a context");
            texts.push(format!(
                "{context:?} {context} {session:?} {session} {function:?}"
            ));
        }
        Json(texts)
    }
    let builder = bare_builder().user_loader_with_state(load_user, Asked::default());
    let app = pages().route("/", get(debugged));
    let site = Site::serve(app.layer(builder.build().expect("sound options"))).await;
    let browser = site.browser();
    log_in(&browser, 1).await;
    post_json(&browser, "/set", serde_json::json!({ "note": "private" })).await;
    leave(&browser, &[["message", "for your eyes"]]).await;
    let text = browser.text("/").await;
    assert!(text.contains("PageContext(..), PageContext(..)"), "{text}");
    for content in ["Ann", "note", "private", "eyes", "argon2id"] {
        assert!(!text.contains(content), "{content}: {text}");
    }
}
