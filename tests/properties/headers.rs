//! Whatever stands in `Cookie` fields, the session is the one that the wire format's rules find, and nobody's where they find none.

use std::sync::LazyLock;

use muffin_session_tests::{Jar, builder};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::app::{App, Seen, cases};

/// Two people who are logged in: `(name, value)` of their identity and of their data.
struct Person {
    user: &'static str,
    id: (String, String),
    data: (String, String),
}

static APP: LazyLock<App> = LazyLock::new(|| App::new(builder()));

static PEOPLE: LazyLock<[Person; 2]> = LazyLock::new(|| {
    [("1", 1), ("2", 2)].map(|(user, id)| {
        let jar = Jar::default();
        APP.visit(&jar, move |session| session.login(id).expect("a login"));
        Person {
            user,
            id: jar.find(".id").expect("an identity"),
            data: jar.find(".data.").expect("data"),
        }
    })
});

/// A name or a value of ours.
#[derive(Clone, Copy, Debug)]
enum Ours {
    IdName,
    DataName(usize),
    Id(usize),
    Data(usize),
}

impl Ours {
    fn bytes(self) -> &'static [u8] {
        let text = match self {
            Self::IdName => &PEOPLE[0].id.0,
            Self::DataName(person) => &PEOPLE[person].data.0,
            Self::Id(person) => &PEOPLE[person].id.1,
            Self::Data(person) => &PEOPLE[person].data.1,
        };
        text.as_bytes()
    }
}

/// A piece of a header.
#[derive(Clone, Debug)]
enum Piece {
    Ours(Ours),
    /// A whole cookie of somebody's.
    Cookie(Ours, Ours),
    Bytes(&'static [u8]),
    Junk(Vec<u8>),
}

impl Piece {
    fn push_to(&self, header: &mut Vec<u8>) {
        match self {
            Self::Ours(ours) => header.extend(ours.bytes()),
            Self::Cookie(name, value) => {
                header.extend(name.bytes());
                header.push(b'=');
                header.extend(value.bytes());
            }
            Self::Bytes(bytes) => header.extend(*bytes),
            Self::Junk(bytes) => header.extend(bytes),
        }
    }
}

fn piece() -> impl Strategy<Value = Piece> {
    let person = || 0..PEOPLE.len();
    let ours = prop_oneof![
        Just(Ours::IdName),
        person().prop_map(Ours::DataName),
        person().prop_map(Ours::Id),
        person().prop_map(Ours::Data),
    ];
    let cookie = prop_oneof![
        3 => person().prop_map(|person| (Ours::IdName, Ours::Id(person))),
        3 => person().prop_map(|person| (Ours::DataName(person), Ours::Data(person))),
        1 => (person(), person()).prop_map(|(one, other)| (Ours::DataName(one), Ours::Data(other))),
        1 => person().prop_map(|person| (Ours::IdName, Ours::Data(person))),
    ];
    let bytes: Vec<&'static [u8]> = vec![
        b";",
        b"; ",
        b";;",
        b" ;\t",
        b" ",
        b"\t",
        b"=",
        b"==",
        b",",
        b"\"",
        b"'",
        b"%",
        b"a=b",
        b"$Version=1",
        b"\\",
        b"__Host-session.id=junk",
        b"__Host-session.id=",
        b"__Host-session.",
        b"__Host-",
        b"\xc2\xa0",
        b"\xa0",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\x80",
    ];
    prop_oneof![
        6 => cookie.prop_map(|(name, value)| Piece::Cookie(name, value)),
        6 => select(vec![&b"; "[..], b";", b";\t "]).prop_map(Piece::Bytes),
        2 => select(bytes).prop_map(Piece::Bytes),
        2 => ours.prop_map(Piece::Ours),
        1 => vec(0x20..=0xff_u8, 0..6).prop_map(Piece::Junk),
    ]
}

/// What the rules find: the different values of a name, four at most.
fn candidates<'h>(fields: &'h [Vec<u8>], name: &str) -> Vec<&'h [u8]> {
    let space = |byte: &u8| *byte == b' ' || *byte == b'\t';
    let mut found: Vec<&[u8]> = Vec::new();
    for part in fields
        .iter()
        .flat_map(|field| field.split(|&byte| byte == b';'))
    {
        let start = part
            .iter()
            .position(|byte| !space(byte))
            .unwrap_or(part.len());
        let end = part.len() - part.iter().rev().take_while(|byte| space(byte)).count();
        let part = part.get(start..end).unwrap_or_default();
        let Some(equals) = part.iter().position(|&byte| byte == b'=') else {
            continue;
        };
        let (of, value) = (&part[..equals], &part[equals + 1..]);
        if of == name.as_bytes() && !found.contains(&value) {
            found.push(value);
        }
    }
    found.truncate(4);
    found
}

/// Who is logged in, by the rules.
fn somebody(fields: &[Vec<u8>]) -> Option<&'static str> {
    let identities = candidates(fields, &PEOPLE[0].id.0);
    let mut genuine = PEOPLE
        .iter()
        .filter(|person| identities.contains(&person.id.1.as_bytes()));
    let (Some(person), None) = (genuine.next(), genuine.next()) else {
        return None;
    };
    let data = candidates(fields, &person.data.0);
    data.contains(&person.data.1.as_bytes())
        .then_some(person.user)
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn s030_to_s064_any_header_is_read_by_the_rules(fields in vec(vec(piece(), 0..14), 1..4)) {
        let mut headers = Vec::new();
        for pieces in &fields {
            let mut header = Vec::new();
            for piece in pieces {
                piece.push_to(&mut header);
            }
            header.retain(|&byte| byte == b'\t' || (byte >= 0x20 && byte != 0x7f));
            headers.push(header);
        }
        let borrowed: Vec<_> = headers.iter().map(Vec::as_slice).collect();
        let seen = APP.ask(&borrowed, Seen::of).found;
        prop_assert_eq!(seen.user.as_deref(), somebody(&headers), "{:?}", String::from_utf8_lossy(&headers.join(&b'\n')));
        prop_assert!(seen.data.is_empty() && seen.flashes.is_empty());
    }
}

#[test]
fn the_rules_find_what_is_plainly_there() {
    let [ann, eve] = &*PEOPLE;
    let cookie = |(name, value): &(String, String)| format!("{name}={value}");
    let (id, data) = (cookie(&ann.id), cookie(&ann.data));
    let somebody = |fields: &[&str]| {
        somebody(
            &fields
                .iter()
                .map(|field| field.as_bytes().to_vec())
                .collect::<Vec<_>>(),
        )
    };
    assert_eq!(somebody(&[&format!("{id}; {data}")]), Some("1"));
    assert_eq!(somebody(&[&data, &format!(";;\t{id} ;x")]), Some("1"));
    assert_eq!(somebody(&[&id]), None);
    assert_eq!(somebody(&[&id, &data, &cookie(&eve.id)]), None);
    assert_eq!(somebody(&[&format!("{id}, {data}")]), None);
}
