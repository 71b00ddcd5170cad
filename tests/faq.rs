//! What `docs/faq.md` says of this library, as far as no other test shows it.

use axum::extract::RawForm;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Method};
use axum::response::Redirect;
use axum::routing::{get, post};
use axum::{Form, Router};
use muffin_session::{
    Builder, CurrentUser, Error, GuardLayer, Login, Secret, Session, Sessions, login_required,
    user_loader,
};
use muffin_session_tests::{Answer as _, Browser, Site, bare_builder};
use serde::Deserialize;
use std::time::Duration;
use tower_http::cors::CorsLayer;

#[derive(Clone)]
struct User {
    id: u64,
}

#[user_loader]
async fn load_user(id: u64) -> Option<User> {
    Some(User { id })
}

async fn log_in(session: Session) -> Result<(), Error> {
    session.login(1)
}

async fn remember(session: Session) -> Result<(), Error> {
    session.login_with(Login::new(1).remember(Duration::from_hours(48)))
}

#[login_required]
async fn whoami(CurrentUser(user): CurrentUser<User>) -> String {
    user.id.to_string()
}

#[derive(Deserialize)]
struct Note {
    text: String,
}

#[login_required]
async fn note(Form(note): Form<Note>) -> String {
    note.text
}

/// How the provider sends people back: the session says what they were about to do.
async fn callback(session: Session) -> Result<String, Error> {
    Ok(session.get("state")?.unwrap_or_else(|| "lost".to_owned()))
}

async fn set_out(session: Session) -> Result<(), Error> {
    session.insert("state", "kept")
}

fn routes() -> Router {
    Router::new()
        .route("/login", post(log_in))
        .route("/remember", post(remember))
        .route("/whoami", get(whoami))
        .route("/note", post(note))
        .route("/set-out", post(set_out))
        .route("/callback", get(callback))
}

fn sessions(options: impl FnOnce(Builder) -> Builder) -> Sessions {
    let builder = options(bare_builder().user_loader(load_user));
    builder.build().expect("sound options")
}

async fn serve(options: impl FnOnce(Builder) -> Builder) -> Site {
    Site::serve(routes().layer(sessions(options))).await
}

/// A browser in which user 1 is logged in.
async fn logged_in(site: &Site) -> Browser {
    let browser = site.browser();
    assert_eq!(browser.post("/login").await.status(), 200);
    browser
}

#[tokio::test]
async fn cookies_are_secure_whatever_a_proxy_says() {
    let site = serve(|builder| builder).await;
    for headers in [
        &[][..],
        &[("x-forwarded-proto", "https")],
        &[("x-forwarded-proto", "http"), ("forwarded", "proto=http")],
    ] {
        let answer = site.browser().send(Method::POST, "/login", headers).await;
        for cookie in answer.set_cookies() {
            assert!(cookie.starts_with("__Host-session."), "{cookie}");
            assert!(cookie.contains("Secure"), "{cookie}");
        }
        assert_eq!(answer.set_cookies().len(), 2, "{headers:?}");
    }
    let plain = serve(Builder::allow_plain_http).await;
    let answer = plain.browser().post("/login").await;
    assert_eq!(answer.set_cookies().len(), 2);
    for cookie in answer.set_cookies() {
        assert!(cookie.starts_with("session."), "{cookie}");
        assert!(!cookie.contains("Secure"), "{cookie}");
    }
}

#[tokio::test]
async fn logins_outlive_a_restart_if_the_secret_does() {
    for (secret, outlives) in [
        (Some(Secret::new(muffin_session_tests::SECRET)), true),
        (None, false),
    ] {
        // What is drawn anew at each start is another one each time.
        let start = async || {
            let secret = secret.clone();
            let secret = secret.unwrap_or_else(|| Secret::generate().expect("a generator"));
            let sessions = Sessions::builder(secret).user_loader(load_user);
            Site::serve(routes().layer(sessions.build().expect("sound options"))).await
        };
        let before = start().await;
        let browser = logged_in(&before).await;
        assert_eq!(browser.text("/whoami").await, "1");
        let after = start().await;
        let browser = Browser::new(after.url(""), browser.jar.clone());
        let status = browser.get("/whoami").await.status();
        assert_eq!(status == 200, outlives, "{status}");
    }
}

/// What a provider posts, as the GET that other providers send people to. It has no session, and needs none.
async fn send_on(RawForm(fields): RawForm) -> Redirect {
    let fields = std::str::from_utf8(&fields).expect("fields are UTF-8");
    Redirect::to(&format!("/callback?{fields}"))
}

