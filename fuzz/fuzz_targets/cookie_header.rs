//! Any `Cookie` fields hold what the rules say, and nothing else.
//!
//! The input is the fields, one a line. Between two `#` it has a field before it that leaves about as much room as there is for all fields
//! together, give or take what its first two bytes say. That is slow, and so left to inputs whose bytes add up to a multiple
//! of 256.

#![no_main]

use std::sync::LazyLock;

use fuzzing::cookies::{Pair, fields_of, headers, last_part, pairs, values_of};
use fuzzing::{SIDS, both};
use libfuzzer_sys::fuzz_target;
use muffin_session::fuzzing::{Inside, Values, each};

static INSIDE: LazyLock<Inside> = LazyLock::new(|| Inside::from(&both()[0]));
static FILLER: [u8; 1 << 18] = [b'a'; 1 << 18];

fuzz_target!(|data: &[u8]| {
    let (filler, data) = match data {
        [b'#', high, low, rest @ .., b'#'] if sum(data) == 0 => {
            let less = usize::from(u16::from_be_bytes([*high, *low]));
            (&FILLER[less..], rest)
        }
        _ => (&[][..], data),
    };
    let mut fields = vec![filler];
    fields.extend(data.split(|&byte| byte == b'\n'));
    let headers = headers(&fields);
    let pairs = pairs(&fields_of(&headers));

    // Long fields are slow.
    let prefixes = [INSIDE.prefix(), "__Host-", ""];
    let some = if filler.is_empty() { 3 } else { 1 };
    for prefix in &prefixes[..some] {
        let mut found = Vec::new();
        each(&headers, prefix, |name, value| found.push((name, value)));
        let begins = |(name, _): &Pair<'_>| name.starts_with(prefix.as_bytes());
        let expected = pairs.iter().copied().filter(begins);
        let expected: Vec<_> = expected
            .map(|(name, value)| (&name[prefix.len()..], value))
            .collect();
        assert_eq!(found, expected, "{prefix:?}");
    }
    for sid in SIDS.into_iter().take(some) {
        assert_eq!(INSIDE.values(&headers, sid), expected(&pairs, sid));
    }
});

fn sum(data: &[u8]) -> u8 {
    data.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

fn expected(pairs: &[Pair<'_>], sid: [u8; 16]) -> Values {
    let prefix = INSIDE.prefix();
    let named = |rest: &str| values_of(pairs, &format!("{prefix}{rest}"));
    let mut flashes: Vec<(String, Vec<u8>)> = Vec::new();
    let mut others = 0;
    let (data, seen) = (INSIDE.name(1, sid), INSIDE.name(3, sid));
    for (name, value) in pairs {
        if let Some(id) = last_part(name, &format!("{prefix}flash.")) {
            let id = String::from_utf8(id.to_vec()).expect("base64url is text");
            let flash = (id, value.to_vec());
            if flashes.len() < 8 && !flashes.contains(&flash) {
                flashes.push(flash);
            }
        }
        let is_slotted = ["data.", "seen."]
            .iter()
            .any(|kind| last_part(name, &format!("{prefix}{kind}")).is_some());
        if is_slotted && *name != data.as_bytes() && *name != seen.as_bytes() && others < 4 {
            others += 1;
        }
    }
    Values {
        identity: named("id"),
        guest: named("guest"),
        out: named("out"),
        pending: named("pending"),
        flashes,
        data: values_of(pairs, &data),
        seen: values_of(pairs, &seen),
        others,
    }
}
