//! Ways past a guard.

mod house;
mod rooms;

use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::middleware::from_fn;
use axum::routing::{any, get, post};
use muffin_session::{CurrentUser, GuardLayer, Session};
use muffin_session_tests::{Answer as _, Browser, Site, builder};
use tower::ServiceExt as _;
use tower_http::catch_panic::CatchPanicLayer;

use self::house::{House, Served, User, cookies, hall, load_user, room};
use self::rooms::*;

fn rooms() -> Router<House> {
    Router::new().route("/room", get(room))
}

/// HEAD to a page that takes GET alone. Expected: refused like the GET, and the handler does not run.
#[tokio::test]
async fn head_in_place_of_get() {
    let house = Served::new(rooms()).await;
    house.lets_in("/room").await;
    assert_eq!(house.keeps_out("HEAD /room", &[], b"").await.status, 303);
    let json = house
        .keeps_out("HEAD /room", &["Accept: application/json"], b"")
        .await;
    assert_eq!((json.status, json.body), (401, vec![]));
}

/// OPTIONS, TRACE, CONNECT and methods that nobody knows, to a page that takes GET, and to one that takes any. Expected: 405 there, refused here, and no
/// handler runs.
#[tokio::test]
async fn methods_that_nobody_thought_of() {
    let house = Served::new(rooms().route("/any", any(room))).await;
    house.lets_in("/any").await;
    for method in "OPTIONS TRACE FOO get PROPFIND PUT DELETE PURGE".split(' ') {
        let answer = house.keeps_out(&format!("{method} /room"), &[], b"").await;
        assert_eq!(answer.status, 405, "{method}");
        let answer = house.keeps_out(&format!("{method} /any"), &[], b"").await;
        assert_eq!(
            (answer.status, answer.field("location")),
            (303, Some("/login")),
            "{method}"
        );
    }
}

/// A method that is allowed is said to be another by `X-HTTP-Method-Override` or `_method`. Expected: refused, neither is looked at.
#[tokio::test]
async fn method_said_in_a_header() {
    let house = Served::new(rooms().route("/hall-too", get(hall).post(room))).await;
    for field in [
        "X-HTTP-Method-Override: GET",
        "X-HTTP-Method: OPTIONS",
        "X-Method-Override: HEAD",
    ] {
        house
            .keeps_out(
                "POST /hall-too?_method=GET",
                &[field, "Content-Length: 0"],
                b"",
            )
            .await;
        house
            .keeps_out("GET /room?_method=OPTIONS", &[field], b"")
            .await;
    }
}

/// The path with slashes, dots, escapes, capitals or a parameter more than it has. Expected: refused, or no such page; the handler never runs.
#[tokio::test]
async fn other_spellings_of_the_path() {
    let rooms = Router::new().nest("/n", rooms().route_layer(GuardLayer::login_required()));
    let house = Served::new(rooms).await;
    house.lets_in("/n/room").await;
    for path in "/n/room/ /n//room //n/room /n/%72oom /N/room /n/./room /n/x/../room /n/room;x=1 /n%2froom /n/room%2f \
        /n/room%00 /n/room%20 /n/room? /n/room. /n/room.html /n\\room /n/room%3fx /%6e/room http://localhost/n/room \
        n/room".split(' ') {
        let answer = house.keeps_out(&format!("GET {path}"), &[], b"").await;
        assert!(
            [303, 400, 404].contains(&answer.status),
            "{path}: {}",
            answer.head
        );
    }
}

/// Guarded handlers behind `nest`, `nest_service`, `merge`, a fallback, a fallback for methods and single routes. Expected: each is refused, also with
/// methods that it has no handler for.
#[tokio::test]
async fn routers_in_every_shape() {
    let state = House::default;
    for (shape, rooms, line) in [
        (
            "nest",
            Router::new().nest("/a", Router::new().nest("/b", rooms())),
            "GET /a/b/room",
        ),
        (
            "nest_service",
            Router::new().nest_service("/a", rooms().with_state(state())),
            "GET /a/room",
        ),
        (
            "merge",
            Router::new().route("/open", get(hall)).merge(rooms()),
            "GET /room",
        ),
        ("fallback", Router::new().fallback(room), "GET /any/where"),
        (
            "fallback for methods",
            rooms().method_not_allowed_fallback(room),
            "PUT /room",
        ),
        (
            "of a route",
            Router::new().route("/room", get(hall).fallback(room)),
            "PUT /room",
        ),
        (
            "nested fallback",
            Router::new().nest("/a", Router::new().fallback(room)),
            "GET /a/where",
        ),
        (
            "route_service",
            Router::new().route_service("/room", get(room).with_state(state())),
            "GET /room",
        ),
        (
            "layer",
            Router::new()
                .route("/room", any(hall))
                .layer(GuardLayer::login_required()),
            "FOO /room",
        ),
    ] {
        let house = Served::new(rooms).await;
        let answer = house.keeps_out(line, &[], b"").await;
        assert_eq!(answer.status, 303, "{shape}");
    }
}

