//! Requests that bring a token instead of cookies: an API's clients.
//!
//! Such a request has no session. Cookies that come along are not looked at, so that what a browser sends by itself never adds to
//! what a client says on purpose; and since no other site's page can make a browser send the token, the cross-site check has nothing
//! to say.

use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::config_error::ConfigError;
use crate::loader::{ErasedLoader, Users};

/// Where tokens stand, and who loads their users.
pub(crate) struct Tokens {
    pub(crate) loader: Box<dyn ErasedLoader>,
    pub(crate) header: TokenHeader,
}

/// Which header a token stands in.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum TokenHeader {
    /// `Authorization: Bearer ..` (RFC 6750, section 2.1). Other schemes are not ours: some of them browsers send by themselves.
    Bearer,
    /// A header that holds nothing but the token.
    Named(HeaderName),
}

impl TokenHeader {
    fn name(&self) -> &HeaderName {
        match self {
            Self::Bearer => &AUTHORIZATION,
            Self::Named(name) => name,
        }
    }

    /// The token in the header's value, if the value is meant to hold one.
    fn token_in<'v>(&self, value: &'v HeaderValue) -> Option<&'v [u8]> {
        let value = value.as_bytes();
        match self {
            Self::Named(_) => Some(value.trim_ascii()),
            Self::Bearer => {
                let (scheme, rest) = value.split_at_checked("bearer".len())?;
                let is_bearer = scheme.eq_ignore_ascii_case(b"bearer")
                    && rest
                        .first()
                        .is_none_or(|&byte| byte == b' ' || byte == b'\t');
                is_bearer.then(|| rest.trim_ascii())
            }
        }
    }
}

impl Tokens {
    /// What the builder was told of tokens, checked.
    pub(crate) fn new(
        loader: Option<Box<dyn ErasedLoader>>,
        header: Option<&str>,
        users: &Users,
    ) -> Result<Option<Self>, ConfigError> {
        let (loader, header) = match (loader, header) {
            (None, None) => return Ok(None),
            (None, Some(header)) => {
                return Err(ConfigError::new(
                    format_args!("token_header({header:?})"),
                    "there is no loader for the users of tokens",
                    "Write .token_loader(load_by_token) with a function that has #[user_loader] above it",
                ));
            }
            (Some(loader), header) => (loader, header),
        };
        let same_type = match users {
            Users::Loaded(by_id) => by_id.user_type().0 == loader.user_type().0,
            Users::IdOnly => false,
        };
        if !same_type {
            return Err(ConfigError::new(
                "token_loader(..)",
                format_args!(
                    "it loads a `{}`, and the sessions' users are of another type or not loaded",
                    loader.user_type().1
                ),
                "Give .user_loader(..) and .token_loader(..) loaders of the same type",
            ));
        }
        let header = match header {
            None => TokenHeader::Bearer,
            Some(text) => match HeaderName::try_from(text) {
                Ok(name) if !is_sent_unasked(name.as_str()) => TokenHeader::Named(name),
                _ => {
                    return Err(ConfigError::new(
                        format_args!("token_header({text:?})"),
                        "it is not the name of a header that only a program sends",
                        "Write token_header(\"x-api-key\"), or leave it out for `Authorization: Bearer ..`",
                    ));
                }
            },
        };
        Ok(Some(Self { loader, header }))
    }

    pub(crate) fn header_name(&self) -> &HeaderName {
        self.header.name()
    }

    /// Whether the request brings a token, good or bad.
    pub(crate) fn are_in(&self, headers: &HeaderMap) -> bool {
        self.found(headers).next().is_some()
    }

    /// The request's token as a JSON text. Two of them, or one that is empty or no text, are nobody's.
    pub(crate) fn one_in(&self, headers: &HeaderMap) -> Option<Arc<str>> {
        let mut found = self.found(headers);
        let (Some(token), None) = (found.next(), found.next()) else {
            return None;
        };
        let text = std::str::from_utf8(token)
            .ok()
            .filter(|text| !text.is_empty())?;
        serde_json::to_string(text).ok().map(Into::into)
    }

