//! What pages of other sites have a browser send in which somebody is logged in.

mod shop;

use std::sync::atomic::Ordering;

use muffin_session_tests::Answer as _;
use reqwest::Method;

use self::shop::{Shop, load_by_token};

const CROSS_SITE: (&str, &str) = ("sec-fetch-site", "cross-site");
const EVIL: (&str, &str) = ("origin", "https://evil.example");

/// A form of another site posts to us, as browsers of today say. Expected: 403 before the handler runs, and the login stays.
#[tokio::test]
async fn form_of_another_site() {
    Shop::open().await.refuses_a_post(&[CROSS_SITE, EVIL]).await;
}

/// A form of another site posts to a guarded handler. Expected: 403, the guard and its page never come into it.
#[tokio::test]
async fn form_of_another_site_to_a_guarded_page() {
    let shop = Shop::open().await;
    shop.refuses(Method::POST, "/transfer", &[CROSS_SITE, EVIL])
        .await;
}

/// A page of a sibling host, which `SameSite` cookies follow to us, posts. Expected: 403, same-site is not same-origin.
#[tokio::test]
async fn form_of_a_sibling_host() {
    let sibling = [
        ("sec-fetch-site", "same-site"),
        ("origin", "https://b.example.com"),
    ];
    Shop::open().await.refuses_a_post(&sibling).await;
}

/// A value of `Sec-Fetch-Site` that no standard knows, or another spelling of a good one. Expected: 403, only known good ones pass.
#[tokio::test]
async fn unknown_fetch_site() {
    let shop = Shop::open().await;
    for site in [
        "Same-Origin",
        "same-origin, cross-site",
        "same-origin;",
        "null",
        "x",
    ] {
        shop.refuses_a_post(&[("sec-fetch-site", site)]).await;
    }
    for site in ["same-origin", "none"] {
        shop.takes_a_post(&[("sec-fetch-site", site)]).await;
    }
}

/// A browser without `Sec-Fetch-Site` posts from another site, and says so by `Origin` alone. Expected: 403.
#[tokio::test]
async fn foreign_origin_of_an_older_browser() {
    Shop::open().await.refuses_a_post(&[EVIL]).await;
}

/// `Origin: null`, as a sandboxed frame or a `data:` page sends it, with and without `Sec-Fetch-Site`. Expected: 403.
#[tokio::test]
async fn null_origin() {
    let shop = Shop::open().await;
    shop.refuses_a_post(&[("origin", "null")]).await;
    shop.refuses_a_post(&[("origin", "null"), CROSS_SITE]).await;
    shop.refuses_a_post(&[("origin", "null"), ("sec-fetch-site", "same-site")])
        .await;
}

/// A page of another port of this host, where cookies are the same. Expected: 403.
#[tokio::test]
async fn another_port_of_the_host() {
    let shop = Shop::open().await;
    for origin in [
        "http://127.0.0.1",
        "http://127.0.0.1:1",
        "http://127.0.0.1:443",
    ] {
        shop.refuses_a_post(&[("origin", origin)]).await;
    }
}

/// `Origin: http://shop.example` to `https://shop.example`: what somebody in the network can make up. Expected: 403 where the site
/// was told its public origin, whatever `Sec-Fetch-Site` says.
#[tokio::test]
async fn http_twin_of_an_https_site() {
    let shop = Shop::with(|builder| builder.public_origin("https://shop.example")).await;
    let host = ("host", "shop.example");
    let twin = ("origin", "http://shop.example");
    shop.refuses_a_post(&[host, twin]).await;
    shop.refuses_a_post(&[host, twin, ("sec-fetch-site", "same-origin")])
        .await;
    shop.takes_a_post(&[host, ("origin", "https://shop.example")])
        .await;
}

/// A foreign name is made to point at us, and its page posts to itself: `Host` and `Origin` agree. Expected: 403 where the site was
/// told its public origin.
#[tokio::test]
async fn rebound_name() {
    let shop = Shop::with(|builder| builder.public_origin("https://shop.example")).await;
    let rebound = [("host", "evil.example"), ("origin", "https://evil.example")];
    shop.refuses_a_post(&rebound).await;
    shop.refuses_a_post(&[rebound[0], rebound[1], ("sec-fetch-site", "same-origin")])
        .await;
}

