//! Any bytes that a store gives for a record are read without a panic, and what is read is written as it was.

#![no_main]

use std::sync::LazyLock;

use fuzzing::both;
use fuzzing::json::written_anew;
use libfuzzer_sys::fuzz_target;
use muffin_session::fuzzing::Inside;

static INSIDE: LazyLock<Inside> = LazyLock::new(|| Inside::from(&both()[0]));

fuzz_target!(|content: &[u8]| {
    let Some(read) = INSIDE.record(content) else {
        return;
    };
    let expected = match content[1] {
        1 => {
            let data = data_at(content);
            [&content[..data], &written_anew(&content[data..])].concat()
        }
        // Without a login that is spared, the place of its id says nothing.
        4 if content[10] != 1 => [&content[..10], &[0; 9], &content[19..]].concat(),
        _ => content.to_vec(),
    };
    assert_eq!(read.bytes, expected, "it is written as it was read");
    let again = INSIDE.record(&read.bytes).expect("what is written is read");
    assert_eq!((again.bytes, again.says), (read.bytes, read.says));
    // No cut of it is the same record.
    if let [begun @ .., _] = content {
        let cut = INSIDE.record(begun).map(|cut| cut.bytes);
        assert_ne!(cut.as_deref(), Some(content));
    }
});

/// Where a session's data begins: behind two times, the label and the identity.
fn data_at(content: &[u8]) -> usize {
    let mut at = 2 + 8 + 8;
    for _ in 0..2 {
        at += 2 + (usize::from(content[at]) << 8 | usize::from(content[at + 1]));
    }
    at
}
