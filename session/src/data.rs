//! The data of a session: keys in order, values as JSON text that is parsed when it is asked for.

use std::collections::BTreeMap;

use crate::as_read::{AsRead, Entry, Text, entry_len};
use crate::changes::Updater;
use crate::json::write_key;

/// Keys whose values follow from what was read, by functions that can run again.
pub(crate) type Updaters = BTreeMap<String, Vec<Updater>>;

/// Keys and values.
#[derive(Default)]
pub(crate) struct Data {
    read: AsRead,
    /// What they have become, once something has changed them.
    changed: Option<Changed>,
    /// Whether everything that was read was removed at once.
    cleared: bool,
    updaters: Updaters,
}

/// Entries in order, which may stand in what was read.
#[derive(Clone)]
struct Changed {
    entries: Vec<Entry>,
    /// How many bytes they take in a JSON object, each with a colon and a comma: kept, so that no change has to look at all others.
    len: usize,
}

impl Changed {
    fn of(read: &AsRead, entries: Vec<Entry>) -> Self {
        let len = entries.iter().map(|entry| read.len_of(entry)).sum();
        Self { entries, len }
    }

    fn insert(&mut self, read: &AsRead, index: usize, entry: Entry) {
        self.len += read.len_of(&entry);
        self.entries.insert(index, entry);
    }

    fn replace(&mut self, read: &AsRead, index: usize, value: Text) {
        self.len -= read.len_of(&self.entries[index]);
        self.entries[index].value = value;
        self.len += read.len_of(&self.entries[index]);
    }

    fn remove(&mut self, read: &AsRead, index: usize) {
        let removed = self.entries.remove(index);
        self.len -= read.len_of(&removed);
    }
}

impl Data {
    /// Reads the JSON object that starts at `json_start`: `None` unless its keys are unique and in order, as a writer leaves them.
    pub(crate) fn read(source: Vec<u8>, json_start: usize) -> Option<Self> {
        Some(AsRead::new(source, json_start)?.into())
    }

    /// As it was read.
    pub(crate) fn original(&self) -> Self {
        self.read.clone().into()
    }

    /// The same keys and values, and the same way to them but for functions that can run again.
    pub(crate) fn copied(&self) -> Self {
        Self {
            read: self.read.clone(),
            changed: self.changed.clone(),
            cleared: self.cleared,
            updaters: Updaters::new(),
        }
    }

    /// The same keys and values, as though they had been read.
    pub(crate) fn as_read(&self) -> Self {
        AsRead::of(self.json_len(), self.iter()).into()
    }

    fn entries(&self) -> &[Entry] {
        match &self.changed {
            Some(changed) => &changed.entries,
            None => &self.read.entries,
        }
    }

    fn find(&self, key: &[u8]) -> Result<usize, usize> {
        self.read.find(self.entries(), key)
    }

    /// What the data has become, to be changed further, beside what was read.
    fn change(&mut self) -> (&AsRead, &mut Changed) {
        let read = &self.read;
        let as_read = || Changed::of(read, read.entries.clone());
        (read, self.changed.get_or_insert_with(as_read))
    }

    pub(crate) fn len(&self) -> usize {
        self.entries().len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries().is_empty()
    }

    /// The JSON text of a value.
    pub(crate) fn get(&self, key: &str) -> Option<&[u8]> {
        let index = self.find(key.as_bytes()).ok()?;
        Some(self.value_at(index))
    }

    fn value_at(&self, index: usize) -> &[u8] {
        self.read.bytes(&self.entries()[index].value)
    }

    /// Sets a value, given as JSON text. Functions that have updated it are given back: they may hold what must not be dropped while
    /// something is locked.
    pub(crate) fn insert(&mut self, key: &str, value: String) -> Vec<Updater> {
        let replaced = self.updaters.remove(key);
        self.set(key, value);
        replaced.unwrap_or_default()
    }

    /// Sets a value that follows from the one that was there, by a function that can run again: it is given back if it need not.
    pub(crate) fn update(&mut self, key: &str, value: String, updater: Updater) -> Vec<Updater> {
        let mut unused = Vec::new();
        if let Some(updaters) = self.updaters.get_mut(key) {
            updaters.push(updater);
        } else if self.is_as_read(key) {
            self.updaters.insert(key.to_owned(), vec![updater]);
        } else {
            // It follows from a value that this request has set, and is set as well.
            unused.push(updater);
        }
        self.set(key, value);
        unused
    }

    /// Whether the key has the value, or the lack of one, that was read.
    fn is_as_read(&self, key: &str) -> bool {
        if self.cleared {
            return false;
        }
        match self.find(key.as_bytes()) {
            Ok(index) => matches!(self.entries()[index].value, Text::Read(_)),
            // A key that is not there may have been removed.
            Err(_) => self.read.find(&self.read.entries, key.as_bytes()).is_err(),
        }
    }

    fn set(&mut self, key: &str, value: String) {
        let place = self.find(key.as_bytes());
        if place.is_ok_and(|index| self.value_at(index) == value.as_bytes()) {
            return;
        }
        let (read, changed) = self.change();
        let value = Text::Written(value);
        match place {
            Ok(index) => changed.replace(read, index, value),
            Err(index) => {
                let key = Text::Written(key.to_owned());
                changed.insert(read, index, Entry { key, value });
            }
        }
    }

