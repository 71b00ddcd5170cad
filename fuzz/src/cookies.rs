//! Cookies in headers, by the first step of "Reading" in `docs/wire-format.md`: as plain as the page says it, and as slow as that is.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

/// Bytes of fields that are looked at.
const MOST_BYTES: usize = 262_144;

/// A name and a value.
pub type Pair<'a> = (&'a [u8], &'a [u8]);

/// The `Cookie` headers of these fields. What no header can hold is left out.
#[must_use]
pub fn headers(fields: &[&[u8]]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for field in fields {
        if let Ok(value) = HeaderValue::from_bytes(field) {
            headers.append(COOKIE, value);
        }
    }
    headers
}

/// The fields that are looked at.
#[must_use]
pub fn fields_of(headers: &HeaderMap) -> Vec<&[u8]> {
    let mut total = 0;
    let mut fields = Vec::new();
    for field in headers.get_all(COOKIE) {
        total += field.len();
        if total > MOST_BYTES {
            break;
        }
        fields.push(field.as_bytes());
    }
    fields
}

/// All cookies of these fields.
#[must_use]
pub fn pairs<'a>(fields: &[&'a [u8]]) -> Vec<Pair<'a>> {
    let mut pairs = Vec::new();
    for field in fields {
        let mut start = 0;
        for end in 0..=field.len() {
            if end == field.len() || field[end] == b';' {
                if let Some(pair) = pair(&field[start..end]) {
                    pairs.push(pair);
                }
                start = end + 1;
            }
        }
    }
    pairs
}

fn pair(piece: &[u8]) -> Option<Pair<'_>> {
    let is_space = |at: usize| piece[at] == b' ' || piece[at] == b'\t';
    let mut start = 0;
    while start < piece.len() && is_space(start) {
        start += 1;
    }
    let mut end = piece.len();
    while end > start && is_space(end - 1) {
        end -= 1;
    }
    let piece = &piece[start..end];
    for at in 0..piece.len() {
        if piece[at] == b'=' {
            return Some((&piece[..at], &piece[at + 1..]));
        }
    }
    None
}

/// The first four different values of a name.
#[must_use]
pub fn values_of(pairs: &[Pair<'_>], name: &str) -> Vec<Vec<u8>> {
    let mut values: Vec<Vec<u8>> = Vec::new();
    for (of, value) in pairs {
        if *of == name.as_bytes() && values.len() < 4 && !values.iter().any(|known| known == value)
        {
            values.push(value.to_vec());
        }
    }
    values
}

/// The last part of a name that begins like this, if it is 8 characters of base64url.
#[must_use]
pub fn last_part<'a>(name: &'a [u8], beginning: &str) -> Option<&'a [u8]> {
    let rest = name.strip_prefix(beginning.as_bytes())?;
    let is_good = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-' || *byte == b'_';
    (rest.len() == 8 && rest.iter().all(is_good)).then_some(rest)
}
