//! Guards where their rules meet: a guarded login page, nobody who is refused, two kinds of users, and a service that is not ready.

use std::convert::Infallible;
use std::io::Write;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::{get, post};
use muffin_session::{
    CurrentUser, Error, GuardLayer, Login, Session, SessionOf, login_required, user_loader,
    user_pass,
};
use muffin_session_tests::{Answer as _, Site, builder};
use tower::{Layer as _, Service};

use crate::{answer, log_in, post as do_post, status};

#[derive(Clone)]
struct User {
    id: u64,
}

#[user_loader]
async fn load_user(id: u64) -> Option<User> {
    Some(User { id })
}

#[derive(Clone)]
struct Staff;

#[user_loader]
async fn load_staff(_: u64) -> Option<Staff> {
    Some(Staff)
}

async fn remember(session: Session) -> Result<(), Error> {
    session.login_with(Login::new(1).remember(Duration::from_secs(3_600)))
}

#[tokio::test]
async fn a_guarded_login_page_sends_nobody_round_in_circles() {
    #[login_required]
    async fn page() {}
    let sessions = builder().user_loader(load_user).build().unwrap();
    let app = Router::new()
        .route("/login", get(page))
        .route("/other", get(page));
    let site = Site::serve(app.layer(sessions)).await;
    let nobody = site.browser();
    assert_eq!(answer(&nobody, "/other").await.0, 303);
    for path in ["/login", "/login?next=%2Fother", "/login?next=%2Flogin"] {
        assert_eq!(answer(&nobody, path).await, (401, String::new()), "{path}");
    }
}

/// Where there is nowhere to send people, they read one sentence, and no document for programs.
#[tokio::test]
async fn a_page_that_leads_nowhere_says_why_in_a_sentence() {
    #[login_required]
    async fn guarded_login() {}
    #[login_required(location = |request: &Parts| format!("no path: {}", request.uri))]
    async fn lost() {}
    let sessions = builder().user_loader(load_user).build().unwrap();
    let app = Router::new()
        .route("/login", get(guarded_login))
        .route("/lost", get(lost));
    let site = Site::serve(app.layer(sessions)).await;
    for path in ["/login", "/lost"] {
        let response = site.browser().get(path).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{path}");
        let kind = response.header("content-type");
        assert_eq!(kind, "text/plain; charset=utf-8", "{path}");
        assert_eq!(response.text().await.unwrap(), "Log in first", "{path}");
    }
}

/// A checker that is asked about nobody says no to them: they may log in, and those who have may not come again.
#[tokio::test]
async fn nobody_who_is_refused_is_asked_to_log_in_also_where_others_are_forbidden() {
    #[user_pass(|user: Option<CurrentUser<User>>| user.is_some_and(|CurrentUser(user)| user.id == 1))]
    async fn first() {}
    let sessions = builder()
        .forbid_refused()
        .user_loader(load_user)
        .build()
        .unwrap();
    let app = Router::new()
        .route("/first", get(first))
        .route("/login/{id}", post(log_in));
    let site = Site::serve(app.layer(sessions)).await;
    let (nobody, second) = (site.browser(), site.browser());
    do_post(&second, "/login/2").await;
    assert_eq!(
        answer(&nobody, "/first").await,
        (303, "/login?next=%2Ffirst".to_owned())
    );
    assert_eq!(status(&second, "/first").await, StatusCode::FORBIDDEN);
}

/// That nobody is there is the guard's to answer, as the attribute says, and not the extractor's.
#[tokio::test]
async fn a_checker_whose_user_is_not_there_leaves_the_answer_to_the_attribute() {
    #[user_pass(|CurrentUser(user): CurrentUser<User>, _: Option<CurrentUser<Staff>>| user.id == 1, reject = StatusCode::IM_A_TEAPOT)]
    async fn teapot() {}
    let users = builder().user_loader(load_user).build().unwrap();
    let staff = builder()
        .cookie_name("staff")
        .user_loader(load_staff)
        .build()
        .unwrap();
    let app = Router::new()
        .route("/", get(teapot))
        .layer(users)
        .layer(staff);
    let site = Site::serve(app).await;
    assert_eq!(status(&site.browser(), "/").await, StatusCode::IM_A_TEAPOT);
}

