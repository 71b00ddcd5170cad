//! Promises 11 to 14: keys rotate, bad configuration does not start, what cannot be kept is said, secrets stay secret.

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use muffin_session::{Error, Secret, Session, Sessions};
use muffin_session_tests::{Browser, SECRET, Site, builder};
use reqwest::Method;
use serde_json::json;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::app::{App, NEW_SECRET, perform_in, run, state};

#[tokio::test]
async fn p11_keys_rotate_without_logging_anyone_out() {
    let old = App::new().await;
    let browser = old.browser();
    run(&browser, "login 1, insert k v, flash hello").await;

    let new_secret = || Sessions::builder(Secret::new(NEW_SECRET));
    let rotated = App::on(new_secret().verify_with(Secret::new(SECRET))).await;
    let browser = Browser::new(rotated.site.url(""), browser.jar);
    assert_eq!(state(&browser).await, (Some(1), json!({ "k": "v" })));
    run(&browser, "renew, insert k new").await;
    assert_eq!(crate::app::messages(&browser).await, ["hello"]);

    let new = App::on(new_secret()).await;
    let browser = Browser::new(new.site.url(""), browser.jar);
    assert_eq!(
        state(&browser).await,
        (Some(1), json!({ "k": "new" })),
        "s072: the first key signs"
    );
    let browser = Browser::new(old.site.url(""), browser.jar);
    assert_eq!(state(&browser).await, (None, json!({})), "s074");
}

#[tokio::test]
async fn p11_and_s028_a_value_is_worthless_under_another_name_application_or_mode() {
    let app = App::new().await;
    let browser = app.browser();
    run(&browser, "login 1").await;
    let others = [
        App::with(|builder| builder.app_name("other")).await,
        App::with(|builder| builder.cookie_name("other")).await,
        App::with(muffin_session::Builder::encrypted).await,
        App::with(muffin_session::Builder::allow_plain_http).await,
        App::with(|builder| builder.path("/x")).await,
    ];
    for other in others {
        let elsewhere = other.browser();
        run(&elsewhere, "login 2").await;
        let own = elsewhere.jar.find(".id").unwrap().0;
        let base = own.strip_suffix(".id").unwrap();
        elsewhere.jar.restore(&std::collections::BTreeMap::new());
        for (name, value) in browser.jar.all() {
            let suffix = name.strip_prefix("__Host-session").unwrap();
            elsewhere.jar.set(&format!("{base}{suffix}"), &value);
        }
        assert_eq!(state(&elsewhere).await.0, None, "{base}");
    }
}

#[test]
fn p12_bad_configuration_does_not_start() {
    let secret = Secret::new("Insecuresecret");
    let error = Sessions::builder(secret)
        .without_user_loader()
        .build()
        .unwrap_err();
    assert!(
        error.to_string().contains("openssl rand -base64 48"),
        "{error}"
    );
    let error = builder().build().unwrap_err();
    assert!(
        error.to_string().contains(".user_loader(load_user)"),
        "{error}"
    );
}

#[tokio::test]
async fn p13_and_s180_what_does_not_fit_is_an_error_that_names_the_largest_keys() {
    let app = App::new().await;
    for login in [None, Some("login 1")] {
        let browser = app.browser();
        if let Some(script) = login {
            run(&browser, script).await;
        }
        run(&browser, "fill large 2000, fill small 10").await;
        let before = state(&browser).await;
        let refused = perform_in(&browser, "fill larger 3000").await;
        assert_eq!(refused.status(), 500);
        let text = refused.text().await.unwrap();
        assert!(
            text.contains("\"larger\" (3002 bytes), \"large\" (2002 bytes)"),
            "{text}"
        );
        assert_eq!(state(&browser).await, before);
    }
}

