//! Promises 15 and 16: a redirect goes where it should, and writes of other sites are refused.

use muffin_session_tests::Answer as _;
use reqwest::Method;

use crate::app::{App, run, state};

#[tokio::test]
async fn p15_pages_are_sent_to_the_login_page_with_the_whole_way_back() {
    let app = App::new().await;
    let browser = app.browser();
    for (path, next) in [
        ("/dashboard", "%2Fdashboard"),
        ("/dashboard?x=1&y=%2F", "%2Fdashboard%3Fx%3D1%26y%3D%252F"),
        ("/account/orders?page=2", "%2Faccount%2Forders%3Fpage%3D2"),
    ] {
        let response = browser.get(path).await;
        assert_eq!(response.status(), 303, "{path}");
        assert_eq!(response.header("location"), format!("/login?next={next}"));
    }
    let response = browser.post("/dashboard").await;
    assert_eq!(response.status(), 303, "s141");
    assert_eq!(
        response.header("location"),
        "/login",
        "a POST cannot be repeated by a redirect"
    );
}

#[tokio::test]
async fn p15_scripts_get_a_status_and_a_document_and_htmx_its_own_redirect() {
    let app = App::new().await;
    let (nobody, bob) = (app.browser(), app.browser());
    run(&bob, "login 2").await;
    for headers in [
        &[("accept", "application/json")][..],
        &[("sec-fetch-mode", "cors"), ("accept", "*/*")],
        &[("x-requested-with", "XMLHttpRequest")],
    ] {
        for (browser, path, status) in [(&nobody, "/dashboard", 401), (&bob, "/admin", 403)] {
            let response = browser.send(Method::GET, path, headers).await;
            assert_eq!(response.status(), status, "{path} {headers:?}");
            assert_eq!(response.header("content-type"), "application/problem+json");
            assert_eq!(response.header("location"), "");
            let document: serde_json::Value = response.json().await.unwrap();
            assert_eq!(document["status"], status);
        }
    }
    let htmx = [
        ("hx-request", "true"),
        ("hx-current-url", "https://evil.example/"),
    ];
    let response = nobody.send(Method::GET, "/dashboard", &htmx).await;
    assert_eq!(response.status(), 401);
    assert_eq!(response.header("hx-redirect"), "/login");
    let response = bob.send(Method::GET, "/admin", &htmx).await;
    assert_eq!(
        (response.status().as_u16(), response.header("hx-redirect")),
        (403, String::new())
    );
}

#[tokio::test]
async fn p15_and_s229_somebody_refused_gets_no_next_or_a_403() {
    let app = App::new().await;
    let bob = app.browser();
    run(&bob, "login 2").await;
    let response = bob.get("/admin").await;
    assert_eq!(
        (response.status().as_u16(), response.header("location")),
        (303, "/login".into())
    );
    let strict = App::with(muffin_session::Builder::forbid_refused).await;
    let bob = strict.browser();
    run(&bob, "login 2").await;
    let response = bob.get("/admin").await;
    assert_eq!(response.status(), 403);
    // For people, who may be shown it as it is.
    assert_eq!(response.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(response.header("cache-control"), "no-store");
    assert_eq!(
        response.text().await.unwrap(),
        "You are not allowed to do this"
    );
    assert_eq!(
        strict.browser().get("/admin").await.status(),
        303,
        "nobody still goes to the login page"
    );
}

#[tokio::test]
async fn p16_unsafe_requests_of_other_sites_are_refused_before_anything_happens() {
    let app = App::new().await;
    let browser = app.browser();
    run(&browser, "login 1, insert k v").await;
    let before = state(&browser).await;
    let own = app.site.url("");
    let cases = [
        (
            &[
                ("sec-fetch-site", "cross-site"),
                ("origin", "https://evil.example"),
            ][..],
            403,
            "s142",
        ),
        (
            &[
                ("sec-fetch-site", "same-site"),
                ("origin", "https://b.example.com"),
            ],
            403,
            "s143",
        ),
        (&[("origin", "https://evil.example")], 403, "s144"),
        (&[("origin", "null")], 403, "s145"),
        (&[("referer", "https://evil.example/page")], 403, "s147"),
        (&[("origin", "https://evil@127.0.0.1")], 403, "s149"),
        (
            &[("sec-fetch-site", "same-origin"), ("origin", &own)],
            200,
            "own",
        ),
        (&[("origin", &own)], 200, "own, older browser"),
        (&[("referer", &own)], 200, "own page"),
        (&[], 200, "no browser"),
    ];
    for (headers, status, case) in cases {
        let response = browser
            .send(Method::POST, "/do?script=flash%20x", headers)
            .await;
        assert_eq!(response.status(), status, "{case}");
        if status == 403 {
            assert!(response.set_cookies().is_empty(), "{case}");
            assert_eq!(response.header("cache-control"), "no-store", "s161");
        }
    }
    assert_eq!(state(&browser).await, before);
    let login = [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
    ];
    let forged = app
        .browser()
        .send(Method::POST, "/do?script=login%201", &login)
        .await;
    assert_eq!(forged.status(), 403, "s155: login too");
}

#[tokio::test]
async fn p16_safe_requests_and_trusted_origins_pass_and_the_check_can_be_left_out() {
    let partner = [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://partner.example"),
    ];
    let app = App::with(|builder| builder.trusted_origin("https://partner.example")).await;
    let browser = app.browser();
    assert_eq!(
        browser.send(Method::GET, "/show", &partner).await.status(),
        200
    );
    assert_eq!(
        browser
            .send(Method::POST, "/do?script=flash%20x", &partner)
            .await
            .status(),
        200
    );
    let downgraded = [
        ("sec-fetch-site", "cross-site"),
        ("origin", "http://partner.example"),
    ];
    let response = browser
        .send(Method::POST, "/do?script=flash%20x", &downgraded)
        .await;
    assert_eq!(response.status(), 403, "s152");

    let open = App::with(muffin_session::Builder::without_cross_site_check).await;
    let response = open
        .browser()
        .send(Method::POST, "/do?script=flash%20x", &partner)
        .await;
    assert_eq!(response.status(), 200);
}
