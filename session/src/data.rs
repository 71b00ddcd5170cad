//! The data of a session: keys in order, values as JSON text that is parsed when it is asked for.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

/// How deep a value may be nested: `serde_json` refuses to read more than 127 levels, of which the object of all keys is one.
pub(crate) const MAX_DEPTH: usize = 126;

/// Keys and values. What was read stays where it was read, as ranges of the verified bytes.
#[derive(Clone, Default)]
pub(crate) struct Data {
    /// The verified bytes, and where the JSON object starts in them.
    source: Vec<u8>,
    json_start: usize,
    /// In ascending order of the keys' bytes.
    entries: Vec<Entry>,
    touched: bool,
}

#[derive(Clone)]
struct Entry {
    key: Text,
    value: Text,
}

#[derive(Clone)]
enum Text {
    Read(Range<usize>),
    Written(Box<str>),
}

impl Data {
    /// Reads the JSON object that starts at `json_start`: `None` unless its keys are unique and in order, as a writer leaves them.
    pub(crate) fn read(source: Vec<u8>, json_start: usize) -> Option<Self> {
        let json = source.get(json_start..)?;
        if depth(json) > MAX_DEPTH + 1 {
            return None;
        }
        // Checked as a whole, and not once more for each key and value.
        let text = std::str::from_utf8(json).ok()?;
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let base = source.as_ptr().addr();
        let entries = deserializer.deserialize_map(Entries { base }).ok()?;
        deserializer.end().ok()?;
        Some(Self {
            entries,
            source,
            json_start,
            touched: false,
        })
    }

    fn bytes<'a>(&'a self, text: &'a Text) -> &'a [u8] {
        match text {
            Text::Read(range) => &self.source[range.clone()],
            Text::Written(text) => text.as_bytes(),
        }
    }

    fn find(&self, key: &str) -> Result<usize, usize> {
        self.entries
            .binary_search_by(|entry| self.bytes(&entry.key).cmp(key.as_bytes()))
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The JSON text of a value.
    pub(crate) fn get(&self, key: &str) -> Option<&[u8]> {
        let index = self.find(key).ok()?;
        Some(self.bytes(&self.entries[index].value))
    }

    /// Sets a value, given as JSON text.
    pub(crate) fn insert(&mut self, key: &str, value: String) {
        match self.find(key) {
            Ok(index) => {
                if self.bytes(&self.entries[index].value) != value.as_bytes() {
                    self.entries[index].value = Text::Written(value.into());
                    self.touched = true;
                }
            }
            Err(index) => {
                let entry = Entry {
                    key: Text::Written(key.into()),
                    value: Text::Written(value.into()),
                };
                self.entries.insert(index, entry);
                self.touched = true;
            }
        }
    }

    pub(crate) fn remove(&mut self, key: &str) {
        if let Ok(index) = self.find(key) {
            self.entries.remove(index);
            self.touched = true;
        }
    }

    pub(crate) fn clear(&mut self) {
        self.touched |= !self.entries.is_empty();
        self.entries.clear();
    }

    /// Keeps only the named keys.
    pub(crate) fn retain(&mut self, keys: &[String]) {
        let kept: Vec<_> = self
            .entries
            .iter()
            .filter(|entry| {
                let key = self.bytes(&entry.key);
                keys.iter().any(|kept| kept.as_bytes() == key)
            })
            .cloned()
            .collect();
        self.touched |= kept.len() != self.entries.len();
        self.entries = kept;
    }

    /// Keys and the JSON text of their values, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.entries
            .iter()
            .map(|entry| (self.bytes(&entry.key), self.bytes(&entry.value)))
    }

    /// Whether it says something else than what was read. A value that was changed and changed back has not changed.
    pub(crate) fn is_changed(&self) -> bool {
        self.touched && {
            let mut json = Vec::new();
            self.write(&mut json);
            let before = &self.source[self.json_start..];
            json != if before.is_empty() { b"{}" } else { before }
        }
    }

    /// Appends the JSON object.
    pub(crate) fn write(&self, to: &mut Vec<u8>) {
        to.push(b'{');
        for (index, (key, value)) in self.iter().enumerate() {
            if index > 0 {
                to.push(b',');
            }
            write_key(key, to);
            to.push(b':');
            to.extend_from_slice(value);
        }
        to.push(b'}');
    }

    /// How many bytes the JSON object would take with this key set to a value of this many bytes.
    pub(crate) fn len_with(&self, key: &str, value: usize) -> usize {
        let others = self
            .iter()
            .filter(|(other, _)| *other != key.as_bytes())
            .map(|(key, value)| key_len(key) + value.len() + 2)
            .sum::<usize>();
        // Braces, and a colon and a comma for each entry but the last comma.
        2 + others + key_len(key.as_bytes()) + value + 1
    }

    /// The keys that take most, largest first, with the bytes that each takes.
    pub(crate) fn largest(&self, most: usize) -> Vec<(String, usize)> {
        let mut sizes: Vec<_> = self
            .iter()
            .map(|(key, value)| (String::from_utf8_lossy(key).into_owned(), value.len()))
            .collect();
        sizes.sort_by_key(|&(_, size)| std::cmp::Reverse(size));
        sizes.truncate(most);
        sizes
    }
}

