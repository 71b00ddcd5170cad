//! The vectors of `docs/wire-format.md`, against this implementation. `tests/wire_format.py` is another one.

use serde_json::Value;

use crate::clock::Millis;
use crate::cookie_names::{Names, Slot};
use crate::data::Data;
use crate::handle::Handle;
use crate::keyring::Keyring;
use crate::keys::{Derivation, Protection, Purpose};
use crate::seal::{Opened, Sealer};
use crate::secret::Secret;
use crate::stamp::Stamp;
use crate::wire::{Audience, FlashBody, Id, Identity, Method, Pending, leading_id, text_bounds};

/// The JSON objects in blocks of one kind on the page.
pub(crate) fn blocks(kind: &str) -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/wire-format.md");
    let page = std::fs::read_to_string(path).unwrap();
    page.split(&format!("```json {kind}\n"))
        .skip(1)
        .map(|block| serde_json::from_str(block.split("\n```").next().unwrap()).unwrap())
        .collect()
}

pub(crate) fn text<'a>(vector: &'a Value, part: &str) -> &'a str {
    vector[part]
        .as_str()
        .unwrap_or_else(|| panic!("{part}: {vector}"))
}

pub(crate) fn time(vector: &Value, part: &str) -> Millis {
    Millis(
        vector[part]
            .as_u64()
            .unwrap_or_else(|| panic!("{part}: {vector}")),
    )
}

pub(crate) fn hex_bytes(text: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(byte).collect()
}

pub(crate) fn hex<const N: usize>(text: &str) -> [u8; N] {
    hex_bytes(text).try_into().unwrap()
}

fn purpose_of(vector: &Value) -> Purpose {
    Purpose::ALL
        .into_iter()
        .find(|purpose| purpose.label() == text(vector, "kind"))
        .unwrap()
}

fn derivation(vector: &Value) -> Derivation {
    Derivation {
        app_name: text(vector, "app_name").to_owned(),
        protection: match text(vector, "protection") {
            "signed" => Protection::Signed,
            "encrypted" => Protection::Encrypted,
            other => panic!("protection {other}"),
        },
        base: text(vector, "base").to_owned(),
        signed_until: None,
    }
}

fn sealer(vector: &Value) -> (Purpose, Sealer) {
    let secret = Secret::new(text(vector, "secret"));
    (purpose_of(vector), sealer_with(derivation(vector), secret))
}

fn sealer_with(derivation: Derivation, secret: Secret) -> Sealer {
    Sealer::new(Keyring::new(derivation, Millis(u64::MAX), &[secret]).unwrap())
}

/// The identity that parts describe: those of a vector, or of a record.
pub(crate) fn identity(parts: &Value) -> Identity {
    let optional = |part: &str| parts[part].as_str().map(hex);
    Identity {
        sid: Id(hex(text(parts, "sid"))),
        started_at: time(parts, "started_at"),
        authenticated_at: time(parts, "authenticated_at"),
        expires_at: time(parts, "expires_at"),
        method: match text(parts, "method") {
            "interactive" => Method::Interactive,
            "remembered" => Method::Remembered,
            "confirmed" => Method::Confirmed,
            other => panic!("method {other}"),
        },
        out: optional("out").map(Id),
        stamp: optional("stamp"),
        user_id: text(parts, "user_id").into(),
        claims: parts["claims"].as_str().map(Into::into),
    }
}

/// The body that a vector's parts describe.
fn body(purpose: Purpose, vector: &Value) -> Vec<u8> {
    let id = |part| Id(hex(text(vector, part)));
    let optional = |part: &str| vector[part].as_str().map(hex);
    let with_data = |owner: Id| [&owner.0, text(vector, "data").as_bytes()].concat();
    match purpose {
        Purpose::Identity => identity(vector).encode(),
        Purpose::Data => with_data(id("sid")),
        Purpose::Guest => with_data(id("guest_id")),
        Purpose::Seen => id("sid").0.to_vec(),
        Purpose::Out => id("mark").0.to_vec(),
        Purpose::Pending => Pending {
            out: optional("out").map(Id),
            stamp: optional("stamp"),
            user_id: text(vector, "user_id").into(),
        }
        .encode(),
        Purpose::Handle | Purpose::GuestHandle => {
            let bytes = [hex_bytes(text(vector, "group")), id("id").0.to_vec()].concat();
            Handle::decode(&bytes).unwrap().bytes().to_vec()
        }
        Purpose::Flash => FlashBody {
            audience: match text(vector, "audience") {
                "nobody" => Audience::Nobody,
                "session" => Audience::Session(id("audience_id")),
                other => panic!("audience {other}"),
            },
            index: vector["index"].as_u64().unwrap().try_into().unwrap(),
            category: text(vector, "category").to_owned(),
            message: text(vector, "message").to_owned(),
        }
        .encode(),
    }
}

