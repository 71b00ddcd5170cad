//! What keeps two applications apart, and what two share.

use muffin_session::{Builder, Secret, Session, Sessions};
use muffin_session_tests::{Answer as _, Browser, Jar, SECRET, Site, builder};

use crate::attributes::app;

/// Somebody who is logged in, looking at another site with the same cookies under that site's names.
fn at(site: &Site, browser: &Browser, prefix: &str, other_prefix: &str) -> Browser {
    let jar = Jar::default();
    for (name, value) in browser.jar.all() {
        let rest = name.strip_prefix(prefix).expect("its own names");
        jar.set(&format!("{other_prefix}{rest}"), &value);
    }
    Browser::new(site.url(""), jar)
}

#[tokio::test]
async fn s028_s045_cookies_of_other_options_are_nobodys_under_whatever_name() {
    type Options = fn() -> Builder;
    let options: [(Options, &str); 8] = [
        (builder, "__Host-session."),
        (|| builder().app_name("shop"), "__Host-session."),
        (|| builder().app_name("shop-staging"), "__Host-session."),
        (|| builder().cookie_name("other"), "__Host-other."),
        (|| builder().domain("example.com"), "__Secure-session."),
        (|| builder().allow_plain_http(), "session."),
        (|| builder().encrypted(), "__Host-session."),
        (
            || Sessions::builder(Secret::new(SECRET.to_lowercase())),
            "__Host-session.",
        ),
    ];
    let mut sites = Vec::new();
    for (options, prefix) in options {
        let site = Site::serve(app(options())).await;
        let browser = site.browser();
        browser.post("/login").await;
        assert_eq!(browser.text("/").await, "1");
        sites.push((site, browser, prefix));
    }
    for (index, (_, browser, prefix)) in sites.iter().enumerate() {
        for (other, (site, _, other_prefix)) in sites.iter().enumerate() {
            let there = at(site, browser, prefix, other_prefix);
            let answer = there.get("/").await;
            assert_eq!(answer.set_cookies(), [""; 0]);
            let wanted = if index == other { "1" } else { "nobody" };
            assert_eq!(
                answer.text().await.expect("a body"),
                wanted,
                "{index} at {other}"
            );
        }
    }
}

#[tokio::test]
async fn s085_clones_share_the_list_of_ended_sessions_and_sessions_of_their_own_do_not() {
    let sessions = builder()
        .without_user_loader()
        .build()
        .expect("good options");
    let app = |sessions: Sessions| {
        let who = async |session: Session| session.is_logged_in().to_string();
        let login = async |session: Session| session.login(1);
        let logout = async |session: Session| session.logout();
        axum::Router::new()
            .route("/", axum::routing::get(who))
            .route("/login", axum::routing::post(login))
            .route("/logout", axum::routing::post(logout))
            .layer(sessions)
    };
    let one = Site::serve(app(sessions.clone())).await;
    let clone = Site::serve(app(sessions.clone())).await;
    let own = builder()
        .without_user_loader()
        .build()
        .expect("good options");
    let apart = Site::serve(app(own)).await;

    let browser = one.browser();
    browser.post("/login").await;
    let copy = Jar::default();
    copy.restore(&browser.jar.all());
    let looks = async |site: &Site| Browser::new(site.url(""), copy.clone()).text("/").await;
    for site in [&one, &clone, &apart] {
        assert_eq!(looks(site).await, "true");
    }
    browser.post("/logout").await;
    assert_eq!(looks(&one).await, "false");
    assert_eq!(looks(&clone).await, "false");
    assert_eq!(looks(&apart).await, "true");
}

#[tokio::test]
async fn s072_s074_the_first_secret_signs_and_those_that_are_listed_verify() {
    let (old, new) = (SECRET, "another secret: q8Wn5Zt1XkB7vJ3m");
    let secret = |text: &str| Secret::new(text);
    let before = Site::serve(app(Sessions::builder(secret(old)))).await;
    let during = Site::serve(app(Sessions::builder(secret(new)).verify_with(secret(old)))).await;
    let after = Site::serve(app(Sessions::builder(secret(new)))).await;

    let browser = before.browser();
    browser.post("/login").await;
    let there = |site: &Site, browser: &Browser| Browser::new(site.url(""), browser.jar.clone());
    assert_eq!(there(&during, &browser).text("/").await, "1");
    assert_eq!(there(&after, &browser).text("/").await, "nobody");

    let browser = during.browser();
    browser.post("/login").await;
    assert_eq!(there(&after, &browser).text("/").await, "1");
    assert_eq!(there(&before, &browser).text("/").await, "nobody");
}
