//! Where one is logged in, and ending that from elsewhere.

use reqwest::header::USER_AGENT;

use crate::client::{Browser, Site, all_between, password_of, redirect};

/// The ids of the logins that the page offers to end.
async fn others(browser: &Browser) -> Vec<String> {
    let page = browser.page("/account/devices").await;
    let ids = all_between(&page, "action=\"/account/devices/", "/end\"");
    ids.into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_login_elsewhere_is_listed_and_ended() {
    let site = Site::start().await;
    let ann = site.register("ann").await;
    let page = ann.page("/account/devices").await;
    assert!(page.contains("You are logged in here, and nowhere else."));

    let phone = site.browser();
    let form = [("name", "ann"), ("password", &*password_of("ann"))];
    let request = phone.request_post("/login", &form);
    let request = request.header(USER_AGENT, "Mozilla/5.0 (Linux; Android 16) Mobile");
    assert_eq!(redirect(&request.send().await.unwrap()), "/");
    let page = ann.page("/account/devices").await;
    assert!(page.contains("An Android device"), "{page}");
    let ids = all_between(&page, "action=\"/account/devices/", "/end\"");
    let [id] = ids[..] else {
        panic!("{ids:?}");
    };

    // It is good for nothing in other hands.
    let bob = site.register("bob").await;
    let end = format!("/account/devices/{id}/end");
    bob.post(&end, &[]).await;
    let page = bob.page("/account/devices").await;
    assert!(page.contains("That login was over already."));
    assert!(phone.is_logged_in().await);

    assert_eq!(redirect(&ann.post(&end, &[]).await), "/account/devices");
    assert!(
        ann.page("/account/devices")
            .await
            .contains("You are logged out there.")
    );
    assert!(!phone.is_logged_in().await);
    assert!(ann.is_logged_in().await);
}

#[tokio::test]
async fn all_other_logins_are_ended_at_once() {
    let site = Site::start().await;
    let ann = site.register("ann").await;
    let elsewhere = [site.log_in("ann").await, site.log_in("ann").await];
    assert_eq!(others(&ann).await.len(), 2);
    let response = ann.post("/account/devices/end-others", &[]).await;
    assert_eq!(redirect(&response), "/account/devices");
    for browser in &elsewhere {
        assert!(!browser.is_logged_in().await);
    }
    assert!(others(&ann).await.is_empty());
}
