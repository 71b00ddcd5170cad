//! Promise 3: nothing is sent that did not change, and no cache gets what is one visitor's own.

use muffin_session_tests::Answer as _;

use crate::app::{App, perform_in, run};

#[tokio::test]
async fn p03_what_did_not_ask_for_the_session_gets_no_header() {
    let app = App::new().await;
    let browser = app.browser();
    run(&browser, "login 1").await;
    let response = browser.get("/untouched").await;
    for header in ["set-cookie", "vary", "cache-control"] {
        assert_eq!(response.header(header), "", "{header}");
    }
}

#[tokio::test]
async fn p03_what_read_it_varies_by_cookie_and_is_private() {
    let app = App::new().await;
    for script in [None, Some("login 1")] {
        let browser = app.browser();
        if let Some(script) = script {
            run(&browser, script).await;
        }
        for path in ["/show", "/public"] {
            let response = browser.get(path).await;
            assert_eq!(response.header("vary"), "Cookie", "{path}");
            assert_eq!(response.header("cache-control"), "private", "{path}");
            assert_eq!(response.header("set-cookie"), "", "{path}");
        }
    }
}

#[tokio::test]
async fn p03_what_changed_it_must_not_be_stored() {
    let app = App::new().await;
    let response = perform_in(&app.browser(), "insert k v").await;
    assert_eq!(response.header("cache-control"), "no-store");
    assert_eq!(response.header("vary"), "Cookie");
    assert_eq!(response.set_cookies().len(), 1);
}

#[tokio::test]
async fn p03_guarded_answers_and_refusals_must_not_be_stored() {
    let app = App::new().await;
    let browser = app.browser();
    for _ in 0..2 {
        for path in ["/dashboard", "/admin"] {
            let response = browser.get(path).await;
            assert_eq!(response.header("cache-control"), "no-store", "{path}");
            assert_eq!(response.header("vary"), "Cookie", "{path}");
        }
        run(&browser, "login 1").await;
    }
}

#[tokio::test]
async fn s162_and_s168_a_handlers_wish_to_be_cached_is_narrowed_and_its_vary_kept() {
    let app = App::new().await;
    let response = app.browser().get("/cached").await;
    assert_eq!(response.header("cache-control"), "private, max-age=3600");
    assert_eq!(response.header("vary"), "accept-encoding, Cookie");
}

#[tokio::test]
async fn p03_auto_load_reads_before_each_handler() {
    let app = App::with(|builder| builder.auto_load(true)).await;
    let response = app.browser().get("/untouched").await;
    assert_eq!(response.header("vary"), "Cookie");
    assert_eq!(response.header("set-cookie"), "");
}

#[tokio::test]
async fn p06_parity_changes_are_sent_on_error_answers_too() {
    let app = App::new().await;
    let response = perform_in(&app.browser(), "insert k v, fail").await;
    assert_eq!(response.status(), 400);
    assert_eq!(response.set_cookies().len(), 1);
}

#[tokio::test]
async fn s067_a_handler_cannot_set_the_sessions_cookies_and_two_layers_do_not_fight() {
    use axum::routing::get;
    async fn forge() -> impl axum::response::IntoResponse {
        let cookies = ["__Host-session.id=x; Path=/; Secure", "other=1"];
        axum::response::AppendHeaders(cookies.map(|cookie| ("set-cookie", cookie)))
    }
    async fn log_in(session: muffin_session::Session) {
        session.login(1).unwrap();
    }
    let sessions = muffin_session_tests::builder()
        .without_user_loader()
        .build()
        .unwrap();
    let router = axum::Router::new()
        .route("/forge", get(forge))
        .route("/log-in", get(log_in));
    for router in [
        router.clone().layer(sessions.clone()),
        router.layer(sessions.clone()).layer(sessions),
    ] {
        let site = muffin_session_tests::Site::serve(router).await;
        let browser = site.browser();
        assert_eq!(browser.get("/forge").await.set_cookies(), ["other=1"]);
        browser.get("/log-in").await;
        assert!(browser.jar.has(".id") && browser.jar.has(".data."));
    }
}
