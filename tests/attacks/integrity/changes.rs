//! What is done to a value.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use muffin_session_tests::forge::{Forge, IdentityBody, Kind};

use super::scenes::{decoded, encoded};
use super::{MINUTE, SID};
use crate::site::ID;

/// With one bit of each byte flipped.
pub(super) fn flipped(value: &str) -> Vec<Vec<u8>> {
    let bytes = decoded(value);
    let flipped = |at: usize| {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1 << (at % 8);
        encoded(&bytes)
    };
    (0..bytes.len()).map(flipped).collect()
}

/// Its beginnings, and some of its ends.
pub(super) fn cut(value: &str) -> Vec<Vec<u8>> {
    let ends = (0..value.len()).rev().step_by(3);
    let cut = ends.map(|end| value[..end].into());
    let starts = [1, 4, 16].map(|start| value[start..].into());
    cut.chain(starts).chain([vec![]]).collect()
}

/// With more behind it.
pub(super) fn longer(value: &str) -> Vec<Vec<u8>> {
    let bytes = b"A=_-+/.,:!\"'\\%~|\x80\xa0\xff".iter();
    let longer = bytes.map(|byte| [value.as_bytes(), &[*byte]].concat());
    let much = [value.repeat(2), format!("{value}{}", "A".repeat(1_000))];
    longer.chain(much.map(String::into_bytes)).collect()
}

/// With another length of tag.
pub(super) fn without_tag(value: &str) -> Vec<Vec<u8>> {
    let bytes = decoded(value);
    let (body, tag) = bytes.split_at(bytes.len() - 32);
    let twice = [tag, tag].concat();
    let short = [&[][..], &tag[..1], &tag[..16], &tag[..31], &tag[16..]];
    let others = [&[0; 32][..], &[0; 16], &twice];
    let tags = short.into_iter().chain(others);
    tags.map(|tag| encoded([body, tag].concat())).collect()
}

/// With its bytes in another order.
pub(super) fn moved(value: &str) -> Vec<Vec<u8>> {
    let bytes = decoded(value);
    let swapped = |at: usize| {
        let mut bytes = bytes.clone();
        bytes.swap(at, at + 1);
        bytes
    };
    let seconds = (0..bytes.len() - 1).step_by(2);
    let parts = [1, 9, 25, 33, bytes.len() - 33, bytes.len() - 17];
    let mut moved: Vec<_> = seconds.chain(parts).map(swapped).collect();
    for cut in [1, 2, 10, 26, bytes.len() - 32, bytes.len() - 16] {
        moved.push([&bytes[cut..], &bytes[..cut]].concat());
    }
    moved.retain(|moved| *moved != bytes);
    moved.into_iter().map(encoded).collect()
}

/// The same bits in other characters.
pub(super) fn respelled(value: &str) -> Vec<Vec<u8>> {
    let (rest, last) = value.split_at(value.len() - 1);
    let (first, most) = value.split_at(1);
    let mut spellings = vec![
        format!("{value}= {value}== ={value} \"{value}\" '{value}' {value}%3D"),
        format!(
            "{rest}%{:02X} {rest}%{:02x}",
            last.as_bytes()[0],
            last.as_bytes()[0]
        ),
        format!("%{:02X}{most} \\{first}{most}", first.as_bytes()[0]),
        format!("{} {}", value.to_lowercase(), value.to_uppercase()),
        STANDARD_NO_PAD.encode(decoded(value)),
    ];
    let ends = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef0123456789-_".chars();
    spellings.extend(ends.map(|end| format!("{rest}{end}")));
    let spellings = spellings.join(" ");
    let spellings = spellings.split(' ').filter(|spelling| *spelling != value);
    spellings
        .map(|spelling| spelling.as_bytes().into())
        .collect()
}

/// With characters of many bytes in it.
pub(super) fn with_odd_characters(value: &str) -> Vec<Vec<u8>> {
    let characters = [
        "\u{e9}".as_bytes(),
        "\u{20ac}".as_bytes(),
        b"\xf0\x9f\xa6\x80",
        b"\xff",
    ];
    let places = (0..value.len()).step_by(3);
    let odd = places.zip(characters.iter().cycle()).map(|(at, odd)| {
        let (before, after) = value.as_bytes().split_at(at);
        [before, odd, &after[odd.len().min(after.len())..]].concat()
    });
    odd.collect()
}

/// Values of an identity's cookie that do not count a day after `start`, each for a reason of its own.
pub(super) fn failures(start: u64) -> Vec<String> {
    let forge = Forge::SIGNED;
    let good = IdentityBody {
        started_at: start + 60 * MINUTE,
        expires_at: u64::MAX,
        ..IdentityBody::new(SID, start, "1")
    };
    let by = |forge: Forge, kind, name: &str| forge.seal(kind, name, start, &good.encode());
    let of = |body: IdentityBody<'_>| forge.seal(Kind::Identity, ID, start, &body.encode());
    let genuine = of(good);
    vec![
        "%%%%".repeat(30),
        "AAAA".to_owned(),
        "A".repeat(2_000),
        "_".repeat(116),
        format!("{}AAAAAAAA", &genuine[..genuine.len() - 8]),
        by(forge, Kind::Guest, ID),
        by(forge, Kind::Identity, "__Host-session.ID"),
        by(
            Forge {
                secret: "another secret: q8Wn5Zt1XkB7vJ3m",
                ..forge
            },
            Kind::Identity,
            ID,
        ),
        by(
            Forge {
                app_name: "shop",
                ..forge
            },
            Kind::Identity,
            ID,
        ),
        by(Forge::ENCRYPTED, Kind::Identity, ID),
        of(IdentityBody {
            user_id: "nul",
            ..good
        }),
        of(IdentityBody {
            user_id: "null",
            ..good
        }),
        forge.seal(Kind::Identity, ID, start, &[0xff; 60]),
        forge.seal(Kind::Identity, ID, u64::MAX, &good.encode()),
        of(IdentityBody::new(SID, start, "1")),
        genuine,
    ]
}

/// Sessions of user 1 as others write them, in plain text and in base64.
pub(super) fn of_other_libraries(_: &str) -> Vec<Vec<u8>> {
    let values = r#"{"user":1} eyJ1c2VyIjoxfQ eyJ1c2VyIjoxfQ== eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0. 1 true admin
        eyJ1c2VyIjoxfQ.aBcDeF.nNn0Nn_nNnNnNnNnNnNnNnNnNnN user|i:1 s:1.000000000000000000000000000000 j:{"user":1}
        BAh7BkkiCXVzZXIGOgZFVGkG--0000000000000000000000000000000000000000 a%3A1%3A%7Bs%3A4%3A%22user%22%3Bi%3A1%3B%7D
        gASVDAAAAAAAAAB9lIwEdXNlcpRLAXMu {"alg":"none","user":1} YToxOntzOjQ6InVzZXIiO2k6MTt9"#;
    let spelled = |value: &str| {
        let padded = format!("{value:<100}");
        [value.into(), encoded(value), encoded(padded)]
    };
    values.split_whitespace().flat_map(spelled).collect()
}
