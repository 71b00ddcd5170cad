//! Whatever stands in `next`, nobody is led off the site: judged by a parser that follows the standard that browsers follow.
//!
//! The first byte says what the rest is: a `next`, a query, or what a guarded page was asked for.

#![no_main]

use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use axum::extract::FromRequestParts as _;
use axum::response::IntoResponse as _;
use http::header::LOCATION;
use http::request::Parts;
use http::{Request, Uri};
use libfuzzer_sys::fuzz_target;
use muffin_session::NextUrl;
use muffin_session::fuzzing::{append, is_local, original};
use url::{Url, form_urlencoded};

static LOGIN: LazyLock<Url> =
    LazyLock::new(|| Url::parse("https://app.example/login").expect("a URL"));

fuzz_target!(|data: &[u8]| {
    let Some((sort, rest)) = data.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(rest) else {
        return;
    };
    match sort % 3 {
        0 => value(text),
        1 => query(text),
        _ => minted(text),
    }
});

fn value(next: &str) {
    let encoded = form_urlencoded::Serializer::new(String::new())
        .append_pair("next", next)
        .finish();
    let uri = Uri::try_from(format!("/login?{encoded}"));
    let uri = match uri {
        Ok(uri) => uri,
        // Longer than any request's target.
        Err(_) if encoded.len() > 60_000 => return,
        Err(error) => panic!("{error}: {encoded:?}"),
    };
    let found = next_of(uri);
    check(&found, next);
    let is_logout = next
        .split(['?', '#'])
        .next()
        .is_some_and(|path| path.trim_end_matches('/').ends_with("/logout"));
    assert_eq!(found.get().is_some(), is_local(next) && !is_logout);
}

fn query(query: &str) {
    let Ok(uri) = Uri::try_from(format!("/login?{query}")) else {
        return;
    };
    let values: Vec<_> = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        .filter(|(name, _)| name == "next")
        .map(|(_, value)| value.into_owned())
        .collect();
    let next = next_of(uri);
    match &values[..] {
        [one] => check(&next, one),
        // Two are none, even if both are good.
        _ => assert_eq!(next.get(), None),
    }
}

fn minted(target: &str) {
    let Ok(uri) = Uri::try_from(target) else {
        return;
    };
    let Some(next) = original(&parts(uri.clone())) else {
        return;
    };
    stays_here(&next);
    let asked = uri.path_and_query().map(http::uri::PathAndQuery::as_str);
    if asked != Some(&*next) {
        // A page that would lead in a circle hands on where it would have led itself.
        assert_eq!(next_of(uri).get(), Some(&*next));
    }
    for page in [
        "/login",
        "/login?a=b",
        "/login?a#top",
        "https://login.example/",
    ] {
        let url = append(page, &next);
        let joined = LOGIN.join(&url).expect("a URL");
        let page = LOGIN.join(page).expect("a URL");
        assert_eq!(
            (joined.origin(), joined.path(), joined.fragment()),
            (page.origin(), page.path(), page.fragment())
        );
        let mut given = joined.query_pairs().filter(|(name, _)| name == "next");
        assert_eq!(
            given.next().map(|(_, next)| next.into_owned()),
            Some(next.clone())
        );
        assert!(given.next().is_none());
        let uri = Uri::try_from(url.split('#').next().expect("a first part"))
            .expect("what was made can be asked for");
        assert_eq!(
            next_of(uri).get(),
            Some(&*next),
            "what a guard mints is accepted"
        );
    }
}

fn parts(uri: Uri) -> Parts {
    let request = Request::builder().uri(uri).body(());
    request.expect("a request").into_parts().0
}

/// What a login page makes of its query.
fn next_of(uri: Uri) -> NextUrl {
    let mut parts = parts(uri);
    let mut context = Context::from_waker(Waker::noop());
    let next: Poll<Result<NextUrl, _>> =
        pin!(NextUrl::from_request_parts(&mut parts, &())).poll(&mut context);
    match next {
        Poll::Ready(Ok(next)) => next,
        Poll::Pending => panic!("it waits for something"),
    }
}

fn check(next: &NextUrl, wanted: &str) {
    let response = next.redirect_or("/default").into_response();
    let location = response.headers()[LOCATION].to_str().expect("ASCII");
    let Some(target) = next.get() else {
        assert_eq!(location, "/default");
        return;
    };
    assert_eq!(target, wanted, "it is sent as it was checked");
    assert_eq!(location, target);
    stays_here(target);
}

/// Where a browser goes from the login page.
fn stays_here(target: &str) {
    assert!(
        target.bytes().all(|byte| byte.is_ascii_graphic()),
        "{target:?} is not printable ASCII"
    );
    assert!(!target.contains('\\'), "{target:?} has a backslash");
    assert!(
        target.starts_with('/') && !target.starts_with("//"),
        "{target:?} does not start with one slash"
    );
    let joined = LOGIN.join(target).expect("a URL");
    let is_here = |url: &Url| {
        url.origin() == LOGIN.origin() && url.username().is_empty() && url.password().is_none()
    };
    assert!(is_here(&joined), "{target:?} leads to {joined}");
    // What passes on the path that it has parsed must not be led elsewhere either.
    assert!(!joined.path().contains("//"), "{target:?} becomes {joined}");
    let path = LOGIN.join(joined.path()).expect("a URL");
    assert!(is_here(&path), "the path of {target:?} leads to {path}");
}
