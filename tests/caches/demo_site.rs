//! The demo behind each cache.

use std::sync::LazyLock;

use demo::app::app;
use demo::people::People;
use demo::team::DEMO_STAFF;
use demo::users::DEMO_USERS;
use muffin_session::{AnyStore, Secret, store_from_url};
use muffin_session_tests::Answer as _;
use reqwest::{Method, StatusCode};

use crate::caches::{Cache, Kind, LISTENING};
use crate::origin::{Origin, REQUEST};
use crate::visitors::{NAMES, Visitor, secret_of};

/// Hashing passwords is made to take long.
static PEOPLE: LazyLock<People> = LazyLock::new(|| People::demo().unwrap());

const PAGES: [&str; 16] = [
    "/",
    "/login",
    "/dashboard",
    "/dashboard?next=/x.css",
    "/admin",
    "/account",
    "/confirm",
    "/devices",
    "/notes",
    "/session",
    "/staff",
    "/staff/login",
    "/staff/users",
    "/not-there",
    "/account/x.css",
    "/session/x.png",
];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx and varnish"]
async fn the_demo_with_sessions_in_cookies() {
    for kind in LISTENING {
        everybody_sees_their_own(kind, None).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx and varnish"]
async fn the_demo_with_sessions_in_a_store() {
    for kind in LISTENING {
        let store = store_from_url("memory:").unwrap();
        everybody_sees_their_own(kind, Some(store)).await;
    }
}

async fn everybody_sees_their_own(kind: Kind, store: Option<AnyStore>) {
    let secret = Secret::generate().unwrap();
    let site = app(&secret, PEOPLE.clone(), store.as_ref()).unwrap();
    let origin = Origin::serve(site.router).await;
    let cache = Cache::start(kind, origin.site.addr()).await;
    let visitors = NAMES.map(|name| Visitor::new(name, &cache, &origin.ledger));
    let [ann, bob, guest, nobody] = &visitors;
    for (visitor, user) in [ann, bob].into_iter().zip(DEMO_USERS) {
        send(
            visitor,
            "/login",
            &[("name", user.name), ("password", user.password)],
        )
        .await;
    }
    let [sam] = DEMO_STAFF;
    send(
        ann,
        "/staff/login",
        &[("name", sam.name), ("password", sam.password)],
    )
    .await;
    for visitor in [ann, bob, guest] {
        send(visitor, "/notes", &[("text", &secret_of(visitor.name))]).await;
    }
    let mut cases = 0;
    for page in PAGES {
        for first in &visitors {
            for second in visitors.iter().filter(|second| second.name != first.name) {
                cases += 1;
                let separator = if page.contains('?') { '&' } else { '?' };
                let path = format!("{page}{separator}case={cases}");
                for visitor in [first, second, first, second] {
                    let seen = visitor.get(&path).await;
                    let said = seen.is_made_for_the_visitor();
                    assert_eq!(said, Ok(()), "{kind:?}, {path}: {}", visitor.name);
                    if visitor.name != "nobody" && ["/notes", "/session"].contains(&page) {
                        let is_there = seen.body.contains(&secret_of(visitor.name));
                        assert!(is_there, "{kind:?}, {path}: {}", visitor.name);
                    }
                }
            }
        }
    }
    let admin = [ann, bob].map(|visitor| visitor.get("/admin"));
    let [admin, refused] = admin;
    assert_eq!(admin.await.status, StatusCode::OK);
    assert_eq!(refused.await.status, StatusCode::FORBIDDEN);
    for file in ["/style.css", "/icon.svg"] {
        let made = nobody.get(file).await;
        for visitor in [ann, bob, guest] {
            let seen = visitor.get(file).await;
            assert_eq!(seen.holds_nothing_of_others(), Ok(()), "{kind:?}, {file}");
            assert_eq!(seen.body, made.body);
        }
    }
}

/// Sends a form, and expects to be sent on.
async fn send(visitor: &Visitor, path: &str, form: &[(&str, &str)]) {
    let request = visitor.browser.request(Method::POST, path).form(form);
    let response = request.header(REQUEST, "a form").send().await.unwrap();
    let said = response.header("location");
    assert_eq!(response.status(), StatusCode::SEE_OTHER, "{path}: {said}");
}
