//! Behind a proxy: whose wrong passwords are whose.

use board::settings::Settings;
use reqwest::StatusCode;

use crate::client::{Browser, Site, password_of};

/// A site behind a proxy on this machine, if it is known to be one.
async fn site(proxies: Option<&str>) -> Site {
    let proxies = proxies.map(|addresses| addresses.parse().unwrap());
    let settings = Settings::new("sqlite::memory:".to_owned(), None).unwrap();
    Site::start_behind(proxies.unwrap_or_default(), &settings).await
}

/// What a login is answered that comes through the proxy with this header.
async fn log_in(browser: &Browser, forwarded_for: &str, password: &str) -> StatusCode {
    let form = [("name", "ann"), ("password", password)];
    let request = browser.request_post("/login", &form);
    let request = request.header("X-Forwarded-For", forwarded_for);
    request.send().await.unwrap().status()
}

#[tokio::test]
async fn one_visitors_wrong_passwords_lock_nobody_else_out() {
    let site = site(Some("127.0.0.1")).await;
    site.register("ann").await;
    let right = password_of("ann");
    let browser = site.browser();
    for number in 0..10 {
        // However the visitor names itself: the proxy has added where it was on the right.
        let forwarded_for = format!("198.51.100.{number}, 192.0.2.1");
        let status = log_in(&browser, &forwarded_for, "wrong").await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    }
    let status = log_in(&browser, "198.51.100.99, 192.0.2.1", &right).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    let status = log_in(&browser, "192.0.2.2", &right).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn registrations_are_counted_by_visitor_too() {
    let site = site(Some("127.0.0.1")).await;
    site.register("ann").await;
    let browser = site.browser();
    let password = password_of("ann");
    let form = [
        ("name", "ann"),
        ("password", &*password),
        ("again", &*password),
    ];
    let register = async |forwarded_for: &str| {
        let request = browser.request_post("/register", &form);
        let request = request.header("X-Forwarded-For", forwarded_for);
        request.send().await.unwrap().status()
    };
    for _ in 0..20 {
        let status = register("192.0.2.1").await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(register("192.0.2.1").await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        register("192.0.2.2").await,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

#[tokio::test]
async fn who_is_no_proxy_is_not_believed() {
    for proxies in [None, Some("10.0.0.1")] {
        let site = site(proxies).await;
        site.register("ann").await;
        let browser = site.browser();
        for number in 0..10 {
            let status = log_in(&browser, &format!("192.0.2.{number}"), "wrong").await;
            assert_eq!(status, StatusCode::UNAUTHORIZED);
        }
        let status = log_in(&browser, "192.0.2.99", &password_of("ann")).await;
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    }
}
