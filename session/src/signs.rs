//! What a request's headers say of it, besides its cookies.

use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method};

/// The first value of each of these headers. One pass over the headers finds them all, where a look for each name that `http` has no number
/// for would parse and hash it.
pub(crate) fn first_values<'h, const N: usize>(
    headers: &'h HeaderMap,
    names: [&str; N],
) -> [Option<&'h HeaderValue>; N] {
    let mut values = [None; N];
    for (name, value) in headers {
        if let Some(place) = names.iter().position(|wanted| name.as_str() == *wanted) {
            values[place].get_or_insert(value);
        }
    }
    values
}

/// What can be told before any cookie is looked at.
pub(crate) struct Signs {
    /// Whether the answer is shown to somebody: a HEAD or a prefetch must not use up a flash.
    pub(crate) is_shown: bool,
    /// Whether another site's page made a request that is not meant to change anything, such as a link or a picture.
    pub(crate) is_cross_site_read: bool,
    /// Whether the page that made it came over plain http, where browsers drop `Secure` cookies: but for this machine's own names.
    pub(crate) is_plain_http: bool,
}

impl Signs {
    pub(crate) fn of(parts: &Parts) -> Self {
        let names = ["origin", "sec-fetch-site", "sec-purpose", "purpose"];
        let values = first_values(&parts.headers, names);
        let [origin, site, purpose, older_purpose] = values.map(|value| Some(value?.as_bytes()));
        let mut purposes = [purpose, older_purpose].into_iter().flatten();
        let is_prefetch = purposes.any(|purpose| purpose.starts_with(b"prefetch"));
        let is_cross_site = matches!(site, Some(b"cross-site" | b"same-site"));
        let is_plain_http = origin.is_some_and(is_plain_http_of_others);
        let only_reads = matches!(parts.method, Method::GET | Method::HEAD);
        Self {
            is_shown: parts.method != Method::HEAD && !is_prefetch,
            is_cross_site_read: only_reads && is_cross_site,
            is_plain_http,
        }
    }
}

fn is_plain_http_of_others(origin: &[u8]) -> bool {
    let Some(host) = origin.strip_prefix(b"http://") else {
        return false;
    };
    let is_own = |name: &&[u8]| host.starts_with(name);
    let own: [&[u8]; 3] = [b"localhost", b"127.", b"[::1]"];
    let host_end = host
        .iter()
        .position(|&byte| byte == b':')
        .unwrap_or(host.len());
    !own.iter().any(is_own) && !host[..host_end].ends_with(b".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(method: &Method, headers: &[(&'static str, &'static str)]) -> Parts {
        let mut request = http::Request::new(());
        request.method_mut().clone_from(method);
        for (name, value) in headers {
            let value = HeaderValue::from_static(value);
            request.headers_mut().insert(*name, value);
        }
        request.into_parts().0
    }

    #[test]
    fn pages_over_plain_http_are_those_of_other_hosts_than_this_machine() {
        for (origin, is_plain) in [
            ("http://shop.example", true),
            ("http://shop.example:8080", true),
            ("http://10.0.0.7:3000", true),
            ("http://notlocalhost", true),
            ("http://shop.example:80.localhost", true),
            ("https://shop.example", false),
            ("null", false),
            ("http://localhost", false),
            ("http://localhost:3000", false),
            ("http://127.0.0.1:3000", false),
            ("http://[::1]:3000", false),
            ("http://shop.localhost", false),
            ("http://shop.localhost:3000", false),
        ] {
            let parts = parts(&Method::POST, &[("origin", origin)]);
            assert_eq!(Signs::of(&parts).is_plain_http, is_plain, "{origin}");
        }
        assert!(!Signs::of(&parts(&Method::POST, &[])).is_plain_http);
    }

    #[test]
    fn of_several_headers_of_one_name_the_first_counts() {
        let mut parts = parts(&Method::GET, &[]);
        for (name, values) in [
            ("sec-fetch-site", ["same-origin", "cross-site"]),
            ("origin", ["https://shop.example", "http://shop.example"]),
            ("purpose", ["other", "prefetch"]),
        ] {
            for value in values {
                parts.headers.append(name, HeaderValue::from_static(value));
            }
        }
        let signs = Signs::of(&parts);
        assert!(signs.is_shown && !signs.is_cross_site_read && !signs.is_plain_http);
    }

    #[test]
    fn reads_of_other_sites_are_gets_and_heads_that_say_so() {
        for (method, site, expected) in [
            (Method::GET, "cross-site", true),
            (Method::HEAD, "cross-site", true),
            (Method::GET, "same-site", true),
            (Method::GET, "same-origin", false),
            (Method::GET, "none", false),
            (Method::POST, "cross-site", false),
            (Method::POST, "same-origin", false),
        ] {
            let parts = parts(&method, &[("sec-fetch-site", site)]);
            assert_eq!(
                Signs::of(&parts).is_cross_site_read,
                expected,
                "{method} {site}"
            );
        }
        assert!(!Signs::of(&parts(&Method::GET, &[])).is_cross_site_read);
    }

    #[test]
    fn what_nobody_sees_uses_up_no_flash() {
        for (method, headers, expected) in [
            (Method::GET, &[][..], true),
            (Method::POST, &[], true),
            (Method::HEAD, &[], false),
            (Method::GET, &[("sec-purpose", "prefetch")], false),
            (Method::GET, &[("sec-purpose", "prefetch;prerender")], false),
            (Method::GET, &[("purpose", "prefetch")], false),
            (Method::HEAD, &[("purpose", "prefetch")], false),
            (Method::GET, &[("purpose", "other")], true),
        ] {
            let parts = parts(&method, headers);
            assert_eq!(Signs::of(&parts).is_shown, expected, "{method} {headers:?}");
        }
    }
}
