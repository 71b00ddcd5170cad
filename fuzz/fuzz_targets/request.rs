//! What we have not signed changes nothing of what a handler sees: a request is answered like the same one with no cookies but the genuine
//! ones. Nothing panics, nothing is our fault (5xx), and the work that a request makes is bounded.
//!
//! The input's first line is a letter for the mode, a method and a target. The others are headers. In `Cookie` headers, a sign and a letter
//! stand for a genuine cookie or a part of it: see [`expanded`].

#![no_main]

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, LazyLock};

use axum::body::Body;
use fuzzing::NOW;
use fuzzing::cookies::{Pair, fields_of, last_part, pairs, values_of};
use fuzzing::site::{Cookie, Given, Mode, answer, site};
use http::header::{CACHE_CONTROL, COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use libfuzzer_sys::fuzz_target;
use tokio::runtime::Runtime;

const PREFIX: &str = "__Host-session.";

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().build().expect("a runtime")
});

/// What each mode has given, in the order of [`Mode::ALL`].
static GIVEN: LazyLock<[Given; 4]> =
    LazyLock::new(|| Mode::ALL.map(|mode| Given::of(mode, &RUNTIME)));

/// All cookies that were given, by any mode.
static COOKIES: LazyLock<Vec<&'static Cookie>> =
    LazyLock::new(|| GIVEN.iter().flat_map(|given| &given.cookies).collect());

fuzz_target!(|data: &[u8]| {
    let mut lines = data.split(|&byte| byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let Some((mode, method, uri)) = parsed(first) else {
        return;
    };
    let mut headers = HeaderMap::new();
    for line in lines.take(64) {
        let Some(colon) = line.iter().position(|&byte| byte == b':') else {
            continue;
        };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii_start());
        let Ok(name) = HeaderName::from_bytes(name) else {
            continue;
        };
        let value = if name == COOKIE {
            expanded(value)
        } else {
            value.to_vec()
        };
        if let Ok(value) = HeaderValue::from_bytes(&value) {
            headers.append(name, value);
        }
    }

    let (genuine, has_many) = genuine(mode, &headers);
    let mut with_all = visit(mode, &method, &uri, headers);
    let mut with_genuine = visit(mode, &method, &uri, genuine);
    assert!(!with_all.status.is_server_error(), "{with_all:?}");
    assert!(with_all.set_cookies.len() <= 24, "{with_all:?}");
    if has_many {
        // More than four cookies of other sessions are not looked at: which of them an answer removes, the junk decides as well.
        for answer in [&mut with_all, &mut with_genuine] {
            answer.set_cookies.clear();
            answer.headers.remove(CACHE_CONTROL);
        }
    }
    assert_eq!(with_all, with_genuine);
});

fn parsed(line: &[u8]) -> Option<(Mode, Method, Uri)> {
    let line = std::str::from_utf8(line).ok()?;
    let mut words = line.splitn(3, ' ');
    let mode = match words.next()? {
        "c" => Mode::Signed,
        "e" => Mode::Encrypted,
        "d" => Mode::DenyList,
        "s" => Mode::Store,
        _ => return None,
    };
    let method = Method::from_bytes(words.next()?.as_bytes()).ok()?;
    Some((mode, method, Uri::try_from(words.next()?).ok()?))
}

/// `{x` is a whole cookie, `<x` its name, `>x` its value, `~xy` a cookie with one character changed, and `|xy` one that is cut, where `y` says
/// at which place. `x` is the cookie's number as a letter, from `A` on.
fn expanded(text: &[u8]) -> Vec<u8> {
    let mut expanded = Vec::new();
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        if !b"{<>~|".contains(&byte) {
            expanded.push(byte);
            continue;
        }
        let number = usize::from(bytes.next().unwrap_or(0).wrapping_sub(b'A'));
        let Cookie { name, value } = COOKIES[number % COOKIES.len()];
        if byte != b'>' {
            expanded.extend_from_slice(name.as_bytes());
        }
        if byte != b'>' && byte != b'<' {
            expanded.push(b'=');
        }
        if byte == b'<' {
            continue;
        }
        let mut value = value.clone().into_bytes();
        if byte == b'~' || byte == b'|' {
            let at = usize::from(bytes.next().unwrap_or(0)) * value.len() / 256;
            if byte == b'|' {
                value.truncate(at);
            } else {
                value[at] = if value[at] == b'A' { b'B' } else { b'A' };
            }
        }
        expanded.extend_from_slice(&value);
    }
    expanded
}

