//! Who may read what.

use reqwest::StatusCode;

use crate::running::{Browser, Running, redirect};

async fn log_in(site: &Running, name: &str) -> Browser {
    let browser = site.browser();
    browser.done(&format!("/login/{name}")).await;
    browser
}

#[tokio::test]
async fn checkers_decide_and_one_answers_with_its_page() {
    let site = Running::start(env!("CARGO_BIN_EXE_custom_checker"), &[]);
    let guest = site.browser();
    let ann = log_in(&site, "ann").await;
    let bob = log_in(&site, "bob").await;
    let eve = log_in(&site, "eve").await;

    let reports = guest.get("/reports").await;
    assert_eq!(redirect(&reports), "/login?next=%2Freports");
    assert_eq!(ann.get("/reports").await.status(), StatusCode::OK);
    for refused in [bob.get("/reports").await, eve.get("/reports").await] {
        assert_eq!(redirect(&refused), "/login");
    }

    assert_eq!(ann.text("/notes/0").await, "Note 0\n");
    assert_eq!(bob.text("/notes/1").await, "Note 1\n");
    let note = guest.get("/notes/0").await;
    assert_eq!(redirect(&note), "/login?next=%2Fnotes%2F0");
    for refused in [ann.get("/notes/1").await, ann.get("/notes/2").await] {
        assert_eq!(refused.status(), StatusCode::FORBIDDEN);
        assert!(refused.text().await.unwrap().contains("<h1>Not yours</h1>"));
    }
}
