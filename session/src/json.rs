//! JSON text: how deep it is, its keys in order, and how they are written.

use std::collections::BTreeMap;

use memchr::memchr2_iter;
use serde_json::value::RawValue;

/// How deep a value may be nested: `serde_json` refuses to read more than 127 levels, of which the object of all keys is one.
pub(crate) const MAX_DEPTH: usize = 126;

/// A JSON object with its keys in order, as it is written into cookies: `None` if it is no object. Of a key that it says twice, the last counts.
pub(crate) fn in_order(json: &str) -> Option<String> {
    let map: BTreeMap<String, Box<RawValue>> = serde_json::from_str(json).ok()?;
    serde_json::to_string(&map).ok()
}

/// Writes a key as JSON text.
pub(crate) fn write_key(key: &[u8], to: &mut Vec<u8>) {
    if key_len(key) == key.len() + 2 {
        // Nothing in it needs an escape.
        to.push(b'"');
        to.extend_from_slice(key);
        to.push(b'"');
        return;
    }
    // Keys were given as `str`, or read as such: they are UTF-8, and writing text to memory does not fail.
    let text = String::from_utf8_lossy(key);
    let _ = serde_json::to_writer(to, &*text);
}

/// How many bytes [`write_key`] writes.
pub(crate) fn key_len(key: &[u8]) -> usize {
    let escaped = |byte: &u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
        0..0x20 => 6,
        _ => 1,
    };
    2 + key.iter().map(escaped).sum::<usize>()
}

/// How deep JSON text is nested, if it is deeper than [`MAX_DEPTH`]; else some number that is not. So with text that is no JSON.
pub(crate) fn depth(json: &[u8]) -> usize {
    // Each level takes two brackets.
    if json.len() <= 2 * MAX_DEPTH {
        return 0;
    }
    // Nearly all text has fewer brackets than levels are allowed, and counting them takes no look at what is in quotes.
    let brackets = memchr2_iter(b'[', b'{', json).count();
    if brackets <= MAX_DEPTH {
        return brackets;
    }
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut bytes = json.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'"' => {
                while let Some(byte) = bytes.next() {
                    match byte {
                        b'\\' => drop(bytes.next()),
                        b'"' => break,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_written_as_the_json_library_writes_text() {
        let all: String = ('\0'..='\u{ff}').chain(['\u{2028}', '\u{1f98a}']).collect();
        let each = all.chars().map(String::from);
        for key in each.chain([String::new(), "plain".to_owned(), all.clone()]) {
            let mut written = Vec::new();
            write_key(key.as_bytes(), &mut written);
            assert_eq!(written, serde_json::to_vec(&key).unwrap(), "{key:?}");
            assert_eq!(written.len(), key_len(key.as_bytes()), "{key:?}");
        }
    }

    #[test]
    fn objects_are_put_in_order() {
        assert_eq!(
            in_order(r#"{"b":[1],"a":"x"}"#).unwrap(),
            r#"{"a":"x","b":[1]}"#
        );
        assert_eq!(in_order(r#"{"a":1,"a":2}"#).unwrap(), r#"{"a":2}"#);
        for json in ["[]", "1", "null"] {
            assert!(in_order(json).is_none(), "{json}");
        }
    }
}
