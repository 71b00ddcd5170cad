//! What a response meets on its way out: nothing that holds the session may keep it, and nothing of a login gets lost.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use muffin_session::{Auth, CurrentUser, Session, user_loader};
use muffin_session_tests::{Jar, bare_builder, builder};
use tower::ServiceExt as _;

/// An application that handlers can ask as a client would.
type Inside = Arc<OnceLock<Router>>;

async fn send(app: &Router, method: &str, path: &str, cookies: Option<&HeaderValue>) -> Response {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(cookies) = cookies {
        request = request.header(COOKIE, cookies);
    }
    let request = request.body(Body::empty()).unwrap();
    app.clone().oneshot(request).await.unwrap()
}

/// The cookies of a browser that has logged in.
async fn logged_in(app: &Router) -> HeaderValue {
    let jar = Jar::default();
    let response = send(app, "POST", "/login", None).await;
    for cookie in response.headers().get_all(SET_COOKIE) {
        jar.apply(cookie.to_str().unwrap());
    }
    HeaderValue::try_from(jar.header().unwrap()).unwrap()
}

/// What a test gives that would hang for ever where a lock is held.
fn within_a_minute<T: Send + 'static>(test: impl Future<Output = T> + Send + 'static) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let running = runtime.spawn(test);
    let done =
        runtime.block_on(async { tokio::time::timeout(Duration::from_mins(1), running).await });
    runtime.shutdown_background();
    done.expect("it hangs").unwrap()
}

/// It looks at the session when it is dropped, as what owns a download may.
struct Watched(Session);

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.0.user_id::<u64>();
    }
}

#[test]
fn an_answer_that_is_dropped_may_look_at_the_session() {
    async fn slow(session: Session, headers: HeaderMap, inside: Inside) -> Response {
        session.insert("key", 1).unwrap();
        // Meanwhile the same person logs out: the change is lost, and with it the answer.
        send(
            inside.get().unwrap(),
            "POST",
            "/logout",
            headers.get(COOKIE),
        )
        .await;
        let watched = Watched(session);
        let body = futures_util::stream::once(async move {
            let _watched = watched;
            Ok::<_, Infallible>(Bytes::new())
        });
        Body::from_stream(body).into_response()
    }

    let inside = Inside::default();
    let for_slow = inside.clone();
    let sessions = builder().without_user_loader().build().unwrap();
    let app = Router::new()
        .route("/login", post(async |session: Session| session.login(1)))
        .route("/logout", post(async |session: Session| session.logout()))
        .route(
            "/slow",
            post(move |session, headers| slow(session, headers, for_slow)),
        )
        .layer(sessions);
    inside.set(app.clone()).unwrap();
    let status = within_a_minute(async move {
        let cookies = logged_in(&app).await;
        send(&app, "POST", "/slow", Some(&cookies)).await.status()
    });
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[test]
fn a_value_that_is_replaced_may_look_at_the_session_when_it_is_dropped() {
    let store = muffin_session::MemoryStore::new();
    let sessions = bare_builder().without_user_loader().store(store).build();
    let handler = async |session: Session| {
        for replace in [
            (|session| session.insert("key", 2)) as fn(&Session) -> _,
            |session| session.remove::<u32>("key").map(drop),
            Session::clear,
        ] {
            let watched = Watched(session.clone());
            let update = move |_: Option<u32>| {
                let _watched = &watched;
                1
            };
            session.update("key", update).unwrap();
            replace(&session).unwrap();
        }
    };
    let app = Router::new()
        .route("/", post(handler))
        .layer(sessions.unwrap());
    let status = within_a_minute(async move { send(&app, "POST", "/", None).await.status() });
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn a_login_that_is_asked_for_inside_of_the_application_keeps_its_cookies() {
    let sessions = builder().without_user_loader().build().unwrap();
    let inside = Inside::default();
    let for_old = inside.clone();
    let app = Router::new()
        .route("/login", post(async |session: Session| session.login(1)))
        .route(
            "/old-login",
            post(async move || send(for_old.get().unwrap(), "POST", "/login", None).await),
        )
        .layer(sessions.clone());
    inside.set(app.clone()).unwrap();
    // One that makes a new request of what HTTP has, and between two layers.
    let anew = async |request: Request, next: Next| {
        let mut anew = Request::new(Body::empty());
        request.method().clone_into(anew.method_mut());
        request.uri().clone_into(anew.uri_mut());
        next.run(anew).await
    };
    let between = app.clone().layer(from_fn(anew)).layer(sessions);
    for (app, path) in [(&app, "/login"), (&app, "/old-login"), (&between, "/login")] {
        let response = send(app, "POST", path, None).await;
        let cookies = response.headers().get_all(SET_COOKIE).iter().count();
        assert_eq!(cookies, 2, "{path}");
    }
}

static IS_KNOWN: AtomicBool = AtomicBool::new(false);

#[derive(Clone)]
struct User;

/// One whom a database that lags does not know yet.
#[user_loader]
async fn load_late(_: u64) -> Option<User> {
    IS_KNOWN.load(Ordering::SeqCst).then_some(User)
}

#[tokio::test]
async fn a_logout_after_the_answer_ends_the_login_that_it_sent_whatever_the_loader_said_meanwhile()
{
    let kept: Arc<Mutex<Option<Auth>>> = Arc::default();
    let keep = kept.clone();
    let log_in = async move |auth: Auth| {
        let logged_in = auth.session().login(1);
        *keep.lock().unwrap() = Some(auth);
        logged_in
    };
    let who = async |user: Option<CurrentUser<User>>| user.is_some().to_string();
    let app = Router::new()
        .route("/login", post(log_in))
        .route("/who", get(who))
        .layer(bare_builder().user_loader(load_late).build().unwrap());
    let cookies = logged_in(&app).await;
    let auth = kept.lock().unwrap().take().unwrap();
    assert!(auth.user::<User>().await.unwrap().is_none());
    auth.session().logout();
    IS_KNOWN.store(true, Ordering::SeqCst);
    let answer = send(&app, "GET", "/who", Some(&cookies)).await;
    let body = to_bytes(answer.into_body(), 100).await.unwrap();
    assert_eq!(body, "false");
}