#[tokio::test]
async fn a_provider_sends_people_back_by_get_and_what_it_posts_is_sent_on() {
    const FROM_PROVIDER: [(&str, &str); 3] = [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "navigate"),
        ("origin", "https://id.example"),
    ];
    for sends_on in [false, true] {
        let mut app = routes().layer(sessions(|builder| builder));
        if sends_on {
            // After the layer, and so outside of it.
            app = app.route("/callback", post(send_on));
        }
        let site = Site::serve(app).await;
        let browser = site.browser();
        browser.post("/set-out").await;
        let by_get = async |path: &str| {
            let answer = browser.send(Method::GET, path, &FROM_PROVIDER[..2]).await;
            answer.text().await.expect("a body")
        };
        assert_eq!(by_get("/callback?code=1").await, "kept");

        // `Lax` cookies do not come with a POST of another site.
        let without_cookies = site.browser();
        let request = FROM_PROVIDER.iter().fold(
            without_cookies.request(Method::POST, "/callback"),
            |request, (name, value)| request.header(*name, *value),
        );
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let posted = request.body("code=1&state=a%26b").send().await;
        let posted = posted.expect("an answer");
        if sends_on {
            assert_eq!(posted.status(), 303);
            let next = posted.header("location");
            assert_eq!(next, "/callback?code=1&state=a%26b");
            assert_eq!(by_get(&next).await, "kept");
        } else {
            assert_eq!(posted.status(), 403);
        }

        // No other handler takes what the provider's pages post.
        let elsewhere = browser.send(Method::POST, "/login", &FROM_PROVIDER).await;
        assert_eq!(elsewhere.status(), 403);
    }
}

#[tokio::test]
async fn a_spa_on_another_origin_reads_and_writes_and_sees_refusals() {
    const APP: &str = "https://app.example.com";
    let cors = CorsLayer::new()
        .allow_origin(HeaderValue::from_static(APP))
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([CONTENT_TYPE]);
    let sessions = sessions(|builder| builder.trusted_origin(APP));
    let site = Site::serve(routes().layer(sessions).layer(cors)).await;
    let spa = [
        ("origin", APP),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-mode", "cors"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let may_read = |answer: &reqwest::Response| {
        answer.header("access-control-allow-origin") == APP
            && answer.header("access-control-allow-credentials") == "true"
    };

    let browser = site.browser();
    let refused = browser.send(Method::GET, "/whoami", &spa).await;
    assert!(may_read(&refused));
    assert_eq!(refused.status(), 401);

    let preflight = [spa[0], ("access-control-request-method", "POST")];
    let preflight = browser.send(Method::OPTIONS, "/note", &preflight).await;
    assert!(may_read(&preflight));
    assert_eq!(preflight.status(), 200);

    let login = browser.send(Method::POST, "/login", &spa).await;
    assert!(may_read(&login));
    let write = browser.request(Method::POST, "/note");
    let write = spa
        .iter()
        .fold(write, |write, (name, value)| write.header(*name, *value));
    let written = write.body("text=milk").send().await.expect("an answer");
    assert!(may_read(&written));
    assert_eq!(written.text().await.expect("a body"), "milk");

    // Of another origin, the request is refused, and the page may not read why.
    let foreign = [("origin", "https://evil.example"), spa[1], spa[2], spa[3]];
    let refused = browser.send(Method::POST, "/note", &foreign).await;
    assert_eq!(refused.status(), 403);
    assert_ne!(
        refused.header("access-control-allow-origin"),
        "https://evil.example"
    );
}

#[tokio::test]
async fn a_host_that_a_proxy_has_changed_is_mended_by_the_public_origin() {
    const PUBLIC: &str = "https://shop.example";
    // What an older browser says, and the proxy's own name for the application.
    let behind = [("origin", PUBLIC), ("host", "127.0.0.1:3000")];
    let modern = [behind[0], behind[1], ("sec-fetch-site", "same-origin")];
    let kept = [behind[0], ("host", "shop.example")];
    let without = serve(|builder| builder).await.browser_and_site();
    let with = serve(|builder| builder.public_origin(PUBLIC))
        .await
        .browser_and_site();
    for (headers, is_well, is_well_with) in [
        (&behind[..], false, true),
        (&modern, true, true),
        (&kept, true, true),
    ] {
        for ((browser, _), expected) in [(&without, is_well), (&with, is_well_with)] {
            let answer = browser.send(Method::POST, "/login", headers).await;
            assert_eq!(answer.status() == 200, expected, "{headers:?}");
            if !expected {
                let text = answer.text().await.expect("a body");
                assert!(text.contains("made by another site"), "{text}");
            }
        }
    }
}

