//! Promises 4, 6, 9 and 10 where sessions end in large numbers, in other tasks, or while answers cross: nothing that ended comes back.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use axum::routing::{get, post};
use muffin_session::{Error, Session};
use muffin_session_tests::{Answer as _, Browser, Jar, builder};
use tower::ServiceExt as _;

use crate::app::{App, messages, perform_in, run, state};

async fn role(browser: &Browser) -> String {
    let answer = browser.get("/do?script=role").await;
    answer.text().await.unwrap()
}

#[tokio::test]
async fn a_session_that_was_renewed_often_stays_over_and_so_does_its_logout() {
    let app = App::new().await;
    let browser = app.browser();
    run(&browser, "login 1").await;
    let first = browser.stolen();
    for _ in 0..200 {
        run(&browser, "renew").await;
        app.clock.advance(Duration::from_secs(60));
    }
    assert_eq!(state(&first).await.0, None, "after 200 renewals");
    let last = browser.stolen();
    run(&browser, "logout").await;
    for copy in [&first, &last] {
        assert_eq!(state(copy).await.0, None, "after the logout");
    }
}

#[tokio::test]
async fn claims_that_were_taken_away_do_not_come_back_by_logging_in_and_out_often() {
    let app = App::new().await;
    let browser = app.browser();
    run(&browser, "login 1 sudo").await;
    let with_sudo = browser.stolen();
    run(&browser, "renew none").await;
    let other = app.browser();
    for _ in 0..100 {
        app.clock.advance(Duration::from_secs(1));
        run(&other, "login 1").await;
        run(&other, "logout").await;
    }
    assert_eq!(state(&with_sudo).await.0, None);
    assert_eq!(
        role(&browser).await,
        "\"none\"",
        "the session itself goes on"
    );
}

#[tokio::test]
async fn nothing_before_a_renewal_can_be_read_once_claims_are_taken_away_or_after_logout() {
    for end in ["renew none", "logout"] {
        let app = App::new().await;
        let browser = app.browser();
        run(&browser, "login 1 sudo").await;
        let tab = browser.stolen();
        run(&browser, "renew").await;
        assert_eq!(role(&tab).await, "\"sudo\"", "the grace of a renewal");
        run(&browser, end).await;
        assert_eq!(
            (state(&tab).await.0, role(&tab).await),
            (None, "none".to_owned()),
            "{end}"
        );
    }
}

