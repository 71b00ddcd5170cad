//! The data of a session: keys in order, values as JSON text that is parsed when it is asked for.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::changes::Updater;
use crate::json::{MAX_DEPTH, depth, key_len, write_key};

/// Keys and values. What was read stays where it was read, as ranges of the verified bytes.
#[derive(Default)]
pub(crate) struct Data {
    /// The verified bytes, and where the JSON object starts in them.
    source: Vec<u8>,
    json_start: usize,
    /// In ascending order of the keys' bytes.
    entries: Vec<Entry>,
    touched: bool,
    /// Whether everything that was read was removed at once.
    cleared: bool,
    /// Keys whose values follow from what was read, by functions that can run again.
    updaters: Vec<(String, Vec<Updater>)>,
}

#[derive(Clone)]
struct Entry {
    key: Text,
    value: Text,
}

#[derive(Clone)]
enum Text {
    Read(Range<usize>),
    Written(String),
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
            cleared: false,
            updaters: Vec::new(),
        })
    }

    /// As it was read.
    pub(crate) fn original(&self) -> Self {
        // What was read once can be read again.
        Self::read(self.source.clone(), self.json_start).unwrap_or_default()
    }

    /// The same keys and values, and the same way to them but for functions that can run again.
    pub(crate) fn copied(&self) -> Self {
        Self {
            source: self.source.clone(),
            json_start: self.json_start,
            entries: self.entries.clone(),
            touched: self.touched,
            cleared: self.cleared,
            updaters: Vec::new(),
        }
    }

    /// The same keys and values, as though they had been read.
    pub(crate) fn as_read(&self) -> Self {
        let mut json = Vec::new();
        self.write(&mut json);
        // What was written can be read.
        Self::read(json, 0).unwrap_or_default()
    }

    fn bytes<'a>(&'a self, text: &'a Text) -> &'a [u8] {
        match text {
            Text::Read(range) => &self.source[range.clone()],
            Text::Written(text) => text.as_bytes(),
        }
    }

    fn find(&self, key: &[u8]) -> Result<usize, usize> {
        self.entries
            .binary_search_by(|entry| self.bytes(&entry.key).cmp(key))
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The JSON text of a value.
    pub(crate) fn get(&self, key: &str) -> Option<&[u8]> {
        self.get_bytes(key.as_bytes())
    }

    pub(crate) fn get_bytes(&self, key: &[u8]) -> Option<&[u8]> {
        let index = self.find(key).ok()?;
        Some(self.bytes(&self.entries[index].value))
    }

    /// Sets a value, given as JSON text.
    pub(crate) fn insert(&mut self, key: &str, value: String) {
        self.updaters.retain(|(updated, _)| updated != key);
        self.set(key, value);
    }

    /// Sets a value that follows from the one that was there, by a function that can run again.
    pub(crate) fn update(&mut self, key: &str, value: String, updater: Updater) {
        let known = self.updaters.iter_mut().find(|(known, _)| known == key);
        if let Some((_, updaters)) = known {
            updaters.push(updater);
        } else if self.is_as_read(key) {
            self.updaters.push((key.to_owned(), vec![updater]));
        }
        // Else it follows from a value that this request has set, and is set as well.
        self.set(key, value);
    }

    /// Whether the key has the value, or the lack of one, that was read.
    fn is_as_read(&self, key: &str) -> bool {
        if self.cleared {
            return false;
        }
        match self.find(key.as_bytes()) {
            Ok(index) => matches!(self.entries[index].value, Text::Read(_)),
            // A key that is not there may have been removed.
            Err(_) => !self.touched || self.original().get(key).is_none(),
        }
    }

    fn set(&mut self, key: &str, value: String) {
        match self.find(key.as_bytes()) {
            Ok(index) => {
                if self.bytes(&self.entries[index].value) != value.as_bytes() {
                    self.entries[index].value = Text::Written(value);
                    self.touched = true;
                }
            }
            Err(index) => {
                let entry = Entry {
                    key: Text::Written(key.to_owned()),
                    value: Text::Written(value),
                };
                self.entries.insert(index, entry);
                self.touched = true;
            }
        }
    }

    pub(crate) fn remove(&mut self, key: &str) {
        self.updaters.retain(|(updated, _)| updated != key);
        if let Ok(index) = self.find(key.as_bytes()) {
            self.entries.remove(index);
            self.touched = true;
        }
    }

    pub(crate) fn clear(&mut self) {
        self.touched |= !self.entries.is_empty();
        self.cleared = true;
        self.entries.clear();
        self.updaters.clear();
    }

    /// Whether everything that was read was removed at once. Asked once, it counts as read.
    pub(crate) fn take_cleared(&mut self) -> bool {
        std::mem::take(&mut self.cleared)
    }

    /// Takes back what was taken to be saved, and was not: `planned` is the data of then.
    pub(crate) fn put_back(
        &mut self,
        cleared: bool,
        updated: Vec<(String, Vec<Updater>)>,
        planned: &Self,
    ) {
        self.cleared |= cleared;
        for (key, mut updaters) in updated {
            let later = self.updaters.iter_mut().find(|(known, _)| *known == key);
            if let Some((_, later)) = later {
                updaters.append(later);
                *later = updaters;
            } else if self.get(&key) == planned.get(&key) {
                self.updaters.push((key, updaters));
            }
            // Else it was set since to something that does not follow from what was there.
        }
    }

    /// As several [`update`](Self::update)s of one key.
    pub(crate) fn update_again(&mut self, key: &str, value: &str, updaters: Vec<Updater>) {
        for updater in updaters {
            self.update(key, value.to_owned(), updater);
        }
    }

    /// Takes the functions that have updated keys.
    pub(crate) fn take_updaters(&mut self) -> Vec<(String, Vec<Updater>)> {
        std::mem::take(&mut self.updaters)
    }

    /// Counts as changed from now on, unless it is empty: it is to be written though nobody has changed it.
    pub(crate) fn touch(&mut self) {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let mut written = Self::default();
        for (key, value) in self.iter() {
            written.insert(&text(key), text(value));
        }
        *self = written;
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
        self.updaters.retain(|(key, _)| keys.contains(key));
    }

    /// Keys and the JSON text of their values, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.entries
            .iter()
            .map(|entry| (self.bytes(&entry.key), self.bytes(&entry.value)))
    }

    /// Whether it says something else than what was read. A value that was changed and changed back has not changed.
    pub(crate) fn is_changed(&self) -> bool {
        if !self.touched {
            return false;
        }
        let before = match &self.source[self.json_start..] {
            b"" => b"{}",
            before => before,
        };
        self.json_len() != before.len() || {
            let mut json = Vec::with_capacity(before.len());
            self.write(&mut json);
            json != before
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

    /// How many bytes the JSON object takes.
    pub(crate) fn json_len(&self) -> usize {
        let entries = self.iter();
        let sizes = entries.map(|(key, value)| key_len(key) + value.len() + 2);
        // Braces, and a colon and a comma for each entry but the last comma.
        2 + sizes.sum::<usize>().saturating_sub(1)
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
    fn only_the_named_keys_are_kept() {
        let mut data = read(r#"{"a":1,"b":2,"c":3}"#).unwrap();
        data.retain(&["c".to_owned(), "x".to_owned()]);
        assert_eq!(json(&data), r#"{"c":3}"#);
    }
}
