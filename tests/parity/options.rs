//! Options: from the builder, from the environment, and what the cookies show of them.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::routing::{get, post};
use muffin_session::{Builder, Error, SameSite, Secret, Session, Sessions, user_pass};
use muffin_session_tests::{Answer, Browser, SECRET, TestClock, builder};
use serde_json::json;

use crate::{User, alone, load_user, log_in, post_json, serve, visitor, with_users};

/// For whom the default checker allows.
#[user_pass]
async fn staff() -> &'static str {
    "staff"
}

/// Asks for no session.
async fn open() -> &'static str {
    "open"
}

fn pages() -> Router {
    Router::new()
        .route("/staff", get(staff))
        .route("/open", get(open))
}

/// The options as code, but for the default checker.
fn written(secret: &str) -> Builder {
    Sessions::builder(Secret::new(secret))
        .app_name("shop")
        .auto_load(true)
        .login_url("/sign-in")
        .max_age(Duration::from_secs(3600))
        .domain("example.com")
}

/// A checker is code: it is given to the builder, wherever that comes from.
fn checked(builder: Builder) -> Builder {
    builder
        .user_loader(load_user)
        .default_user_checker(User::is_admin)
}

/// Where the secret and the app name were read right, a login elsewhere counts here.
async fn secret_is_the_tests(here: &Browser, elsewhere: Builder) -> bool {
    let site = serve(elsewhere.user_loader(load_user), Router::new()).await;
    here.jar.restore(&visitor(&site, 1).await.jar.all());
    let is_known = here.text("/who").await == "ann";
    here.jar.drop("");
    is_known
}

async fn options_hold(configured: Builder) {
    let site = serve(checked(configured), pages()).await;
    let browser = site.browser();
    assert!(
        secret_is_the_tests(&browser, written(SECRET)).await,
        "secret"
    );
    let other = written("b9Wn4xTz7Qk2Ls6Vy1Hd8Rf5Gc3Jm0Pa");
    assert!(
        !secret_is_the_tests(&browser, other).await,
        "another secret"
    );

    let open = browser.get("/open").await;
    assert_eq!(open.header("vary"), "Cookie", "auto_load");
    let refused = browser.get("/staff").await;
    assert_eq!(
        refused.header("location"),
        "/sign-in?next=%2Fstaff",
        "login_url"
    );

    let login = log_in(&browser, json!(2)).await.set_cookies();
    assert_eq!(login.len(), 2, "{login:?}");
    for cookie in login {
        assert!(cookie.contains("; Max-Age=3600"), "max_age: {cookie}");
        assert!(cookie.contains("; Domain=example.com"), "domain: {cookie}");
    }
    let refused = browser.get("/staff").await;
    assert_eq!(
        refused.header("location"),
        "/sign-in",
        "default_user_checker"
    );
    log_in(&browser, json!(1)).await;
    assert_eq!(browser.text("/staff").await, "staff");
}

async fn options_have_defaults(configured: Builder) {
    let site = serve(configured.user_loader(load_user), pages()).await;
    let browser = site.browser();
    assert_eq!(browser.get("/open").await.header("vary"), "", "auto_load");
    let refused = browser.get("/staff").await;
    assert_eq!(
        refused.header("location"),
        "/login?next=%2Fstaff",
        "login_url"
    );
    for cookie in log_in(&browser, json!(2)).await.set_cookies() {
        assert!(!cookie.contains("Max-Age"), "max_age: {cookie}");
        assert!(!cookie.contains("Domain"), "domain: {cookie}");
    }
    assert_eq!(
        browser.text("/staff").await,
        "staff",
        "default_user_checker"
    );
}

