//! Refusing writes that another site made. The check itself is `tower-http`'s; what it leaves open is closed here.

use axum::response::Response;
use http::header::{CONNECTION, HOST, ORIGIN, REFERER, UPGRADE, VARY};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use tower_http::csrf::{CsrfLayer, ProtectionError};

use crate::config_error::ConfigError;
use crate::problem::problem;

/// Answers a request that was refused.
pub(crate) type Reject = fn(ProtectionError) -> Response;

/// Parsed once.
static SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The cross-site check of one configuration.
pub(crate) struct SiteCheck {
    pub(crate) csrf: CsrfLayer<Reject>,
    pub(crate) is_on: bool,
    pub(crate) trusted: Vec<String>,
    /// The origin that browsers know this site by, if it was given.
    pub(crate) public_origin: Option<String>,
}

impl SiteCheck {
    /// What the builder was told of other sites, checked.
    pub(crate) fn new(
        is_on: bool,
        trusted: Vec<String>,
        public_origin: Option<String>,
    ) -> Result<Self, ConfigError> {
        let mut csrf = CsrfLayer::new();
        for origin in trusted.iter().chain(&public_origin) {
            let default_port = match origin.split_once("://") {
                Some(("https", host)) => host.ends_with(":443"),
                Some(("http", host)) => host.ends_with(":80"),
                _ => false,
            };
            let is_other_spelling = |byte: u8| byte.is_ascii_uppercase() || byte == b'@';
            if default_port || origin.bytes().any(is_other_spelling) {
                return Err(ConfigError::new(
                    format_args!("the origin {origin:?}"),
                    "browsers send it in small letters, without the scheme's own port and without a user, so that it would match nothing",
                    "Write it as browsers do, such as \"https://example.com\"",
                ));
            }
            csrf = csrf.add_trusted_origin(origin).map_err(|error| {
                ConfigError::new(
                    format_args!("the origin {origin:?}"),
                    error,
                    "Write scheme and host, such as \"https://example.com\"",
                )
            })?;
        }
        if !is_on {
            csrf = csrf.with_insecure_bypass(|_, _| true);
        }
        Ok(Self {
            csrf: csrf.with_rejection_response(reject as Reject),
            is_on,
            trusted,
            public_origin,
        })
    }

    /// Whether the request comes from another site in a way that the general check lets pass: an upgrade to a WebSocket, which is a GET;
    /// an origin that differs from the public one only in its scheme; or a foreign `Referer` with no other sign, beside our cookies.
    pub(crate) fn refuses<B>(&self, request: &Request<B>, cookie_prefix: &str) -> bool {
        let headers = request.headers();
        let is_safe = matches!(
            *request.method(),
            Method::GET | Method::HEAD | Method::OPTIONS
        );
        let is_upgrade =
            is_safe && headers.contains_key(UPGRADE) && headers.contains_key(CONNECTION);
        if !self.is_on || (is_safe && !is_upgrade) {
            return false;
        }
        // An empty header says nothing, as if it were not there.
        let site = headers.get(&SEC_FETCH_SITE).filter(|site| !site.is_empty());
        if headers.get_all(ORIGIN).iter().count() > 1 {
            return true;
        }
        let says = |value: &str| site.is_some_and(|site| site == value);
        if let Some(origin) = headers.get(ORIGIN).map(HeaderValue::as_bytes) {
            // A page that sends no `Referer` sends no origin either, and says of itself that it is ours.
            let is_own = (origin == b"null" && says("same-origin"))
                || match &self.public_origin {
                    Some(public) => public.as_bytes() == origin,
                    None => {
                        !is_upgrade
                            || says("same-origin")
                            || is_same_host(origin, request.uri(), headers)
                    }
                };
            let is_foreign = !is_own && !self.trusts(origin);
            // An empty one leaves it to the `Referer`.
            if is_foreign || !origin.is_empty() {
                return is_foreign;
            }
        }
        match headers.get(REFERER).map(HeaderValue::as_bytes) {
            Some(referer) if site.is_none() => {
                !is_same_host(referer, request.uri(), headers)
                    && !self.knows_page(referer)
                    && brings_cookies(headers, cookie_prefix)
            }
            _ => is_upgrade && (says("cross-site") || says("same-site")),
        }
    }

    fn trusts(&self, origin: &[u8]) -> bool {
        self.trusted.iter().any(|known| known.as_bytes() == origin)
    }

    /// Whether a page is one of the public origin, or of one that is trusted.
    fn knows_page(&self, url: &[u8]) -> bool {
        self.trusted
            .iter()
            .chain(&self.public_origin)
            .any(|origin| {
                url.strip_prefix(origin.as_bytes())
                    .is_some_and(|rest| matches!(rest.first(), None | Some(b'/' | b'?' | b'#')))
            })
    }
}

