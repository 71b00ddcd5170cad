//! What a session is filled with beside its one value, to see how costs grow: so many texts of so many bytes.

use std::sync::atomic::{AtomicU8, Ordering};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
pub(crate) struct Filling {
    pub(crate) keys: usize,
    /// Bytes of each text.
    pub(crate) bytes: usize,
}

impl Filling {
    /// A POST fills, a GET says whether it is there.
    pub(crate) const ROUTE: &str = "/fill/{keys}/{bytes}";

    pub(crate) fn path(self) -> String {
        format!("/fill/{}/{}", self.keys, self.bytes)
    }

    /// Keys and texts. No texts are those of the time before: a library may spare itself writing what is there.
    pub(crate) fn entries(self) -> impl Iterator<Item = (String, String)> {
        static TIME: AtomicU8 = AtomicU8::new(0);
        let letter = b'a' + TIME.fetch_add(1, Ordering::Relaxed) % 26;
        let text = char::from(letter).to_string().repeat(self.bytes);
        (0..self.keys).map(move |number| (key(number), text.clone()))
    }

    /// The key that was filled last, if there is any.
    pub(crate) fn last_key(self) -> String {
        key(self.keys.saturating_sub(1))
    }

    /// What the page says of the text under the last key.
    pub(crate) fn page(self, last: Option<&str>) -> String {
        let expected = (self.keys > 0).then_some(self.bytes);
        (last.map(str::len) == expected).to_string()
    }
}

fn key(number: usize) -> String {
    format!("k{number:03}")
}
