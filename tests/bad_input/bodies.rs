//! Whoever is refused is refused before their body is looked at, whatever it is and whether it comes at all.

use crate::site::{Raw, World};

/// Bodies that a handler's own extractor would refuse, and with which status: path, type, body.
fn bad_bodies() -> Vec<(&'static str, &'static str, Vec<u8>, u16)> {
    let large = vec![b'x'; 3 * 1024 * 1024];
    vec![
        ("/guarded/json", "application/json", b"{".to_vec(), 400),
        ("/guarded/json", "application/json", Vec::new(), 400),
        (
            "/guarded/json",
            "application/json",
            b"[".repeat(100_000),
            400,
        ),
        ("/guarded/json", "text/plain", b"{}".to_vec(), 415),
        ("/guarded/json", "application/json", large.clone(), 413),
        ("/guarded/form", "application/json", b"{}".to_vec(), 415),
        (
            "/guarded/form",
            "application/x-www-form-urlencoded",
            large.clone(),
            413,
        ),
        ("/guarded/text", "text/plain", b"\xff".to_vec(), 400),
        ("/guarded/text", "text/plain", large, 413),
        (
            "/guarded/multipart",
            "multipart/form-data",
            b"--".to_vec(),
            400,
        ),
    ]
}

fn lines(method: &str, path: &str, more: &[&str]) -> Vec<String> {
    let mut lines = vec![format!("{method} {path} HTTP/1.1")];
    lines.extend(more.iter().map(|line| (*line).to_owned()));
    lines
}

async fn send(world: &World, cookies: Option<&str>, path: &str, kind: &str, body: &[u8]) -> Raw {
    let length = format!("Content-Length: {}", body.len());
    let mut lines = lines("POST", path, &[&format!("Content-Type: {kind}"), &length]);
    lines.extend(cookies.map(|cookies| format!("Cookie: {cookies}")));
    world.send(&lines, body).await
}

/// To the login page, without `next`: what was posted is lost. Who sends JSON is a program, and gets a status.
fn is_refused(answer: &Raw) {
    assert_eq!(answer.field("cache-control"), Some("no-store"));
    match answer.status {
        303 => {
            assert_eq!(answer.field("location"), Some("/login"));
            assert!(answer.body.is_empty());
        }
        401 => assert_eq!(
            answer.field("content-type"),
            Some("application/problem+json")
        ),
        _ => panic!("{}", answer.head),
    }
}

#[tokio::test]
async fn s216_a_bad_body_is_refused_by_the_guard_before_its_extractor_sees_it() {
    let world = World::new().await;
    let ann = world.user(1).await;
    for (path, kind, body, status) in bad_bodies() {
        is_refused(&send(&world, None, path, kind, &body).await);
        is_refused(&send(&world, Some("__Host-session.id=junk"), path, kind, &body).await);
        let answer = send(&world, Some(&ann.cookies()), path, kind, &body).await;
        assert_eq!(
            answer.status,
            status,
            "{path}, {} bytes of {kind}",
            body.len()
        );
    }
}

#[tokio::test]
async fn s184_a_refusal_does_not_wait_for_a_body() {
    let world = World::new().await;
    for path in [
        "/guarded/json",
        "/guarded/text",
        "/guarded/form",
        "/guarded",
    ] {
        for announced in ["Content-Length: 1000000", "Transfer-Encoding: chunked"] {
            let lines = lines("POST", path, &["Content-Type: application/json", announced]);
            // Nothing of it comes, or its beginning.
            is_refused(&world.send(&lines, b"").await);
            let beginning: &[u8] = if announced.ends_with("chunked") {
                b"1\r\n{\r\n"
            } else {
                b"{"
            };
            is_refused(&world.send(&lines, beginning).await);
        }
    }
}

#[tokio::test]
async fn s226_a_refusal_does_not_ask_for_the_body() {
    let world = World::new().await;
    let ann = world.user(1).await;
    let cookies = format!("Cookie: {}", ann.cookies());
    let expecting = [
        "Content-Type: application/json",
        "Content-Length: 1000000",
        "Expect: 100-continue",
    ];
    is_refused(
        &world
            .send(&lines("POST", "/guarded/json", &expecting), b"")
            .await,
    );
    let mut lines = lines("POST", "/guarded/json", &expecting);
    lines.push(cookies);
    assert_eq!(world.send(&lines, b"").await.status, 100);
}

#[tokio::test]
async fn s211_a_head_is_refused_like_a_get() {
    let world = World::new().await;
    let ann = world.user(1).await;
    let cookies = format!("Cookie: {}", ann.cookies());
    let head = |more: &[&str]| lines("HEAD", "/guarded?a=b", more);
    let refused = world.send(&head(&[]), b"").await;
    assert_eq!(refused.status, 303);
    assert_eq!(
        refused.field("location"),
        Some("/login?next=%2Fguarded%3Fa%3Db")
    );
    assert_eq!(
        world
            .send(&head(&["Accept: application/json"]), b"")
            .await
            .status,
        401
    );
    let passed = world.send(&head(&[&cookies]), b"").await;
    assert_eq!((passed.status, &*passed.body), (200, &b""[..]));
    assert_eq!(passed.field("content-length"), Some("5"));
    let evil = world
        .send(&head(&["Cookie: __Host-session.id=junk"]), b"")
        .await;
    assert_eq!(evil.status, 303);
}

#[tokio::test]
async fn s157_s212_other_methods_never_reach_a_guarded_handler() {
    let world = World::new().await;
    for method in [
        "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "FOO", "get", "PROPFIND",
    ] {
        let lines = lines(
            method,
            "/guarded",
            &["X-HTTP-Method-Override: GET", "Cookie: a=b"],
        );
        let answer = world.send(&lines, b"").await;
        assert_eq!(answer.status, 405, "{method}");
        assert!(!answer.head.contains("a=b") && answer.body.is_empty());
    }
    let posted = lines(
        "POST",
        "/guarded?_method=GET",
        &["X-HTTP-Method-Override: GET", "Content-Length: 0"],
    );
    is_refused(&world.send(&posted, b"").await);
}