/// The attribute says that it is about staff, and its checker asks for a customer: both must be fresh, and nobody else.
#[tokio::test]
async fn freshness_is_asked_of_those_alone_whom_an_attribute_and_its_checker_name() {
    #[user_pass(|CurrentUser(user): CurrentUser<User>| user.id > 0, user = Staff, fresh = "10m")]
    async fn both() {}
    #[user_pass(|CurrentUser(_): CurrentUser<Staff>| true, fresh = "10m")]
    async fn staff_alone() {}
    async fn staff_login(session: SessionOf<Staff>) -> Result<(), Error> {
        session.login(1)
    }
    async fn staff_remembered(session: SessionOf<Staff>) -> Result<(), Error> {
        session.login_with(Login::new(1).remember(Duration::from_secs(3_600)))
    }
    async fn user_login(session: SessionOf<User>) -> Result<(), Error> {
        session.login(1)
    }
    async fn user_remembered(session: SessionOf<User>) -> Result<(), Error> {
        session.login_with(Login::new(1).remember(Duration::from_secs(3_600)))
    }
    // Loaded, whoever asks.
    let users = builder().auto_load(true).user_loader(load_user);
    let staff = builder()
        .cookie_name("staff")
        .login_url("/staff")
        .user_loader(load_staff);
    let app = Router::new()
        .route("/both", get(both))
        .route("/staff-alone", get(staff_alone))
        .route("/staff/fresh", post(staff_login))
        .route("/staff/remembered", post(staff_remembered))
        .route("/user/fresh", post(user_login))
        .route("/user/remembered", post(user_remembered))
        .layer(users.build().unwrap())
        .layer(staff.build().unwrap());
    let site = Site::serve(app).await;
    for (user, staff, expected) in [
        ("fresh", "fresh", [200, 200]),
        ("remembered", "fresh", [303, 200]),
        ("fresh", "remembered", [303, 303]),
    ] {
        let browser = site.browser();
        do_post(&browser, &format!("/user/{user}")).await;
        do_post(&browser, &format!("/staff/{staff}")).await;
        let seen = [
            status(&browser, "/both").await.as_u16(),
            status(&browser, "/staff-alone").await.as_u16(),
        ];
        assert_eq!(seen, expected, "user {user}, staff {staff}");
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("one thread").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Somebody remembered who wants a page that must be fresh, where there is no page to make them so, is the application's mistake: the log
/// says it. In no other case.
#[tokio::test]
async fn the_log_says_when_nobody_remembered_can_ever_be_fresh() {
    #[login_required(fresh = "10m")]
    async fn fresh() {}
    #[user_pass(|_: &User| false, fresh = "10m")]
    async fn never() {}
    for (login, path, confirms, is_said) in [
        ("/remember", "/fresh", false, true),
        ("/remember", "/fresh", true, false),
        ("/remember", "/never", false, false),
        ("/login/1", "/never", false, false),
    ] {
        let sessions = if confirms {
            builder().confirm_url("/confirm")
        } else {
            builder()
        };
        let app = Router::new()
            .route("/fresh", get(fresh))
            .route("/never", get(never))
            .route("/remember", post(remember))
            .route("/login/{id}", post(log_in))
            .layer(sessions.user_loader(load_user).build().unwrap());
        let site = Site::serve(app).await;
        let browser = site.browser();
        do_post(&browser, login).await;
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .with_max_level(tracing::Level::WARN)
            .finish();
        // The site runs on this very thread.
        let guard = muffin_session_tests::listening::listen(subscriber);
        assert_eq!(status(&browser, path).await, StatusCode::SEE_OTHER);
        drop(guard);
        let log = String::from_utf8(log.0.lock().expect("one thread").clone()).expect("text");
        assert_eq!(
            log.contains("never fresh"),
            is_said,
            "{login}, {path}, {confirms}: {log}"
        );
    }
}

/// A service that takes no request yet.
#[derive(Clone)]
struct NotReady;

impl Service<Request> for NotReady {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Pending
    }

    fn call(&mut self, _: Request) -> Self::Future {
        unreachable!("it is not ready")
    }
}

#[test]
fn a_guarded_service_is_ready_when_the_one_inside_is() {
    let mut guarded = GuardLayer::login_required().layer(NotReady);
    let mut context = Context::from_waker(Waker::noop());
    assert!(guarded.poll_ready(&mut context).is_pending());
}
