//! One guard for a group of routes: no way in beside it, whichever way routers are put together.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Redirect;
use axum::routing::{any, get, post};
use muffin_session::{CurrentUser, GuardLayer, user_loader};
use muffin_session_tests::{Answer as _, Browser, Site, builder};
use reqwest::Method;
use tower_http::cors::CorsLayer;

use crate::{answer, log_in, post as do_post, status};

#[derive(Clone)]
struct User {
    id: u64,
}

impl User {
    fn is_staff(&self) -> bool {
        self.id == 1
    }
}

#[user_loader]
async fn load_user(id: u64) -> Option<User> {
    Some(User { id })
}

async fn secret() -> &'static str {
    "secret"
}

async fn serve(app: Router) -> Site {
    let sessions = builder().user_loader(load_user).build().unwrap();
    Site::serve(app.route("/login/{id}", post(log_in)).layer(sessions)).await
}

fn staff() -> GuardLayer {
    GuardLayer::user_pass(User::is_staff)
}

/// Nobody, somebody whom the guard refuses, and somebody whom it lets pass.
async fn three(site: &Site) -> [Browser; 3] {
    let [nobody, bob, ann] = [site.browser(), site.browser(), site.browser()];
    do_post(&bob, "/login/2").await;
    do_post(&ann, "/login/1").await;
    [nobody, bob, ann]
}

const METHODS: [Method; 7] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
];

/// With every method, nobody but who may sees anything of a path.
async fn is_guarded(site: &Site, path: &str) {
    let [nobody, bob, ann] = three(site).await;
    for method in METHODS {
        for browser in [&nobody, &bob] {
            let response = browser.request(method.clone(), path).send().await.unwrap();
            let (status, location) = (response.status(), response.header("location"));
            assert_eq!(status, StatusCode::SEE_OTHER, "{method} {path}");
            assert!(
                location.starts_with("/login"),
                "{method} {path}: {location}"
            );
            assert!(
                !response.text().await.unwrap().contains("secret"),
                "{method} {path}"
            );
        }
    }
    assert_eq!(ann.text(path).await, "secret", "{path}");
    assert_eq!(
        ann.get(path).await.header("cache-control"),
        "no-store",
        "{path}"
    );
}

#[tokio::test]
async fn nested_merged_and_chained_routes_have_no_way_in_beside_the_guard() {
    let group = || {
        Router::new()
            .route("/a", get(secret))
            .route("/b/{id}", any(secret))
    };
    for (name, app, paths) in [
        (
            "route_layer",
            group().route_layer(staff()),
            &["/a", "/b/1"][..],
        ),
        ("layer", group().layer(staff()), &["/a", "/b/1"]),
        (
            "merge",
            Router::new()
                .merge(group().route_layer(staff()))
                .route("/open", get(secret)),
            &["/a", "/b/1"],
        ),
        (
            "nest",
            Router::new().nest("/in", group().route_layer(staff())),
            &["/in/a", "/in/b/1"],
        ),
        (
            "nest in nest",
            Router::new()
                .nest("/x", Router::new().nest("/y", group()))
                .route_layer(staff()),
            &["/x/y/a", "/x/y/b/1"],
        ),
        (
            "nest_service",
            Router::new().nest_service("/in", group().layer(staff())),
            &["/in/a", "/in/b/1"],
        ),
        (
            "fallback",
            Router::new().fallback(secret).layer(staff()),
            &["/", "/anything/at/all"],
        ),
        (
            "method router",
            Router::new().route("/a", get(secret).layer(staff())),
            &["/a"],
        ),
        (
            "chain",
            Router::new().route(
                "/a",
                get(secret).post(secret).fallback(secret).layer(staff()),
            ),
            &["/a"],
        ),
        (
            "method fallback",
            Router::new()
                .route("/a", get(secret))
                .method_not_allowed_fallback(secret)
                .layer(staff()),
            &["/a"],
        ),
        (
            "service",
            Router::new()
                .route_service("/a", get(secret))
                .route_layer(staff()),
            &["/a"],
        ),
    ] {
        let site = serve(app).await;
        for path in paths {
            println!("{name}: {path}");
            is_guarded(&site, path).await;
        }
        if name == "merge" {
            assert_eq!(
                site.browser().text("/open").await,
                "secret",
                "what is beside the group is open"
            );
        }
        if name.ends_with("layer") && name != "layer" {
            assert_eq!(
                status(&site.browser(), "/nowhere").await,
                StatusCode::NOT_FOUND,
                "{name}"
            );
        }
    }
}

