//! Promises 7 and 8: a guard runs before any other extractor, and a failure is not "nobody".

use muffin_session_tests::Answer as _;

use crate::app::{App, run};

/// More than axum takes.
static LARGE: [u8; 3_000_000] = [b'['; 3_000_000];

#[tokio::test]
async fn p07_and_s216_an_anonymous_request_never_reaches_the_body() {
    let app = App::new().await;
    let browser = app.browser();
    let send = |body: &'static [u8]| {
        browser
            .request(reqwest::Method::POST, "/body")
            .header("content-type", "application/json")
            .body(body)
            .send()
    };
    for body in [&b"{}"[..], b"{malformed", &LARGE] {
        let refused = send(body).await.unwrap();
        assert_eq!(refused.status(), 401, "who sends JSON is a program");
        assert_eq!(refused.header("location"), "");
    }
    let form = browser.request(reqwest::Method::POST, "/body").body("a=b");
    let refused = form.send().await.unwrap();
    assert_eq!(
        (refused.status().as_u16(), refused.header("location")),
        (303, "/login".to_owned()),
        "a POST leaves no `next`"
    );
    run(&browser, "login 1").await;
    assert_eq!(send(b"{malformed").await.unwrap().status(), 400);
    assert_eq!(send(&LARGE).await.unwrap().status(), 413);
    assert_eq!(send(b"{}").await.unwrap().text().await.unwrap(), "{}");
}

#[tokio::test]
async fn p08_a_failing_loader_is_an_error_for_those_who_asked_and_for_nobody_else() {
    let app = App::new().await;
    let browser = app.browser();
    run(&browser, "login 500, insert k v").await;
    for path in ["/dashboard", "/admin", "/public"] {
        let response = browser.get(path).await;
        assert_eq!(response.status(), 500, "{path}");
        let text = response.text().await.unwrap();
        assert!(!text.contains("database"), "{path}: {text}");
    }
    assert!(browser.get("/show").await.status().is_success());
    assert!(browser.get("/untouched").await.status().is_success());
    assert!(browser.jar.has(".id"), "the login is not lost");
}

#[muffin_session::login_required]
async fn guarded() -> &'static str {
    "in"
}

async fn open(session: muffin_session::Session) -> String {
    session.is_logged_in().to_string()
}

#[tokio::test]
async fn p08_a_missing_layer_is_an_error_and_lets_nobody_in() {
    use axum::routing::get;
    let app = App::new().await;
    let ann = app.browser();
    run(&ann, "login 1").await;

    let bare = axum::Router::new()
        .route("/guarded", get(guarded))
        .route("/open", get(open));
    let bare = muffin_session_tests::Site::serve(bare).await;
    let browser = muffin_session_tests::Browser::new(bare.url(""), ann.jar.clone());
    for path in ["/guarded", "/open"] {
        assert_eq!(browser.get(path).await.status(), 500, "{path}");
    }
}