    fn found<'h>(&'h self, headers: &'h HeaderMap) -> impl Iterator<Item = &'h [u8]> {
        let values = headers.get_all(self.header.name());
        values
            .into_iter()
            .filter_map(|value| self.header.token_in(value))
    }
}

/// Whether browsers or proxies send the header by themselves, or let any site's page set it, so that it says nothing about who wants the
/// request (Fetch, sections 2.2.2 and 2.2.7).
fn is_sent_unasked(header: &str) -> bool {
    const BEGINNINGS: &[&str] = &[
        "sec-",
        "proxy-",
        "ping-",
        "accept",
        "access-control-",
        "content-",
        "if-",
        "hx-",
        // What proxies add, some of them after they have looked at a cookie of their own.
        "x-forwarded-",
        "x-goog-",
        "x-amzn-",
        "x-ms-",
        "x-auth-request-",
        "x-authentik-",
        "x-pomerium-",
        "x-remote-",
        "x-webauth-",
        "x-client-",
        "x-ssl-",
        "remote-",
        "cf-",
    ];
    const NAMES: &[&str] = &[
        "authorization",
        "cache-control",
        "connection",
        "cookie",
        "date",
        "device-memory",
        "dnt",
        "downlink",
        "dpr",
        "ect",
        "expect",
        "forwarded",
        "host",
        "keep-alive",
        "last-event-id",
        "origin",
        "pragma",
        "priority",
        "range",
        "referer",
        "rtt",
        "save-data",
        "set-cookie",
        "te",
        "traceparent",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "upgrade-insecure-requests",
        "user-agent",
        "via",
        "viewport-width",
        "width",
        "x-real-ip",
        "x-request-id",
        "x-requested-with",
    ];
    BEGINNINGS
        .iter()
        .any(|beginning| header.starts_with(beginning))
        || NAMES.contains(&header)
}

/// What the general cross-site check looks at, taken out of a request for as long as that check has it.
#[derive(Clone)]
pub(crate) struct TakenOut {
    origins: Vec<HeaderValue>,
    site: Option<HeaderValue>,
}

const SITE: &str = "sec-fetch-site";

impl TakenOut {
    pub(crate) fn of(headers: &mut HeaderMap) -> Self {
        let taken = Self {
            origins: headers
                .get_all(http::header::ORIGIN)
                .iter()
                .cloned()
                .collect(),
            site: headers.get(SITE).cloned(),
        };
        headers.remove(http::header::ORIGIN);
        headers.remove(SITE);
        taken
    }

    pub(crate) fn put_back(self, headers: &mut HeaderMap) {
        for origin in self.origins {
            headers.append(http::header::ORIGIN, origin);
        }
        if let Some(site) = self.site {
            headers.insert(SITE, site);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &TokenHeader, value: &str) -> Option<String> {
        let value = HeaderValue::from_str(value).unwrap();
        let token = header.token_in(&value)?;
        Some(String::from_utf8(token.to_vec()).unwrap())
    }

    #[test]
    fn the_scheme_is_bearer_in_any_case_and_nothing_that_begins_like_it() {
        let bearer = TokenHeader::Bearer;
        for (value, expected) in [
            ("Bearer abc", Some("abc")),
            ("bearer  abc ", Some("abc")),
            ("BEARER abc def", Some("abc def")),
            ("Bearer", Some("")),
            ("Bearerabc", None),
            ("Basic YTpi", None),
            ("", None),
            ("Bear", None),
        ] {
            assert_eq!(token(&bearer, value).as_deref(), expected, "{value:?}");
        }
        let named = TokenHeader::Named(HeaderName::from_static("x-api-key"));
        assert_eq!(token(&named, " Bearer abc").as_deref(), Some("Bearer abc"));
    }
}
