//! Where the layer can be put, and what happens where it is missing.

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{Request, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{BoxError, Router};
use muffin_session::{Error, Session, Sessions, login_required};
use muffin_session_tests::{Jar, Site, builder};
use tower::{ServiceBuilder, ServiceExt as _};

fn sessions() -> Sessions {
    builder()
        .without_user_loader()
        .build()
        .expect("good options")
}

async fn who(session: Session) -> Result<String, Error> {
    Ok(session
        .user_id::<u64>()?
        .map_or("nobody".to_owned(), |user| user.to_string()))
}

async fn login(session: Session) -> Result<(), Error> {
    session.login(1)
}

#[login_required]
async fn guarded() -> &'static str {
    "for you"
}

/// The state of an application.
#[derive(Clone)]
struct Db(&'static str);

async fn from_state(State(Db(text)): State<Db>, session: Session) -> String {
    format!("{text}, {}", session.is_logged_in())
}

fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/who", get(who))
        .route("/login", post(login))
        .route("/guarded", get(guarded))
}

/// Login and guard work on the application.
async fn works(app: Router, prefix: &str) {
    let site = Site::serve(app).await;
    let browser = site.browser();
    assert_eq!(browser.text(&format!("{prefix}/who")).await, "nobody");
    assert_eq!(
        browser.get(&format!("{prefix}/guarded")).await.status(),
        303
    );
    assert_eq!(browser.post(&format!("{prefix}/login")).await.status(), 200);
    assert_eq!(browser.text(&format!("{prefix}/who")).await, "1");
    assert_eq!(browser.text(&format!("{prefix}/guarded")).await, "for you");
}

#[tokio::test]
async fn a_router_takes_the_layer_before_its_state_and_after() {
    let with_state = || routes::<Db>().route("/state", get(from_state));
    let before = with_state().layer(sessions()).with_state(Db("db"));
    let after = with_state().with_state(Db("db")).layer(sessions());
    for app in [before, after] {
        works(app.clone(), "").await;
        let site = Site::serve(app).await;
        assert_eq!(site.browser().text("/state").await, "db, false");
    }
}

#[tokio::test]
async fn routers_services_and_single_routes_take_the_layer() {
    works(routes().layer(ServiceBuilder::new().layer(sessions())), "").await;
    works(routes().route_layer(sessions()), "").await;
    let sessions = sessions();
    let layered = |route: MethodRouter| route.layer(sessions.clone());
    let each = Router::new()
        .route("/who", layered(get(who)))
        .route("/login", layered(post(login)))
        .route("/guarded", layered(get(guarded)));
    works(each, "").await;
    let fallback = Router::new()
        .route("/login", post(login))
        .route("/guarded", get(guarded))
        .fallback(who);
    works(fallback.layer(sessions.clone()), "").await;
    works(Router::new().fallback_service(routes().layer(sessions)), "").await;
}

#[tokio::test]
async fn nested_and_merged_routers_take_the_layer_outside_and_inside() {
    works(
        Router::new().nest("/app", routes()).layer(sessions()),
        "/app",
    )
    .await;
    works(
        Router::new().nest("/app", routes().layer(sessions())),
        "/app",
    )
    .await;
    works(
        Router::new().nest_service("/app", routes::<()>().layer(sessions())),
        "/app",
    )
    .await;
    works(
        Router::new()
            .nest("/a", Router::new().nest("/b", routes()))
            .layer(sessions()),
        "/a/b",
    )
    .await;
    works(Router::new().merge(routes()).layer(sessions()), "").await;
    works(
        Router::new()
            .route("/other", get(|| async {}))
            .merge(routes().layer(sessions())),
        "",
    )
    .await;
}

#[tokio::test]
async fn the_layer_twice_is_as_good_as_once() {
    for auto_load in [false, true] {
        let sessions = builder()
            .auto_load(auto_load)
            .without_user_loader()
            .build()
            .expect("good options");
        let inner = routes().layer(sessions.clone());
        works(
            Router::new().nest("/app", inner).layer(sessions.clone()),
            "/app",
        )
        .await;
        works(routes().layer(sessions.clone()).layer(sessions), "").await;
    }
}

