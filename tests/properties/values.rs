//! What is put into a session comes out of the next request as it was, or is refused with the session as it was.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use muffin_session::{Error, Session};
use muffin_session_tests::{Jar, builder};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::app::{App, cases, data_of};

static SIGNED: LazyLock<App> = LazyLock::new(|| App::new(builder()));
static ENCRYPTED: LazyLock<App> = LazyLock::new(|| App::new(builder().encrypted()));

/// Bytes of name and value that browsers keep.
const LIMIT: usize = 4_096;

/// Bytes of `__Host-session.data.`, and of a slot.
const DATA_NAME: usize = 20 + 8;

/// Bytes around the body in a signed and in an encrypted value, and those of the session's id at the body's start.
const AROUND: [usize; 2] = [42, 50];
const SID: usize = 16;

/// Text of any characters at all, the awkward ones often.
fn text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => any::<char>(),
        1 => prop::char::range('\0', '\u{1f}'),
        1 => prop::sample::select(vec![
            '"', '\\', '/', '{', '}', '[', ']', ',', ':', ';', '=', '%', '\u{7f}', '\u{80}', '\u{a0}', '\u{2028}',
            '\u{d7ff}', '\u{e000}', '\u{feff}', '\u{fffd}', '\u{ffff}', '\u{10000}', '\u{10ffff}',
        ]),
    ];
    vec(character, 0..16).prop_map(String::from_iter)
}

fn float() -> impl Strategy<Value = f64> {
    use prop::num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
    let edges = [
        0.0,
        -0.0,
        1.0,
        1e15,
        1e16,
        1e21,
        0.1,
        f64::MAX,
        f64::MIN,
        f64::MIN_POSITIVE,
        -f64::MIN_POSITIVE,
        f64::from_bits(1),
        f64::EPSILON,
    ];
    prop_oneof![
        NORMAL | SUBNORMAL | ZERO | POSITIVE | NEGATIVE,
        prop::sample::select(edges.to_vec())
    ]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(vec![
            json!(0),
            json!(u64::MAX),
            json!(i64::MIN),
            json!(i64::MAX)
        ]),
        float().prop_map(Value::from),
        text().prop_map(Value::from),
    ]
}

fn json() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(8, 32, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            vec((text(), inner), 0..5).prop_map(|entries| Value::from(Map::from_iter(entries))),
        ]
    })
}

/// A value, now and then one that takes up to all of a cookie.
fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        12 => json(),
        1 => (text(), 0..300_usize).prop_map(|(text, times)| Value::from(text.repeat(times))),
        1 => (2_900..3_050_usize).prop_map(|length| Value::from("x".repeat(length))),
    ]
}

/// What the test does and finds, one key after the other.
fn insert_all(
    session: &Session,
    entries: Vec<(String, Value)>,
    around: usize,
) -> BTreeMap<String, String> {
    let mut kept: BTreeMap<String, Value> = BTreeMap::new();
    for (key, value) in entries {
        let before = data_of(session);
        let mut wanted = kept.clone();
        wanted.insert(key.clone(), value.clone());
        let json = serde_json::to_string(&wanted).expect("JSON").len();
        let takes = DATA_NAME + (4 * (around + SID + json)).div_ceil(3);
        match session.insert(&key, &value) {
            Ok(()) => {
                assert!(takes <= LIMIT, "{takes} bytes were accepted");
                kept = wanted;
            }
            Err(Error::TooLarge {
                size,
                limit,
                largest,
            }) => {
                assert_eq!((size, limit), (takes, LIMIT));
                assert!(takes > LIMIT, "{takes} bytes were refused");
                assert!(largest.len() <= 3 && largest.is_sorted_by(|a, b| a.1 >= b.1));
                let most = wanted.values().map(|value| value.to_string().len()).max();
                assert_eq!(largest.first().map(|&(_, bytes)| bytes), most);
                assert_eq!(
                    data_of(session),
                    before,
                    "what was refused changed something"
                );
            }
            Err(error) => panic!("{error}"),
        }
    }
    kept.into_iter()
        .map(|(key, value)| (key, value.to_string()))
        .collect()
}

/// Each way to look at the data says the same.
fn read_all(session: &Session) -> BTreeMap<String, String> {
    let data = data_of(session);
    assert_eq!(session.len(), data.len());
    assert_eq!(session.is_empty(), data.is_empty());
    assert!(session.keys().iter().eq(data.keys()));
    let whole = serde_json::to_value(session).expect("a session is an object");
    for (key, text) in &data {
        assert!(session.contains_key(key));
        let value: Value = session.get(key).expect("a value").expect("a key");
        assert_eq!(value.to_string(), *text);
        assert_eq!(whole[key].to_string(), *text);
        typed(session, key, &value);
    }
    data
}