#[tokio::test]
async fn other_spellings_of_a_guarded_path_lead_nowhere() {
    let site = serve(Router::new().nest(
        "/in",
        Router::new().route("/a", get(secret)).route_layer(staff()),
    ))
    .await;
    for path in [
        "/in/a/",
        "/in//a",
        "/in/%61/",
        "/IN/a",
        "/in/a%2f",
        "/in/./x/../a/",
        "/in;x/a",
    ] {
        let response = site.browser().get(path).await;
        let status = response.status().as_u16();
        assert!(matches!(status, 303 | 404), "{path}: {status}");
        assert!(!response.text().await.unwrap().contains("secret"), "{path}");
    }
}

#[tokio::test]
async fn the_way_back_is_the_whole_path_also_in_nested_routers() {
    let inner = Router::new()
        .route("/c/{id}", get(secret))
        .route_layer(staff());
    let site = serve(Router::new().nest("/a", Router::new().nest("/b", inner))).await;
    let location = answer(&site.browser(), "/a/b/c/7?x=1&y=%2F").await.1;
    assert_eq!(location, "/login?next=%2Fa%2Fb%2Fc%2F7%3Fx%3D1%26y%3D%252F");
}

#[tokio::test]
async fn a_guard_takes_a_checker_with_state_and_says_where_to_go() {
    #[derive(Clone)]
    struct Db(u64);
    async fn owns(CurrentUser(user): CurrentUser<User>, State(db): State<Db>) -> bool {
        user.id == db.0
    }
    for (layer, nobody, bob) in [
        (
            GuardLayer::user_pass_with_state(owns, Db(1)),
            "/login?next=%2F",
            "/login",
        ),
        (GuardLayer::login_required(), "/login?next=%2F", ""),
        (
            GuardLayer::login_required_as::<User>(),
            "/login?next=%2F",
            "",
        ),
        (GuardLayer::default_user_pass(), "/login?next=%2F", ""),
        (
            staff().location("/welcome"),
            "/welcome?next=%2F",
            "/welcome",
        ),
        (
            GuardLayer::user_pass(|user: &User| user.is_staff()),
            "/login?next=%2F",
            "/login",
        ),
    ] {
        let site = serve(Router::new().route("/", get(secret)).route_layer(layer)).await;
        let [anonymous, other, ann] = three(&site).await;
        assert_eq!(answer(&anonymous, "/").await.1, nobody);
        assert_eq!(answer(&other, "/").await.1, bob);
        assert_eq!(ann.text("/").await, "secret");
    }
    let gone = staff().reject((StatusCode::GONE, "nothing here"));
    let site = serve(Router::new().route("/", get(secret)).route_layer(gone)).await;
    for browser in &three(&site).await[..2] {
        assert_eq!(status(browser, "/").await, StatusCode::GONE);
    }
    let fresh = GuardLayer::login_required().fresh(std::time::Duration::from_secs(0));
    let site = serve(Router::new().route("/", get(secret)).route_layer(fresh)).await;
    assert_eq!(
        answer(&three(&site).await[2], "/").await.1,
        "/login?next=%2F"
    );
}