/// Genuine cookies to guarded routes that the session layer does not cover. Expected: 500, nobody gets in.
#[tokio::test]
async fn missing_layer() {
    let ann = Served::new(rooms()).await.user(1).await;
    let app = Router::new()
        .route(
            "/open",
            get(|session: Session| async move { session.len().to_string() }),
        )
        .route("/group", get(hall).layer(GuardLayer::login_required()))
        .merge(rooms())
        .with_state(House::default());
    let site = Site::serve(app).await;
    let browser = Browser::new(site.url(""), ann.jar.clone());
    for path in ["/room", "/open", "/group"] {
        assert_eq!(browser.get(path).await.status(), 500, "{path}");
    }
}

/// Bodies that are malformed, too large, of another type or announced and never sent, from nobody. Expected: refused before the body is looked at.
#[tokio::test]
async fn body_before_the_guard() {
    let house = Served::new(Router::new().route("/json", post(json))).await;
    let kind = "Content-Type: application/json";
    for (fields, body) in [
        (&[kind, "Content-Length: 1"][..], &b"{"[..]),
        (&[kind, "Content-Length: 3000000"], &LARGE),
        (&["Content-Type: text/plain", "Content-Length: 2"], b"{}"),
        (&[kind, "Content-Length: 1000000"], b""),
        (&[kind, "Content-Length: 1000000"], b"{"),
        (&[kind, "Transfer-Encoding: chunked"], b"1\r\n{\r\n"),
    ] {
        let answer = house.keeps_out("POST /json", fields, body).await;
        let status = if fields[0] == kind { 401 } else { 303 };
        assert_eq!(answer.status, status, "{fields:?}");
    }
    let ann = cookies(&house.user(1).await);
    let answer = house
        .send("POST /json", &[kind, "Content-Length: 1", &ann], b"{")
        .await;
    assert_eq!(answer.status, 400, "somebody logged in is told");
}

/// `Expect: 100-continue` from nobody. Expected: the refusal comes without `100 Continue`; somebody who is logged in gets that.
#[tokio::test]
async fn body_after_a_hundred_continue() {
    let house = Served::new(Router::new().route("/json", post(json))).await;
    let fields = [
        "Content-Type: application/json",
        "Content-Length: 9",
        "Expect: 100-continue",
    ];
    assert_eq!(
        house.keeps_out("POST /json", &fields, b"").await.status,
        401
    );
    let ann = cookies(&house.user(1).await);
    let fields = [&fields[..], &[&ann]].concat();
    assert_eq!(house.send("POST /json", &fields, b"").await.status, 100);
}

/// A query that the handler's first extractor refuses, from nobody. Expected: the refusal and not the 400, which is for those who may.
#[tokio::test]
async fn bad_query_before_the_guard() {
    let house = Served::new(Router::new().route("/paged", get(paged))).await;
    for query in ["number=x", "", "number=1&number=2"] {
        assert_eq!(
            house
                .keeps_out(&format!("GET /paged?{query}"), &[], b"")
                .await
                .status,
            303
        );
        assert_eq!(
            house
                .user(1)
                .await
                .get(&format!("/paged?{query}"))
                .await
                .status(),
            400
        );
    }
}

/// A handshake for a `WebSocket` from nobody. Expected: 401 before the 101.
#[tokio::test]
async fn upgrade_before_the_guard() {
    let house = Served::new(Router::new().route("/socket", get(socket))).await;
    assert_eq!(
        house.keeps_out("GET /socket", &HANDSHAKE, b"").await.status,
        401
    );
    let ann = cookies(&house.user(1).await);
    assert_eq!(
        house
            .send("GET /socket", &[&HANDSHAKE[..], &[&ann]].concat(), b"")
            .await
            .status,
        101
    );
}