#[tokio::test]
async fn a_service_that_is_no_router_takes_the_layer() {
    // What the handler of a plain service can reach of a session is through the extractors of a router inside it.
    let plain = tower::service_fn(|_: Request<Body>| async {
        Ok::<_, BoxError>(Response::new(Body::from("plain")))
    });
    let service = ServiceBuilder::new().layer(sessions()).service(plain);
    let answer = service
        .oneshot(Request::new(Body::empty()))
        .await
        .expect("an answer");
    assert_eq!(
        to_bytes(answer.into_body(), 100).await.expect("a body"),
        "plain"
    );

    let service = ServiceBuilder::new()
        .layer(sessions())
        .service(routes::<()>());
    let request = Request::post("/login")
        .body(Body::empty())
        .expect("a request");
    let answer = service.clone().oneshot(request).await.expect("an answer");
    let jar = Jar::default();
    for cookie in answer.headers().get_all(SET_COOKIE) {
        jar.apply(cookie.to_str().expect("ASCII"));
    }
    let request = Request::get("/who").header(COOKIE, jar.header().expect("cookies"));
    let answer = service
        .oneshot(request.body(Body::empty()).expect("a request"))
        .await
        .expect("an answer");
    assert_eq!(
        to_bytes(answer.into_body(), 100).await.expect("a body"),
        "1"
    );
}

#[tokio::test]
async fn two_applications_side_by_side_have_two_logins() {
    async fn login_as_two(session: Session) -> Result<(), Error> {
        session.login(2)
    }
    let admin = builder()
        .cookie_name("admin")
        .without_user_loader()
        .build()
        .expect("good options");
    let admin_routes = Router::new()
        .route("/who", get(who))
        .route("/login", post(login_as_two))
        .layer(admin);
    let shop = Router::new()
        .nest("/shop", routes().layer(sessions()))
        .nest("/admin", admin_routes);
    let site = Site::serve(shop).await;
    let browser = site.browser();
    browser.post("/shop/login").await;
    assert_eq!(browser.text("/shop/who").await, "1");
    assert_eq!(browser.text("/admin/who").await, "nobody");
    browser.post("/admin/login").await;
    assert_eq!(browser.text("/shop/who").await, "1");
    assert_eq!(browser.text("/admin/who").await, "2");
    assert_eq!(browser.jar.names().len(), 4);
}

#[tokio::test]
async fn s224_of_two_layers_around_a_handler_the_inner_one_is_its_own() {
    for (outer_name, inner_name) in [
        ("session", "admin"),
        ("session", "session.admin"),
        ("session.shop", "session"),
    ] {
        for auto_load in [false, true] {
            let named = |name: &str| {
                let builder = builder()
                    .cookie_name(name)
                    .auto_load(auto_load)
                    .without_user_loader();
                builder.build().expect("good options")
            };
            let inner = routes().layer(named(inner_name));
            let app = routes().nest("/admin", inner).layer(named(outer_name));
            works(app.clone(), "").await;
            works(app.clone(), "/admin").await;
            let site = Site::serve(app).await;
            let browser = site.browser();
            browser.post("/admin/login").await;
            assert_eq!(browser.text("/admin/who").await, "1");
            assert_eq!(
                browser.text("/who").await,
                "nobody",
                "{outer_name} around {inner_name}"
            );
            let prefix = format!("__Host-{inner_name}.");
            assert!(
                browser
                    .jar
                    .names()
                    .iter()
                    .all(|name| name.starts_with(&prefix))
            );
        }
    }
}

#[tokio::test]
async fn s160_s215_a_route_without_the_layer_lets_nobody_in() {
    let app = Router::new()
        .route("/early", get(guarded))
        .layer(sessions())
        .route("/late", get(guarded).post(who))
        .route("/untouched", get(|| async { "fine" }));
    let site = Site::serve(app).await;
    let browser = site.browser();
    assert_eq!(browser.get("/early").await.status(), 303);
    for answer in [browser.get("/late").await, browser.post("/late").await] {
        assert_eq!(answer.status(), 500);
        assert!(!answer.headers().contains_key("location"));
        let body = answer.text().await.expect("a body");
        // A development build says what to add; what it is for users to see says nothing of the inside.
        assert_eq!(
            body.contains("add `.layer(sessions)` to the router"),
            cfg!(debug_assertions),
            "{body}"
        );
        assert!(!body.contains("muffin"), "{body}");
    }
    assert_eq!(browser.text("/untouched").await, "fine");
}