/// An origin with a user in it: `evil@host`, or our host as the user of another. Expected: 403.
#[tokio::test]
async fn user_in_the_origin() {
    let shop = Shop::open().await;
    let host = shop.host();
    for origin in [
        format!("http://evil@{host}"),
        format!("http://{host}@evil.example"),
        format!("http://{host}:80@evil.example"),
        format!("http://evil.example#@{host}"),
    ] {
        shop.refuses_a_post(&[("origin", &origin)]).await;
    }
}

/// Our own origin in capitals, with a dot at its end, with its default port, with a path or with a space. Expected: 403, no browser
/// writes it so.
#[tokio::test]
async fn other_spellings_of_our_origin() {
    let shop = Shop::open().await;
    for origin in [
        "http://SHOP.example",
        "http://shop.example.",
        "http://shop.example:80",
        "http://shop.example%2f",
        "http://shop.example,https://evil.example",
        "http:shop.example",
        "//shop.example",
        "shop.example",
        "ftp://shop.example",
    ] {
        shop.refuses_a_post(&[("host", "shop.example"), ("origin", origin)])
            .await;
    }
    shop.takes_a_post(&[("host", "shop.example"), ("origin", "http://shop.example")])
        .await;
}

/// `Origin` twice, ours and another, in both orders. Expected: 403.
#[tokio::test]
async fn two_origins() {
    let shop = Shop::open().await;
    let own = shop.origin();
    for origins in [[&own, EVIL.1], [EVIL.1, &own], [&own, &own]] {
        shop.refuses_a_post(&origins.map(|origin| ("origin", origin)))
            .await;
    }
}

/// Nothing but a foreign `Referer`, beside cookies, also one that begins or ends like our own address. Expected: 403.
#[tokio::test]
async fn foreign_referer_alone() {
    let shop = Shop::open().await;
    let host = shop.host();
    for referer in [
        "https://evil.example/".to_owned(),
        format!("http://{host}.evil.example/"),
        format!("http://{host}@evil.example/"),
        format!("https://evil.example/http://{host}/"),
        format!("http://{host}0/"),
        "about:blank".to_owned(),
        "nonsense".to_owned(),
    ] {
        shop.refuses_a_post(&[("referer", &referer)]).await;
    }
    shop.takes_a_post(&[("referer", &shop.site.url("/page"))])
        .await;
}

/// `Origin` and `Sec-Fetch-Site` are there and empty, with a foreign `Referer`. Expected: 403, an empty header says nothing. Without
/// the `Referer` it is no browser, and passes.
#[tokio::test]
async fn empty_headers() {
    let shop = Shop::open().await;
    let referer = ("referer", "https://evil.example/");
    for empty in [
        &[("origin", "")][..],
        &[("sec-fetch-site", "")],
        &[("origin", ""), ("sec-fetch-site", "")],
    ] {
        shop.refuses_a_post(&[empty, &[referer]].concat()).await;
        shop.takes_a_post(empty).await;
    }
}

/// Neither `Origin` nor `Sec-Fetch-Site` nor `Referer`, as of a program, or behind a proxy that takes them out. Expected: it passes; no
/// browser of these years posts without them.
#[tokio::test]
async fn headers_taken_out() {
    Shop::open().await.takes_a_post(&[]).await;
}

/// `X-Forwarded-Host` and `Forwarded` name the other site's host as ours. Expected: 403, the client's word on who we are is not taken.
#[tokio::test]
async fn forwarded_host_of_the_other_site() {
    let shop = Shop::open().await;
    for forwarded in [
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "host=evil.example;proto=https"),
        ("x-original-host", "evil.example"),
        ("x-forwarded-proto", "https"),
    ] {
        shop.refuses_a_post(&[EVIL, forwarded]).await;
    }
}

/// JSON as `text/plain`, which needs no preflight, and the other types that forms can send. Expected: 403, whatever the type.
#[tokio::test]
async fn json_as_plain_text() {
    let shop = Shop::open().await;
    for kind in [
        "text/plain",
        "text/plain;application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/csp-report",
    ] {
        shop.refuses_a_post(&[CROSS_SITE, EVIL, ("content-type", kind)])
            .await;
    }
}

/// PUT, PATCH, DELETE, TRACE and methods that nobody knows, from another site. Expected: 403 for all but GET, HEAD and OPTIONS.
#[tokio::test]
async fn other_unsafe_methods() {
    let shop = Shop::open().await;
    for method in [
        "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "get", "OPTIONSX",
    ] {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        shop.refuses(method, "/any", &[CROSS_SITE, EVIL]).await;
    }
}