#[tokio::test]
async fn p13_the_largest_session_that_fits_is_kept_and_a_byte_more_is_not() {
    let app = App::new().await;
    let browser = app.browser();
    run(&browser, "login 1").await;
    let mut fits = 0;
    for bytes in (2_900..3_100).rev() {
        let response = perform_in(&browser, &format!("fill k {bytes}")).await;
        if response.status().is_success() {
            fits = bytes;
            break;
        }
    }
    let (name, value) = browser.jar.find(".data.").unwrap();
    assert!(
        (4_093..=4_096).contains(&(name.len() + value.len())),
        "{}",
        name.len() + value.len()
    );
    assert_eq!(state(&browser).await.1, json!({ "k": "x".repeat(fits) }));
    // s179: with everything else beside it, all of it stays below what servers and proxies take.
    run(&browser, "flash one").await;
    let long = format!("flash {}", "x".repeat(1_300));
    run(&browser, &long).await;
    assert!(browser.jar.header().unwrap().len() <= 6 * 1024 + 32);
}

#[tokio::test]
async fn p13_the_largest_identity_that_fits_is_kept_and_a_byte_more_is_not() {
    async fn log_in(session: Session, id: String) -> Result<(), Error> {
        session.login(id)
    }
    async fn begin(session: Session, id: String) -> Result<(), Error> {
        session.begin_login(id)
    }
    let sessions = builder().without_user_loader().build().unwrap();
    let router = Router::new()
        .route("/login", post(log_in))
        .route("/begin", post(begin))
        .layer(sessions);
    let site = Site::serve(router).await;
    // Of 768 bytes and of 384, 42 are around the body, 45 or 1 are before the id, and 2 are its quotes.
    for (path, name, most, characters) in [
        ("/login", ".id", 768 - 42 - 45 + 1 - 2, 1_024),
        ("/begin", ".pending", 384 - 42 - 1 - 2, 512),
    ] {
        let browser = site.browser();
        let send = async |length: usize| {
            let request = browser.request(Method::POST, path).body("x".repeat(length));
            request.send().await.unwrap().status().is_success()
        };
        assert!(send(most).await, "{path}");
        assert_eq!(
            browser.jar.find(name).unwrap().1.len(),
            characters,
            "{path}"
        );
        assert!(!send(most + 1).await, "{path}");
        assert!(!send(2 * most).await, "{path}");
    }
}

#[tokio::test]
async fn p13_a_change_after_the_response_has_left_is_an_error() {
    async fn leak(State(sender): State<UnboundedSender<Session>>, session: Session) {
        session.insert("k", "v").unwrap();
        sender.send(session).unwrap();
    }
    let (sender, mut receiver) = unbounded_channel();
    let sessions = builder().without_user_loader().build().unwrap();
    let router = Router::new()
        .route("/", get(leak))
        .with_state(sender)
        .layer(sessions);
    let site = Site::serve(router).await;
    assert!(site.browser().get("/").await.status().is_success());
    let session = receiver.recv().await.unwrap();
    let refusals = [
        session.insert("k", "late"),
        session.clear(),
        session.login(1),
        session.renew(),
        session.flash("late"),
        session.remove::<String>("k").map(drop),
        session.update("k", |_: Option<u8>| 1).map(drop),
    ];
    for refusal in refusals {
        assert!(matches!(refusal, Err(Error::TooLate)), "{refusal:?}");
    }
    session.logout();
    let shown: Option<String> = session.get("k").unwrap();
    assert_eq!(shown.as_deref(), Some("v"), "as it was sent");
}

#[tokio::test]
async fn p14_and_s077_debug_shows_no_secret_and_no_content() {
    async fn debug(session: Session) -> String {
        session.insert("key-name", "very private").unwrap();
        session.login("user-name").unwrap();
        let login = muffin_session::Login::new(1)
            .claims(&json!({ "claim": "claimed" }))
            .unwrap();
        format!("{session:?} {login:?}")
    }
    let secret = Secret::new(SECRET);
    let shown = format!("{secret:?} {:?}", builder());
    let sessions = builder().without_user_loader().build().unwrap();
    let shown = format!(
        "{shown} {sessions:?} {:?}",
        tower::Layer::layer(&sessions, ())
    );
    let site = Site::serve(Router::new().route("/", get(debug)).layer(sessions)).await;
    let shown = format!("{shown} {}", site.browser().text("/").await);
    for private in [SECRET, "key-name", "very private", "user-name", "claimed"] {
        assert!(!shown.contains(private), "{private}: {shown}");
    }
}
