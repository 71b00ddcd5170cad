//! No value opens that we have not sealed for the same cookie, and whatever we have sealed can be read without a panic.
//!
//! The first byte says which of three things the input is: a value, changes of a genuine value, or a body behind a good tag.

#![no_main]

use fuzzing::input::Input;
use fuzzing::json::written_anew;
use fuzzing::values::{GENUINE, Place, changed};
use libfuzzer_sys::fuzz_target;
use muffin_session::fuzzing::KINDS;

fuzz_target!(|data: &[u8]| {
    let mut input = Input(data);
    match input.below(3) {
        0 => {
            let place = Place::read(&mut input);
            is_refused_unless_genuine(place, input.0);
        }
        1 => {
            let (place, value) = changed(&mut input);
            is_refused_unless_genuine(place, &value);
        }
        _ => behind_a_good_tag(&mut input),
    }
});

fn is_refused_unless_genuine(place: Place, value: &[u8]) {
    let name = place.name();
    let opened = place.inside().open(place.kind, &name, value);
    let mut genuine = GENUINE.iter().filter(|genuine| genuine.value == value);
    assert_eq!(
        opened.is_some(),
        genuine.any(|genuine| genuine.place.is(place)),
        "{place:?} {}",
        String::from_utf8_lossy(value)
    );
    let (fewest, most) = place.inside().bounds(place.kind, &name);
    assert!(opened.is_none() || (fewest..=most).contains(&value.len()));
}

fn behind_a_good_tag(input: &mut Input<'_>) {
    let place = Place::read(input);
    let issued_at = input.number();
    let body = input.0;
    let (inside, name) = (place.inside(), place.name());
    let value = inside.seal(place.kind, &name, issued_at, body);
    let (fewest, most) = inside.bounds(place.kind, &name);
    let opened = inside.open(place.kind, &name, value.as_bytes());
    if !(fewest..=most).contains(&value.len()) {
        assert!(opened.is_none(), "{} characters", value.len());
        return;
    }
    assert_eq!(opened, Some((issued_at, body.to_vec())));
    for (other, kind) in KINDS.iter().enumerate() {
        let elsewhere = Place {
            kind: other,
            ..place
        };
        if !elsewhere.is(place) {
            let opened = inside.open(other, &name, value.as_bytes());
            assert!(opened.is_none(), "as {kind}");
        }
    }

    let Some(read) = inside.body(place.kind, &name, body) else {
        return;
    };
    let expected = match KINDS[place.kind] {
        "data" | "guest" => [&body[..16], &written_anew(&body[16..])].concat(),
        _ => body.to_vec(),
    };
    assert_eq!(read.bytes, expected, "it is written as it was read");
    let again = inside.body(place.kind, &name, &read.bytes);
    let again = again.expect("what is written is read");
    assert_eq!((again.bytes, again.says), (read.bytes, read.says));
}