/// A customer whose id is also one of the staff's opens the staff's pages, inside and outside of the staff's layer. Expected: refused by its layer; 500
/// where only the customers' layer is, since it knows nothing of staff.
#[tokio::test]
async fn layer_of_other_users() {
    let staff = builder().cookie_name("staff").user_loader(load_staff);
    let staff = staff
        .login_url("/staff/login")
        .build()
        .expect("good options");
    let inside = Router::new()
        .route("/office", get(office))
        .merge(rooms())
        .layer(staff);
    let rooms = Router::new()
        .nest("/staff", inside)
        .route("/office", get(office))
        .merge(rooms());
    let house = Served::new(rooms).await;
    let customer = house.user(1).await;
    for path in ["/staff/office", "/staff/room"] {
        let answer = customer.get(path).await;
        assert!(
            answer.header("location").starts_with("/staff/login"),
            "{path}"
        );
    }
    assert_eq!(customer.get("/office").await.status(), 500);
    assert_eq!(house.visits(), 0);
}

/// Headers with which proxies and frameworks say who somebody is. Expected: refused, none is looked at.
#[tokio::test]
async fn identity_in_a_header() {
    let house = Served::new(rooms()).await;
    for field in "X-User: 1, X-User-Id: 1, X-Forwarded-User: 1, Remote-User: ann, X-Remote-User: ann, X-Auth-Request-User: ann, \
        X-Authenticated: true, X-Middleware-Subrequest: middleware, Authorization: Basic YW5uOmFubg==, \
        Authorization: Bearer 1, X-Session: 1, X-Real-IP: 127.0.0.1".split(", ") {
        assert_eq!(
            house.keeps_out("GET /room", &[field], b"").await.status,
            303,
            "{field}"
        );
    }
}

/// A layer inside ours puts a user into the request's extensions, as extractors of other libraries take them. Expected: refused, the guard asks the
/// session.
#[tokio::test]
async fn identity_in_an_extension() {
    let open = get(|user: Option<CurrentUser<User>>| async move { user.is_some().to_string() });
    let house = Served::new(rooms().route("/open", open).layer(from_fn(pretends))).await;
    assert_eq!(house.keeps_out("GET /room", &[], b"").await.status, 303);
    assert_eq!(house.site.browser().text("/open").await, "false");
}

/// The checker says no, answers itself, or panics. Expected: a redirect, its answer, 500, and never in; others get in as before.
#[tokio::test]
async fn checker_that_panics() {
    let house = Served::new(
        Router::new()
            .route("/moody", get(moody))
            .layer(CatchPanicLayer::new()),
    )
    .await;
    for (id, status) in [(2, 303), (3, 402), (4, 500), (2, 303)] {
        assert_eq!(
            house.user(id).await.get("/moody").await.status(),
            status,
            "{id}"
        );
        assert_eq!(house.visits(), 0, "{id}");
    }
    assert_eq!(house.user(1).await.get("/moody").await.status(), 200);
}

/// An async checker that says no once it was waited for: what a future taken for a true value would let pass. Expected: refused.
#[tokio::test]
async fn async_checker_taken_for_true() {
    let house = Served::new(Router::new().route("/waited-for", get(waited_for))).await;
    assert_eq!(house.user(1).await.get("/waited-for").await.status(), 303);
    assert_eq!(house.visits(), 0);
}

/// Nobody comes to a page for all who are no admin. Expected: refused, a checker that is turned round is still about somebody.
#[tokio::test]
async fn not_of_a_checker_for_nobody() {
    let house = Served::new(Router::new().route("/others", get(for_others))).await;
    assert_eq!(house.keeps_out("GET /others", &[], b"").await.status, 303);
    assert_eq!(house.user(1).await.get("/others").await.status(), 303);
    assert_eq!(house.user(2).await.get("/others").await.status(), 200);
}

/// A handler sends a request of its own into the router, without the cookies of its visitor. Expected: it is refused, the visitor's login does not count for
/// it.
#[tokio::test]
async fn request_from_inside() {
    let sessions = builder()
        .user_loader(load_user)
        .build()
        .expect("good options");
    let house = House::default();
    let inner = rooms().layer(sessions).with_state(house.clone());
    let outer = get(move || async move {
        let request = Request::get("/room")
            .body(axum::body::Body::empty())
            .expect("a request");
        inner
            .oneshot(request)
            .await
            .expect("an answer")
            .status()
            .as_u16()
            .to_string()
    });
    let served = Served::new(Router::new().route("/outer", outer)).await;
    assert_eq!(served.user(1).await.text("/outer").await, "303");
}