/// Whether a cookie means something to sessions of this mode.
fn is_genuine(mode: Mode, (name, value): Pair<'_>) -> bool {
    let is = |cookie: &Cookie| cookie.name.as_bytes() == name && cookie.value.as_bytes() == value;
    Mode::ALL.iter().zip(&*GIVEN).any(|(&giver, given)| {
        let is_understood = match (mode, giver) {
            (Mode::Encrypted, Mode::Encrypted) => true,
            (Mode::Encrypted, _) | (_, Mode::Encrypted) => false,
            // Sessions that are in cookies move into the store.
            (Mode::Store, _) => true,
            // These have no place for a session that is in a store, which the same names would say.
            (_, Mode::Store) => !["id", "guest"]
                .iter()
                .any(|kind| name == format!("{PREFIX}{kind}").as_bytes()),
            _ => true,
        };
        is_understood && given.cookies.iter().any(is)
    })
}

/// The headers with no cookies but the genuine ones that are looked at, and whether there are more cookies of other sessions than those.
fn genuine(mode: Mode, headers: &HeaderMap) -> (HeaderMap, bool) {
    let pairs = pairs(&fields_of(headers));
    let mut flashes: Vec<Pair<'_>> = Vec::new();
    let mut slotted = 0;
    let mut kept = Vec::new();
    for pair in &pairs {
        let (name, value) = *pair;
        let is_flash = last_part(name, &format!("{PREFIX}flash.")).is_some();
        if is_flash && flashes.len() < 8 && !flashes.contains(pair) {
            flashes.push(*pair);
        }
        let kinds = ["data.", "seen."].map(|kind| format!("{PREFIX}{kind}"));
        slotted += usize::from(kinds.iter().any(|kind| last_part(name, kind).is_some()));
        let text = String::from_utf8_lossy(name);
        let is_looked_at = match is_flash {
            true => flashes.contains(pair),
            false => values_of(&pairs, &text).iter().any(|known| known == value),
        };
        if is_looked_at && is_genuine(mode, *pair) {
            kept.push([name, b"=", value].concat());
        }
    }
    // That there is a cookie by our name, or by the identity's, means something though it says nothing.
    for (name, of) in [(format!("{PREFIX}id"), true), (PREFIX.to_owned(), false)] {
        let is_there = |(found, _): &Pair<'_>| {
            if of {
                *found == name.as_bytes()
            } else {
                found.starts_with(name.as_bytes())
            }
        };
        if pairs.iter().any(is_there) {
            kept.push(format!("{name}=x").into_bytes());
        }
    }
    let mut cleaned = headers.clone();
    cleaned.remove(COOKIE);
    if !kept.is_empty() {
        let header = HeaderValue::from_bytes(&kept.join(&b"; "[..])).expect("it was in a header");
        cleaned.insert(COOKIE, header);
    }
    (cleaned, slotted > 4)
}

#[derive(Debug, PartialEq)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
    /// The names, without the part that is random where it is new, and whether each is removed.
    set_cookies: Vec<(String, bool)>,
}

/// The answer of a site that has seen no request before.
fn visit(mode: Mode, method: &Method, uri: &Uri, headers: HeaderMap) -> Answer {
    let given = &GIVEN[mode as usize];
    let (router, _) = site(mode, given.store(&RUNTIME), Arc::new(AtomicU64::new(NOW)));
    let mut request = Request::new(Body::empty());
    *request.method_mut() = method.clone();
    *request.uri_mut() = uri.clone();
    *request.headers_mut() = headers;
    let (mut parts, body) = answer(&RUNTIME, router, request);
    let mut set_cookies: Vec<_> = parts
        .headers
        .get_all(SET_COOKIE)
        .iter()
        .map(|cookie| {
            let cookie = cookie.to_str().expect("ASCII");
            let (name, rest) = cookie.split_once('=').expect("a name");
            let kind = name.strip_prefix(PREFIX).expect("a name of ours");
            (
                kind.split('.').next().unwrap_or_default().to_owned(),
                rest.contains("; Max-Age=0"),
            )
        })
        .collect();
    set_cookies.sort();
    parts.headers.remove(SET_COOKIE);
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
        set_cookies,
    }
}
