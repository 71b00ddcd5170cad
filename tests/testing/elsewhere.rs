//! A visitor's cookies where something else sends the requests: over TCP, and by `oneshot`.

use axum::body::Body;
use axum::http::Request;
use axum::http::header::COOKIE;
use muffin_session::MemoryStore;
use muffin_session::testing::{ResponseExt as _, TestApp, Visitor, assert_refused};
use muffin_session::{Builder, RefusalKind};
use muffin_session_tests::{Site, bare_builder};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response};
use tower::ServiceExt as _;

use crate::{load_user, router};

async fn sent(visitor: &Visitor, site: &Site, method: Method, path: &str) -> Response {
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let request = client
        .request(method, site.url(path))
        .header(COOKIE, visitor.cookie_header());
    let response = request.send().await.unwrap();
    visitor.absorb(response.headers());
    response
}

#[tokio::test]
async fn an_application_that_listens_takes_a_visitors_cookies_and_the_visitor_takes_its() {
    let ways: [fn(Builder) -> Builder; 2] = [
        |builder| builder,
        |builder| builder.store(MemoryStore::new()),
    ];
    for way in ways {
        let sessions = way(bare_builder()).user_loader(load_user).build().unwrap();
        let site = Site::serve(router().layer(sessions.clone())).await;
        // Here is no more of the application than its sessions.
        let app = TestApp::new(axum::Router::new(), &sessions);
        let ann = app.login_as(1).await.unwrap();
        let page = sent(&ann, &site, Method::GET, "/").await;
        assert_eq!(page.text().await.unwrap(), "Hello, Ann");

        sent(&ann, &site, Method::POST, "/save").await;
        ann.assert_flashed("success", "Saved").await;
        ann.session(async |session| session.flash("And more"))
            .await
            .unwrap();
        let page = sent(&ann, &site, Method::GET, "/flashes").await;
        let expected = "success: Saved, message: Have a nice day, message: And more";
        assert_eq!(page.text().await.unwrap(), expected);
        assert!(ann.flashes().await.is_empty());

        sent(&ann, &site, Method::POST, "/logout").await;
        assert!(!ann.session(async |session| session.is_logged_in()).await);
        let page = sent(&ann, &site, Method::GET, "/").await;
        assert_eq!(page.status(), 303);
        sent(&ann, &site, Method::POST, "/login/2").await;
        let user = ann.session(async |session| session.user_id::<u64>()).await;
        assert_eq!(user.unwrap(), Some(2));
    }
}

#[tokio::test]
async fn a_plain_oneshot_has_responses_that_can_be_asked_too() {
    let sessions = bare_builder().user_loader(load_user).build().unwrap();
    let router = router().layer(sessions.clone());
    let app = TestApp::new(router.clone(), &sessions);
    let bob = app.login_as(2).await.unwrap();
    let request = |path: &str| {
        let request = Request::get(path).header(COOKIE, bob.cookie_header());
        request.body(Body::empty()).unwrap()
    };
    let response = router.clone().oneshot(request("/")).await.unwrap();
    assert_eq!(response.text().await, "Hello, Bob");
    let response = router.oneshot(request("/admin")).await.unwrap();
    assert_refused(&response, RefusalKind::Denied);
}