trait BrowserAndSite {
    fn browser_and_site(self) -> (Browser, Site);
}

impl BrowserAndSite for Site {
    /// Both, since a site listens for as long as it is there.
    fn browser_and_site(self) -> (Browser, Site) {
        (self.browser(), self)
    }
}

#[tokio::test]
async fn a_login_ends_with_the_browser_unless_it_is_to_outlive_it() {
    let lasts = async |site: &Site, path: &str| {
        let cookies = site.browser().post(path).await.set_cookies();
        assert_eq!(cookies.len(), 2, "{cookies:?}");
        cookies.iter().all(|cookie| cookie.contains("Max-Age="))
    };
    let site = serve(|builder| builder).await;
    assert!(!lasts(&site, "/login").await);
    assert!(lasts(&site, "/remember").await);
    let site = serve(|builder| builder.max_age(Duration::from_hours(12))).await;
    assert!(lasts(&site, "/login").await);
}

#[tokio::test]
async fn layers_in_the_wrong_order_let_nobody_in_and_say_so() {
    let page = || Router::new().route("/page", get(async || "page"));
    let right = page().route_layer(GuardLayer::login_required());
    let right = right.merge(routes()).layer(sessions(|builder| builder));
    let browser = {
        let site = Site::serve(right).await;
        let browser = logged_in(&site).await;
        assert_eq!(browser.text("/page").await, "page");
        browser
    };
    for (wrong, said) in [
        // A guard around the session layer.
        (
            page()
                .layer(sessions(|builder| builder))
                .layer(GuardLayer::login_required()),
            "after `.route_layer(guard)`",
        ),
        // A route that was added after the layer.
        (
            Router::new()
                .layer(sessions(|builder| builder))
                .route("/page", get(whoami)),
            "after its routes",
        ),
    ] {
        let site = Site::serve(wrong).await;
        let browser = Browser::new(site.url(""), browser.jar.clone());
        let answer = browser.get("/page").await;
        assert_eq!(answer.status(), 500);
        let text = answer.text().await.expect("a body");
        assert_eq!(text.contains(said), cfg!(debug_assertions), "{text}");
    }
}

/// While an application moves from one type of ids to another, its loader takes both.
#[derive(Deserialize)]
#[serde(untagged)]
enum OldOrNew {
    Old(u64),
    New(String),
}

#[user_loader]
async fn load_either(id: OldOrNew) -> Option<User> {
    let id = match id {
        OldOrNew::Old(id) => id,
        OldOrNew::New(text) => text.strip_prefix("user-")?.parse().ok()?,
    };
    Some(User { id })
}

#[user_loader]
async fn load_by_text(id: String) -> Option<User> {
    let id = id.strip_prefix("user-")?.parse().ok()?;
    Some(User { id })
}

#[tokio::test]
async fn an_id_of_another_type_is_nobodys_unless_the_loader_takes_both() {
    let before = serve(|builder| builder).await;
    let browser = logged_in(&before).await;
    for (builder, status) in [
        (bare_builder().user_loader(load_by_text), 303),
        (bare_builder().user_loader(load_either), 200),
    ] {
        let sessions = builder.build().expect("sound options");
        let new_login = async |session: Session| session.login("user-2");
        let routes = routes().route("/new", post(new_login)).layer(sessions);
        let site = Site::serve(routes).await;
        let old = Browser::new(site.url(""), browser.jar.clone());
        assert_eq!(old.get("/whoami").await.status(), status);
        let new = site.browser();
        assert_eq!(new.post("/new").await.status(), 200);
        assert_eq!(new.text("/whoami").await, "2");
    }
}

#[tokio::test]
async fn a_client_with_a_jar_stays_logged_in() {
    let site = serve(|builder| builder).await;
    for (has_jar, status) in [(true, 200), (false, 401)] {
        let client = reqwest::Client::builder().cookie_store(has_jar);
        let client = client.build().expect("a client");
        let login = client.post(site.url("/login")).send().await;
        assert_eq!(login.expect("an answer").status(), 200);
        let request = client.get(site.url("/whoami"));
        let request = request.header("accept", "application/json");
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), status);
    }
}
