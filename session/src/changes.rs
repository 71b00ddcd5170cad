//! What a request has done to a session's data, as a list that can be applied to the data as it is by then.
//!
//! Two requests at once each apply their own list, so that neither undoes what the other one did to other keys.

use std::sync::{Mutex, PoisonError};

use crate::data::{Data, Updaters};
use crate::error::Error;

/// Makes a key's new JSON text of the one that is there. It runs again where another request has changed the key meanwhile.
///
/// The lock is never taken: it makes a session that is looked at from two threads a safe thing.
pub(crate) struct Updater(Mutex<Box<Update>>);

type Update = dyn FnMut(Option<&[u8]>) -> Result<String, Error> + Send;

impl Updater {
    pub(crate) fn new(
        update: impl FnMut(Option<&[u8]>) -> Result<String, Error> + Send + 'static,
    ) -> Self {
        Self(Mutex::new(Box::new(update)))
    }

    pub(crate) fn run(&mut self, before: Option<&[u8]>) -> Result<String, Error> {
        let update = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        update(before)
    }
}

/// A list of changes.
#[derive(Default)]
pub(crate) struct Changes {
    /// Whether all that was there is removed first.
    clears: bool,
    set: Vec<(String, String)>,
    removed: Vec<String>,
    updated: Updaters,
}

impl Changes {
    /// What makes `after` of `before`. The functions that have updated keys move into the list.
    pub(crate) fn between(before: &Data, after: &mut Data) -> Self {
        let updated = after.take_updaters();
        // Keys were given as `str`, and values written as JSON text.
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let clears = after.take_cleared();
        let (mut set, mut removed) = (Vec::new(), Vec::new());
        // Both are in order: side by side, each is walked once.
        let mut old = before.iter().filter(|_| !clears).peekable();
        for (key, value) in after.iter() {
            while let Some((gone, _)) = old.next_if(|(old, _)| *old < key) {
                removed.push(text(gone));
            }
            let was = old.next_if(|(old, _)| *old == key).map(|(_, was)| was);
            if was != Some(value) {
                set.push((text(key), text(value)));
            }
        }
        removed.extend(old.map(|(gone, _)| text(gone)));
        set.retain(|(key, _)| !updated.contains_key(key));
        removed.retain(|key| !updated.contains_key(key));
        Self {
            clears,
            set,
            removed,
            updated,
        }
    }

    /// Applies those that do not depend on what is there.
    pub(crate) fn apply_settled(&self, data: &mut Data) {
        if self.clears {
            data.clear();
        }
        for key in &self.removed {
            data.remove(key);
        }
        for (key, value) in &self.set {
            data.insert(key, value.clone());
        }
    }

    /// The functions that have updated keys.
    pub(crate) fn into_updated(self) -> Updaters {
        self.updated
    }

    /// Gives the data back what was not saved of it: `planned` is how it was then.
    pub(crate) fn put_back(self, planned: &Data, data: &mut Data) {
        data.put_back(self.clears, self.updated, planned);
    }

    /// Applies them to the data as it is by now.
    pub(crate) fn apply(&mut self, data: &mut Data) -> Result<(), Error> {
        self.apply_settled(data);
        for (key, updaters) in &mut self.updated {
            for updater in updaters {
                let value = updater.run(data.get(key))?;
                data.insert(key, value);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Data {
        Data::read(json.as_bytes().to_vec(), 0).unwrap()
    }

    fn json(data: &Data) -> String {
        let mut json = Vec::new();
        data.write(&mut json);
        String::from_utf8(json).unwrap()
    }

    fn plus_one() -> Updater {
        Updater::new(|before| {
            let number = before.map_or(0, |json| serde_json::from_slice::<u64>(json).unwrap());
            Ok((number + 1).to_string())
        })
    }

    /// What becomes of data that another request has made `meanwhile`.
    fn merged(before: &str, change: impl FnOnce(&mut Data), meanwhile: &str) -> String {
        let mut after = read(before);
        change(&mut after);
        let mut changes = Changes::between(&read(before), &mut after);
        let mut data = read(meanwhile);
        changes.apply(&mut data).unwrap();
        json(&data)
    }

    #[test]
    fn each_request_changes_its_own_keys_alone() {
        let set = |data: &mut Data| drop(data.insert("b", "2".to_owned()));
        assert_eq!(
            merged(r#"{"a":1}"#, set, r#"{"a":9,"c":3}"#),
            r#"{"a":9,"b":2,"c":3}"#
        );
        let remove = |data: &mut Data| drop(data.remove("a"));
        assert_eq!(
            merged(r#"{"a":1,"b":1}"#, remove, r#"{"a":9,"b":9}"#),
            r#"{"b":9}"#
        );
        let nothing = |_: &mut Data| {};
        assert_eq!(merged(r#"{"a":1}"#, nothing, r#"{"b":1}"#), r#"{"b":1}"#);
    }

    #[test]
    fn clearing_takes_what_others_have_added_and_keeps_what_came_after_it() {
        let clear = |data: &mut Data| {
            data.clear();
            data.insert("a", "1".to_owned());
        };
        assert_eq!(
            merged(r#"{"a":1,"b":1}"#, clear, r#"{"a":9,"c":9}"#),
            r#"{"a":1}"#
        );
    }

    #[test]
    fn updates_run_again_on_what_is_there_by_then() {
        let twice = |data: &mut Data| {
            for _ in 0..2 {
                let value = plus_one().run(data.get("n")).unwrap();
                data.update("n", value, plus_one());
            }
        };
        assert_eq!(merged(r#"{"n":1}"#, twice, r#"{"n":10}"#), r#"{"n":12}"#);
        assert_eq!(merged("{}", twice, "{}"), r#"{"n":2}"#);
    }

    #[test]
    fn what_is_set_after_an_update_is_set_and_an_update_of_what_was_set_is_one_of_that() {
        let overwritten = |data: &mut Data| {
            data.update("n", "2".to_owned(), plus_one());
            data.insert("n", "7".to_owned());
        };
        assert_eq!(
            merged(r#"{"n":1}"#, overwritten, r#"{"n":10}"#),
            r#"{"n":7}"#
        );
        let built_on = |data: &mut Data| {
            data.insert("n", "7".to_owned());
            data.update("n", "8".to_owned(), plus_one());
        };
        assert_eq!(merged(r#"{"n":1}"#, built_on, r#"{"n":10}"#), r#"{"n":8}"#);
        let removed = |data: &mut Data| {
            data.update("n", "2".to_owned(), plus_one());
            data.remove("n");
        };
        assert_eq!(merged(r#"{"n":1}"#, removed, r#"{"n":10}"#), "{}");
    }
}