#[tokio::test]
async fn p01_options_come_from_the_builder_and_the_environment() {
    const THIS: &str = "options::p01_options_come_from_the_builder_and_the_environment";
    match alone::part().as_deref() {
        Some("all are set") => return options_hold(Sessions::from_env().unwrap()).await,
        Some("none is set") => return options_have_defaults(Sessions::from_env().unwrap()).await,
        _ => {}
    }
    options_hold(written(SECRET)).await;
    options_have_defaults(builder()).await;

    let needed = [("SESSION_SECRET", SECRET), ("SESSION_APP_NAME", "shop")];
    let others = [
        ("SESSION_AUTO_LOAD", "true"),
        ("SESSION_LOGIN_URL", "/sign-in"),
        ("SESSION_MAX_AGE", "3600"),
        ("SESSION_DOMAIN", "example.com"),
    ];
    alone::run(THIS, "all are set", &[&needed[..], &others].concat());
    alone::run(THIS, "none is set", &needed);
}

/// Answers with how many sessions the user has, which nobody can tell where they are in cookies.
async fn sessions(session: Session) -> Result<String, Error> {
    Ok(session.all_sessions().await?.len().to_string())
}

#[tokio::test]
async fn the_store_comes_from_the_environment() {
    const THIS: &str = "options::the_store_comes_from_the_environment";
    let needed = [("SESSION_SECRET", SECRET), ("SESSION_APP_NAME", "shop")];
    let built = || Sessions::from_env().and_then(|builder| builder.user_loader(load_user).build());
    let refused = |said: &[&str]| {
        let message = built().map(drop).unwrap_err().to_string();
        assert!(!message.contains("hunter2"), "{message}");
        for part in said {
            assert!(message.contains(part), "{message}");
        }
    };
    match alone::part().as_deref() {
        None => {
            let store = |url| [&needed[..], &[("SESSION_STORE", url)]].concat();
            alone::run(THIS, "in memory", &store("memory:"));
            alone::run(THIS, "in cookies", &store(" "));
            alone::run(THIS, "unknown", &store("ann:hunter2@host"));
            let limit = |seconds| [&needed[..], &[("SESSION_STORE_TIMEOUT", seconds)]].concat();
            alone::run(THIS, "in cookies", &limit("5"));
            alone::run(THIS, "too patient", &limit("61"));
            alone::run(THIS, "unclear", &limit("500ms"));
        }
        Some("unknown") => refused(&["SESSION_STORE: ", "redis://"]),
        Some("too patient") => refused(&["store_timeout(61s)"]),
        Some("unclear") => refused(&["SESSION_STORE_TIMEOUT=500ms", "seconds"]),
        Some(place) => {
            let routes = Router::new().route("/sessions", get(sessions));
            let builder = Sessions::from_env().unwrap().user_loader(load_user);
            let site = serve(builder, routes).await;
            let browser = visitor(&site, 1).await;
            visitor(&site, 1).await;
            let answer = browser.get("/sessions").await;
            if place == "in memory" {
                assert_eq!(answer.text().await.unwrap(), "2");
            } else {
                assert_eq!(answer.status(), 500);
            }
        }
    }
}

