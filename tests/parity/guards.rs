//! Who passes: checkers in every shape, by attribute and by hand.

use axum::extract::Path;
use axum::http::HeaderMap;
use axum::routing::get;
use axum::{Json, Router};
use muffin_session::{Auth, CurrentUser, Refusal, RefusalKind, Session, user_pass};
use muffin_session_tests::{Answer, Browser};
use reqwest::{Method, StatusCode};

use crate::{User, serve, visitor, with_users};

const OK: u16 = 200;
const REDIRECTED: u16 = 303;
const FORBIDDEN: u16 = 403;

/// The statuses that these visitors get.
async fn statuses(visitors: &[Browser], path: &str) -> Vec<u16> {
    let mut statuses = Vec::new();
    for browser in visitors {
        statuses.push(browser.get(path).await.status().as_u16());
    }
    statuses
}

fn is_called(name: &'static str) -> impl Fn(&User) -> bool + Send + Sync + 'static {
    move |user| user.name == name
}

fn with_reasons(user: &User) -> Result<bool, (StatusCode, &'static str)> {
    match user.name {
        "ann" => Ok(true),
        _ => Err((StatusCode::FORBIDDEN, "admins only")),
    }
}

#[user_pass]
async fn default_checker() {}

#[user_pass(|user: &User| user.admin)]
async fn closure() {}

#[user_pass(|user| user.admin)]
async fn closure_of_the_handlers_user(_user: CurrentUser<User>) {}

#[user_pass(User::is_admin)]
async fn method() {}

#[user_pass(is_called("bob"))]
async fn made() {}

#[user_pass(with_reasons)]
async fn reasons() {}

#[user_pass(|user: &User| if user.admin { Ok(()) } else { Err(StatusCode::FORBIDDEN) })]
async fn outright() {}

#[user_pass(User::is_admin, location = "/ask")]
async fn with_location() {}

#[user_pass(User::is_admin, reject = StatusCode::FORBIDDEN)]
async fn with_reject() {}

#[user_pass(is_called("ann"))]
#[user_pass(is_called("bob"))]
async fn impossible() {}

#[tokio::test]
async fn p08_user_pass_asks_its_checker_or_the_default_one() {
    let pages = || {
        Router::new()
            .route("/default", get(default_checker))
            .route("/closure", get(closure))
            .route("/of-handler", get(closure_of_the_handlers_user))
            .route("/method", get(method))
            .route("/made", get(made))
            .route("/reasons", get(reasons))
            .route("/outright", get(outright))
            .route("/location", get(with_location))
            .route("/reject", get(with_reject))
            .route("/impossible", get(impossible))
    };
    let everybody = [REDIRECTED, OK, OK];
    let only_ann = [REDIRECTED, REDIRECTED, OK];
    let only_bob = [REDIRECTED, OK, REDIRECTED];
    let cases = [
        (with_users(), everybody),
        (with_users().default_user_checker(User::is_admin), only_ann),
        (
            with_users().default_user_checker(is_called("bob")),
            only_bob,
        ),
        (
            with_users().default_user_checker(with_reasons),
            [REDIRECTED, FORBIDDEN, OK],
        ),
    ];
    for (builder, by_default) in cases {
        let site = serve(builder, pages()).await;
        let visitors = [
            visitor(&site, 0).await,
            visitor(&site, 2).await,
            visitor(&site, 1).await,
        ];
        assert_eq!(statuses(&visitors, "/default").await, by_default);
        for (path, expected) in [
            ("/closure", only_ann),
            ("/of-handler", only_ann),
            ("/method", only_ann),
            ("/made", only_bob),
            ("/reasons", [REDIRECTED, FORBIDDEN, OK]),
            ("/outright", [REDIRECTED, FORBIDDEN, OK]),
            ("/location", only_ann),
            ("/reject", [FORBIDDEN, FORBIDDEN, OK]),
            ("/impossible", [REDIRECTED; 3]),
        ] {
            assert_eq!(statuses(&visitors, path).await, expected, "{path}");
        }
        assert_eq!(
            visitors[1].get("/location").await.header("location"),
            "/ask"
        );
        let reasons = visitors[1].get("/reasons").await;
        assert_eq!(reasons.text().await.unwrap(), "admins only");
    }
}

#[user_pass(User::is_admin)]
async fn report(CurrentUser(user): CurrentUser<User>) -> &'static str {
    user.name
}

async fn report_by_hand(auth: Auth) -> Result<&'static str, Refusal> {
    let user = auth.check_user(User::is_admin).await?;
    Ok(user.name)
}

#[user_pass(with_reasons, location = "/ask")]
async fn located(CurrentUser(user): CurrentUser<User>) -> &'static str {
    user.name
}

async fn located_by_hand(auth: Auth) -> Result<&'static str, Refusal> {
    let user = auth.check_user_or(with_reasons, "/ask").await?;
    Ok(user.name)
}

/// By hand, a handler may go on with somebody who is refused.
async fn public(auth: Auth) -> &'static str {
    match auth.check_user(User::is_admin).await {
        Ok(_) => "everything",
        Err(refusal) => match refusal.kind() {
            RefusalKind::Denied => "a part",
            RefusalKind::NotLoggedIn => "a little",
            _ => "something is wrong",
        },
    }
}

