//! What a browser sends by itself, for a page of the application: its `Host` and `Origin`, and what the request is for (Fetch Metadata).

use http::header::{ACCEPT, CONTENT_TYPE, HOST, ORIGIN, REFERER, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};

const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// The origin of the application's pages.
pub(super) fn own_origin(public_origin: Option<&str>) -> &str {
    public_origin.unwrap_or("http://localhost")
}

/// Adds the headers that the request does not have: those of a link or form that is followed, or of a script that fetches.
pub(super) fn complete<B>(request: &mut Request<B>, public_origin: Option<&str>) {
    add_host(request, public_origin);
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD);
    let headers = request.headers_mut();
    let purpose = Purpose::of(headers);
    // Who says where a request comes from means it.
    let says_where = [SITE, ORIGIN, REFERER]
        .iter()
        .any(|name| headers.contains_key(name));
    if !says_where {
        headers.insert(SITE, HeaderValue::from_static("same-origin"));
        if !is_safe || purpose == Purpose::Upgrade {
            let origin = origin(headers, public_origin);
            headers.insert(ORIGIN, origin);
        }
    }
    let (mode, dest, accept) = match purpose {
        Purpose::Page => (
            "navigate",
            "document",
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        ),
        Purpose::Script => ("cors", "empty", "*/*"),
        Purpose::Upgrade => ("websocket", "empty", "*/*"),
    };
    for (name, value) in [(MODE, mode), (DEST, dest), (ACCEPT, accept)] {
        let entry = headers.entry(name);
        entry.or_insert(HeaderValue::from_static(value));
    }
}

/// Adds the name of the host, which every client sends.
pub(super) fn add_host<B>(request: &mut Request<B>, public_origin: Option<&str>) {
    if request.headers().contains_key(HOST) {
        return;
    }
    let own = own_origin(public_origin).split_once("://");
    let host = match request.uri().authority() {
        Some(authority) => authority.as_str(),
        None => own.map_or("localhost", |(_, host)| host),
    };
    if let Ok(host) = HeaderValue::from_str(host) {
        request.headers_mut().insert(HOST, host);
    }
}

fn origin(headers: &HeaderMap, public_origin: Option<&str>) -> HeaderValue {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let origin = match (public_origin, host) {
        (None, Some(host)) => format!("http://{host}"),
        _ => own_origin(public_origin).to_owned(),
    };
    // It is made of a header, or of what `build()` has checked.
    HeaderValue::try_from(origin).unwrap_or(HeaderValue::from_static("null"))
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Page,
    Script,
    Upgrade,
}

impl Purpose {
    fn of(headers: &HeaderMap) -> Self {
        let has = |name: &str| headers.contains_key(name);
        let value = |name| headers.get(name).map(HeaderValue::as_bytes);
        let sends_json = value(CONTENT_TYPE)
            .is_some_and(|content_type| content_type.starts_with(b"application/json"));
        let takes_no_page = headers
            .get(ACCEPT)
            .and_then(|accept| accept.to_str().ok())
            .is_some_and(|accept| {
                let has = |part| accept.contains(part);
                !has("html") && (has("json") || !has("*/*"))
            });
        if headers.contains_key(UPGRADE) {
            Self::Upgrade
        } else if sends_json || takes_no_page || has("hx-request") || has("x-requested-with") {
            Self::Script
        } else {
            Self::Page
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(
        method: Method,
        uri: &str,
        headers: &[(&'static str, &'static str)],
        public_origin: Option<&str>,
    ) -> HeaderMap {
        let mut request = Request::new(());
        *request.method_mut() = method;
        *request.uri_mut() = uri.parse().unwrap();
        for (name, value) in headers {
            let value = HeaderValue::from_static(value);
            request.headers_mut().insert(*name, value);
        }
        complete(&mut request, public_origin);
        request.into_parts().0.headers
    }

    #[test]
    fn pages_scripts_and_upgrades_say_what_they_are_for() {
        for (headers, expected) in [
            (&[][..], "navigate"),
            (
                &[("content-type", "application/x-www-form-urlencoded")],
                "navigate",
            ),
            (&[("accept", "text/html")], "navigate"),
            (&[("accept", "*/*")], "navigate"),
            (&[("accept", "application/json")], "cors"),
            (&[("accept", "application/json, text/plain, */*")], "cors"),
            (&[("accept", "text/event-stream")], "cors"),
            (&[("content-type", "application/json")], "cors"),
            (&[("hx-request", "true")], "cors"),
            (&[("x-requested-with", "XMLHttpRequest")], "cors"),
            (
                &[("upgrade", "websocket"), ("connection", "upgrade")],
                "websocket",
            ),
            (&[("sec-fetch-mode", "no-cors")], "no-cors"),
        ] {
            let found = completed(Method::GET, "/", headers, None);
            assert_eq!(found[MODE], expected, "{headers:?}");
        }
    }

    #[test]
    fn the_host_and_origin_are_this_sites_own() {
        let public = Some("https://shop.example");
        let named = &[("host", "shop.example:8080")];
        for (method, uri, headers, public, host, origin) in [
            (Method::GET, "/", &[][..], None, "localhost", None),
            (Method::HEAD, "/", &[], None, "localhost", None),
            (
                Method::POST,
                "/",
                &[],
                None,
                "localhost",
                Some("http://localhost"),
            ),
            (
                Method::POST,
                "/",
                &[],
                public,
                "shop.example",
                Some("https://shop.example"),
            ),
            (
                Method::POST,
                "/",
                named,
                None,
                "shop.example:8080",
                Some("http://shop.example:8080"),
            ),
            (
                Method::PUT,
                "http://[::1]:80/a",
                &[],
                None,
                "[::1]:80",
                Some("http://[::1]:80"),
            ),
            (
                Method::GET,
                "/",
                &[("upgrade", "websocket")],
                None,
                "localhost",
                Some("http://localhost"),
            ),
        ] {
            let found = completed(method, uri, headers, public);
            assert_eq!(found[HOST], host);
            assert_eq!(found[SITE], "same-origin");
            let found = found.get(ORIGIN).map(|origin| origin.to_str().unwrap());
            assert_eq!(found, origin);
        }
    }

    #[test]
    fn a_request_that_says_where_it_comes_from_is_believed() {
        let foreign = "https://evil.example";
        for name in ["origin", "referer", "sec-fetch-site"] {
            let found = completed(Method::POST, "/", &[(name, foreign)], None);
            let said: Vec<_> = ["origin", "referer", "sec-fetch-site"]
                .into_iter()
                .filter(|name| found.contains_key(*name))
                .collect();
            assert_eq!(said, [name]);
        }
    }
}