#[tokio::test]
async fn a_refused_request_reaches_no_extractor_and_no_body_is_read() {
    async fn body(axum::Json(_): axum::Json<u64>) -> Redirect {
        Redirect::to("/")
    }
    let site = serve(Router::new().route("/", post(body)).route_layer(staff())).await;
    let [nobody, _, ann] = three(&site).await;
    let send = async |browser: &Browser| {
        let request = browser.request(Method::POST, "/").body("no json");
        request.send().await.unwrap().status()
    };
    assert_eq!(send(&nobody).await, StatusCode::SEE_OTHER);
    assert_eq!(send(&ann).await, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

async fn preflight(browser: &Browser, path: &str) -> reqwest::Response {
    let request = browser
        .request(Method::OPTIONS, path)
        .header("origin", "https://shop.example")
        .header("access-control-request-method", "PUT")
        .header("sec-fetch-mode", "cors");
    request.send().await.unwrap()
}

#[tokio::test]
async fn a_cors_preflight_passes_to_the_layer_that_answers_it() {
    let cors = || CorsLayer::permissive();
    let group = || {
        Router::new()
            .route("/", get(secret).put(secret))
            .route("/any", any(secret))
    };
    // Outside of the guard it just works; inside, the guard has to be told.
    for app in [
        group().route_layer(staff()).layer(cors()),
        group().layer(cors()).layer(staff().pass_preflights()),
    ] {
        let site = serve(app).await;
        for path in ["/", "/any"] {
            let response = preflight(&site.browser(), path).await;
            assert_eq!(response.status(), StatusCode::OK);
            assert_eq!(response.header("access-control-allow-origin"), "*");
            assert!(!response.text().await.unwrap().contains("secret"));
            is_guarded_but_preflights(&site, path).await;
        }
    }
    // Without one, it is refused like any other request: `any(..)` would answer it.
    let site = serve(group().route_layer(staff())).await;
    for path in ["/", "/any"] {
        let response = preflight(&site.browser(), path).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
}

/// What lacks one of the signs of a preflight is a request like any other.
#[tokio::test]
async fn what_only_looks_like_a_preflight_is_guarded() {
    let group = Router::new().route("/any", any(secret));
    let site = serve(group.layer(staff().pass_preflights())).await;
    let origin = ("origin", "https://shop.example");
    let asks = ("access-control-request-method", "PUT");
    for (method, headers) in [
        (Method::OPTIONS, &[][..]),
        (Method::OPTIONS, &[origin]),
        (Method::OPTIONS, &[asks]),
        (Method::GET, &[origin, asks]),
        (Method::HEAD, &[origin, asks]),
    ] {
        let mut request = site.browser().request(method.clone(), "/any");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let status = request.send().await.unwrap().status();
        assert!(!status.is_success(), "{method} {headers:?}: {status}");
    }
}

async fn is_guarded_but_preflights(site: &Site, path: &str) {
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE] {
        let response = site
            .browser()
            .request(method.clone(), path)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "{method}");
    }
}

/// What a group demands stays with each copy of the layer.
#[tokio::test]
async fn a_copy_of_a_guard_keeps_what_was_said_of_it() {
    let base = GuardLayer::login_required()
        .fresh(std::time::Duration::from_secs(0))
        .reject(StatusCode::IM_A_TEAPOT);
    let changed = base.clone().location("/elsewhere");
    let app = Router::new()
        .merge(Router::new().route("/base", get(secret)).route_layer(base))
        .merge(
            Router::new()
                .route("/changed", get(secret))
                .route_layer(changed),
        );
    let site = serve(app).await;
    let [nobody, _, ann] = three(&site).await;
    assert_eq!(status(&nobody, "/base").await, StatusCode::IM_A_TEAPOT);
    assert_eq!(
        status(&ann, "/base").await,
        StatusCode::IM_A_TEAPOT,
        "not fresh"
    );
    assert_eq!(
        answer(&ann, "/changed").await.1,
        "/elsewhere?next=%2Fchanged",
        "not fresh"
    );
}
