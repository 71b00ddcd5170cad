//! Caches that would hand one visitor's page to another: what the answers tell them.

mod pages;

use std::time::Duration;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, VARY};
use axum::routing::get;
use muffin_session_tests::{Answer as _, Browser, Site, builder};
use reqwest::{Method, Response};
use tower_http::set_header::SetResponseHeaderLayer;

use self::pages::{PUBLIC, account, app, load_by_token, load_user, maybe};

async fn site() -> Site {
    Site::serve(app(|builder| builder).0).await
}

async fn user(site: &Site, id: u64) -> Browser {
    let browser = site.browser();
    assert_eq!(browser.post(&format!("/login/{id}")).await.status(), 200);
    browser
}

/// No cache may keep it.
fn is_not_stored(answer: &Response, what: &str) {
    assert_eq!(answer.header("cache-control"), "no-store", "{what}");
    assert!(answer.header("vary").contains("Cookie"), "{what}");
}

/// No shared cache may keep it, and one that does all the same keeps it apart.
fn is_private(answer: &Response, what: &str) {
    assert_eq!(
        answer.header("cache-control"),
        "private, max-age=3600",
        "{what}"
    );
    assert_eq!(answer.header("vary"), "Cookie", "{what}");
    assert_eq!(answer.set_cookies(), [""; 0], "{what}");
}

/// A page says `public, max-age` and writes the session. Expected: `no-store`, no cache gets the cookie.
#[tokio::test]
async fn public_page_that_sets_a_cookie() {
    let answer = site().await.browser().get("/write").await;
    assert_eq!(answer.set_cookies().len(), 1);
    is_not_stored(&answer, "a write");
}

/// A page says `public` and touches the session in one of thirteen ways that look as if they read nothing: how many keys, whether there is
/// one, whether somebody is there. Expected: `private` and `Vary: Cookie`, for somebody logged in as for nobody.
#[tokio::test]
async fn touches_that_look_like_no_read() {
    let site = site().await;
    for browser in [site.browser(), user(&site, 1).await] {
        for how in [
            "extractor",
            "contains",
            "empty",
            "len",
            "keys",
            "iter",
            "get",
            "logged-in",
            "user-id",
            "claims",
            "half",
            "flashes",
            "valid",
        ] {
            is_private(&browser.get(&format!("/touch/{how}")).await, how);
        }
    }
}

/// A public page greets whoever is logged in, behind a cache that knows nothing of `Vary`. Expected: `private`, also for nobody: both pages
/// have one URL.
#[tokio::test]
async fn identity_on_a_public_page() {
    let site = site().await;
    for browser in [site.browser(), user(&site, 1).await] {
        for path in ["/maybe", "/auth"] {
            is_private(&browser.get(path).await, path);
        }
    }
}

/// Idle renewal comes due on a page that says `public` and asked for nothing. Expected: no cookie on it. With `auto_load` there is one, and
/// then `no-store`.
#[tokio::test]
async fn sliding_renewal_on_a_public_page() {
    let hour = Duration::from_secs(3_600);
    for auto_load in [false, true] {
        let (router, clock) = app(|builder| builder.idle_timeout(hour).auto_load(auto_load));
        let site = Site::serve(router).await;
        let ann = user(&site, 1).await;
        clock.advance(hour / 2);
        let answer = ann.get("/open").await;
        if auto_load {
            assert_eq!(answer.set_cookies().len(), 1);
            is_not_stored(&answer, "a renewal");
        } else {
            assert_eq!(answer.set_cookies(), [""; 0]);
            assert_eq!(answer.header("cache-control"), PUBLIC[0].1);
        }
    }
}

/// A guarded wildcard route is asked for with the endings of pictures and style sheets, which caches keep whatever they are told of. Expected:
/// `no-store`, for the page and for its refusal.
#[tokio::test]
async fn ending_of_a_style_sheet() {
    let site = site().await;
    let ann = user(&site, 1).await;
    for ending in [
        "/x.css",
        "/x.js",
        "/a/b.png",
        "/x.css?v=1",
        "%2fx.css",
        ";x.css",
        "/%0ax.css",
        "/..%2fx.css",
        "/x.css%00",
        "/favicon.ico",
    ] {
        let path = format!("/account{ending}");
        let page = ann.get(&path).await;
        let refusal = site.browser().get(&path).await;
        match page.status().as_u16() {
            200 => {
                is_not_stored(&page, &path);
                is_not_stored(&refusal, &path);
            }
            // No route has such a path, so that nothing of the account is on it.
            404 => assert_eq!(refusal.status(), 404),
            status => panic!("{path}: {status}"),
        }
    }
}

