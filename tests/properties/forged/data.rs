//! Data whose tag is right.

use muffin_session::Error;
use muffin_session_tests::Jar;
use muffin_session_tests::forge::Kind;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::{GUEST, PLACES, SID, identity, now, owned};
use crate::app::{Seen, cases, data_of};

#[test]
fn s019_s020_data_that_no_writer_makes_are_nobodys() {
    let deep = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    let (deepest, deeper, unclosed) = (deep(126), deep(127), "[".repeat(2_900));
    for place in &*PLACES {
        let id = identity("42").encode();
        assert!(
            place
                .login(&id, &owned(SID, deepest.as_bytes()))
                .user
                .is_some()
        );
        for json in [
            &*deeper,
            &*unclosed,
            "",
            " ",
            "null",
            "[]",
            "1",
            "{",
            "{}{}",
            "{}x",
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"b":1,"a":2}"#,
            r#"{"a":1,}"#,
            r#"{"a":01}"#,
            r#"{"a":+1}"#,
            r#"{"a":.5}"#,
            r#"{"a":NaN}"#,
            "{a:1}",
            "{'a':1}",
            r#"{"\ud800":1}"#,
            "{\"a\":\"\n\"}",
            "{\"a\0\":1}",
            "\u{feff}{}",
            "{}\0",
        ] {
            let seen = place.login(&id, &owned(SID, json.as_bytes()));
            assert_eq!(seen, Seen::default(), "{json:.60}");
        }
        for bytes in [&b"{\"a\":\"\xff\"}"[..], b"{\"\xc0\xaf\":1}", b"\xff"] {
            assert_eq!(
                place.login(&id, &owned(SID, bytes)),
                Seen::default(),
                "{bytes:?}"
            );
        }
        // Of another session, of none, and none at all.
        assert_eq!(place.login(&id, &owned(GUEST, b"{}")), Seen::default());
        assert_eq!(place.login(&id, &SID), Seen::default());
        assert_eq!(place.login(&id, b"{}"), Seen::default());
    }
}

#[test]
fn s021_numbers_are_kept_as_text_and_never_rounded_into_a_type() {
    let digits = "9".repeat(1_000);
    let json = format!(
        r#"{{"big":1e400,"digits":{digits},"max":18446744073709551615,"minus":-0,"over":18446744073709551616}}"#
    );
    for place in &*PLACES {
        let id = identity("42").encode();
        let data = owned(SID, json.as_bytes());
        let bodies = [(Kind::Identity, now(), &*id), (Kind::Data, now(), &*data)];
        let jar = Jar::default();
        for (name, value) in place.cookies(&bodies) {
            jar.set(&name, std::str::from_utf8(&value).expect("base64url"));
        }
        // Twice: as they came in, and as they were written again beside a new key.
        for round in 0..2 {
            place.app.visit(&jar, move |session| {
                assert_eq!(session.get("max").expect("a u64"), Some(u64::MAX));
                assert_eq!(session.get("minus").expect("a float"), Some(-0.0_f64));
                assert_eq!(
                    session.get("over").expect("a u128"),
                    Some(u128::from(u64::MAX) + 1)
                );
                for (key, is_float) in [("big", false), ("digits", false), ("over", true)] {
                    let integer = session.get::<u64>(key);
                    assert!(
                        matches!(integer, Err(Error::WrongType { .. })),
                        "{key}: {integer:?}"
                    );
                    assert!(session.contains_key(key));
                    assert_eq!(session.get::<f64>(key).is_ok(), is_float, "{key}");
                }
                session.insert("round", round).expect("it fits");
            });
        }
    }
}

/// The text of an object, much as somebody else's program may write it: space, escapes, any order.
fn object() -> impl Strategy<Value = String> {
    let space = || select(vec!["", "", "", " ", "\t", "\r\n", "  "]);
    let key = select(vec![
        r#""""#,
        r#""a""#,
        r#""\u0061""#,
        r#""b""#,
        r#""\n""#,
        r#""\u0000""#,
        r#""\/""#,
        r#""\"""#,
        r#""\\""#,
        r#""ä""#,
        r#""\u00e4""#,
        r#""\ud83e\udd80""#,
        r#""🦀""#,
        r#""\ud83e""#,
        r#""～""#,
    ]);
    let value = select(vec![
        "1",
        "-0",
        "1e400",
        "18446744073709551616",
        "null",
        "true",
        "\"\"",
        r#""\ud800""#,
        r#""\u0000""#,
        r#""}""#,
        "[]",
        "[ 1 , 2 ]",
        "{}",
        r#"{"b":1, "a":1, "a":2}"#,
        r#"{"\ud800":1}"#,
        "[[[[]]]]",
        "x",
        "",
    ]);
    let entry =
        (space(), key, space(), value, space()).prop_map(|(before, key, colon, value, after)| {
            format!("{before}{key}{colon}:{value}{after}")
        });
    (space(), vec(entry, 0..5), space())
        .prop_map(|(before, entries, after)| format!("{before}{{{}}}{after}", entries.join(",")))
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn data_that_was_read_can_be_written_again_and_says_the_same(encrypted: bool, json in object()) {
        let place = &PLACES[usize::from(encrypted)];
        let id = identity("42").encode();
        let data = owned(SID, json.as_bytes());
        let bodies = [(Kind::Identity, now(), &*id), (Kind::Data, now(), &*data)];
        let jar = Jar::default();
        for (name, value) in place.cookies(&bodies) {
            jar.set(&name, std::str::from_utf8(&value).expect("base64url"));
        }
        let visit = place.app.visit(&jar, |session| {
            let before = data_of(session);
            let keys = session.keys();
            session.insert("new", 1).expect("it fits");
            (session.is_logged_in(), before, keys)
        });
        let (is_logged_in, mut wanted, keys) = visit.found;
        prop_assert!(keys.is_sorted_by(|a, b| a < b), "{:?}", keys);
        wanted.insert("new".to_owned(), "1".to_owned());
        let again = place.app.visit(&jar, |session| (session.is_logged_in(), data_of(session)));
        prop_assert_eq!(again.found, (is_logged_in, wanted));
        prop_assert_eq!(again.set_cookies, Vec::<String>::new());
    }
}
