//! Messages in templates: taken when they are asked for, the same within one page, and those of others left alone.

use muffin_session_tests::Answer as _;
use reqwest::Method;

use crate::site::{leave, log_in, site};

#[tokio::test]
async fn a_message_is_used_up_by_the_template_that_asks_and_by_none_before() {
    let site = site().await;
    for id in [None, Some(1)] {
        let browser = site.browser();
        if let Some(id) = id {
            log_in(&browser, id).await;
        }
        leave(&browser, &[["message", "one"], ["error", "two"]]).await;
        for quiet in ["/page/quiet.html", "/page/who.html", "/without-template"] {
            let answer = browser.get(quiet).await;
            assert_eq!(answer.status(), 200, "{quiet}");
            assert!(answer.set_cookies().is_empty(), "{quiet}");
        }
        assert_eq!(browser.text("/page/shown.html").await, "one, two");
        assert_eq!(browser.text("/page/shown.html").await, "");
        assert!(!browser.jar.has(".flash."));

        leave(&browser, &[["message", "three"]]).await;
        assert_eq!(browser.text("/alone").await, "three");
        assert_eq!(browser.text("/alone").await, "");
    }
}

#[tokio::test]
async fn a_page_that_asks_again_gets_the_same_ones_in_the_order_in_which_they_were_left() {
    let site = site().await;
    let browser = site.browser();
    leave(
        &browser,
        &[
            ["message", "1"],
            ["error", "2"],
            ["info", "3"],
            ["error", "4"],
        ],
    )
    .await;
    let page = browser.text("/page/twice.html").await;
    assert_eq!(page, "2, 4; 1, 2, 3, 4; 1, 2, 3, 4");
    assert_eq!(browser.text("/page/twice.html").await, "; ; ");
}

#[tokio::test]
async fn included_templates_and_imported_macros_ask_too() {
    let site = site().await;
    let browser = site.browser();
    for page in ["/page/includes.html", "/page/imports.html"] {
        leave(&browser, &[["message", "one"]]).await;
        assert_eq!(browser.text(page).await, "one");
        assert_eq!(browser.text(page).await, "");
    }
}

#[tokio::test]
async fn categories_come_as_pairs_and_by_name() {
    let site = site().await;
    let browser = site.browser();
    for page in ["/page/pairs.html", "/page/named.html"] {
        leave(&browser, &[["message", "one"], ["größe", "two"]]).await;
        assert_eq!(browser.text(page).await, "[message: one][größe: two]");
        assert_eq!(browser.text(page).await, "");
    }
}

#[tokio::test]
async fn a_filter_leaves_the_rest_and_an_empty_one_is_none() {
    let site = site().await;
    let browser = site.browser();
    leave(
        &browser,
        &[
            ["message", "1"],
            ["error", "2"],
            ["errors", "3"],
            ["alarm", "4"],
        ],
    )
    .await;
    assert_eq!(browser.text("/page/errors.html").await, "2, 4");
    assert_eq!(browser.text("/page/errors.html").await, "");
    assert_eq!(browser.text("/page/unfiltered.html").await, "1, 3");
    assert_eq!(browser.text("/page/unfiltered.html").await, "");
}

#[tokio::test]
async fn what_nobody_sees_uses_nothing_up_however_often_it_asks() {
    let site = site().await;
    let browser = site.browser();
    leave(&browser, &[["message", "one"], ["error", "two"]]).await;
    let head = browser.send(Method::HEAD, "/page/twice.html", &[]).await;
    assert_eq!(head.status(), 200);
    assert!(head.set_cookies().is_empty());

    let prefetch = [("sec-purpose", "prefetch")];
    let prefetched = browser
        .send(Method::GET, "/page/twice.html", &prefetch)
        .await;
    assert!(prefetched.set_cookies().is_empty());
    let page = "two; one, two; one, two";
    assert_eq!(prefetched.text().await.unwrap(), page);
    assert_eq!(browser.text("/page/twice.html").await, page);
    assert_eq!(browser.text("/page/twice.html").await, "; ; ");
}

#[tokio::test]
async fn caches_are_told_that_a_page_is_one_visitors_own() {
    let site = site().await;
    let browser = site.browser();
    for page in [
        "/page/quiet.html",
        "/page/shown.html",
        "/anybodys/anybody.html",
    ] {
        let answer = browser.get(page).await;
        assert_eq!(answer.header("cache-control"), "private", "{page}");
        assert_eq!(answer.header("vary"), "Cookie", "{page}");
    }
    leave(&browser, &[["message", "one"]]).await;
    let answer = browser.get("/page/shown.html").await;
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.text().await.unwrap(), "one");
}