/// A guarded page says `public, s-maxage` itself. Expected: `no-store`, the guard has the last word.
#[tokio::test]
async fn guarded_page_that_wants_to_be_cached() {
    let site = site().await;
    let ann = user(&site, 1).await;
    for path in ["/account", "/admin"] {
        is_not_stored(&ann.get(path).await, path);
        let head = ann.send(Method::HEAD, path, &[]).await;
        is_not_stored(&head, path);
    }
}

/// The redirect to the login page is kept, and served once she is logged in. Expected: it is `no-store`.
#[tokio::test]
async fn stored_redirect_to_the_login_page() {
    let site = site().await;
    let bob = user(&site, 2).await;
    for (browser, path) in [(site.browser(), "/account"), (bob, "/admin")] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status(), 303);
        is_not_stored(&answer, path);
    }
}

/// One URL is asked for as a page, by a script, by HTMX and as an upgrade, so that a cache that ignores these headers would mix the answers.
/// Expected: each refusal is `no-store`.
#[tokio::test]
async fn refusals_of_one_url_in_several_shapes() {
    let site = site().await;
    for header in [
        ("accept", "text/html"),
        ("accept", "application/json"),
        ("sec-fetch-mode", "cors"),
        ("hx-request", "true"),
        ("upgrade", "websocket"),
        ("x-requested-with", "XMLHttpRequest"),
    ] {
        let answer = site
            .browser()
            .send(Method::GET, "/account", &[header])
            .await;
        assert!([303, 401].contains(&answer.status().as_u16()));
        is_not_stored(&answer, header.1);
    }
}

/// Login, logout, and the page that shows a flash, which belongs to one visitor. Expected: `no-store` on each.
#[tokio::test]
async fn answers_that_change_who_one_is() {
    let site = site().await;
    let browser = site.browser();
    is_not_stored(&browser.post("/flash").await, "flash");
    is_not_stored(&browser.get("/flashes").await, "flashes");
    is_private(&browser.get("/flashes").await, "no flashes");
    is_not_stored(&browser.post("/login/1").await, "login");
    is_not_stored(&browser.post("/logout").await, "logout");
}

/// A page fails on its session. Expected: the 500 is `no-store`.
#[tokio::test]
async fn stored_error() {
    let answer = site().await.browser().get("/fails").await;
    assert_eq!(answer.status(), 500);
    is_not_stored(&answer, "an error");
}

/// A handler has its own `Vary`, one that names `Cookie` already, or `*`. Expected: it stays, and nothing is in it twice.
#[tokio::test]
async fn vary_of_the_handler() {
    let site = site().await;
    for (said, vary) in [
        ("vary=accept-encoding", "accept-encoding, Cookie"),
        (
            "vary=origin+vary=accept-language",
            "origin, accept-language, Cookie",
        ),
        ("vary=accept,cookie", "accept,cookie"),
        ("vary=*", "*"),
    ] {
        let answer = site.browser().get(&format!("/said/{said}")).await;
        assert_eq!(answer.header("vary"), vary);
        assert_eq!(answer.header("cache-control"), "private");
    }
}

/// `public` in other spellings, in a second line, or beside a `private` that speaks of one field only. Expected: no shared cache may keep the
/// page.
#[tokio::test]
async fn other_spellings_of_public() {
    let site = site().await;
    for (said, expected) in [
        ("cache-control=PUBLIC,max-age=5", "private, max-age=5"),
        ("cache-control=private+cache-control=public", "private"),
        ("cache-control=private,public", "private"),
        (
            "cache-control=private=\"x-name\",max-age=5",
            "private, max-age=5",
        ),
        ("cache-control=S-MaxAge=60", "private"),
        ("cache-control=max-age=60", "private, max-age=60"),
        ("cache-control=private,s-maxage=60", "private"),
        ("cache-control=,,", "private"),
        ("expires=Thu, 01 Dec 2050 16:00:00 GMT", "private"),
        ("cache-control=NO-STORE", "NO-STORE"),
    ] {
        let answer = site.browser().get(&format!("/said/{said}")).await;
        assert_eq!(answer.header("cache-control"), expected, "{said}");
    }
}

