//! A browser's cookies, for one host.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cookie::Cookie;
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};

use crate::clock::Millis;

/// The cookies of one browser. Clones are the same jar.
///
/// `Secure` cookies are taken, as browsers do on localhost. What has outlived its `Max-Age` stays: whether it still counts is for the
/// server to say, since a copy of it could come back as well.
#[derive(Clone, Default)]
pub(super) struct Jar(Arc<Mutex<Vec<Kept>>>);

struct Kept {
    name: String,
    value: String,
    /// Where it is sent: everywhere, unless it says so.
    path: String,
    /// Whether it outlives the browser.
    lasts: bool,
}

impl Jar {
    /// Does what the `Set-Cookie` headers of a response say.
    pub(super) fn absorb(&self, headers: &HeaderMap, now: Millis) {
        for header in headers.get_all(SET_COOKIE) {
            if let Some(cookie) = header.to_str().ok().and_then(parsed) {
                self.set(&cookie, now);
            }
        }
    }

    fn set(&self, cookie: &Cookie<'_>, now: Millis) {
        let path = cookie.path().unwrap_or("/");
        let mut kept = self.kept();
        kept.retain(|other| other.name != cookie.name() || other.path != path);
        let expires = cookie.expires_datetime();
        let is_removal = match (cookie.max_age(), expires) {
            (Some(max_age), _) => max_age.whole_seconds() <= 0,
            (None, Some(at)) => u64::try_from(at.unix_timestamp()).unwrap_or(0) <= now.as_secs(),
            (None, None) => false,
        };
        if !is_removal {
            kept.push(Kept {
                name: cookie.name().to_owned(),
                value: cookie.value().to_owned(),
                path: path.to_owned(),
                lasts: cookie.max_age().is_some() || expires.is_some(),
            });
        }
    }

    /// Drops what ends with the browser.
    pub(super) fn close_browser(&self) {
        self.kept().retain(|cookie| cookie.lasts);
    }

    /// The `Cookie` header for a page, or for all of them. Empty if there are no cookies.
    pub(super) fn header(&self, page: Option<&str>) -> HeaderValue {
        let kept = self.kept();
        let mut sent: Vec<_> = kept
            .iter()
            .filter(|cookie| page.is_none_or(|page| is_below(page, &cookie.path)))
            .collect();
        // Longer paths come first (RFC 6265, section 5.4).
        sent.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs = sent
            .iter()
            .map(|cookie| format!("{}={}", cookie.name, cookie.value));
        let text = pairs.collect::<Vec<_>>().join("; ");
        // It is made of what stood in header values.
        let mut header = HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
        // `Debug` must not show it.
        header.set_sensitive(true);
        header
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "`Set-Cookie` is read here, as a browser does, and what it says is nobody's identity"
)]
fn parsed(set_cookie: &str) -> Option<Cookie<'_>> {
    Cookie::parse(set_cookie).ok()
}

/// Whether a cookie of this path is sent to a page (RFC 6265, section 5.1.4).
fn is_below(page: &str, path: &str) -> bool {
    page.strip_prefix(path)
        .is_some_and(|rest| rest.is_empty() || path.ends_with('/') || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(1_780_000_000_000);

    fn jar(set_cookies: &[&'static str]) -> Jar {
        let jar = Jar::default();
        for set_cookie in set_cookies {
            let mut headers = HeaderMap::new();
            headers.append(SET_COOKIE, HeaderValue::from_static(set_cookie));
            jar.absorb(&headers, NOW);
        }
        jar
    }

    fn sent(jar: &Jar, page: Option<&str>) -> String {
        jar.header(page).to_str().unwrap().to_owned()
    }

    #[test]
    fn cookies_are_kept_replaced_and_removed() {
        for (set_cookies, expected) in [
            (&[][..], ""),
            (&["a=1", "b=2; Path=/; Secure; HttpOnly"], "a=1; b=2"),
            (&["a=1", "b=2", "a=3"], "b=2; a=3"),
            (&["a=1", "a=; Max-Age=0"], ""),
            (&["a=1", "a=; max-age=-1"], ""),
            (&["a=1", "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], ""),
            // 2026-05-28 20:26:40 is now.
            (&["a=1; Expires=Thu, 28 May 2026 20:26:40 GMT"], ""),
            (&["a=1; Expires=Thu, 28 May 2026 20:26:41 GMT"], "a=1"),
            // `Max-Age` has the last word.
            (
                &["a=1; Max-Age=9; Expires=Thu, 01 Jan 1970 00:00:00 GMT"],
                "a=1",
            ),
            (&["a=b=c; Path=/", "no cookie"], "a=b=c"),
        ] {
            assert_eq!(sent(&jar(set_cookies), None), expected, "{set_cookies:?}");
        }
    }

    #[test]
    fn a_cookie_with_a_path_is_sent_below_it() {
        let jar = jar(&["a=1", "a=2; Path=/shop", "b=3; Path=/shop/"]);
        for (page, expected) in [
            ("/", "a=1"),
            ("/shop", "a=2; a=1"),
            ("/shop/", "b=3; a=2; a=1"),
            ("/shop/cart", "b=3; a=2; a=1"),
            ("/shops", "a=1"),
        ] {
            assert_eq!(sent(&jar, Some(page)), expected, "{page}");
        }
        assert_eq!(sent(&jar, None), "b=3; a=2; a=1");
    }

    #[test]
    fn what_has_no_end_of_its_own_ends_with_the_browser() {
        let jar = jar(&[
            "a=1",
            "b=2; Max-Age=60",
            "c=3; Expires=Thu, 28 May 2099 20:26:41 GMT",
        ]);
        jar.close_browser();
        assert_eq!(sent(&jar, None), "b=2; c=3");
    }

    #[test]
    fn debug_output_of_the_header_shows_no_cookie() {
        let header = jar(&["a=secret"]).header(None);
        assert_eq!(format!("{header:?}"), "Sensitive");
    }
}