/// Reads a value as a request's is read: `None` as soon as a step refuses it.
fn read(vector: &Value) -> Option<Opened> {
    let (purpose, sealer) = sealer(vector);
    let (name, value) = (text(vector, "cookie_name"), text(vector, "value"));
    let (fewest, most) = text_bounds(sealer.keyring().protection(), purpose, name);
    let names = Names::new(text(vector, "base"));
    let is_found = match purpose {
        Purpose::Identity | Purpose::Handle => name == names.identity(),
        Purpose::Guest | Purpose::GuestHandle => name == names.guest(),
        Purpose::Out => name == names.out(),
        Purpose::Pending => name == names.pending(),
        Purpose::Data | Purpose::Seen | Purpose::Flash => {
            let (begin, slot) = name.rsplit_once('.')?;
            let is_kind = begin == format!("{}{}", names.prefix, purpose.suffix());
            is_kind && Slot::read(slot.as_bytes()).is_some()
        }
    };
    if !is_found || !(fewest..=most).contains(&value.len()) {
        return None;
    }
    let opened = sealer.open(purpose, name, value.as_bytes(), || Millis(0))?;
    let data_is_read = || {
        let (bytes, start) = opened.clone().into_parts();
        Data::read(bytes, start + Id::LEN).is_some()
    };
    let slot = || leading_id(opened.body()).map(Slot::of);
    let is_good = match purpose {
        Purpose::Identity => Identity::decode(opened.body()).is_some(),
        Purpose::Data => data_is_read() && names.data(slot()?) == name,
        Purpose::Guest => data_is_read(),
        Purpose::Seen => names.seen(slot()?) == name,
        Purpose::Flash => FlashBody::decode(opened.body()).is_some(),
        Purpose::Out => true,
        Purpose::Pending => Pending::decode(opened.body()).is_some(),
        Purpose::Handle | Purpose::GuestHandle => Handle::decode(opened.body()).is_some(),
    };
    is_good.then_some(opened)
}

#[test]
fn every_vector_is_read_and_written_as_the_page_says() {
    let vectors = blocks("vector");
    assert!(vectors.len() >= 12, "{} vectors", vectors.len());
    for vector in vectors {
        let title = text(&vector, "title");
        let (purpose, sealer) = sealer(&vector);
        let body = body(purpose, &vector);
        let opened = read(&vector).unwrap_or_else(|| panic!("{title}: refused"));
        assert_eq!(opened.body(), body, "{title}");
        assert_eq!(opened.issued_at, time(&vector, "issued_at"), "{title}");
        if text(&vector, "protection") == "signed" {
            let name = text(&vector, "cookie_name");
            let value = sealer
                .sealed(purpose, name, opened.issued_at, &body)
                .unwrap();
            assert_eq!(value, text(&vector, "value"), "{title}");
        }
    }
}

#[test]
fn every_refused_value_is_refused() {
    let refused = blocks("refused");
    assert!(refused.len() >= 10, "{} refused values", refused.len());
    for vector in refused {
        assert!(
            read(&vector).is_none(),
            "{} ({})",
            text(&vector, "title"),
            text(&vector, "why")
        );
    }
}

#[test]
fn every_keyring_opens_what_the_page_says() {
    let vectors = blocks("keyring");
    assert!(vectors.len() >= 14, "{} keyrings", vectors.len());
    for vector in vectors {
        let title = text(&vector, "title");
        let purpose = purpose_of(&vector);
        let secrets = vector["secrets"].as_array().unwrap();
        let texts: Vec<_> = secrets
            .iter()
            .map(|secret| Secret::new(text(secret, "secret")))
            .collect();
        let derivation = Derivation {
            signed_until: vector["signed_until"].as_u64().map(Millis),
            ..derivation(&vector)
        };
        let longest = time(&vector, "longest");
        let keyring = Keyring::new(derivation, longest, &texts).unwrap();
        for (secret, keys) in secrets.iter().zip(&*keyring.secrets()) {
            if let Some(at) = secret["retired_at"].as_u64() {
                keys.retire(Millis(at));
            }
        }
        let (name, value) = (text(&vector, "cookie_name"), text(&vector, "value"));
        let now = || time(&vector, "now");
        let opened = Sealer::new(keyring).open(purpose, name, value.as_bytes(), now);
        assert_eq!(opened.is_some(), vector["opens"], "{title}");
    }
}

#[test]
fn s012_a_value_of_one_mode_is_none_of_the_other() {
    let mut tried = 0;
    for vector in blocks("vector") {
        let (purpose, sealer) = sealer(&vector);
        let other = match purpose {
            Purpose::Identity => Purpose::Handle,
            Purpose::Handle => Purpose::Identity,
            Purpose::Guest => Purpose::GuestHandle,
            Purpose::GuestHandle => Purpose::Guest,
            _ => continue,
        };
        let (name, value) = (text(&vector, "cookie_name"), text(&vector, "value"));
        assert!(
            sealer
                .open(purpose, name, value.as_bytes(), || Millis(0))
                .is_some()
        );
        // Whatever its length: the key alone refuses it.
        let opened = sealer.open(other, name, value.as_bytes(), || Millis(0));
        assert!(opened.is_none(), "{}", text(&vector, "title"));
        tried += 1;
    }
    assert!(tried >= 16, "{tried} values");
}

#[test]
fn every_fingerprint_is_made_as_the_page_says() {
    let vectors = blocks("fingerprint");
    assert!(vectors.len() >= 2, "{} fingerprints", vectors.len());
    for vector in vectors {
        let secret = Secret::new(text(&vector, "secret"));
        let derivation = Derivation {
            app_name: text(&vector, "app_name").to_owned(),
            ..Derivation::of(Protection::Signed)
        };
        let stamp: Value = serde_json::from_str(text(&vector, "stamp")).unwrap();
        let made = sealer_with(derivation, secret)
            .fingerprint(text(&vector, "user_id"), &Stamp::of(&stamp).unwrap());
        assert_eq!(
            made,
            hex(text(&vector, "fingerprint")),
            "{}",
            text(&vector, "title")
        );
    }
}