/// Whatever moment of an answer another task's logout falls into, the session ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_logout_from_another_task_ends_the_session_at_any_moment_of_the_answer() {
    async fn answer_while_logging_out(session: Session) -> Result<(), Error> {
        session.insert("k", "v".repeat(1_000))?;
        std::thread::spawn(move || session.logout());
        Ok(())
    }
    async fn log_in(session: Session) -> Result<(), Error> {
        session.login(1)
    }
    let sessions = builder().without_user_loader().build().unwrap();
    let app: Router = Router::new()
        .route("/login", post(log_in))
        .route("/leave", post(answer_while_logging_out))
        .route(
            "/who",
            get(|session: Session| async move { session.is_logged_in().to_string() }),
        )
        .layer(sessions);
    let send = async |method: &str, path: &str, jar: &Jar| {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(cookies) = jar.header() {
            request = request.header(header::COOKIE, cookies);
        }
        let request = request.body(Body::empty()).unwrap();
        app.clone().oneshot(request).await.unwrap()
    };
    for round in 0..300 {
        let jar = Jar::default();
        for cookie in send("POST", "/login", &jar)
            .await
            .headers()
            .get_all("set-cookie")
        {
            jar.apply(cookie.to_str().unwrap());
        }
        send("POST", "/leave", &jar).await;
        // The thread ends by itself; until it has, the session may still count.
        let is_over = async || {
            let response = send("GET", "/who", &jar).await;
            let body = axum::body::to_bytes(response.into_body(), 100)
                .await
                .unwrap();
            body == "false"
        };
        let mut looks = 0;
        while !is_over().await {
            looks += 1;
            assert!(looks < 10_000_000, "round {round}: the logout was lost");
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn junk_under_our_names_takes_no_room_from_flashes() {
    let app = App::new().await;
    for kind in ["pending", "id", "out", "guest"] {
        let browser = app.browser();
        run(&browser, "login 1, flash waits").await;
        let junk = format!("__Host-session.{kind}");
        let kept = browser.jar.find(&junk);
        if kept.is_none() {
            browser.jar.set(&junk, &"A".repeat(6_100));
        }
        let answer = perform_in(&browser, "login 1, flash added").await;
        assert_eq!(answer.status(), StatusCode::OK, "{kind}");
        browser.jar.drop("pending");
        assert_eq!(messages(&browser).await, ["waits", "added"], "{kind}");
    }
}

#[tokio::test]
async fn a_slow_answer_does_not_roll_the_last_activity_back() {
    let app = App::with(|builder| builder.idle_timeout(Duration::from_secs(300))).await;
    let browser = app.browser();
    run(&browser, "login 1").await;
    app.clock.advance(Duration::from_secs(60));
    let slow = app.under_way(&browser, "wait").await;
    app.clock.advance(Duration::from_secs(200));
    assert_eq!(state(&browser).await.0, Some(1));
    app.clock.advance(Duration::from_secs(20));
    slow.finish().await;
    app.clock.advance(Duration::from_secs(85));
    assert_eq!(
        state(&browser).await.0,
        Some(1),
        "105 seconds after the last request"
    );
}

#[tokio::test]
async fn a_flash_that_crosses_a_renewal_is_shown() {
    let app = App::new().await;
    for (slow, quick) in [
        ("wait, renew", "flash hello"),
        ("wait, flash hello", "renew"),
    ] {
        let browser = app.browser();
        run(&browser, "login 1").await;
        let under_way = app.under_way(&browser, slow).await;
        let answer = perform_in(&browser, quick).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let late = under_way.finish().await;
        if late.status() == StatusCode::OK {
            assert_eq!(messages(&browser).await, ["hello"], "{slow} and {quick}");
        } else {
            // What a session adds that was renewed meanwhile is refused, and said to be.
            assert_eq!(
                (slow, late.status()),
                ("wait, flash hello", StatusCode::UNAUTHORIZED)
            );
        }
    }
}

#[tokio::test]
async fn text_that_looks_like_the_json_librarys_own_marks_is_text() {
    async fn keep(session: Session, body: String) -> Result<String, Error> {
        session.insert("text", &body)?;
        Ok(session.get::<String>("text")?.unwrap_or_default())
    }
    async fn keep_as_key(session: Session, body: String) -> Result<(), Error> {
        session.insert("map", std::collections::HashMap::from([(body, "1")]))
    }
    let sessions = builder().without_user_loader().build().unwrap();
    let app: Router = Router::new()
        .route("/text", post(keep))
        .route("/key", post(keep_as_key))
        .layer(sessions);
    let site = muffin_session_tests::Site::serve(app).await;
    for mark in [
        "$serde_json::private::RawValue",
        "$serde_json::private::Number",
    ] {
        for text in [mark.to_owned(), format!("what is \"{mark}\":1 for?")] {
            let request = site.browser().request(reqwest::Method::POST, "/text");
            let answer = request.body(text.clone()).send().await.unwrap();
            assert_eq!(answer.text().await.unwrap(), text);
        }
        let request = site.browser().request(reqwest::Method::POST, "/key");
        let answer = request.body(mark).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR, "{mark}");
    }
}

#[tokio::test]
async fn headers_for_one_cache_do_not_overrule_what_is_said_to_all() {
    async fn cached(session: Session) -> impl axum::response::IntoResponse {
        session.login(1).unwrap();
        [
            ("cloudflare-cdn-cache-control", "max-age=3600"),
            ("cdn-cache-control", "max-age=3600"),
            ("surrogate-control", "max-age=3600"),
            ("x-accel-expires", "3600"),
        ]
    }
    let sessions = builder().without_user_loader().build().unwrap();
    let app: Router = Router::new().route("/", get(cached)).layer(sessions);
    let site = muffin_session_tests::Site::serve(app).await;
    let answer = site.browser().get("/").await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let names = answer.headers().keys().map(ToString::to_string);
    let overruling: Vec<_> = names
        .filter(|name| {
            name.ends_with("cdn-cache-control")
                || name.contains("surrogate")
                || name.contains("accel")
        })
        .collect();
    assert_eq!(overruling, [""; 0]);
}

/// A user load that is given up, by a time-out say, is no reason to refuse the next one.
#[tokio::test]
async fn a_user_load_that_is_given_up_leaves_nothing_behind() {
    use axum::extract::FromRequestParts;
    use axum::http::request::Parts;
    use futures_util::FutureExt as _;
    use muffin_session::{CurrentUser, user_loader};

    #[derive(Clone)]
    struct User;

    #[user_loader]
    async fn load_user(_id: u64) -> Option<User> {
        tokio::task::yield_now().await;
        Some(User)
    }

    struct GivesUp;

    impl<S: Send + Sync> FromRequestParts<S> for GivesUp {
        type Rejection = std::convert::Infallible;

        async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
            let load = CurrentUser::<User>::from_request_parts(parts, state);
            assert!(load.now_or_never().is_none(), "the loader waits");
            Ok(Self)
        }
    }

    async fn page(_: GivesUp, _: CurrentUser<User>) {}
    async fn log_in(session: Session) -> Result<(), Error> {
        session.login(1)
    }
    let sessions = builder().user_loader(load_user).build().unwrap();
    let app: Router = Router::new()
        .route("/login", post(log_in))
        .route("/", get(page))
        .layer(sessions);
    let site = muffin_session_tests::Site::serve(app).await;
    let browser = site.browser();
    browser.post("/login").await;
    assert_eq!(browser.get("/").await.status(), StatusCode::OK);
}

