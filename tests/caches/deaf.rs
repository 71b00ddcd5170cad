//! What nothing can protect, and how these tests would see it: a cache that does not listen to `Cache-Control`, and an application
//! without the session layer.

use axum::Router;
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, COOKIE, SET_COOKIE};
use axum::response::IntoResponse;
use axum::routing::get;
use muffin_session_tests::bare_builder;

use crate::caches::{Cache, DEAF, Kind};
use crate::origin::Origin;
use crate::visitors::{Visitor, secret_of};
use crate::worst;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx and varnish"]
async fn a_cache_that_does_not_listen_serves_anybody_anything() {
    for kind in DEAF {
        let origin = Origin::serve(worst::application(bare_builder())).await;
        let cache = Cache::start(kind, origin.site.addr()).await;
        let ann = Visitor::new("ann", &cache, &origin.ledger);
        let bob = Visitor::new("bob", &cache, &origin.ledger);
        ann.get("/enter").await;
        for page in ["/reads", "/current-user", "/account/x.css"] {
            ann.get(page).await;
            let seen = bob.get(page).await;
            assert_eq!(seen.body, secret_of("ann"), "{kind:?}, {page}");
            let said = seen.is_made_for_the_visitor().unwrap_err();
            assert_eq!(said, "bob sees the secret of ann", "{kind:?}, {page}");
        }
        bob.browser.jar.drop("");
        ann.get("/renew").await;
        let seen = bob.get("/renew").await;
        assert!(!seen.is_own, "{kind:?}");
        assert!(seen.holds_nothing_of_others().is_err(), "{kind:?}");
        // The cookies of ann's login are bob's now.
        let stolen = bob.get("/current-user?of=whom").await;
        assert!(stolen.is_own, "{kind:?}");
        assert_eq!(stolen.body, secret_of("ann"), "{kind:?}");
    }
}

/// What an application does that writes its cookies itself.
fn by_hand() -> Router {
    async fn page(headers: HeaderMap) -> impl IntoResponse {
        let who = headers.get(COOKIE).cloned();
        let public = (CACHE_CONTROL, "public, max-age=3600");
        (
            [public],
            who.map_or(String::new(), |who| format!("{who:?}")),
        )
    }
    async fn cookie(headers: HeaderMap) -> impl IntoResponse {
        let name = headers["x-visitor"].to_str().unwrap();
        let cookie = format!("by-hand={}; Path=/", secret_of(name));
        (
            [(CACHE_CONTROL, "public, max-age=3600")],
            [(SET_COOKIE, cookie)],
            "here you are",
        )
    }
    Router::new()
        .route("/page", get(page))
        .route("/cookie", get(cookie))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx and varnish"]
async fn without_the_session_layer_a_listening_cache_serves_strangers_too() {
    for (kind, page, stolen) in [
        (Kind::Nginx, "/page", "bob sees the secret of ann"),
        (Kind::NginxCareless, "/page", "bob sees the secret of ann"),
        (Kind::VarnishCareless, "/page", "bob sees the secret of ann"),
        (Kind::NginxCareless, "/cookie", "bob sees the secret of ann"),
    ] {
        let origin = Origin::serve(by_hand()).await;
        let cache = Cache::start(kind, origin.site.addr()).await;
        let ann = Visitor::new("ann", &cache, &origin.ledger);
        let bob = Visitor::new("bob", &cache, &origin.ledger);
        ann.browser.jar.set("by-hand", &secret_of("ann"));
        assert_eq!(ann.get(page).await.is_made_for_the_visitor(), Ok(()));
        let said = bob.get(page).await.is_made_for_the_visitor();
        assert_eq!(said, Err(stolen.to_owned()), "{kind:?}, {page}");
    }
}