/// Headers that choose what a refusal looks like. Expected: it is a refusal in every shape, and none of them is in it.
#[tokio::test]
async fn shape_of_the_refusal() {
    let house = Served::new(rooms()).await;
    for field in "Accept: text/html, Accept: application/json, Accept: x-evil/x-evil, Sec-Fetch-Mode: cors, \
        Sec-Fetch-Mode: navigate, HX-Request: true, X-Requested-With: XMLHttpRequest, Upgrade: websocket, \
        Content-Type: application/json, Accept-Language: x-evil, Purpose: prefetch".split(", ") {
        let answer = house
            .keeps_out("GET /room", &[field, "X-Evil: x-evil"], b"")
            .await;
        assert!([303, 401].contains(&answer.status), "{field}");
        assert!(!answer.head.contains("x-evil"), "{field}");
        assert!(
            !String::from_utf8_lossy(&answer.body).contains("x-evil"),
            "{field}"
        );
    }
}

/// A CORS preflight, made up, to a group of routes that takes any method. Expected: refused like any other request.
#[tokio::test]
async fn preflight_as_a_way_in() {
    let group = Router::new()
        .route("/any", any(hall))
        .route_layer(GuardLayer::login_required());
    let house = Served::new(group).await;
    let fields = [
        "Origin: https://evil.example",
        "Access-Control-Request-Method: PUT",
    ];
    assert_eq!(
        house.keeps_out("OPTIONS /any", &fields, b"").await.status,
        303
    );
}

/// Somebody whose password was right and whose second factor is still to come. Expected: refused.
#[tokio::test]
async fn second_factor_left_out() {
    let house = Served::new(rooms()).await;
    let half = house.after("/begin/1").await;
    assert_eq!(half.get("/room").await.status(), 303);
    assert_eq!(house.visits(), 0);
}

/// A remembered login, and one whose password is ten minutes old, to a page that wants it fresh. Expected: refused, with `next`.
#[tokio::test]
async fn stale_password() {
    let house = Served::new(Router::new().route("/fresh", get(fresh))).await;
    let remembered = house.after("/remember/1").await;
    let old = house.user(1).await;
    assert_eq!(old.get("/fresh").await.status(), 200);
    house.visits();
    house.clock.advance(Duration::from_mins(10));
    for browser in [remembered, old] {
        assert_eq!(
            browser.get("/fresh").await.header("location"),
            "/login?next=%2Ffresh"
        );
        assert_eq!(house.visits(), 0);
    }
}

/// The database of users is down, for somebody logged in and for nobody. Expected: 500 for the one, who is not sent to the login page and keeps the login;
/// nobody is refused as ever.
#[tokio::test]
async fn loader_that_fails() {
    let house = Served::new(rooms()).await;
    let ann = house.user(500).await;
    let answer = ann.get("/room").await;
    assert_eq!(
        (answer.status().as_u16(), answer.set_cookies().len()),
        (500, 0)
    );
    assert!(!answer.text().await.expect("a body").contains("database"));
    assert_eq!(house.visits(), 0);
    assert_eq!(house.keeps_out("GET /room", &[], b"").await.status, 303);
}

/// Cookies of a user who does not exist any more. Expected: nobody, sent to the login page once.
#[tokio::test]
async fn user_who_is_gone() {
    let house = Served::new(rooms()).await;
    let gone = house.user(404).await;
    assert_eq!(
        gone.get("/room").await.header("location"),
        "/login?next=%2Froom"
    );
    assert_eq!(house.visits(), 0);
}

/// The login page is guarded itself. Expected: 401 and no redirect: nobody is sent round in circles.
#[tokio::test]
async fn guarded_login_page() {
    let house = Served::new(Router::new().route("/login", get(room))).await;
    for line in ["GET /login", "GET /login?x=1", "HEAD /login"] {
        let answer = house.keeps_out(line, &[], b"").await;
        assert_eq!(
            (answer.status, answer.field("location")),
            (401, None),
            "{line}"
        );
    }
}

/// Somebody logged in whom the checker refuses, to a login page that sends back by `next`. Expected: no `next`, or 403 where the builder says so: no
/// redirect leads to the refusal again.
#[tokio::test]
async fn refused_user_sent_back_and_forth() {
    let rooms = || Router::new().route("/admin", get(admin));
    for (strict, status, location) in [(false, 303, "/login"), (true, 403, "")] {
        let house = Served::with(rooms(), |builder| {
            if strict {
                builder.forbid_refused()
            } else {
                builder
            }
        })
        .await;
        let answer = house.user(2).await.get("/admin").await;
        assert_eq!(
            (answer.status().as_u16(), &*answer.header("location")),
            (status, location)
        );
        assert_eq!(house.visits(), 0);
    }
}