/// s224: a handler's own cookie with another layer's name is not sent, whichever layers add some of their own.
#[tokio::test]
async fn each_layer_lets_only_the_layers_cookies_pass() {
    async fn set(session: Session) -> impl axum::response::IntoResponse {
        session.flash("hello").unwrap();
        [("set-cookie", "__Host-outer.id=foreign; Secure; Path=/")]
    }
    let named = |name: &str| {
        builder()
            .cookie_name(name)
            .without_user_loader()
            .build()
            .unwrap()
    };
    let app: Router = Router::new()
        .route("/", get(set))
        .layer(named("inner"))
        .layer(named("outer"));
    let site = muffin_session_tests::Site::serve(app).await;
    let cookies = site.browser().get("/").await.set_cookies();
    assert_eq!(cookies.len(), 1, "{cookies:?}");
    assert!(cookies[0].starts_with("__Host-inner.flash."), "{cookies:?}");
}

/// Renewals by several processes in turn do not log anybody out.
#[tokio::test]
async fn a_session_may_be_renewed_by_one_process_after_another() {
    let (here, there) = (App::new().await, App::new().await);
    let browser = here.browser();
    run(&browser, "login 1").await;
    let first = browser.stolen();
    let elsewhere = Browser::new(there.site.url(""), browser.jar.clone());
    for _ in 0..3 {
        for (app, browser) in [(&here, &browser), (&there, &elsewhere)] {
            for clock in [&here.clock, &there.clock] {
                clock.advance(Duration::from_secs(1));
            }
            run(browser, "renew, count n").await;
            assert_eq!(state(browser).await.0, Some(1), "{:?}", app.site.addr());
        }
    }
    assert_eq!(state(&browser).await.0, Some(1));
    assert_eq!(
        state(&first).await.0,
        None,
        "older copies are over where they were renewed"
    );
    run(&browser, "logout").await;
    assert_eq!(state(&browser).await.0, None);
}
