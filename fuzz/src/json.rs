//! JSON objects, read without the library.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// An object as it is written: keys in order of what they say, values as they stand, no white space between.
///
/// # Panics
///
/// If it is no object.
#[must_use]
pub fn written_anew(object: &[u8]) -> Vec<u8> {
    let map: BTreeMap<String, Box<RawValue>> =
        serde_json::from_slice(object).expect("an object was read");
    serde_json::to_vec(&map).expect("text can be written")
}
