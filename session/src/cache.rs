//! What caches may do with an answer that has to do with a session.

use http::header::{CACHE_CONTROL, VARY};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Keeps shared caches from serving one visitor's page to another. With a cookie of ours, or behind a guard, nothing may be stored;
/// what has merely read the session is the visitor's own, whatever a cache makes of `Vary`.
pub(crate) fn cache_headers(
    headers: &mut HeaderMap,
    no_store: bool,
    token_header: Option<&HeaderName>,
) {
    let said = Said::by(headers);
    let cookie = HeaderValue::from_static("Cookie");
    if said.varies {
        vary(headers, "Cookie", cookie);
    } else {
        headers.insert(VARY, cookie);
    }
    if let Some(name) = token_header {
        vary(headers, name.as_str(), name.clone().into());
    }
    for name in said.overruling {
        headers.remove(name);
    }
    if !said.is_cached {
        let value = if no_store { "no-store" } else { "private" };
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(value));
        return;
    }
    let directives: Vec<String> = headers
        .get_all(CACHE_CONTROL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|directive| directive.trim_ascii().to_owned())
        .filter(|directive| !directive.is_empty())
        .collect();
    // With a value (`private="x-name"`) they speak of single fields only.
    let says = |name: &str| {
        let mut said = directives.iter();
        said.any(|directive| directive.eq_ignore_ascii_case(name))
    };
    let has = |name: &str| {
        directives.iter().any(|directive| {
            let found = directive.split('=').next().unwrap_or_default();
            found.eq_ignore_ascii_case(name)
        })
    };
    if says("no-store") {
        return;
    }
    if no_store {
        if has("public") || has("s-maxage") {
            tracing::warn!(target: "muffin_session", "a handler wanted its answer cached, and the answer is one visitor's own: it is sent with `no-store`");
        }
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        return;
    }
    if says("private") && !has("public") && !has("s-maxage") {
        return;
    }
    let kept = directives.iter().filter(|directive| {
        let name = directive.split('=').next().unwrap_or_default();
        !["public", "s-maxage", "private"]
            .iter()
            .any(|dropped| name.eq_ignore_ascii_case(dropped))
    });
    let value = std::iter::once("private")
        .chain(kept.map(String::as_str))
        .collect::<Vec<_>>()
        .join(", ");
    // It is made of header values.
    let value = HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static("private"));
    headers.insert(CACHE_CONTROL, value);
}

/// What a handler has said to caches: nothing, most often.
#[derive(Default)]
struct Said {
    varies: bool,
    is_cached: bool,
    /// What speaks to one cache or to shared ones, and would overrule what is said to all.
    overruling: Vec<HeaderName>,
}

impl Said {
    fn by(headers: &HeaderMap) -> Self {
        let mut said = Self::default();
        for name in headers.keys() {
            match name.as_str() {
                "vary" => said.varies = true,
                "cache-control" => said.is_cached = true,
                "surrogate-control" | "x-accel-expires" | "edge-control" => {
                    said.overruling.push(name.clone());
                }
                other if other.ends_with("cdn-cache-control") => {
                    said.overruling.push(name.clone());
                }
                _ => {}
            }
        }
        said
    }
}

/// Says that the answer varies by a header of the request.
fn vary(headers: &mut HeaderMap, header: &str, value: HeaderValue) {
    let varies = headers.get_all(VARY).iter().any(|value| {
        value.to_str().is_ok_and(|value| {
            value.split(',').any(|name| {
                let name = name.trim_ascii();
                name == "*" || name.eq_ignore_ascii_case(header)
            })
        })
    });
    if !varies {
        headers.append(VARY, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cached(before: &[(&'static str, &'static str)], no_store: bool) -> (Vec<String>, String) {
        let mut headers = HeaderMap::new();
        for (name, value) in before {
            headers.append(*name, HeaderValue::from_static(value));
        }
        cache_headers(&mut headers, no_store, None);
        let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
        (
            headers.get_all(VARY).iter().map(text).collect(),
            headers.get(CACHE_CONTROL).map(text).unwrap_or_default(),
        )
    }

    #[test]
    fn s162_to_s168_caches_never_get_what_is_one_visitors_own() {
        for (before, no_store, expected) in [
            ("", false, "private"),
            ("", true, "no-store"),
            ("public, max-age=3600", true, "no-store"),
            (
                "public, max-age=3600, s-maxage=9",
                false,
                "private, max-age=3600",
            ),
            ("PUBLIC", false, "private"),
            ("no-cache", false, "private, no-cache"),
            ("private, max-age=5", false, "private, max-age=5"),
            ("no-store, max-age=0", false, "no-store, max-age=0"),
            ("no-store", true, "no-store"),
            ("private=\"x-name\", max-age=5", false, "private, max-age=5"),
        ] {
            let (vary, found) = match before {
                "" => cached(&[], no_store),
                before => cached(&[("cache-control", before)], no_store),
            };
            assert_eq!(found, expected, "{before:?}, no_store: {no_store}");
            assert_eq!(vary, ["Cookie"]);
        }
    }

    #[test]
    fn s168_vary_stays_and_is_not_doubled() {
        for (before, expected) in [
            ("Accept-Encoding", &["Accept-Encoding", "Cookie"][..]),
            ("accept, cookie", &["accept, cookie"]),
            ("*", &["*"]),
        ] {
            assert_eq!(cached(&[("vary", before)], false).0, expected);
        }
    }
}
