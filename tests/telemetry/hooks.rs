//! Hooks: which events each is told, that nothing is locked meanwhile, and that one which panics takes nothing away.

use std::future::Future as _;
use std::pin::pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Waker};

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::routing::post;
use muffin_session::{MemoryStore, Session};
use muffin_session_tests::bare_builder;
use tokio::sync::Notify;
use tower::ServiceExt as _;

use crate::log::Log;
use crate::site::{HOUR, Trail, both, serve, told, user};

#[tokio::test]
async fn each_hook_is_told_its_own_events_and_may_be_given_twice() {
    let trails: [Trail; 6] = std::array::from_fn(|_| Trail::default());
    let [logins, logouts, refused, expired, forged, again] = trails.clone();
    let (builder, _, clock) = told(bare_builder().lifetime(HOUR));
    let sessions = builder
        .on_login(move |event| logins.push(event))
        .on_login(move |event| again.push(event))
        .on_logout(move |event| logouts.push(event))
        .on_refused(move |event| refused.push(event))
        .on_expired(move |event| expired.push(event))
        .on_forged(move |event| forged.push(event));
    let browser = serve(sessions.build().unwrap()).await;
    browser.post("/log-in/1").await;
    browser.post("/log-in/2").await;
    browser.post("/renew").await;
    browser.post("/log-out").await;
    browser.post("/log-in/3").await;
    clock.advance(HOUR);
    browser.get("/members/only").await;
    let (name, _) = browser.jar.find(".id").unwrap();
    browser.jar.set(&name, "x");
    browser.get("/members/only").await;
    let logins = ["session.login 1", "session.login 2", "session.login 3"];
    assert_eq!(
        trails.each_ref().map(Trail::lines),
        [
            logins.map(str::to_owned).to_vec(),
            vec![
                "session.ended login 1".to_owned(),
                "session.logout 2".to_owned()
            ],
            vec!["session.refused not_logged_in".to_owned(); 2],
            vec!["session.expired lifetime 3".to_owned()],
            vec!["session.forged forged".to_owned()],
            logins.map(str::to_owned).to_vec(),
        ]
    );
}

#[tokio::test]
async fn a_hook_that_panics_takes_nothing_away() {
    for builder in both() {
        let (builder, _, _) = told(builder.on_event(|_| panic!("a hook's own mistake")));
        let after = Trail::default();
        let hook = after.clone();
        let sessions = builder.on_event(move |event| hook.push(event));
        let browser = serve(sessions.build().unwrap()).await;
        let log = Log::begin();
        assert_eq!(browser.post("/log-in/1").await.status(), 200);
        assert_eq!(browser.get("/members/only").await.status(), 200);
        assert_eq!(browser.get("/seven").await.status(), 303);
        assert_eq!(browser.post("/log-out").await.status(), 200);
        assert_eq!(browser.get("/members/only").await.status(), 303);
        let told = [
            "session.login 1",
            "session.refused denied 1",
            "session.logout 1",
            "session.refused not_logged_in",
        ];
        assert_eq!(after.lines(), told);
        let said = log.all();
        let panics = said
            .iter()
            .filter(|entry| entry.field("message").contains("panicked"));
        assert_eq!(panics.count(), told.len());
    }
}

/// A handler leaves its session where the hook finds it.
#[tokio::test]
async fn nothing_is_locked_while_a_hook_runs() {
    for builder in both() {
        let kept: Arc<Mutex<Option<Session>>> = Arc::default();
        let (hook, handler) = (kept.clone(), kept.clone());
        let seen = Arc::new(OnceLock::new());
        let saw = seen.clone();
        let sessions = builder.without_user_loader().on_login(move |_| {
            let session = hook.lock().unwrap().take().unwrap();
            let user = session.user_id::<u64>().unwrap();
            let key = session.get::<String>("key").unwrap();
            saw.set((user, key)).unwrap();
            session.logout();
        });
        let app = Router::new().route(
            "/",
            post(async move |session: Session| {
                session.login(1).unwrap();
                session.insert("key", "value").unwrap();
                *handler.lock().unwrap() = Some(session);
            }),
        );
        let app = app.layer(sessions.build().unwrap());
        let request = Request::post("/").body(Body::empty()).unwrap();
        let answer = app.oneshot(request).await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(seen.get(), Some(&(Some(1), Some("value".to_owned()))));
    }
}

