//! The cookies of one browser, and what it sends.

use std::collections::BTreeMap;

use axum::http::header::{COOKIE, HOST, ORIGIN, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};

/// What a browser keeps of one cookie, name and value together (RFC 6265bis, section 5.6).
const MOST: usize = 4_096;

#[derive(Clone, Default)]
pub(crate) struct Jar {
    cookies: BTreeMap<String, String>,
    /// Cookies of others that are sent as well.
    others: usize,
}

impl Jar {
    pub(crate) fn apply(&mut self, headers: &HeaderMap) {
        for cookie in headers.get_all(SET_COOKIE) {
            let text = cookie.to_str().expect("text");
            let (pair, attributes) = text.split_once(';').unwrap_or((text, ""));
            let (name, value) = pair.split_once('=').expect("a name and a value");
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else if name.len() + value.len() <= MOST {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// The same, among so many cookies of others.
    pub(crate) fn among(self, others: usize) -> Self {
        Self { others, ..self }
    }

    /// What is sent with each request to the browser's own site.
    pub(crate) fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("localhost"));
        headers.insert(ORIGIN, HeaderValue::from_static("http://localhost"));
        headers.insert("sec-fetch-site", HeaderValue::from_static("same-origin"));
        let cookies = self.cookie_header();
        if !cookies.is_empty() {
            headers.insert(COOKIE, HeaderValue::try_from(cookies).expect("a header"));
        }
        headers
    }

    /// Half of the others' cookies come first, and half last.
    fn cookie_header(&self) -> String {
        let other = |number: usize| format!("other{number:03}=GA1.2.{:020}", 977 * number);
        let ours = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let half = self.others / 2;
        let pairs: Vec<_> = (0..half)
            .map(other)
            .chain(ours)
            .chain((half..self.others).map(other))
            .collect();
        pairs.join("; ")
    }

    /// Each value with another character at the end of its first third, of the same kind: a cookie that nobody has made.
    pub(crate) fn forged(&self) -> Self {
        let forge = |value: &String| {
            let mut bytes = value.clone().into_bytes();
            let at = bytes.len() / 3;
            let place = (at..bytes.len()).find(|&at| bytes[at].is_ascii_alphanumeric());
            let byte = &mut bytes[place.expect("a letter or a digit")];
            *byte = if *byte == b'1' { b'2' } else { b'1' };
            String::from_utf8(bytes).expect("text")
        };
        let forged = |(name, value): (&String, _)| (name.clone(), forge(value));
        Self {
            cookies: self.cookies.iter().map(forged).collect(),
            others: self.others,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jar(cookies: &[String]) -> Jar {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(SET_COOKIE, cookie.parse().unwrap());
        }
        let mut jar = Jar::default();
        jar.apply(&headers);
        jar
    }

    #[test]
    fn a_cookie_larger_than_browsers_keep_is_not_kept() {
        let cookie = |value: usize| format!("name={}; Path=/", "x".repeat(value));
        let names = |value| jar(&[cookie(value)]).cookies.len();
        assert_eq!((names(4_092), names(4_093)), (1, 0));
    }

    #[test]
    fn others_are_on_both_sides() {
        let sent = jar(&["name=value".to_owned()]).among(3).cookie_header();
        let names: Vec<_> = sent
            .split("; ")
            .map(|pair| pair.split_once('=').unwrap().0)
            .collect();
        assert_eq!(names, ["other000", "name", "other001", "other002"]);
    }
}
