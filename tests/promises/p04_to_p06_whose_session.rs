//! Promises 4 to 6: what is not ours is an empty session; two cookies of one name; login and logout.

use std::time::Duration;

use muffin_session_tests::{Answer as _, Browser};
use serde_json::json;

use crate::app::{App, run, state, written};

async fn logged_in(app: &App, id: u64) -> Browser {
    let browser = app.browser();
    run(&browser, &format!("login {id}, insert k {id}")).await;
    browser
}

/// Who a request with this `Cookie` header is. It is answered with 200, and nothing is set or removed.
async fn who_with(app: &App, cookie: &str) -> String {
    let request = app.browser().request(reqwest::Method::GET, "/public");
    let response = request.header("cookie", cookie).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.set_cookies(), [""; 0]);
    response.text().await.unwrap()
}

/// The name and value of the identity, and the data as it stands in a header.
fn parts(browser: &Browser) -> (String, String, String) {
    let (name, value) = browser.jar.find(".id").unwrap();
    let (data_name, data) = browser.jar.find(".data.").unwrap();
    (name, value, format!("{data_name}={data}"))
}

#[tokio::test]
async fn p04_forged_unknown_and_expired_cookies_are_an_empty_session_and_nothing_is_removed() {
    let app = App::new().await;
    let ann = logged_in(&app, 1).await;
    let (name, value, data) = parts(&ann);
    assert_eq!(
        who_with(&app, &format!("{name}={value}; {data}")).await,
        "1"
    );
    let turned: String = value.chars().rev().collect();
    for id in [
        "",
        "eyJ1c2VyIjoxfQ",
        "1",
        &turned,
        &value[1..],
        &format!("{value}A"),
    ] {
        assert_eq!(
            who_with(&app, &format!("{name}={id}; {data}")).await,
            "nobody",
            "{id:?}"
        );
    }
    app.clock.advance(Duration::from_secs(24 * 3_600));
    assert_eq!(
        who_with(&app, &format!("{name}={value}; {data}")).await,
        "nobody",
        "expired"
    );
}

#[tokio::test]
async fn p05_forged_cookies_beside_ours_are_harmless_in_any_order() {
    let app = App::new().await;
    let ann = logged_in(&app, 1).await;
    let (name, value, data) = parts(&ann);
    for cookies in [
        format!("{name}=junk; {name}={value}; {data}"),
        format!("{name}={value}; {name}=junk; {data}"),
        format!("{name}=a; {name}=b; {name}=c; {name}={value}; {data}"),
        format!("{name}={value}; {name}={value}; {data}"),
    ] {
        assert_eq!(who_with(&app, &cookies).await, "1", "{cookies}");
    }
}

#[tokio::test]
async fn p05_requests_that_overlap_each_keep_to_their_own_cookies() {
    let app = App::new().await;
    let mut under_way = Vec::new();
    for id in [1, 2] {
        let (name, value, data) = parts(&logged_in(&app, id).await);
        let cookies = format!("{name}=junk; {name}={value}; {data}; {name}=more");
        let request = app
            .browser()
            .request(reqwest::Method::POST, "/do?script=wait,%20user")
            .header("cookie", cookies);
        under_way.push(tokio::spawn(async { request.send().await.unwrap() }));
        app.gate.arrival().await;
    }
    app.gate.open();
    app.gate.open();
    let mut users = Vec::new();
    for answer in under_way {
        users.push(answer.await.unwrap().text().await.unwrap());
    }
    assert_eq!(users, ["1", "2"]);
}

#[tokio::test]
async fn p06_login_mints_a_new_session_each_time() {
    let app = App::new().await;
    let browser = logged_in(&app, 1).await;
    let mut ids = vec![browser.jar.find(".id").unwrap()];
    let mut data = vec![browser.jar.find(".data.").unwrap().0];
    for script in ["login 1", "renew", "login 2", "logout, login 2"] {
        run(&browser, script).await;
        ids.push(browser.jar.find(".id").unwrap());
        data.push(browser.jar.find(".data.").unwrap().0);
    }
    for list in [
        ids.iter().map(|(_, value)| value).collect::<Vec<_>>(),
        data.iter().collect(),
    ] {
        let mut unique = list.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), list.len());
    }
    assert_eq!(
        browser
            .jar
            .all()
            .keys()
            .filter(|name| name.contains(".data."))
            .count(),
        1
    );
}

#[tokio::test]
async fn p06_only_named_guest_data_moves_over_and_data_of_another_user_never_does() {
    let app = App::with(|builder| builder.carry_on_login(["cart"])).await;
    let browser = app.browser();
    run(&browser, "insert cart full, insert pending_user 1").await;
    run(&browser, "login 1").await;
    assert_eq!(state(&browser).await, (Some(1), json!({ "cart": "full" })));
    run(&browser, "insert private anns").await;
    run(&browser, "login 1").await;
    let own = json!({ "cart": "full", "private": "anns" });
    assert_eq!(
        state(&browser).await,
        (Some(1), own),
        "the same user's data stays"
    );
    run(&browser, "login 2").await;
    assert_eq!(state(&browser).await, (Some(2), json!({})), "s094");
}

#[tokio::test]
async fn p06_logout_ends_identity_and_data_and_is_harmless_when_logged_out() {
    let app = App::new().await;
    let browser = logged_in(&app, 1).await;
    run(&browser, "logout").await;
    assert_eq!(state(&browser).await, (None, json!({})));
    assert_eq!(browser.jar.names(), ["__Host-session.out"]);
    run(&browser, "logout").await;
    assert_eq!(state(&browser).await, (None, json!({})));
}

/// What the documentation says of cookie mode: the list of ended sessions is this process's own.
#[tokio::test]
async fn s085_another_process_does_not_know_of_a_logout() {
    let (here, there) = (App::new().await, App::new().await);
    let browser = logged_in(&here, 1).await;
    let copy = Browser::new(there.site.url(""), browser.stolen().jar);
    run(&browser, "logout").await;
    assert_eq!(state(&copy).await.0, Some(1));
}

async fn half(browser: &Browser) -> String {
    let response = crate::app::perform_in(browser, "half").await;
    response.text().await.unwrap()
}

#[tokio::test]
async fn s092_a_half_done_login_is_no_login_and_ends_by_itself() {
    let app = App::new().await;
    let browser = app.browser();
    let begun = crate::app::perform_in(&browser, "begin 1").await;
    assert_eq!(written(&begun), ["+pending"]);
    assert_eq!(state(&browser).await, (None, json!({})));
    assert_eq!(browser.get("/dashboard").await.status(), 303);
    let copy = browser.stolen();
    app.clock.advance(Duration::from_secs(599));
    assert_eq!(half(&browser).await, "1");
    run(&browser, "login 1").await;
    assert_eq!(half(&browser).await, "nobody", "the login was completed");
    assert!(!browser.jar.has(".pending"));
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(half(&copy).await, "nobody", "ten minutes are over");
}
