//! Where a login leads back to: writing `next`, and reading it without being led off the site.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, OriginalUri};
use axum::response::Redirect;
use http::request::Parts;
use http::{Method, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::location::Location;
use crate::session::Session;

/// The most bytes that a `next` may have.
const MAX_LEN: usize = 2048;

/// The page that somebody wanted when they were sent to the login page: the `next` of the query, if it is a path on this site.
///
/// Anything else counts as absent: other sites in any spelling that browsers know (`//host`, `/\host`, `/.//host`, control characters,
/// schemes), two `next`s, text beyond printable ASCII, more than 2 KiB, and the login and logout pages themselves, which would lead in
/// a circle. What passed the check is what is sent, byte for byte.
///
/// The extractor never fails.
///
/// ```
/// use axum::response::Redirect;
/// use muffin_session::{Error, NextUrl, Session};
///
/// async fn login(session: Session, next: NextUrl) -> Result<Redirect, Error> {
///     // .. check the password ..
///     session.login(1)?;
///     Ok(next.redirect_or("/"))
/// }
/// ```
///
/// A login form keeps `next` by having no `action`: browsers then post it to the URL that it stands on, query included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextUrl(Option<String>);

impl NextUrl {
    /// The path and query to go to, if there is one.
    pub fn get(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// A URL of this site with `next` in its query, for a login that takes more than one page.
    ///
    /// ```
    /// use axum::response::Redirect;
    /// use muffin_session::{Error, NextUrl, Session};
    ///
    /// async fn password(session: Session, next: NextUrl) -> Result<Redirect, Error> {
    ///     // .. check the password ..
    ///     session.begin_login(1)?;
    ///     Ok(Redirect::to(&next.append_to("/login/code")))
    /// }
    ///
    /// async fn code(session: Session, next: NextUrl) -> Result<Redirect, Error> {
    ///     let Some(id) = session.half_login::<u64>()? else {
    ///         return Ok(Redirect::to(&next.append_to("/login")));
    ///     };
    ///     // .. check the code ..
    ///     session.login(id)?;
    ///     Ok(next.redirect_or("/"))
    /// }
    /// ```
    pub fn append_to(&self, url: &str) -> String {
        match self.get() {
            Some(next) => append(url, next),
            None => url.to_owned(),
        }
    }

    /// `303 See Other` to `next`, else to `default`.
    pub fn redirect_or(&self, default: &str) -> Redirect {
        Redirect::to(self.get().unwrap_or(default))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for NextUrl {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        let next = read(query).filter(|next| !leads_in_a_circle(next, parts));
        Ok(Self(next))
    }
}

fn read(query: &str) -> Option<String> {
    let mut values = form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| name == "next")
        .map(|(_, value)| value);
    match (values.next(), values.next()) {
        (Some(value), None) if is_local(&value) => Some(value.into_owned()),
        _ => None,
    }
}

/// The path and query that a GET or HEAD asked for, if a login may lead back to it.
pub(crate) fn original(parts: &Parts) -> Option<String> {
    if !matches!(parts.method, Method::GET | Method::HEAD) {
        return None;
    }
    // Only path and query count, whatever host an absolute target names.
    let wanted = original_uri(parts).path_and_query()?.as_str();
    if !is_local(wanted) {
        return None;
    }
    if !leads_in_a_circle(wanted, parts) {
        return Some(wanted.to_owned());
    }
    // The page that asks for a password again, say: a login leads back to where that would have led.
    read(original_uri(parts).query()?).filter(|next| !leads_in_a_circle(next, parts))
}

/// What the request asked for: nested routers shorten `parts.uri`.
pub(crate) fn original_uri(parts: &Parts) -> &Uri {
    match parts.extensions.get::<OriginalUri>() {
        Some(OriginalUri(uri)) => uri,
        None => &parts.uri,
    }
}

/// Appends `next` to a login page's URL.
pub(crate) fn append(url: &str, next: &str) -> String {
    /// What stays as it is in the value of a query: the unreserved characters of RFC 3986.
    const QUERY_VALUE: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~');
    let (url, fragment) = url.split_at(url.find('#').unwrap_or(url.len()));
    // Most of `next` is a path, of which each slash becomes three characters.
    let mut appended = String::with_capacity(url.len() + 2 * next.len() + fragment.len() + 16);
    appended.push_str(url);
    appended.push_str(if url.contains('?') {
        "&next="
    } else {
        "?next="
    });
    appended.extend(utf8_percent_encode(next, QUERY_VALUE));
    appended.push_str(fragment);
    appended
}

/// Whether a browser that is sent to this stays on this site.
pub(crate) fn is_local(url: &str) -> bool {
    let bytes = url.as_bytes();
    bytes.first() == Some(&b'/')
        && bytes.len() <= MAX_LEN
        // Control characters, which browsers drop, spaces, and all beyond ASCII; and backslashes, which they take for slashes.
        && bytes.iter().all(|byte| (0x21..=0x7e).contains(byte) && *byte != b'\\')
        && stays_after_dot_segments(path_of(url))
}

/// Whether a path has no empty segment, also once `.` and `..` are resolved: `/.//host` and `/a/..//host` become `//host`.
/// An encoded backslash is refused as well, since some servers decode a path before they send it on.
fn stays_after_dot_segments(path: &str) -> bool {
    let mut pieces = path.as_bytes().windows(3);
    !path.contains("//") && !pieces.any(|piece| piece.eq_ignore_ascii_case(b"%5c"))
}

fn path_of(url: &str) -> &str {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    &url[..end]
}

/// Whether it is a page to log in or to confirm a login, of any session layer around, or a path that ends in `/logout`.
fn leads_in_a_circle(url: &str, parts: &Parts) -> bool {
    ends_in_logout(url)
        || Session::all_of(parts).any(|session| {
            let config = session.config();
            let pages = [Some(&config.login_url), config.confirm_url.as_ref()];
            let mut paths = pages.into_iter().flatten().filter_map(Location::path);
            paths.any(|page| is_same_page(url, page))
        })
}

fn ends_in_logout(url: &str) -> bool {
    path_of(url).trim_end_matches('/').ends_with("/logout")
}

fn is_same_page(url: &str, page: &str) -> bool {
    path_of(url).trim_end_matches('/') == path_of(page).trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(value: &str) -> String {
        append("", value).split_off(1)
    }

    #[test]
    fn what_was_found_is_given_appended_and_gone_to() {
        use axum::response::IntoResponse;
        let location = |next: &NextUrl| {
            let response = next.redirect_or("/home").into_response();
            response.headers()["location"].to_str().unwrap().to_owned()
        };
        let next = NextUrl(Some("/a?b=1".to_owned()));
        assert_eq!(next.get(), Some("/a?b=1"));
        assert_eq!(next.append_to("/code"), "/code?next=%2Fa%3Fb%3D1");
        assert_eq!(location(&next), "/a?b=1");
        let none = NextUrl(None);
        assert_eq!(none.get(), None);
        assert_eq!(none.append_to("/code"), "/code");
        assert_eq!(location(&none), "/home");
    }

    #[test]
    fn paths_on_this_site_pass_unchanged() {
        for path in [
            "/",
            "/dashboard",
            "/a/b?x=1&y=%2F",
            "/a?to=//elsewhere.example",
            "/%252f%252fevil.example",
            "/%2f%2fevil.example",
            "/a/../b",
            "/%ff",
        ] {
            assert_eq!(read(&encoded(path)).as_deref(), Some(path));
        }
    }

    #[test]
    fn s116_to_s128_what_leaves_the_site_counts_as_absent() {
        let long = format!("/{}", "a".repeat(2048));
        for value in [
            "",
            "a",
            "//evil.example",
            "//app.example:443@evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/./\\evil.example",
            "/a%5cb",
            "/\t/evil.example",
            "/\n/evil.example",
            "/\r/evil.example",
            " //evil.example",
            "\u{1}//evil.example",
            "\njavascript:alert(1)",
            "///evil.example",
            "////evil.example",
            "/\\/evil.example",
            "/.//evil.example",
            "/..//evil.example",
            "/a/..//evil.example",
            "javascript:alert(1)",
            "java\tscript:alert(1)",
            "data:text/html,x",
            "HTTPS://evil",
            "https:evil.example",
            "https:/evil.example",
            "https://app.example@evil.example",
            "/\u{ff0f}evil.example",
            "/ä",
            "/a\0b",
            "/a\r\nSet-Cookie: x=1",
            "/a b",
            "/\u{7f}",
            &long,
        ] {
            assert_eq!(read(&encoded(value)), None, "{value:?}");
        }
    }

    #[test]
    fn s129_to_s131_doubled_and_broken_ones_count_as_absent() {
        for query in [
            "",
            "next",
            "next=/a&next=//evil.example",
            "next=//evil.example&next=/a",
            "next=/a&next=/a",
            "NEXT=/a",
            "next[]=/a",
            "next=/%ff",
        ] {
            assert_eq!(read(query), None, "{query:?}");
        }
    }

    #[test]
    fn s130_pages_that_would_lead_in_a_circle_are_known() {
        for url in ["/login", "/login/", "/login?next=/login"] {
            assert!(is_same_page(url, "/login?lang=en"), "{url:?}");
        }
        assert!(!is_same_page("/loginx", "/login"));
        for url in ["/logout", "/account/logout?x", "/logout/"] {
            assert!(ends_in_logout(url), "{url:?}");
        }
        assert!(!ends_in_logout("/logouts"));
    }

    #[test]
    fn next_is_appended_whatever_the_url_has() {
        assert_eq!(append("/login", "/a?b=1&c"), "/login?next=%2Fa%3Fb%3D1%26c");
        assert_eq!(append("/login?x=1#top", "/a"), "/login?x=1&next=%2Fa#top");
    }
}
