//! Whatever stands in `next`, nobody is led off the site: judged by a parser that follows the standard that browsers follow.

use std::sync::LazyLock;

use axum::Router;
use axum::body::Body;
use axum::extract::FromRequestParts as _;
use axum::http::header::{ACCEPT, LOCATION};
use axum::http::{Request, StatusCode, Uri};
use axum::response::IntoResponse as _;
use muffin_session::{NextUrl, login_required};
use muffin_session_tests::builder;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tower::ServiceExt as _;
use url::{Url, form_urlencoded};

use crate::app::{cases, ready};

static LOGIN: LazyLock<Url> =
    LazyLock::new(|| Url::parse("https://app.example/login").expect("a URL"));

/// What a login page makes of its query.
fn next_of(query: &str) -> NextUrl {
    let uri = Uri::try_from(format!("/login?{query}")).expect("a query that can be sent");
    let (mut parts, ()) = Request::builder()
        .uri(uri)
        .body(())
        .expect("a request")
        .into_parts();
    let next: Result<NextUrl, _> = ready(NextUrl::from_request_parts(&mut parts, &()));
    next.expect("it never fails")
}

fn encoded(next: &str) -> String {
    form_urlencoded::Serializer::new(String::new())
        .append_pair("next", next)
        .finish()
}

/// Where a browser goes from the login page.
fn stays_here(target: &str) -> Result<(), String> {
    let refused = |why: &str| Err(format!("{target:?} {why}"));
    if !target.bytes().all(|byte| byte.is_ascii_graphic()) {
        return refused("is not printable ASCII");
    }
    let after = target
        .strip_prefix('/')
        .ok_or_else(|| format!("{target:?} is no path"))?;
    if after.starts_with(['/', '\\']) {
        return refused("starts with two slashes");
    }
    let Ok(joined) = LOGIN.join(target) else {
        return refused("is no URL");
    };
    if joined.origin() != LOGIN.origin()
        || !joined.username().is_empty()
        || joined.password().is_some()
    {
        return refused("leads elsewhere");
    }
    // What passes on the path that it has parsed must not be led elsewhere either.
    let path = LOGIN
        .join(joined.path())
        .map_err(|error| format!("{target:?}: {error}"))?;
    if path.origin() != LOGIN.origin() || joined.path().contains("//") {
        return refused("leads elsewhere once its dots are resolved");
    }
    Ok(())
}

/// Pieces of which attacks are made.
fn nasty() -> impl Strategy<Value = String> {
    let known = prop_oneof![
        6 => select(vec!["/", "//", "\\", "/\\", "\\/", ".", "..", "/.", "/..", "./", "../", "/./", "/../"]),
        3 => select(vec!["evil.example", "app.example", "@", ":", "443", "user:pass@", "[::1]", "%", "?", "#", "&", "=", ";"]),
        3 => select(vec![
            "http:", "https:", "HTTPS://", "https:/", "javascript:alert(1)", "java\tscript:", "data:text/html,x", "blob:",
            "file:", "ftp:",
        ]),
        3 => select(vec!["\t", "\n", "\r", "\r\n", "\0", " ", "\u{1}", "\u{b}", "\u{c}", "\u{1f}", "\u{7f}", "\u{80}", "\u{85}"]),
        3 => select(vec![
            "%2f", "%2F", "%5c", "%5C", "%252f", "%255c", "%09", "%0a", "%0d", "%00", "%20", "%2e", "%2e%2e", "%u002f",
            "%c0%af", "%ff", "%3a", "%40",
        ]),
        2 => select(vec![
            "\u{ff0f}", "\u{2215}", "\u{2044}", "\u{29f8}", "\u{ff3c}", "\u{3002}", "\u{ff0e}", "\u{feff}", "\u{a0}",
            "\u{3000}", "\u{2028}", "\u{ad}", "\u{200b}", "\u{202e}", "ä", "ſ", "K",
        ]),
        3 => select(vec!["a", "b/c", "login", "/login", "/logout", "logout", "next=", "/a?next=", "dashboard", "x=1"]),
    ];
    let piece = prop_oneof![
        16 => known.prop_map(str::to_owned),
        1 => vec(any::<char>(), 0..4).prop_map(String::from_iter),
    ];
    (select(vec!["", "/", "/", "/a", "//"]), vec(piece, 0..8))
        .prop_map(|(start, pieces)| format!("{start}{}", pieces.concat()))
}

/// Without what no request line can hold: it does not come as far as to us.
fn sendable(text: &str) -> String {
    let is_sendable = |character: &char| Uri::try_from(format!("/?{character}")).is_ok();
    text.chars().filter(is_sendable).collect()
}

fn check(next: &NextUrl, wanted: &str) -> Result<(), TestCaseError> {
    let location = |next: &NextUrl| {
        let response = next.redirect_or("/default").into_response();
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        response.headers()[LOCATION]
            .to_str()
            .expect("ASCII")
            .to_owned()
    };
    let Some(target) = next.get() else {
        prop_assert_eq!(location(next), "/default");
        return Ok(());
    };
    prop_assert_eq!(target, wanted, "it is sent as it was checked");
    prop_assert_eq!(location(next), target);
    stays_here(target).map_err(TestCaseError::fail)
}