/// Whether a URL's authority is the one that the request was sent to.
fn is_same_host(url: &[u8], target: &Uri, headers: &HeaderMap) -> bool {
    let Ok(url) = Uri::try_from(url) else {
        return false;
    };
    let asked = match target.authority() {
        Some(authority) => Some(authority.as_str().as_bytes()),
        None => headers.get(HOST).map(HeaderValue::as_bytes),
    };
    let named = url
        .authority()
        .map(|authority| authority.as_str().as_bytes());
    named.is_some() && named == asked
}

fn brings_cookies(headers: &HeaderMap, prefix: &str) -> bool {
    let mut brings = false;
    crate::cookie_header::each(headers, prefix, |_, _| brings = true);
    brings
}

/// What to do if no other site has made a request that was refused for it.
pub(crate) const MEND: &str = "This request was made by another site, by what its Origin, Sec-Fetch-Site and Host say. If that site is yours: let the proxy in front pass the Host header on, or give the builder `.public_origin(\"https://..\")` or `.trusted_origin(\"https://..\")`";

/// The answer to a request that another site made.
pub(crate) fn forbidden() -> Response {
    const WHAT: &str = "This request was made by another site";
    let detail = if cfg!(debug_assertions) { MEND } else { WHAT };
    let mut response = problem(StatusCode::FORBIDDEN, detail);
    let vary = HeaderValue::from_static("Sec-Fetch-Site, Origin");
    response.headers_mut().insert(VARY, vary);
    response
}

/// Whether the general check may refuse an unsafe request with these headers: it lets pass what says that this site or nobody's page has
/// made it, and what says nothing.
pub(crate) fn may_be_foreign(headers: &HeaderMap) -> bool {
    match headers.get(&SEC_FETCH_SITE) {
        Some(site) => site != "same-origin" && site != "none",
        None => headers.contains_key(ORIGIN),
    }
}

/// Marks the answer to what the general check has refused: it does not see the request that is to be told of.
#[derive(Clone)]
struct RefusedByGeneralCheck;

/// As [`forbidden`], for what the general check has refused.
fn reject(_: ProtectionError) -> Response {
    let mut response = forbidden();
    response.extensions_mut().insert(RefusedByGeneralCheck);
    response
}

/// Whether the general check has refused the request, and nobody has been told of it.
pub(crate) fn was_refused(response: &mut Response) -> bool {
    let mark = response.extensions_mut().remove::<RefusedByGeneralCheck>();
    mark.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "https://shop.example";
    const TRUSTED: &str = "https://help.example";
    const FOREIGN: &str = "https://evil.example";
    const COOKIE: (&str, &str) = ("cookie", "__Host-session.id=x");
    const UPGRADES: [(&str, &str); 2] = [("connection", "upgrade"), ("upgrade", "websocket")];

    /// What the general check leaves to this one.
    fn refuses(is_on: bool, method: &Method, headers: &[(&'static str, &'static str)]) -> bool {
        let check = SiteCheck::new(is_on, vec![TRUSTED.to_owned()], None).unwrap();
        let mut request = Request::new(());
        request.method_mut().clone_from(method);
        for (name, value) in [("host", "shop.example")].iter().chain(headers) {
            request
                .headers_mut()
                .insert(*name, HeaderValue::from_static(value));
        }
        check.refuses(&request, "__Host-session.")
    }

    #[test]
    fn reads_pass_and_so_does_what_only_looks_like_an_upgrade() {
        for headers in [
            &[("origin", FOREIGN)][..],
            &[("referer", FOREIGN), COOKIE],
            &[("origin", FOREIGN), UPGRADES[0]],
            &[("origin", FOREIGN), UPGRADES[1]],
            &[("sec-fetch-site", "cross-site")],
        ] {
            for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
                assert!(!refuses(true, &method, headers), "{method} {headers:?}");
            }
        }
    }

    #[test]
    fn upgrades_are_for_pages_of_this_site_and_of_those_that_are_trusted() {
        for (origin, expected) in [
            (OURS, false),
            (TRUSTED, false),
            (FOREIGN, true),
            ("null", true),
        ] {
            let headers = [("origin", origin), UPGRADES[0], UPGRADES[1]];
            assert_eq!(refuses(true, &Method::GET, &headers), expected, "{origin}");
            assert!(!refuses(false, &Method::GET, &headers), "the check is off");
        }
    }

    #[test]
    fn a_foreign_referer_counts_beside_our_cookies_and_where_nothing_else_is_said() {
        let page = "https://evil.example/page";
        for (headers, expected) in [
            (&[("referer", page), COOKIE][..], true),
            (&[("referer", page)], false),
            (&[("referer", page), ("cookie", "other=1")], false),
            (
                &[("referer", page), COOKIE, ("sec-fetch-site", "same-origin")],
                false,
            ),
            (&[("referer", "https://shop.example/page"), COOKIE], false),
            (&[("referer", "https://help.example/page"), COOKIE], false),
            (
                &[("referer", "https://help.example.evil.example/"), COOKIE],
                true,
            ),
        ] {
            assert_eq!(
                refuses(true, &Method::POST, headers),
                expected,
                "{headers:?}"
            );
            assert!(!refuses(false, &Method::POST, headers), "the check is off");
        }
    }
}
