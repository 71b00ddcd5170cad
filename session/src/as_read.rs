//! A JSON object as it was read: where its keys and values stand, which are parsed when they are asked for.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::json::{MAX_DEPTH, depth, key_len, write_key};

/// The verified bytes, and the keys and values in them.
#[derive(Clone, Default)]
pub(crate) struct AsRead {
    source: Vec<u8>,
    /// In ascending order of the keys' bytes.
    pub(crate) entries: Vec<Entry>,
}

#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) key: Text,
    pub(crate) value: Text,
}

#[derive(Clone)]
pub(crate) enum Text {
    /// Where it stands in what was read.
    Read(Range<usize>),
    Written(String),
}

impl AsRead {
    /// Reads the JSON object that starts at `json_start`: `None` unless its keys are unique and in order, as a writer leaves them.
    pub(crate) fn new(source: Vec<u8>, json_start: usize) -> Option<Self> {
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
        Some(Self { source, entries })
    }

    /// These keys and values, in ascending order of the keys, as though they had been read.
    pub(crate) fn of<'e>(size: usize, given: impl Iterator<Item = (&'e [u8], &'e [u8])>) -> Self {
        let mut source = Vec::with_capacity(size);
        let entries = given.map(|(key, value)| {
            let begin = source.len();
            write_key(key, &mut source);
            let quoted = begin + 1..source.len() - 1;
            // As it stands there, but for one that stands there with escapes.
            let key = if quoted.len() == key.len() {
                Text::Read(quoted)
            } else {
                Text::Written(String::from_utf8_lossy(key).into_owned())
            };
            let begin = source.len();
            source.extend_from_slice(value);
            Entry {
                key,
                value: Text::Read(begin..source.len()),
            }
        });
        let entries = entries.collect();
        Self { source, entries }
    }

    pub(crate) fn bytes<'a>(&'a self, text: &'a Text) -> &'a [u8] {
        match text {
            Text::Read(range) => &self.source[range.clone()],
            Text::Written(text) => text.as_bytes(),
        }
    }

    /// Where the key is among entries that are in order, or where it would be.
    pub(crate) fn find(&self, entries: &[Entry], key: &[u8]) -> Result<usize, usize> {
        entries.binary_search_by(|entry| self.bytes(&entry.key).cmp(key))
    }

    /// Whether two entries say the same.
    pub(crate) fn are_same(&self, one: &Entry, other: &Entry) -> bool {
        let is_same = |one: &Text, other: &Text| match (one, other) {
            (Text::Read(one), Text::Read(other)) if one == other => true,
            _ => self.bytes(one) == self.bytes(other),
        };
        is_same(&one.key, &other.key) && is_same(&one.value, &other.value)
    }

    /// How many bytes an entry takes in a JSON object, with the colon and a comma.
    pub(crate) fn len_of(&self, entry: &Entry) -> usize {
        entry_len(self.bytes(&entry.key), self.bytes(&entry.value).len())
    }
}

/// How many bytes a key with a value of so many bytes takes in a JSON object, with the colon and a comma.
pub(crate) fn entry_len(key: &[u8], value: usize) -> usize {
    key_len(key) + value + 2
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
                    Key::Unescaped(text) => Text::Written(text.to_string()),
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