/// A POST of another site that a header or a field calls a GET. Expected: 403, the method is what the request line says.
#[tokio::test]
async fn method_override() {
    let shop = Shop::open().await;
    for header in [
        "x-http-method-override",
        "x-http-method",
        "x-method-override",
    ] {
        shop.refuses_a_post(&[CROSS_SITE, EVIL, (header, "GET")])
            .await;
    }
    shop.refuses(Method::POST, "/change?_method=GET", &[CROSS_SITE, EVIL])
        .await;
}

/// A GET of another site that a header or a field calls a POST. Expected: it stays a GET, for which there is no handler here.
#[tokio::test]
async fn get_that_calls_itself_a_post() {
    let shop = Shop::open().await;
    let headers = [CROSS_SITE, ("x-http-method-override", "POST")];
    let answer = shop
        .ann
        .send(Method::GET, "/change?_method=POST", &headers)
        .await;
    assert_eq!(answer.status(), 405);
    assert_eq!(shop.runs.0.load(Ordering::SeqCst), 0);
}

/// A preflight of another site's page, for a PUT with cookies. Expected: nothing in the answer allows it, and no handler runs.
#[tokio::test]
async fn preflight_of_another_site() {
    let shop = Shop::open().await;
    let headers = [
        CROSS_SITE,
        EVIL,
        ("access-control-request-method", "PUT"),
        ("access-control-request-headers", "content-type"),
    ];
    let answer = shop.ann.send(Method::OPTIONS, "/change", &headers).await;
    assert_eq!(answer.status(), 405);
    let allows = |name: &reqwest::header::HeaderName| name.as_str().starts_with("access-control-");
    assert!(!answer.headers().keys().any(allows));
    assert_eq!(shop.runs.0.load(Ordering::SeqCst), 0);
}

/// Another site logs a browser in as the attacker, who is nobody yet there. Expected: 403, and nobody is logged in.
#[tokio::test]
async fn login_for_somebody_else() {
    let shop = Shop::open().await;
    for headers in [
        &[CROSS_SITE, EVIL][..],
        &[EVIL],
        &[("sec-fetch-site", "same-site")],
    ] {
        let victim = shop.site.browser();
        assert_eq!(
            victim
                .send(Method::POST, "/login/7", headers)
                .await
                .status(),
            403
        );
        assert_eq!(victim.jar.names(), [""; 0]);
    }
    assert_eq!(shop.runs.0.load(Ordering::SeqCst), 0);
}

/// Another site posts to `/logout`. Expected: 403, and she stays logged in.
#[tokio::test]
async fn logout_for_somebody_else() {
    let shop = Shop::open().await;
    shop.refuses(Method::POST, "/logout", &[CROSS_SITE, EVIL])
        .await;
    assert!(shop.ann.text("/").await.starts_with("Some(1)"));
}

/// Another site shows `/logout` as a picture, where the application logs out by GET. Expected: it is answered, and nobody is logged out.
#[tokio::test]
async fn logout_as_a_picture() {
    let shop = Shop::open().await;
    for site in ["cross-site", "same-site"] {
        for method in [Method::GET, Method::HEAD] {
            let headers = [("sec-fetch-site", site), ("sec-fetch-dest", "image")];
            let answer = shop.ann.send(method, "/logout", &headers).await;
            assert_eq!(
                (answer.status().as_u16(), answer.set_cookies().len()),
                (200, 0)
            );
            assert!(shop.ann.text("/").await.starts_with("Some(1)"), "{site}");
        }
    }
    shop.ann
        .send(Method::GET, "/logout", &[("sec-fetch-site", "none")])
        .await;
    assert!(shop.ann.text("/").await.starts_with("None"));
}

/// A `WebSocket` that a page of another site opens with our cookies, which is a GET. Expected: 403 before the upgrade.
#[tokio::test]
async fn socket_of_another_site() {
    let shop = Shop::open().await;
    shop.refuses_a_socket(&[EVIL]).await;
    shop.refuses_a_socket(&[EVIL, CROSS_SITE]).await;
    shop.refuses_a_socket(&[EVIL, ("sec-fetch-site", "same-site")])
        .await;
    let own = shop.origin();
    assert_eq!(shop.opens_a_socket(&[("origin", &own)]).await.status(), 101);
}

/// A `WebSocket` from a page whose origin is `null`, is empty, or comes twice. Expected: 403.
#[tokio::test]
async fn socket_of_a_page_without_origin() {
    let shop = Shop::open().await;
    shop.refuses_a_socket(&[("origin", "null")]).await;
    shop.refuses_a_socket(&[("origin", "")]).await;
    let own = shop.origin();
    shop.refuses_a_socket(&[("origin", &own), EVIL]).await;
}

