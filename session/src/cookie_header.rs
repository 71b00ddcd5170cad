//! Finding our cookies in a request. Reading is byte-exact: nothing is decoded, folded, unquoted or trimmed but space and tab.
//!
//! General cookie parsers decode names (so that `%5F%5FHost-x` passes for `__Host-x`), trim what only Unicode calls a space, or
//! drop the whole header over one foreign byte. Each of these lets somebody else's cookie pass for ours or makes ours vanish.

use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use memchr::{memchr, memchr_iter};

/// Bytes of `Cookie` fields that are looked at. Browsers and servers allow far less for one host.
const MAX_BYTES: usize = 256 * 1024;

/// Calls `visit` with what follows `prefix` in the name, and with the value, of each cookie whose name starts with `prefix`.
pub(crate) fn each<'h>(
    headers: &'h HeaderMap,
    prefix: &str,
    mut visit: impl FnMut(&'h [u8], &'h [u8]),
) {
    let mut left = MAX_BYTES;
    // HTTP/2 may split the header into many fields (RFC 9113, section 8.2.3).
    for field in headers.get_all(COOKIE) {
        let field = field.as_bytes();
        if field.len() > left {
            return;
        }
        left -= field.len();
        let mut begin = 0;
        for end in memchr_iter(b';', field).chain([field.len()]) {
            let pair = trim_start(&field[begin..end]);
            begin = end + 1;
            if let Some(rest) = pair.strip_prefix(prefix.as_bytes())
                && let Some(equals) = memchr(b'=', rest)
            {
                visit(&rest[..equals], trim_end(&rest[equals + 1..]));
            }
        }
    }
}

fn trim_start(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

fn trim_end(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// Different values of one name that are tried: junk cannot cost more MACs than this.
const MAX_CANDIDATES: usize = 4;

/// The different values that a request has for one name, as far as they are tried.
#[derive(Default)]
pub(crate) struct Candidates<'h> {
    first: Option<&'h [u8]>,
    /// Hardly ever are there any.
    others: Vec<&'h [u8]>,
}

impl<'h> Candidates<'h> {
    pub(crate) fn push(&mut self, value: &'h [u8]) {
        if self.first.is_none() {
            self.first = Some(value);
        } else if self.others.len() < MAX_CANDIDATES - 1 && !self.iter().any(|known| known == value)
        {
            self.others.push(value);
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &'h [u8]> + '_ {
        self.first.into_iter().chain(self.others.iter().copied())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn found(fields: &[&[u8]]) -> Vec<(String, String)> {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(COOKIE, HeaderValue::from_bytes(field).unwrap());
        }
        let mut found = Vec::new();
        each(&headers, "__Host-session.", |name, value| {
            let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
            found.push((text(name), text(value)));
        });
        found
    }

    #[test]
    fn so_many_bytes_of_all_fields_are_looked_at() {
        let of = |bytes: usize| {
            let mut field = b"__Host-session.id=a; x=".to_vec();
            field.resize(bytes, b'x');
            field
        };
        let half = MAX_BYTES / 2;
        assert_eq!(MAX_BYTES, 262_144);
        for (lengths, expected) in [
            (&[MAX_BYTES][..], 1),
            (&[MAX_BYTES + 1], 0),
            (&[half, half], 2),
            (&[half, half, 24], 2),
            (&[half, half + 1], 1),
            // Nor is any that comes after one that does not fit.
            (&[MAX_BYTES + 1, 24], 0),
        ] {
            let fields: Vec<_> = lengths.iter().map(|&length| of(length)).collect();
            let fields: Vec<_> = fields.iter().map(Vec::as_slice).collect();
            assert_eq!(found(&fields).len(), expected, "{lengths:?}");
        }
    }

    #[test]
    fn ours_is_found_among_others() {
        for header in [
            &b"__Host-session.id=abc"[..],
            b"a=1;__Host-session.id=abc",
            b"a=1;   __Host-session.id=abc  ",
            b"a=1;\t__Host-session.id=abc\t;b",
            b";;; ;__Host-session.id=abc;;",
            b"$Version=1; __Host-session.id=abc; $Path=/",
            b"a=\"x; __Host-session.id=abc; b=y\"",
            b"__Host-session.id=abc; Path=/; HttpOnly",
            b"x=\xff\xfe; __Host-session.id=abc",
            b"\xa0=1; __Host-session.id=abc",
        ] {
            assert_eq!(
                found(&[header]),
                [("id".into(), "abc".into())],
                "{header:?}"
            );
        }
        assert_eq!(found(&[b"a=1", b"__Host-session.id=abc"]).len(), 1);
    }

    #[test]
    fn other_spellings_of_our_name_are_not_ours() {
        for header in [
            &b"%5F%5FHost-session.id=evil"[..],
            b"\xe2\x80\x80__Host-session.id=evil",
            b"\xc2\xa0__Host-session.id=evil",
            b"\xef\xbb\xbf__Host-session.id=evil",
            b"\xa0__Host-session.id=evil",
            b"\x85__Host-session.id=evil",
            b"=__Host-session.id=evil",
            b"__Host-session.id",
            b"__host-session.id=evil",
            b"..Host-session.id=evil",
            b"__Host-session_id=evil",
            b"a=1, __Host-session.id=evil",
            b"\"__Host-session.id\"=evil",
        ] {
            assert_eq!(found(&[header]), [], "{header:?}");
        }
    }

    #[test]
    fn names_and_values_are_given_as_they_stand() {
        let header = b"__Host-session.id =a; __Host-session.id= b; __Host-session.id==c=; __Host-session.id2=d; __Host-session.i=e";
        let found = found(&[header]);
        let expected = [
            ("id ", "a"),
            ("id", " b"),
            ("id", "=c="),
            ("id2", "d"),
            ("i", "e"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(found, expected);
    }

    #[test]
    fn s174_at_most_four_different_values_are_candidates() {
        let mut candidates = Candidates::default();
        for value in [b"a", b"a", b"b", b"c", b"d", b"e"] {
            candidates.push(value);
        }
        assert!(candidates.iter().eq([b"a", b"b", b"c", b"d"]));
    }
}
