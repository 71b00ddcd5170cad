//! Requests that are not let pass: each is told once, with its reason.

use muffin_session_tests::bare_builder;
use reqwest::Method;
use tracing::Level;

use crate::log::Log;
use crate::site::{HOUR, serve, told};

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