#[test]
fn the_secrets_come_from_the_environment() {
    const THIS: &str = "options::the_secrets_come_from_the_environment";
    // Whole seconds: what is said in the environment.
    let now = UNIX_EPOCH
        .elapsed()
        .expect("a clock that is right")
        .as_secs();
    let built = || Sessions::from_env()?.without_user_loader().build();
    let keys = || built().unwrap().keys().list();
    match alone::part().as_deref() {
        None => {
            let several = format!("{SECRET} {SECRET}-2\n{SECRET}-3");
            let with = |others: &[_]| [&[("SESSION_APP_NAME", "shop")], others].concat();
            let several = ("SESSION_SECRETS", several.as_str());
            let old = format!("{SECRET}-2");
            let pair = [("SESSION_SECRET", SECRET), ("SESSION_OLD_SECRET", &old)];
            let (now, milliseconds) = (now.to_string(), format!("{now}000"));
            let at = ("SESSION_OLD_SECRETS_UNTIL", now.as_str());
            alone::run(THIS, "three", &with(&[several]));
            alone::run(THIS, "two old", &with(&[several, at]));
            alone::run(THIS, "one old", &with(&[pair[0], pair[1], at]));
            alone::run(THIS, "none old", &with(&[pair[0], at]));
            let milliseconds = ("SESSION_OLD_SECRETS_UNTIL", milliseconds.as_str());
            alone::run(THIS, "milliseconds", &with(&[several, milliseconds]));
            alone::run(THIS, "both", &with(&[several, pair[0]]));
            alone::run(THIS, "by name", &[pair[0], ("SESSION_OLD_SECRET", " \n")]);
        }
        Some("by name") => {
            assert!(Secret::from_env("SESSION_SECRET").is_ok());
            let message = Secret::from_env("SESSION_OLD_SECRET")
                .unwrap_err()
                .to_string();
            assert!(message.contains("SESSION_OLD_SECRET is empty"), "{message}");
        }
        Some("three") => assert!(keys().iter().all(|key| key.retired_at.is_none())),
        Some("milliseconds") => {
            let message = built().unwrap_err().to_string();
            assert!(message.contains("verify_until(..)"), "{message}");
        }
        Some("both") => {
            let message = built().unwrap_err().to_string();
            assert!(
                message.contains("SESSION_SECRET and SESSION_SECRETS are both set"),
                "{message}"
            );
        }
        Some(old) => {
            let retired: Vec<_> = keys().iter().map(|key| key.retired_at).collect();
            let count = ["none old", "one old", "two old"]
                .iter()
                .position(|known| known == &old);
            assert_eq!(retired[0], None, "it signs");
            assert_eq!(retired.len(), 1 + count.unwrap());
            let since = |at: &Option<SystemTime>| {
                now - at.unwrap().duration_since(UNIX_EPOCH).unwrap().as_secs()
            };
            assert!(retired[1..].iter().all(|at| since(at) < 100));
        }
    }
}

#[test]
fn p02_the_secret_must_be_given_and_the_known_word_is_refused() {
    const THIS: &str = "options::p02_the_secret_must_be_given_and_the_known_word_is_refused";
    let refusal = |builder: Builder| {
        let built = builder.without_user_loader().build();
        built.expect_err("it must not start").to_string()
    };
    let message = match alone::part().as_deref() {
        None => {
            let word = "Insecuresecret";
            let secrets = [
                String::new(),
                word.to_owned(),
                word.repeat(4),
                word.to_uppercase().repeat(4),
                format!("{SECRET}-{word}"),
            ];
            for secret in secrets {
                let message = refusal(Sessions::builder(Secret::new(&*secret)));
                assert!(message.contains("openssl rand"), "{secret:?}: {message}");
                // Nor is it taken for reading cookies that were made with it.
                let old = Secret::new(secret);
                refusal(builder().verify_with(old));
            }
            let app = ("SESSION_APP_NAME", "shop");
            alone::run(THIS, "missing", &[app]);
            alone::run(THIS, "missing", &[app, ("SESSION_SECRET", " ")]);
            alone::run(THIS, "known", &[app, ("SESSION_SECRET", word)]);
            alone::run(THIS, "known", &[app, ("SESSION_SECRET", &word.repeat(4))]);
            return;
        }
        Some("missing") => {
            Secret::from_env("SESSION_SECRET").unwrap_err();
            Sessions::from_env().map(drop).unwrap_err().to_string()
        }
        Some(_) => refusal(Sessions::from_env().unwrap()),
    };
    assert!(message.contains("openssl rand"), "{message}");
}

/// The attributes of a `Set-Cookie` header.
fn attributes(set_cookie: &str) -> BTreeSet<&str> {
    set_cookie.split("; ").skip(1).collect()
}