/// A value can be had as the type that it is, and as no other.
fn typed(session: &Session, key: &str, value: &Value) {
    let wrong = |error: Error| assert!(matches!(error, Error::WrongType { .. }), "{error}");
    match value {
        Value::Null => {
            assert_eq!(session.get::<()>(key).expect("null"), Some(()));
            wrong(session.get::<bool>(key).expect_err("null is no bool"));
        }
        Value::Bool(value) => {
            assert_eq!(session.get(key).expect("a bool"), Some(*value));
            wrong(session.get::<u8>(key).expect_err("true is no 1"));
        }
        Value::Number(number) => {
            if let Some(value) = number.as_u64() {
                assert_eq!(session.get(key).expect("a u64"), Some(value));
            } else if let Some(value) = number.as_i64() {
                assert_eq!(session.get(key).expect("an i64"), Some(value));
                wrong(session.get::<u64>(key).expect_err("below zero"));
            } else {
                let got: f64 = session.get(key).expect("a float").expect("a key");
                assert_eq!(Some(got.to_bits()), number.as_f64().map(f64::to_bits));
                wrong(session.get::<u64>(key).expect_err("a float is no u64"));
            }
            wrong(session.get::<String>(key).expect_err("a number is no text"));
        }
        Value::String(text) => {
            assert_eq!(
                session.get::<String>(key).expect("text").as_ref(),
                Some(text)
            );
            wrong(session.get::<u64>(key).expect_err("text is no number"));
        }
        Value::Array(values) => {
            assert_eq!(session.get(key).expect("an array"), Some(values.clone()));
            wrong(session.get::<String>(key).expect_err("an array is no text"));
        }
        Value::Object(map) => {
            assert_eq!(session.get(key).expect("an object"), Some(map.clone()));
            wrong(
                session
                    .get::<Vec<Value>>(key)
                    .expect_err("an object is no array"),
            );
        }
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn any_json_comes_out_of_the_next_request_as_it_went_in(
        entries in vec((text(), value()), 0..6),
        encrypted: bool,
        logged_in: bool,
    ) {
        let app = if encrypted { &*ENCRYPTED } else { &*SIGNED };
        let around = AROUND[usize::from(encrypted)];
        let jar = Jar::default();
        if logged_in {
            app.visit(&jar, |session| session.login(7).expect("a login"));
        }
        let visit = app.visit(&jar, move |session| insert_all(session, entries, around));
        for (name, value) in jar.all() {
            prop_assert!(name.len() + value.len() <= LIMIT);
        }
        let again = app.visit(&jar, read_all);
        prop_assert_eq!(&again.found, &visit.found);
        prop_assert!(again.set_cookies.is_empty(), "reading wrote {:?}", again.set_cookies);
    }
}

#[test]
fn text_that_only_just_fits_is_kept_and_one_character_more_is_refused() {
    // Names of four lengths: the text of a value has no length that leaves one over when it is divided by four.
    for name in ["session", "sessions", "sessions2", "sessions20"] {
        for (encrypted, around) in [(false, AROUND[0]), (true, AROUND[1])] {
            let builder = builder().cookie_name(name);
            let app = App::new(if encrypted {
                builder.encrypted()
            } else {
                builder
            });
            let name = DATA_NAME - "session".len() + name.len();
            // `{"k":"x"}` without the x.
            let empty = SID + around + 8;
            let fits = (1..LIMIT)
                .take_while(|length| name + (4 * (empty + length)).div_ceil(3) <= LIMIT)
                .count();
            for logged_in in [false, true] {
                let jar = Jar::default();
                if logged_in {
                    app.visit(&jar, |session| session.login(7).expect("a login"));
                }
                app.visit(&jar, move |session| {
                    session.insert("k", "x".repeat(fits)).expect("it fits");
                    let error = session.insert("k", "x".repeat(fits + 1));
                    let error = error.expect_err("one too many");
                    assert!(error.to_string().contains(r#""k""#), "{error}");
                });
                let kept = app.visit(&jar, |session| session.get::<String>("k").expect("text"));
                assert_eq!(kept.found, Some("x".repeat(fits)));
            }
        }
    }
}

#[test]
fn values_as_deep_as_can_be_read_are_kept_and_deeper_ones_are_refused() {
    let nested = |levels: usize| (0..levels).fold(json!(1), |inner, _| json!([inner]));
    let jar = Jar::default();
    let deepest = nested(126);
    let wanted = deepest.clone();
    SIGNED.visit(&jar, move |session| {
        session.insert("deep", &deepest).expect("126 levels");
        let error = session
            .insert("deep", nested(127))
            .expect_err("a level more");
        assert!(matches!(error, Error::NotJson { .. }), "{error}");
    });
    let found = SIGNED.visit(&jar, |session| {
        session.get::<Value>("deep").expect("a value")
    });
    assert_eq!(found.found, Some(wanted));
}

#[test]
fn keys_that_a_json_parser_keeps_for_itself_are_kept_or_refused_and_never_change_a_value() {
    for key in [
        "$serde_json::private::RawValue",
        "$serde_json::private::Number",
    ] {
        let values = [
            json!(3),
            json!({ key: "[1,2]" }),
            json!({ key: "no JSON" }),
            json!([{ "a": { key: 1 } }]),
        ];
        for value in values {
            let jar = Jar::default();
            let wanted = value.to_string();
            let visit = SIGNED.visit(&jar, move |session| {
                session.insert(key, 3).expect("no value to be mistaken");
                session.insert("inside", value)
            });
            let found = SIGNED.visit(&jar, data_of).found;
            match visit.found {
                Ok(()) => assert_eq!(found.get("inside"), Some(&wanted)),
                Err(error) => {
                    assert!(matches!(error, Error::NotJson { .. }), "{error}");
                    assert_eq!(found.get("inside"), None);
                }
            }
            assert_eq!(found[key], "3");
        }
    }
}
