//! Requests that are not let pass: each is told once, with its reason.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use muffin_session_tests::bare_builder;
use reqwest::Method;
use tower::ServiceExt as _;
use tracing::Level;

use crate::log::Log;
use crate::site::{HOUR, app, serve, told};

#[tokio::test]
async fn each_refusal_says_why_where_and_who() {
    let (builder, trail, clock) = told(bare_builder().lifetime(24 * HOUR));
    let browser = serve(builder.build().unwrap()).await;
    let log = Log::begin();
    browser.get("/members/only?q=1").await;
    let refused = trail.all();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].reason(), Some("not_logged_in"));
    assert_eq!(refused[0].user_id::<u64>(), None);
    assert_eq!(refused[0].path(), Some("/members/only"), "of the whole URL");
    let logged = log.named();
    assert_eq!(logged.len(), 1);
    assert_eq!(logged[0].name, "session.refused");
    assert_eq!(logged[0].level, Level::DEBUG);
    assert_eq!(logged[0].field("reason"), "not_logged_in");
    assert_eq!(logged[0].field("method"), "GET");
    assert_eq!(logged[0].field("path"), "/members/only");

    browser.post("/log-in/1").await;
    trail.all();
    browser.get("/seven").await;
    assert_eq!(trail.lines(), ["session.refused denied 1"]);
    assert_eq!(browser.get("/teapot").await.status(), 418);
    assert_eq!(trail.lines(), ["session.refused answered 1"]);
    browser.get("/fresh").await;
    assert_eq!(trail.lines(), [""; 0]);
    clock.advance(HOUR);
    browser.get("/fresh").await;
    assert_eq!(trail.lines(), ["session.refused not_fresh 1"]);
}

#[tokio::test]
async fn other_sites_are_refused_by_either_check_and_told_of_once() {
    let (builder, trail, _) = told(bare_builder());
    let browser = serve(builder.build().unwrap()).await;
    browser.post("/log-in/1").await;
    trail.all();
    let log = Log::begin();
    let upgrade = [
        ("origin", "https://evil.example"),
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
    ];
    for (method, path, headers) in [
        (Method::POST, "/log-out", &[upgrade[0]][..]),
        (
            Method::POST,
            "/log-out",
            &[("referer", "https://evil.example/page")],
        ),
        (Method::GET, "/members/only", &upgrade),
    ] {
        let answer = browser.send(method.clone(), path, headers).await;
        assert_eq!(answer.status(), 403, "{headers:?}");
        let refused = trail.all();
        assert_eq!(refused.len(), 1, "{headers:?}");
        assert_eq!(refused[0].reason(), Some("cross_site"));
        assert_eq!(refused[0].method(), Some(&method));
        assert_eq!(refused[0].path(), Some(path));
        assert!(
            refused[0]
                .extension::<crate::site::RequestNumber>()
                .is_some()
        );
        let logged = log.named();
        assert_eq!(logged.len(), 1);
        assert_eq!(logged[0].level, Level::WARN);
        assert_eq!(logged[0].field("reason"), "cross_site");
        assert_eq!(logged[0].field("path"), path);
    }
    // A handler's own 403 is none.
    browser.get("/seven").await;
    assert_eq!(trail.lines(), ["session.refused denied 1"]);
}

/// What a checker's extractor refuses is the guard's to decide.
#[tokio::test]
async fn a_checkers_extractors_do_not_tell() {
    let (builder, trail, _) = told(bare_builder());
    let browser = serve(builder.build().unwrap()).await;
    browser.get("/owned/1").await;
    assert_eq!(trail.lines(), ["session.refused not_logged_in"]);
    assert_eq!(browser.get("/shared/1").await.status(), 200);
    assert_eq!(trail.lines(), [""; 0], "another checker has let it pass");
    browser.get("/shared/2").await;
    assert_eq!(trail.lines(), ["session.refused not_logged_in"]);
    browser.post("/log-in/1").await;
    trail.all();
    browser.get("/owned/2").await;
    assert_eq!(trail.lines(), ["session.refused denied 1"]);
}

#[tokio::test]
async fn a_nested_site_tells_of_the_whole_path() {
    let (builder, trail, _) = told(bare_builder());
    let site = Router::new().nest("/shop", app(builder.build().unwrap()));
    for header in ["origin", "referer"] {
        let request = Request::post("/shop/log-out").header(header, "https://evil.example");
        let request = request
            .header("host", "shop.example")
            .header("cookie", "__Host-session.id=x");
        let request = request.body(Body::empty()).unwrap();
        let answer = site.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), 403, "{header}");
        assert_eq!(trail.all()[0].path(), Some("/shop/log-out"), "{header}");
    }
}