#[login_required]
async fn guarded() {}

static GUARDED: LazyLock<Router> = LazyLock::new(|| {
    let sessions = builder()
        .without_user_loader()
        .build()
        .expect("good options");
    let nested = Router::new().fallback(guarded);
    Router::new()
        .nest("/nested", nested)
        .fallback(guarded)
        .layer(sessions)
});

/// The `next` in the redirect of a guarded page, and the whole `Location`. There is none where it would lead to the same page.
fn refused(target: &Uri) -> (Option<String>, String) {
    let request = Request::builder()
        .uri(target.clone())
        .header(ACCEPT, "text/html");
    let request = request.body(Body::empty()).expect("a request");
    let response = ready(GUARDED.clone().oneshot(request)).expect("a router does not fail");
    if target.path() == LOGIN.path() {
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert!(!response.headers().contains_key(LOCATION));
        return (None, String::new());
    }
    assert_eq!(response.status(), StatusCode::SEE_OTHER, "{target}");
    let location = response.headers()[LOCATION]
        .to_str()
        .expect("ASCII")
        .to_owned();
    let url = LOGIN.join(&location).expect("a URL");
    let next = url.query_pairs().find(|(name, _)| name == "next");
    (next.map(|(_, next)| next.into_owned()), location)
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn s116_to_s128_next_leads_nowhere_else(next in nasty()) {
        check(&next_of(&encoded(&next)), &next)?;
    }

    #[test]
    fn s116_to_s130_next_leads_nowhere_else_however_the_query_is_spelled(
        queries in vec((select(vec!["next=", "next=", "next=/", "Next=", "x=", "next", ""]), nasty()), 1..3),
    ) {
        let query = queries.iter().map(|(name, value)| format!("{name}{value}")).collect::<Vec<_>>().join("&");
        let query = sendable(&query);
        let uri = Uri::try_from(format!("/login?{query}")).expect("a query that can be sent");
        let values: Vec<_> = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
            .filter(|(name, _)| name == "next")
            .map(|(_, value)| value.into_owned())
            .collect();
        let next = next_of(&query);
        if let [one] = &values[..] {
            check(&next, one)?;
        } else {
            // Two are none, even if both are good.
            prop_assert_eq!(next.get(), None);
        }
    }

    #[test]
    fn a_plain_path_of_this_site_comes_back_as_it_was(
        next in "(/[a-zA-Z0-9_~!$'()*+,;=:@-]{1,8}){1,5}/?([?][a-zA-Z0-9/?=&%._-]{0,20})?",
    ) {
        prop_assume!(!next.contains("logout"));
        let found = next_of(&encoded(&next));
        prop_assert_eq!(found.get(), Some(&*next));
        check(&found, &next)?;
    }

    #[test]
    fn s132_to_s135_a_refusal_names_only_pages_of_this_site(path in nasty(), nested: bool) {
        let path = sendable(&format!("{}/{path}", if nested { "/nested" } else { "" }));
        prop_assume!(Uri::try_from(&*path).is_ok());
        let uri = Uri::try_from(&*path).expect("just tried");
        prop_assume!(uri.path().starts_with('/'));
        let (next, location) = refused(&uri);
        prop_assert!(location.is_empty() || location == "/login" || location.starts_with("/login?next=%2F"), "{}", location);
        if let Some(next) = next {
            let asked = uri.path_and_query().map(axum::http::uri::PathAndQuery::as_str);
            let page = uri.path().trim_end_matches('/');
            // A page that would lead in a circle hands on where it would have led itself.
            let is_handed_on = (page == "/login" || page.ends_with("/logout")) && next_of(uri.query().unwrap_or_default()).get() == Some(&*next);
            prop_assert!(asked == Some(&*next) || is_handed_on, "{}", next);
            stays_here(&next).map_err(TestCaseError::fail)?;
        }
    }
}

#[test]
fn the_judge_knows_what_leads_elsewhere() {
    for target in [
        "//evil.example",
        "/\\evil.example",
        "///evil.example",
        "/\t/evil.example",
        "https://evil.example",
        "/.//evil.example",
        "/a/..//evil.example",
        "/a b",
        "",
    ] {
        assert!(stays_here(target).is_err(), "{target:?}");
    }
    for target in [
        "/",
        "/a/../b?x=//y#z",
        "/%2f%2fevil.example",
        "/@evil.example",
    ] {
        assert_eq!(stays_here(target), Ok(()));
    }
}

#[test]
fn s133_an_absolute_request_target_is_worth_its_path_alone() {
    for target in [
        "http://evil.example/a?b=c",
        "https://user@evil.example:8443/a?b=c",
    ] {
        let (next, location) = refused(&Uri::from_static(target));
        assert_eq!(next.as_deref(), Some("/a?b=c"), "{location}");
    }
}