/// A JSON object with its keys in order, as it is written into cookies: `None` if it is no object. Of a key that it says twice, the last counts.
pub(crate) fn in_order(json: &str) -> Option<String> {
    let map: BTreeMap<String, Box<RawValue>> = serde_json::from_str(json).ok()?;
    serde_json::to_string(&map).ok()
}

/// Writes a key as JSON text.
fn write_key(key: &[u8], to: &mut Vec<u8>) {
    // Keys were given as `str`, or read as such: they are UTF-8, and writing text to memory does not fail.
    let text = String::from_utf8_lossy(key);
    let _ = serde_json::to_writer(to, &*text);
}

/// How many bytes [`write_key`] writes.
fn key_len(key: &[u8]) -> usize {
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
    let opening = json.iter().filter(|&&byte| matches!(byte, b'[' | b'{'));
    let brackets = opening.count();
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

/// Reads the entries of a JSON object as ranges of the bytes that begin at `base`. Refuses keys that are not in ascending order, and so
/// those that stand there twice.
struct Entries {
    base: usize,
}

impl<'de> Visitor<'de> for Entries {
    type Value = Vec<Entry>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object with its keys in order")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let range = |text: &str| {
            let start = text.as_ptr().addr() - self.base;
            Text::Read(start..start + text.len())
        };
        let mut entries = Vec::new();
        let mut previous: Option<Key<'de>> = None;
        while let Some((key, value)) = map.next_entry::<Key<'de>, &RawValue>()? {
            if previous.is_some_and(|previous| previous.as_str() >= key.as_str()) {
                return Err(A::Error::custom("keys out of order"));
            }
            entries.push(Entry {
                key: match &key {
                    Key::Borrowed(text) => range(text),
                    Key::Unescaped(text) => Text::Written(text.clone()),
                },
                value: range(value.get()),
            });
            previous = Some(key);
        }
        Ok(entries)
    }
}

/// A key: as it stands in the text, or without the escapes that it stands there with.
enum Key<'a> {
    Borrowed(&'a str),
    Unescaped(Box<str>),
}

impl Key<'_> {
    fn as_str(&self) -> &str {
        match self {
            Key::Borrowed(text) => text,
            Key::Unescaped(text) => text,
        }
    }
}

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Key::Borrowed(text))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Key::Unescaped(text.into()))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<Data> {
        Data::read([b"owner", json.as_bytes()].concat(), 5)
    }

    fn json(data: &Data) -> String {
        let mut json = Vec::new();
        data.write(&mut json);
        String::from_utf8(json).unwrap()
    }

    #[test]
    fn what_is_read_is_written_the_same() {
        for text in [
            "{}",
            r#"{"a":1,"b":[true,null],"c":{"x":"y"}}"#,
            r#"{"\"\\\n\u0001":1,"größe":18446744073709551615}"#,
        ] {
            let data = read(text).unwrap();
            assert_eq!(json(&data), text);
            assert!(!data.is_changed());
        }
    }

    #[test]
    fn s020_doubled_or_disordered_keys_are_refused() {
        for text in [
            r#"{"a":1,"a":2}"#,
            r#"{"b":1,"a":2}"#,
            r#"{"a":1,"\u0061":2}"#,
        ] {
            assert!(read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn s019_s021_what_is_no_object_or_too_deep_is_refused() {
        let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(127), "]".repeat(127));
        let deeper = format!(r#"{{"a":{}"#, "[".repeat(100_000));
        for text in [
            "",
            "[]",
            "1",
            "{",
            "{}x",
            r#"{"a"}"#,
            r#"{"a":-}"#,
            &deep,
            &deeper,
        ] {
            assert!(read(text).is_none());
        }
        let fits = format!(r#"{{"a":{}{}}}"#, "[".repeat(126), "]".repeat(126));
        let data = read(&fits).unwrap();
        serde_json::from_slice::<serde_json::Value>(data.get("a").unwrap()).unwrap();
    }

    #[test]
    fn the_length_is_foretold() {
        let mut data = read(r#"{"\"\u0002":[],"a":1}"#).unwrap();
        for (key, value) in [
            ("z\u{8}\u{c}\u{1f}\\", "\"long\""),
            ("a", "123"),
            ("b", "1"),
        ] {
            let foretold = data.len_with(key, value.len());
            data.insert(key, value.to_owned());
            assert_eq!(json(&data).len(), foretold, "{key}");
        }
        assert_eq!(Data::default().len_with("k", 1), r#"{"k":1}"#.len());
    }

    #[test]
    fn changed_and_changed_back_is_unchanged() {
        let mut data = read(r#"{"a":1}"#).unwrap();
        data.insert("a", "1".to_owned());
        assert!(!data.is_changed());
        data.insert("a", "true".to_owned());
        assert!(data.is_changed());
        data.insert("b", "2".to_owned());
        data.insert("a", "1".to_owned());
        data.remove("b");
        assert!(!data.is_changed());

        let mut empty = Data::default();
        empty.insert("a", "1".to_owned());
        assert!(empty.is_changed());
        empty.clear();
        assert!(!empty.is_changed());
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

    #[test]
    fn only_the_named_keys_are_kept() {
        let mut data = read(r#"{"a":1,"b":2,"c":3}"#).unwrap();
        data.retain(&["c".to_owned(), "x".to_owned()]);
        assert_eq!(json(&data), r#"{"c":3}"#);
    }
}