/// The hook's copy of the request must not keep the session alive that keeps it.
#[tokio::test]
async fn a_session_is_freed_with_its_request() {
    struct Marked(Arc<()>);
    impl Clone for Marked {
        fn clone(&self) -> Self {
            Self(self.0.clone())
        }
    }
    let mark = Arc::new(());
    let (builder, _, _) = told(bare_builder());
    let sessions = builder.build().unwrap();
    let app = crate::site::app(sessions).layer(axum::Extension(Marked(mark.clone())));
    let before = Arc::strong_count(&mark);
    for _ in 0..3 {
        let request = Request::post("/keep").body(Body::empty()).unwrap();
        let answer = app.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    assert_eq!(Arc::strong_count(&mark), before);
}

#[tokio::test]
async fn a_logout_of_a_request_that_is_given_up_is_told_and_a_login_is_not() {
    async fn app_of(builder: muffin_session::Builder) -> (Router, Trail, String) {
        let (builder, trail, _) = told(builder);
        let sessions = builder.build().unwrap();
        let app = Router::new()
            .route(
                "/out",
                post(async |session: Session| {
                    session.logout();
                    std::future::pending::<()>().await;
                }),
            )
            .route(
                "/in",
                post(async |session: Session| {
                    session.login_user(2, &user(2)).unwrap();
                    std::future::pending::<()>().await;
                }),
            )
            .layer(sessions.clone());
        let login = Request::post("/log-in/1").body(Body::empty()).unwrap();
        let answer = crate::site::app(sessions).oneshot(login).await.unwrap();
        let cookies = answer.headers().get_all("set-cookie").iter();
        let pair = |value: &axum::http::HeaderValue| {
            let text = value.to_str().unwrap();
            text.split(';').next().unwrap().to_owned()
        };
        let cookies = cookies.map(pair).collect::<Vec<_>>().join("; ");
        (app, trail, cookies)
    }
    let (app, trail, cookies) = app_of(bare_builder()).await;
    trail.all();
    for (path, told) in [("/in", &[][..]), ("/out", &["session.logout 1"])] {
        let request = Request::post(path).header("cookie", &cookies);
        {
            let answer = app.clone().oneshot(request.body(Body::empty()).unwrap());
            let mut answer = pin!(answer);
            let mut context = Context::from_waker(Waker::noop());
            assert!(answer.as_mut().poll(&mut context).is_pending());
        }
        assert_eq!(trail.lines(), told, "{path}");
    }
}

#[tokio::test]
async fn a_login_that_was_saved_is_told_though_its_request_is_given_up() {
    let (builder, trail, _) = told(bare_builder().store(MemoryStore::new()));
    let saved = Arc::new(Notify::new());
    let save = saved.clone();
    let log_in = async move |session: Session| {
        session.login_user(1, &user(1)).unwrap();
        session.commit().await.unwrap();
        save.notify_one();
        std::future::pending::<()>().await;
    };
    let app = Router::new().route("/", post(log_in));
    let app = app.layer(builder.build().unwrap());
    let answer = app.oneshot(Request::post("/").body(Body::empty()).unwrap());
    tokio::select! {
        answer = answer => panic!("{answer:?}"),
        () = saved.notified() => {}
    }
    assert_eq!(trail.lines(), ["session.login 1"]);
}

#[tokio::test]
async fn a_logout_after_the_response_is_told_once() {
    for builder in [bare_builder(), bare_builder().store(MemoryStore::new())] {
        let trail = Trail::default();
        let hook = trail.clone();
        let sessions = builder
            .without_user_loader()
            .on_event(move |event| hook.push(event));
        let kept: Arc<Mutex<Option<Session>>> = Arc::default();
        let handler = kept.clone();
        let app = Router::new().route(
            "/",
            post(async move |session: Session| {
                session.login(1).unwrap();
                *handler.lock().unwrap() = Some(session);
            }),
        );
        let app = app.layer(sessions.build().unwrap());
        let request = Request::post("/").body(Body::empty()).unwrap();
        app.oneshot(request).await.unwrap();
        assert_eq!(trail.lines(), ["session.login 1"]);
        let session = kept.lock().unwrap().take().unwrap();
        session.logout();
        session.logout();
        assert_eq!(trail.lines(), ["session.logout 1"]);
    }
}
