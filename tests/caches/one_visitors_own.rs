//! What has to do with a session is served to nobody else, by no cache that listens to `Cache-Control`, however careless it is
//! otherwise.

use std::sync::Arc;

use axum::Router;
use muffin_session_tests::bare_builder;
use muffin_session_tests::map_store::MapStore;
use muffin_session_tests::watched::{Mood, Watched};
use muffin_session_tests::{Answer as _, Site};
use reqwest::Method;

use crate::caches::{Cache, Kind, LISTENING};
use crate::origin::Origin;
use crate::visitors::{NAMES, Seen, Visitor, secret_of};
use crate::worst::{self, PERSONAL};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx and varnish"]
async fn nginx_that_does_what_answers_say() {
    everybody_through(Kind::Nginx).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx and varnish"]
async fn nginx_that_knows_neither_cookies_nor_vary() {
    everybody_through(Kind::NginxCareless).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx and varnish"]
async fn varnish_with_its_own_rules() {
    everybody_through(Kind::Varnish).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx and varnish"]
async fn varnish_that_takes_names_for_files() {
    everybody_through(Kind::VarnishSuffixes).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx and varnish"]
async fn varnish_that_knows_neither_cookies_nor_vary() {
    everybody_through(Kind::VarnishCareless).await;
}

async fn everybody_through(kind: Kind) {
    let in_a_store = bare_builder().store(Arc::new(MapStore::default()));
    for (how, builder) in [("in cookies", bare_builder()), ("in a store", in_a_store)] {
        everybody_sees_their_own(kind, how, worst::application(builder)).await;
    }
}

async fn everybody_sees_their_own(kind: Kind, how: &str, application: Router) {
    let origin = Origin::serve(application).await;
    let cache = Cache::start(kind, origin.site.addr()).await;
    let visitors = NAMES.map(|name| Visitor::new(name, &cache, &origin.ledger));
    for visitor in &visitors {
        let entered = visitor.get("/enter").await;
        let own = if visitor.name == "nobody" {
            String::new()
        } else {
            secret_of(visitor.name)
        };
        assert_eq!(entered.body, own, "{}", visitor.name);
        assert_eq!(visitor.get("/reads").await.body, own, "{}", visitor.name);
    }
    let mut cases = 0;
    for page in PERSONAL {
        // Nothing is left of an earlier case: it has another URL.
        let mut next = || {
            cases += 1;
            format!("{page}?case={cases}")
        };
        for first in &visitors {
            for second in visitors.iter().filter(|second| second.name != first.name) {
                let path = next();
                for (step, seen) in (0..).zip(one_after_the_other(&path, first, second).await) {
                    let said = seen.is_made_for_the_visitor();
                    let (first, second) = (first.name, second.name);
                    assert_eq!(
                        said,
                        Ok(()),
                        "{how}, {path}: {first}, {second}, step {step}"
                    );
                }
            }
        }
    }
    all_at_once(how, &visitors).await;
    // They are still who they were.
    for visitor in &visitors[..3] {
        let seen = visitor.get("/reads").await;
        assert_eq!(seen.body, secret_of(visitor.name));
    }
}

/// Everybody asks for everything at the same moment, so that a cache would have requests wait for each other's answer.
async fn all_at_once(how: &str, visitors: &[Visitor; 4]) {
    // Two requests of one visitor that both make a new session would end each other's.
    let mut asked = Vec::new();
    for page in PERSONAL {
        if ["/enter", "/renew"].contains(&page) {
            continue;
        }
        for visitor in visitors {
            asked.push(async move {
                let path = format!("{page}?at-once");
                let said = visitor.get(&path).await.is_made_for_the_visitor();
                assert_eq!(said, Ok(()), "{how}, {path}: {}", visitor.name);
            });
        }
    }
    futures_util::future::join_all(asked).await;
}

async fn one_after_the_other(path: &str, first: &Visitor, second: &Visitor) -> Vec<Seen> {
    let mut seen = vec![first.get(path).await, first.get(path).await];
    seen.push(second.get(path).await);
    seen.push(second.ask(Method::HEAD, path, &[]).await);
    // What the first one's browser would send, asked by the second one.
    let version = match &*seen[0].etag {
        "" => "\"none\"".to_owned(),
        etag => etag.to_owned(),
    };
    let conditions = [
        ("if-none-match", &*version),
        ("if-modified-since", "Wed, 01 Jan 2025 00:00:00 GMT"),
    ];
    seen.push(second.ask(Method::GET, path, &conditions).await);
    seen.push(first.get(path).await);
    seen
}

/// A token is no cookie, and caches know nothing of it unless they are told.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx and varnish"]
async fn users_who_come_with_a_token() {
    for kind in LISTENING {
        let application = worst::application(bare_builder().token_loader(worst::load_by_token));
        let origin = Origin::serve(application).await;
        let cache = Cache::start(kind, origin.site.addr()).await;
        let [ann, bob, ..] = NAMES.map(|name| Visitor::new(name, &cache, &origin.ledger));
        for page in [
            "/current-user",
            "/is-logged-in",
            "/account/x.css",
            "/admin/x.js",
        ] {
            for visitor in [&ann, &bob, &ann, &bob] {
                let token = format!("Bearer {}", visitor.name);
                let headers = [("authorization", &*token)];
                let seen = visitor.ask(Method::GET, page, &headers).await;
                let said = seen.is_made_for_the_visitor();
                assert_eq!(said, Ok(()), "{kind:?}, {page}: {}", visitor.name);
                if page == "/current-user" {
                    assert_eq!(seen.body, secret_of(visitor.name));
                }
            }
        }
    }
}

/// A page that goes on without the session has still been decided by it.
#[tokio::test]
async fn what_an_outage_has_decided_is_not_kept() {
    let store = Watched::default();
    let site = Site::serve(worst::application(bare_builder().store(store.clone()))).await;
    let browser = site.browser();
    let ann = [("x-visitor", "ann")];
    browser.send(Method::GET, "/enter", &ann).await;
    store.set(Mood::Down);
    let seen = browser.send(Method::GET, "/tolerant", &ann).await;
    assert_eq!(seen.header("cache-control"), "no-store");
    assert_eq!(seen.header("vary"), "Cookie");
    assert_eq!(seen.text().await.unwrap(), "nobody can tell");
}