#[tokio::test]
async fn p20_name_path_max_age_same_site_and_secure_are_seen_in_set_cookie() {
    let minutes = Duration::from_secs(600);
    let usual = "HttpOnly; SameSite=Lax; Secure; Path=/";
    let without = |part: &str| usual.replace(part, "");
    #[rustfmt::skip]
    let cases = [
        (with_users(), "__Host-session", usual.to_owned()),
        (with_users().cookie_name("sid"), "__Host-sid", usual.to_owned()),
        (with_users().path("/shop"), "__Secure-session", format!("{usual}shop")),
        (with_users().domain("example.com"), "__Secure-session", format!("{usual}; Domain=example.com")),
        (with_users().max_age(minutes), "__Host-session", format!("{usual}; Max-Age=600")),
        (with_users().same_site(SameSite::Strict), "__Host-session", usual.replace("Lax", "Strict")),
        (with_users().same_site(SameSite::Lax), "__Host-session", usual.to_owned()),
        (with_users().same_site(SameSite::None), "__Host-session", usual.replace("Lax", "None")),
        (with_users().allow_plain_http(), "session", without("Secure; ")),
        (with_users().http_only(false), "__Host-session", without("HttpOnly; ")),
        (with_users().partitioned(), "__Host-session", format!("{usual}; Partitioned")),
    ];
    for (builder, base, expected) in cases {
        let expected: BTreeSet<_> = expected.split("; ").collect();
        let site = serve(builder, Router::new()).await;
        let browser = site.browser();
        let mut cookies = post_json(&browser, "/set", json!({ "cart": 1 }))
            .await
            .set_cookies();
        cookies.extend(log_in(&browser, json!(1)).await.set_cookies());
        let kept: Vec<_> = cookies
            .iter()
            .filter(|cookie| !cookie.contains("Max-Age=0"))
            .collect();
        for (cookie, kind) in kept.iter().zip(["guest", "id", "data"]) {
            assert!(cookie.starts_with(&format!("{base}.{kind}")), "{cookie}");
            assert_eq!(attributes(cookie), expected, "{cookie}");
        }
        assert_eq!(kept.len(), 3, "{cookies:?}");
        // A removal counts only with the path and domain that the cookie was set with.
        let removed = cookies
            .iter()
            .find(|cookie| cookie.contains("Max-Age=0"))
            .unwrap();
        for attribute in expected.iter().filter(|text| !text.starts_with("Max-Age")) {
            assert!(attributes(removed).contains(attribute), "{removed}");
        }
        assert_eq!(browser.text("/who").await, "ann", "{base}");
    }
}

async fn flash(session: Session) -> Result<(), Error> {
    session.flash("saved")
}

#[tokio::test]
async fn p26_every_cookie_is_http_only_and_secure() {
    let clock = TestClock::new();
    let idle = Duration::from_secs(600);
    let builder = with_users().clock(clock.reader()).idle_timeout(idle);
    let site = serve(builder, Router::new().route("/flash", post(flash))).await;
    let browser = site.browser();

    let mut cookies = Vec::new();
    let mut answered = |response: reqwest::Response| cookies.extend(response.set_cookies());
    answered(post_json(&browser, "/set", json!({ "cart": 1 })).await);
    answered(log_in(&browser, json!(1)).await);
    answered(browser.post("/flash").await);
    clock.advance(idle / 2);
    answered(browser.get("/all").await);
    answered(browser.post("/logout").await);

    let kind = |cookie: &str| cookie.split(['=', '.']).nth(1).unwrap().to_owned();
    let set = ["data", "flash", "guest", "id", "out", "seen"];
    let removed = ["data", "flash", "guest", "id", "seen"];
    for (is_removal, expected) in [(false, &set[..]), (true, &removed)] {
        let kinds: BTreeSet<_> = cookies
            .iter()
            .filter(|cookie| cookie.contains("Max-Age=0") == is_removal)
            .map(|cookie| kind(cookie))
            .collect();
        assert_eq!(kinds.iter().collect::<Vec<_>>(), expected);
    }
    for cookie in &cookies {
        let attributes = attributes(cookie);
        assert!(attributes.contains("HttpOnly"), "{cookie}");
        assert!(attributes.contains("Secure"), "{cookie}");
    }
}