#[tokio::test]
async fn p09_check_user_by_hand_answers_as_the_attribute_does() {
    let pages = Router::new()
        .route("/report", get(report).post(report))
        .route("/report-by-hand", get(report_by_hand).post(report_by_hand))
        .route("/located", get(located).post(located))
        .route(
            "/located-by-hand",
            get(located_by_hand).post(located_by_hand),
        )
        .route("/public", get(public));
    let site = serve(with_users(), pages).await;
    let answer = async |browser: &Browser, path: &str, method: Method, accept: (&str, &str)| {
        let request = browser.request(method, path).header(accept.0, accept.1);
        let response = request.send().await.unwrap();
        let headers = [
            "location",
            "hx-redirect",
            "content-type",
            "cache-control",
            "vary",
        ];
        let headers = headers.map(|name| response.header(name).replace("-by-hand", ""));
        (response.status(), headers, response.text().await.unwrap())
    };
    for (id, shown) in [(0, "a little"), (2, "a part"), (1, "everything")] {
        let browser = visitor(&site, id).await;
        assert_eq!(browser.text("/public").await, shown);
        for (path, by_hand) in [
            ("/report", "/report-by-hand"),
            ("/located", "/located-by-hand"),
        ] {
            for method in [Method::GET, Method::POST] {
                for accept in [
                    ("accept", "text/html"),
                    ("accept", "application/json"),
                    ("hx-request", "true"),
                ] {
                    let by_attribute = answer(&browser, path, method.clone(), accept).await;
                    let by_hand = answer(&browser, by_hand, method.clone(), accept).await;
                    assert_eq!(by_hand, by_attribute, "{id} {method} {path} {accept:?}");
                    let is_ann = id == 1;
                    assert_eq!(by_hand.0.is_success(), is_ann);
                    assert_eq!(by_hand.2 == "ann", is_ann);
                }
            }
        }
    }
    let page = ("accept", "text/html");
    let (status, [location, ..], _) =
        answer(&site.browser(), "/located-by-hand", Method::GET, page).await;
    assert_eq!(
        (status, &*location),
        (StatusCode::SEE_OTHER, "/ask?next=%2Flocated")
    );
}

async fn owns(CurrentUser(user): CurrentUser<User>, Path(id): Path<u64>) -> bool {
    tokio::task::yield_now().await;
    user.id == id
}

async fn owns_with_reasons(
    CurrentUser(user): CurrentUser<User>,
    Path(id): Path<u64>,
) -> Result<bool, (StatusCode, &'static str)> {
    tokio::task::yield_now().await;
    match id {
        3 => Err((StatusCode::FORBIDDEN, "archived")),
        id => Ok(user.id == id),
    }
}

async fn never(_: Session) -> bool {
    tokio::task::yield_now().await;
    false
}

/// Asks for no user.
async fn has_ticket(headers: HeaderMap) -> bool {
    tokio::task::yield_now().await;
    headers.contains_key("x-ticket")
}

#[user_pass(owns)]
async fn owned(Path(id): Path<u64>) -> Json<u64> {
    Json(id)
}

#[user_pass(owns_with_reasons)]
async fn owned_with_reasons(Path(id): Path<u64>) -> Json<u64> {
    Json(id)
}

#[user_pass(owns, reject = StatusCode::NOT_FOUND)]
async fn owned_or_hidden(Path(id): Path<u64>) -> Json<u64> {
    Json(id)
}

#[user_pass(never)]
async fn closed() {}

#[user_pass(has_ticket)]
async fn ticketed() {}

/// Ann, and those who are not logged in.
async fn nobody_or_ann(user: Option<CurrentUser<User>>) -> bool {
    tokio::task::yield_now().await;
    user.is_none_or(|CurrentUser(user)| user.id == 1)
}

#[user_pass(nobody_or_ann)]
async fn open() {}

#[tokio::test]
async fn p24_an_async_checker_that_says_false_refuses() {
    let pages = Router::new()
        .route("/owned/{id}", get(owned))
        .route("/reasons/{id}", get(owned_with_reasons))
        .route("/hidden/{id}", get(owned_or_hidden))
        .route("/closed", get(closed))
        .route("/ticketed", get(ticketed))
        .route("/open", get(open));
    let site = serve(with_users(), pages).await;
    let visitors = [
        visitor(&site, 0).await,
        visitor(&site, 2).await,
        visitor(&site, 1).await,
    ];
    let hidden = StatusCode::NOT_FOUND.as_u16();
    for (path, expected) in [
        ("/owned/1", [REDIRECTED, REDIRECTED, OK]),
        ("/owned/2", [REDIRECTED, OK, REDIRECTED]),
        ("/owned/0", [REDIRECTED; 3]),
        ("/reasons/1", [REDIRECTED, REDIRECTED, OK]),
        ("/reasons/3", [REDIRECTED, FORBIDDEN, FORBIDDEN]),
        ("/closed", [REDIRECTED; 3]),
        ("/ticketed", [REDIRECTED; 3]),
    ] {
        assert_eq!(statuses(&visitors, path).await, expected, "{path}");
    }
    assert_eq!(statuses(&visitors, "/hidden/1").await, [hidden, hidden, OK]);
    // A checker is not asked about nobody, unless it asks for a user who may not be there.
    for (path, expected) in [
        ("/ticketed", [REDIRECTED, OK, OK]),
        ("/open", [OK, REDIRECTED, OK]),
        ("/owned/x", [REDIRECTED, 400, 400]),
    ] {
        for (visitor, expected) in visitors.iter().zip(expected) {
            let request = visitor.request(Method::GET, path).header("x-ticket", "1");
            assert_eq!(request.send().await.unwrap().status(), expected, "{path}");
        }
    }
    let refused = visitors[1].get("/owned/1").await;
    assert_eq!(refused.header("location"), "/login");
}