/// A `WebSocket` without any `Origin`. Expected: 403 if `Sec-Fetch-Site` says another site; without that it is a program, and passes.
#[tokio::test]
async fn socket_without_an_origin_header() {
    let shop = Shop::open().await;
    shop.refuses_a_socket(&[CROSS_SITE]).await;
    shop.refuses_a_socket(&[("sec-fetch-site", "same-site")])
        .await;
    assert_eq!(shop.opens_a_socket(&[]).await.status(), 101);
}

/// A page of a trusted origin's http twin. Expected: 403, the scheme is part of what is trusted.
#[tokio::test]
async fn trusted_origin_without_tls() {
    let shop = Shop::with(|builder| builder.trusted_origin("https://partner.example")).await;
    for site in [None, Some(CROSS_SITE)] {
        let post = |origin| {
            site.into_iter()
                .chain([("origin", origin)])
                .collect::<Vec<_>>()
        };
        shop.refuses_a_post(&post("http://partner.example")).await;
        shop.takes_a_post(&post("https://partner.example")).await;
    }
    shop.refuses_a_socket(&[("origin", "http://partner.example")])
        .await;
}

/// Origins that begin, end or sound like a trusted one: a subdomain, a suffix, a port, a user, capitals, a path. Expected: 403, the whole is
/// compared.
#[tokio::test]
async fn lookalikes_of_a_trusted_origin() {
    let shop = Shop::with(|builder| builder.trusted_origin("https://partner.example")).await;
    for origin in [
        "https://partner.example.evil",
        "https://evil.partner.example",
        "https://evilpartner.example",
        "https://partner.example:8443",
        "https://partner.example@evil.example",
        "https://partner.exampl",
        "https://PARTNER.example",
        "https://partner.example/",
        "https://partner.example.",
        "https://evil.example https://partner.example",
    ] {
        shop.refuses_a_post(&[("origin", origin)]).await;
        shop.refuses_a_post(&[("origin", origin), CROSS_SITE]).await;
        shop.refuses_a_socket(&[("origin", origin)]).await;
    }
    for page in [
        "https://partner.example.evil/",
        "https://partner.example:8443/",
        "https://partner.example@evil.example/",
        "http://partner.example/",
    ] {
        shop.refuses_a_post(&[("referer", page)]).await;
    }
}

/// A header that would hold a token, and so no session, beside the cookies of somebody logged in. Expected: 403 where the application
/// takes no tokens; where it does, an unknown token is nobody's, and the session is left alone.
#[tokio::test]
async fn token_to_get_past_the_check() {
    let bearer = ("authorization", "Bearer made-up");
    Shop::open()
        .await
        .refuses_a_post(&[CROSS_SITE, EVIL, bearer])
        .await;

    let shop = Shop::with(|builder| builder.token_loader(load_by_token)).await;
    let before = shop.ann.text("/").await;
    for (token, status) in [("made-up", 401), ("of-bob", 200)] {
        let token = format!("Bearer {token}");
        let headers = [CROSS_SITE, EVIL, ("authorization", &token)];
        let answer = shop.ann.send(Method::POST, "/transfer", &headers).await;
        assert_eq!(answer.status(), status, "{token}");
        if status == 200 {
            assert_eq!(
                answer.text().await.expect("a body"),
                "2",
                "the token's user"
            );
        }
        let answer = shop.ann.send(Method::POST, "/change", &headers).await;
        assert_eq!(answer.status(), 400, "a token has no session");
        assert_eq!(shop.ann.text("/").await, before);
    }
    // What is no token by its scheme lifts nothing.
    shop.runs.0.store(0, Ordering::SeqCst);
    for other in ["Basic YTpi", "Bearerx y", "Negotiate x"] {
        shop.refuses_a_post(&[CROSS_SITE, EVIL, ("authorization", other)])
            .await;
    }
}

/// A guarded route that was added to the router after the layer, so that no check covers it. Expected: 500, its handler does not run.
#[tokio::test]
async fn route_added_after_the_layer() {
    let shop = Shop::open().await;
    let answer = shop
        .ann
        .send(Method::POST, "/late", &[CROSS_SITE, EVIL])
        .await;
    assert_eq!(
        (answer.status().as_u16(), answer.set_cookies().len()),
        (500, 0)
    );
    assert_eq!(shop.runs.0.load(Ordering::SeqCst), 0);
}
