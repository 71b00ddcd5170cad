//! `Debug` of what the library gives shows no secret, no cookie, nothing of a session, and no user.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderValue, Request, Response};
use axum::routing::{get, post};
use muffin_session::{
    Auth, CurrentUser, Error, Login, NextUrl, Refusal, Secret, Session, Sessions, user_loader,
};
use muffin_session_tests::{Jar, SECRET, builder};
use serde_json::json;
use tower::{Layer as _, Service as _, ServiceExt as _};

/// Words that stand in secrets, cookies, sessions and users, and must not be shown.
const PRIVATE: [&str; 6] = [
    "canary-id",
    "canary-name",
    "canary-key",
    "canary-value",
    "canary-claim",
    "canary-flash",
];

#[derive(Clone, Debug)]
#[allow(dead_code, reason = "it is for `Debug` to show, or not")]
struct User {
    name: String,
}

#[user_loader]
async fn load_user(id: String) -> Option<User> {
    (id == "canary-id").then(|| User {
        name: "canary-name".to_owned(),
    })
}

/// What was shown.
#[derive(Clone, Default)]
struct Shown(Arc<Mutex<Vec<String>>>);

impl Shown {
    fn note(&self, what: &dyn Debug) {
        let mut shown = self.0.lock().expect("one thread");
        shown.extend([format!("{what:?}"), format!("{what:#?}")]);
    }

    /// Nothing of it holds one of these words.
    fn hides(&self, private: &[&str]) {
        let shown = self.0.lock().expect("one thread");
        assert!(!shown.is_empty());
        for text in shown.iter() {
            for word in PRIVATE.iter().chain(private) {
                assert!(!text.contains(word), "{word} is shown: {text}");
            }
        }
    }
}

async fn login(session: Session, State(shown): State<Shown>) -> Result<(), Error> {
    let login = Login::new("canary-id").claims(&json!({ "role": "canary-claim" }))?;
    shown.note(&login);
    session.login_with(login)?;
    session.insert("canary-key", "canary-value")?;
    session.flash_with("message", "canary-flash")?;
    shown.note(&session);
    Ok(())
}

async fn look(
    session: Session,
    auth: Auth,
    user: CurrentUser<User>,
    next: NextUrl,
    State(shown): State<Shown>,
) -> Result<(), Refusal> {
    shown.note(&session);
    shown.note(&auth);
    shown.note(&user);
    shown.note(&auth.user::<User>().await?.map(CurrentUser));
    shown.note(&next);
    shown.note(&session.get_flashed_messages());
    let wrong = session.get::<u64>("color");
    shown.note(&wrong);
    shown.note(&wrong.map_err(|error| error.to_string()));
    let refusal = auth
        .check_user(|_: &User| false)
        .await
        .expect_err("nobody passes");
    shown.note(&refusal);
    Err(refusal)
}

/// Errors that are about values.
async fn fail(session: Session, State(shown): State<Shown>) -> Result<(), Error> {
    session.insert("color", "canary-value")?;
    let errors = [
        session.get::<u64>("color").map(drop),
        session.remove::<u64>("color").map(drop),
        session
            .update("color", |number: Option<u64>| number.unwrap_or(0))
            .map(drop),
        session.insert("color", "canary-value".repeat(400)),
        session.flash("canary-flash".repeat(400)),
        session.login("canary-id".repeat(400)),
        session.login(None::<u64>),
        session.insert(
            "color",
            std::collections::HashMap::from([(vec!["canary-value"], 1)]),
        ),
    ];
    for error in errors {
        let error = error.expect_err("each of them fails");
        shown.note(&error);
        shown.0.lock().expect("one thread").push(error.to_string());
    }
    Ok(())
}

#[tokio::test]
async fn s077_what_handlers_get_shows_nothing_of_a_session() {
    let shown = Shown::default();
    let sessions = builder()
        .user_loader(load_user)
        .build()
        .expect("good options");
    let app = Router::new()
        .route("/login", post(login))
        .route("/look", get(look))
        .route("/fail", post(fail))
        .with_state(shown.clone())
        .layer(sessions);
    let ask = |request: Request<Body>| app.clone().oneshot(request);
    let request = Request::post("/login")
        .body(Body::empty())
        .expect("a request");
    let answer = ask(request).await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let jar = Jar::default();
    for cookie in answer.headers().get_all(SET_COOKIE) {
        jar.apply(cookie.to_str().expect("ASCII"));
    }
    let cookies = jar.header().expect("cookies");
    let request = Request::get("/look?next=/a")
        .header(COOKIE, &cookies)
        .body(Body::empty());
    let answer = ask(request.expect("a request")).await.expect("an answer");
    assert_eq!(answer.status(), 303);
    let request = Request::post("/fail")
        .body(Body::empty())
        .expect("a request");
    assert_eq!(ask(request).await.expect("an answer").status(), 200);

    let values: Vec<_> = jar.all().into_values().collect();
    let values: Vec<_> = values.iter().map(String::as_str).collect();
    assert!(values.len() >= 3);
    shown.hides(&values);
}

#[tokio::test]
async fn s077_what_is_configured_shows_nothing_of_the_secret_and_the_rest() {
    let shown = Shown::default();
    shown.note(&Secret::new(SECRET));
    shown.note(&Secret::generate().expect("randomness"));
    let builder = || {
        builder()
            .app_name("canary-name")
            .verify_with(Secret::new(
                "canary-key, and enough of other text: q8Wn5Zt1",
            ))
            .user_loader(load_user)
    };
    shown.note(&builder());
    let sessions = builder().build().expect("good options");
    shown.note(&sessions);
    shown.note(&Some(sessions.clone()));
    let plain = tower::service_fn(|_: Request<Body>| async {
        Ok::<_, std::convert::Infallible>(Response::new(Body::empty()))
    });
    let mut service = sessions.layer(plain);
    shown.note(&service);
    let mut request = Request::new(Body::empty());
    let cookie = HeaderValue::from_static("__Host-session.id=canary-value");
    request.headers_mut().insert(COOKIE, cookie);
    let future = service.call(request);
    shown.note(&future);
    drop(future);
    shown.note(
        &Sessions::builder(Secret::new("canary-key"))
            .build()
            .expect_err("it is short"),
    );
    let of_old = builder().verify_with(Secret::new("canary-key")).build();
    shown.note(&of_old.expect_err("it is short"));
    shown.hides(&[SECRET]);
}