    /// Removes a key. As with [`insert`](Self::insert), what has updated it is given back.
    pub(crate) fn remove(&mut self, key: &str) -> Vec<Updater> {
        let replaced = self.updaters.remove(key);
        if let Ok(index) = self.find(key.as_bytes()) {
            let (read, changed) = self.change();
            changed.remove(read, index);
        }
        replaced.unwrap_or_default()
    }

    /// Removes all keys. What has updated them is given back.
    pub(crate) fn clear(&mut self) -> Updaters {
        self.cleared = true;
        self.changed = Some(Changed::of(&self.read, Vec::new()));
        self.take_updaters()
    }

    /// Whether everything that was read was removed at once. Asked once, it counts as read.
    pub(crate) fn take_cleared(&mut self) -> bool {
        std::mem::take(&mut self.cleared)
    }

    /// Takes back what was taken to be saved, and was not: `planned` is the data of then.
    pub(crate) fn put_back(&mut self, cleared: bool, updated: Updaters, planned: &Self) {
        self.cleared |= cleared;
        for (key, mut updaters) in updated {
            if let Some(later) = self.updaters.get_mut(&key) {
                updaters.append(later);
                *later = updaters;
            } else if self.get(&key) == planned.get(&key) {
                self.updaters.insert(key, updaters);
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
    pub(crate) fn take_updaters(&mut self) -> Updaters {
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
        let is_kept = |key: &[u8]| keys.iter().any(|kept| kept.as_bytes() == key);
        let entries = self.entries().iter();
        let kept = entries.filter(|entry| is_kept(self.read.bytes(&entry.key)));
        let kept = kept.cloned().collect();
        self.changed = Some(Changed::of(&self.read, kept));
        self.updaters.retain(|key, _| keys.contains(key));
    }

    /// Keys and the JSON text of their values, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let bytes = |text| self.read.bytes(text);
        let entries = self.entries().iter();
        entries.map(move |entry| (bytes(&entry.key), bytes(&entry.value)))
    }

    /// Whether it says something else than what was read. A value that was changed and changed back has not changed.
    pub(crate) fn is_changed(&self) -> bool {
        let Some(changed) = &self.changed else {
            return false;
        };
        let (now, before) = (&changed.entries, &self.read.entries);
        let mut pairs = now.iter().zip(before);
        now.len() != before.len() || pairs.any(|(now, before)| !self.read.are_same(now, before))
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
        let replaced = match self.find(key.as_bytes()) {
            Ok(index) => self.read.len_of(&self.entries()[index]),
            Err(_) => 0,
        };
        object_len(self.entries_len() - replaced + entry_len(key.as_bytes(), value))
    }

    /// How many bytes the JSON object takes.
    pub(crate) fn json_len(&self) -> usize {
        object_len(self.entries_len())
    }

    fn entries_len(&self) -> usize {
        match &self.changed {
            Some(changed) => changed.len,
            None => self
                .read
                .entries
                .iter()
                .map(|entry| self.read.len_of(entry))
                .sum(),
        }
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

impl From<AsRead> for Data {
    fn from(read: AsRead) -> Self {
        Self {
            read,
            ..Self::default()
        }
    }
}

/// How many bytes an object takes, given those of its entries with a comma each: the braces, and no comma after the last one.
fn object_len(entries: usize) -> usize {
    2 + entries.saturating_sub(1)
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
    fn the_length_is_kept_through_every_change() {
        type Change = fn(&mut Data);
        let changes: [(&str, Change); 7] = [
            ("add", |data| drop(data.insert("c\n", "[1]".to_owned()))),
            ("replace", |data| {
                drop(data.insert("a", "\"longer\"".to_owned()));
            }),
            ("remove what was read", |data| drop(data.remove("b"))),
            ("remove what was added", |data| drop(data.remove("c\n"))),
            ("remove nothing", |data| drop(data.remove("x"))),
            ("retain", |data| {
                data.retain(&["\"".to_owned(), "a".to_owned()]);
            }),
            ("clear", |data| drop(data.clear())),
        ];
        let mut data = read(r#"{"\"":0,"a":1,"b":2}"#).unwrap();
        for (what, change) in changes {
            change(&mut data);
            let json = json(&data);
            assert_eq!(data.json_len(), json.len(), "{what}");
            let again = data.as_read();
            assert_eq!(self::json(&again), json, "{what}");
            assert_eq!(again.json_len(), json.len(), "{what}");
            assert!(again.iter().eq(data.iter()), "{what}");
            assert!(!again.is_changed(), "{what}");
            assert_eq!(self::json(&data.original()), r#"{"\"":0,"a":1,"b":2}"#);
        }
        assert!(data.is_empty() && data.is_changed());
    }

    #[test]
    fn a_key_follows_from_what_was_read_until_this_request_has_set_or_removed_it() {
        let mut data = read(r#"{"a":1,"b":2}"#).unwrap();
        for key in ["a", "b", "c"] {
            assert!(data.is_as_read(key), "{key}");
        }
        data.insert("a", "9".to_owned());
        data.remove("b");
        for (key, expected) in [("a", false), ("b", false), ("c", true)] {
            assert_eq!(data.is_as_read(key), expected, "{key}");
        }
        data.clear();
        assert!(!data.is_as_read("c"));
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
