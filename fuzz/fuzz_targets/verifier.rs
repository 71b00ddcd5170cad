//! The library and the second implementation of the wire format agree: on which cookies a header holds, which values and records can be
//! read, and what those say.
//!
//! The first byte says what the rest is: `Cookie` fields, a value, changes of a genuine value, a body behind a good tag, or a record.

#![no_main]

use fuzzing::cookies::headers;
use fuzzing::input::Input;
use fuzzing::values::{INSIDE, Place, changed};
use fuzzing::verifier::{ask, text};
use fuzzing::{SECRET, SIDS};
use libfuzzer_sys::fuzz_target;
use muffin_session::fuzzing::{KINDS, Read, hex};
use serde_json::{Value, json};

const PROTECTIONS: [&str; 2] = ["signed", "encrypted"];

fuzz_target!(|data: &[u8]| {
    let mut input = Input(data);
    match input.below(5) {
        0 => finding(input.0),
        1 => {
            let place = Place::read(&mut input);
            opening(place, input.0);
        }
        2 => {
            let (place, value) = changed(&mut input);
            opening(place, &value);
        }
        3 => {
            let place = Place::read(&mut input);
            let issued_at = input.number();
            let value = place
                .inside()
                .seal(place.kind, &place.name(), issued_at, input.0);
            opening(place, value.as_bytes());
        }
        _ => record(input.0),
    }
});

fn finding(fields: &[u8]) {
    let fields: Vec<_> = fields.split(|&byte| byte == b'\n').collect();
    let headers = headers(&fields);
    let fields = headers.get_all("cookie").iter();
    let fields: Vec<_> = fields.map(|field| text(field.as_bytes())).collect();
    let inside = &INSIDE[0];
    let values = inside.values(&headers, SIDS[0]);
    // Their places in `KINDS`.
    let found = [
        (0, values.identity),
        (1, values.data),
        (2, values.guest),
        (3, values.seen),
        (5, values.out),
        (6, values.pending),
    ];
    let question = |(kind, _): &(usize, _)| json!({ "ask": "find", "name": inside.name(*kind, SIDS[0]), "fields": fields });
    let mut questions: Vec<_> = found.iter().map(question).collect();
    questions.push(json!({ "ask": "find flashes", "base": "__Host-session", "fields": fields }));
    let mut answers = ask(questions);
    let flashes = values.flashes.iter();
    let flashes: Vec<_> = flashes
        .map(|(id, value)| [format!("__Host-session.flash.{id}"), text(value)])
        .collect();
    assert_eq!(answers.pop(), Some(json!(flashes)));
    for ((kind, ours), theirs) in found.iter().zip(answers) {
        let ours: Vec<_> = ours.iter().map(|value| text(value)).collect();
        assert_eq!(json!(ours), theirs, "{}", KINDS[*kind]);
    }
}

fn opening(place: Place, value: &[u8]) {
    let name = place.name();
    let question = |value: &[u8]| {
        json!({
            "ask": "open",
            "secret": SECRET,
            "app_name": "",
            "protection": PROTECTIONS[place.protection],
            "base": "__Host-session",
            "kind": KINDS[place.kind],
            "cookie_name": name,
            "value": text(value),
        })
    };
    let inside = place.inside();
    let ours = inside
        .open(place.kind, &name, value)
        .and_then(|(issued_at, body)| {
            let mut read = inside.body(place.kind, &name, &body)?;
            read.says["issued_at"] = issued_at.into();
            Some((issued_at, body, read))
        });
    let Some((issued_at, body, read)) = ours else {
        let theirs = ask(vec![question(value)]);
        assert_eq!(theirs, [Value::Null], "we refuse it: {place:?}");
        return;
    };
    // What we would write in its place says the same.
    let again = inside.seal(place.kind, &name, issued_at, &read.bytes);
    agree(
        &body,
        &read,
        ask(vec![question(value), question(again.as_bytes())]),
    );
}

fn record(content: &[u8]) {
    let question = |content: &[u8]| json!({ "ask": "record", "content": hex(content) });
    match INSIDE[0].record(content) {
        Some(read) => agree(
            content,
            &read,
            ask(vec![question(content), question(&read.bytes)]),
        ),
        None => assert_eq!(ask(vec![question(content)]), [Value::Null], "we refuse it"),
    }
}

/// Whether both say the same of bytes that we read: `theirs` are the answers to these, and to those that we would write in their place.
fn agree(bytes: &[u8], ours: &Read, theirs: Vec<Value>) {
    let [theirs, again] = <[Value; 2]>::try_from(theirs).expect("two answers");
    assert_eq!(theirs["says"], ours.says);
    assert_eq!(again["says"], ours.says);
    assert_eq!(again["bytes"], hex(&ours.bytes), "both write the same");
    // An object comes out as it went in but for white space and escapes.
    assert_eq!(theirs["object"], again["object"]);
    assert!(theirs["bytes"] == hex(bytes) || theirs["bytes"] == hex(&ours.bytes));
}