/// A page that asked who is there speaks to one cache in particular, by headers that overrule `Cache-Control` there. Expected: they are gone.
#[tokio::test]
async fn headers_for_one_cache_alone() {
    let site = site().await;
    for name in [
        "cdn-cache-control",
        "cloudflare-cdn-cache-control",
        "surrogate-control",
        "x-accel-expires",
        "edge-control",
    ] {
        let answer = site
            .browser()
            .get(&format!("/said/{name}=max-age=60"))
            .await;
        assert_eq!(answer.header(name), "");
        assert_eq!(answer.header("cache-control"), "private");
    }
}

/// `If-None-Match` on a page that asked who is there. Expected: the 304 has the `Vary` and `Cache-Control` of the page, and loses no cookie.
#[tokio::test]
async fn not_modified() {
    let site = site().await;
    let known = ("if-none-match", "\"1\"");
    let answer = site.browser().send(Method::GET, "/tagged", &[known]).await;
    assert_eq!(answer.status(), 304);
    is_private(&answer, "a 304");
    let answer = site
        .browser()
        .send(Method::GET, "/tagged", &[known, ("x-write", "1")])
        .await;
    assert_eq!(
        (answer.status().as_u16(), answer.set_cookies().len()),
        (304, 1)
    );
    is_not_stored(&answer, "a 304 that writes");
}

/// Layers inside and outside of ours, as for compression, add their `Vary` and wish to be cached. Expected: what is inside is narrowed, and
/// no `Vary` is lost in either order.
#[tokio::test]
async fn layers_around_ours() {
    let varies =
        || SetResponseHeaderLayer::appending(VARY, HeaderValue::from_static("Accept-Encoding"));
    let public =
        SetResponseHeaderLayer::overriding(CACHE_CONTROL, HeaderValue::from_static("public"));
    let sessions = || {
        builder()
            .user_loader(load_user)
            .build()
            .expect("good options")
    };
    let routes = || {
        Router::new()
            .route("/maybe", get(maybe))
            .route("/account", get(account))
    };
    let inside = routes().layer(varies()).layer(public).layer(sessions());
    let outside = routes().layer(sessions()).layer(varies());
    for (app, vary, control) in [
        (inside, "Accept-Encoding, Cookie", "private"),
        (outside, "Cookie, Accept-Encoding", "private, max-age=3600"),
    ] {
        let site = Site::serve(app).await;
        let answer = site.browser().get("/maybe").await;
        assert_eq!(answer.header("vary"), vary);
        assert_eq!(answer.header("cache-control"), control);
        is_not_stored(&site.browser().get("/account").await, "a refusal");
    }
}

/// One URL answers cookies and tokens. Expected: `Vary` names both headers, whichever the request brought.
#[tokio::test]
async fn token_and_cookie_on_one_page() {
    let (router, _) = app(|builder| builder.token_loader(load_by_token));
    let site = Site::serve(router).await;
    for headers in [
        &[][..],
        &[("authorization", "Bearer of-bob")],
        &[("authorization", "Bearer x")],
    ] {
        let answer = site.browser().send(Method::GET, "/account", headers).await;
        assert_eq!(
            answer.header("vary").to_ascii_lowercase(),
            "cookie, authorization"
        );
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

/// A page that asked for nothing, with cookies of ours, genuine, forged or none. Expected: it stays as cacheable as its handler says, and has no
/// `Vary`: nothing of the visitor is in it.
#[tokio::test]
async fn public_page_that_asks_for_nothing() {
    let site = site().await;
    let forged = site.browser();
    forged.jar.set("__Host-session.id", "junk");
    for browser in [site.browser(), forged, user(&site, 1).await] {
        let answer = browser.get("/open").await;
        assert_eq!(answer.header("cache-control"), PUBLIC[0].1);
        assert_eq!(answer.header("vary"), "");
        assert_eq!(answer.set_cookies(), [""; 0]);
    }
}
