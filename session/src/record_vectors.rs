//! The keys and records of `docs/wire-format.md`, against this implementation. `tests/wire_format.py` is another one.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::config::Config;
use crate::data::Data;
use crate::denials::Denials;
use crate::ended::EndedSessions;
use crate::handle::{Handle, denials_key, user_key};
use crate::layer::Sessions;
use crate::record::{self, Content, Facts, Renewed};
use crate::secret::Secret;
use crate::store::{Record, RecordKey, Timestamp, UserKey};
use crate::wire::Id;
use crate::wire_vectors::{blocks, hex, hex_bytes, identity, text, time};

/// A configuration as a vector says, as far as it says something.
fn config(vector: &Value) -> Arc<Config> {
    let span = |part: &str| vector[part].as_u64().map(Duration::from_millis);
    let mut builder = Sessions::builder(Secret::generate().unwrap()).without_user_loader();
    if let Some(name) = vector["app_name"].as_str() {
        builder = builder.app_name(name);
    }
    if let Some(name) = vector["cookie_name"].as_str() {
        builder = builder.cookie_name(name);
    }
    if let Some(lifetime) = span("lifetime") {
        builder = builder.lifetime(lifetime);
    }
    if let Some(limit) = span("remember_limit") {
        builder = builder.remember_limit(limit);
    }
    if let Some(idle_timeout) = span("idle_timeout") {
        builder = builder.idle_timeout(idle_timeout);
    }
    if let Some(lifetime) = span("guest_lifetime") {
        builder = builder.guest_lifetime(lifetime);
    }
    builder.build().unwrap().config.clone()
}

/// The content of a record as a reader gets it.
fn read(content: &[u8]) -> Option<Content> {
    Content::decode(Record {
        user: None,
        expires_at: Timestamp::from_millis(1),
        version: 1,
        content: content.to_vec(),
    })
}

/// What was read, written again. A session's user and end are those of the vector.
fn written(config: &Config, content: &Content, vector: &Value) -> Vec<u8> {
    match content {
        Content::Session(kept) => {
            let record = kept.facts.record(config, &kept.data, 7);
            let user = vector["user"]
                .as_str()
                .map(|user| UserKey::from_bytes(hex(user)));
            assert_eq!(record.user, user, "user");
            assert_eq!(record.expires_at, time(vector, "expires_at").into(), "end");
            assert_eq!(record.version, 7);
            record.content
        }
        Content::Renewed(renewed) => renewed.content(),
        Content::Moved => record::moved(),
        Content::Denials(denials) => record::denials(denials),
    }
}

/// Whether what was read is what the vector's parts say.
fn check_parts(config: &Config, content: &Content, vector: &Value) {
    match (content, text(vector, "kind")) {
        (Content::Session(kept), "session") => {
            let facts = Facts {
                begun_at: time(vector, "begun_at"),
                last_seen: time(vector, "last_seen"),
                label: vector["label"].as_str().map(Into::into),
                identity: Some(&vector["identity"])
                    .filter(|parts| !parts.is_null())
                    .map(identity),
            };
            assert_eq!(kept.facts.begun_at, facts.begun_at);
            assert_eq!(kept.facts.last_seen, facts.last_seen);
            assert_eq!(kept.facts.label, facts.label);
            assert!(kept.facts.identity == facts.identity, "identity");
            let data = Data::read(text(vector, "data").into(), 0).unwrap();
            let made = facts.record(config, &data, 1).content;
            assert_eq!(made, hex_bytes(text(vector, "content")), "made of parts");
        }
        (Content::Renewed(renewed), "renewed") => {
            let successor = RecordKey::from_bytes(hex(text(vector, "successor")));
            assert_eq!(renewed.successor, successor);
            let readable_until = time(vector, "readable_until");
            assert_eq!(renewed.readable_until, readable_until);
            let made = Renewed {
                successor,
                readable_until,
            };
            assert_eq!(
                made.content(),
                hex_bytes(text(vector, "content")),
                "made of parts"
            );
        }
        (Content::Moved, "moved") => {}
        (Content::Denials(denials), "denials") => check_denials(config, denials, vector),
        (_, kind) => panic!("it is no record of the kind {kind}"),
    }
}

fn check_denials(config: &Config, denials: &Denials, vector: &Value) {
    let mut content = vec![1, 4];
    content.extend_from_slice(&time(vector, "not_before").0.to_be_bytes());
    let spared = vector["spared"].as_str();
    content.push(u8::from(spared.is_some()));
    content.extend_from_slice(&spared.map_or([0; 8], hex));
    for login in vector["logins"].as_array().unwrap() {
        for half in ["login", "current", "previous"] {
            content.extend_from_slice(&hex::<8>(text(login, half)));
        }
        for part in ["readable_until", "at", "until"] {
            content.extend_from_slice(&time(login, part).0.to_be_bytes());
        }
    }
    assert_eq!(content, hex_bytes(text(vector, "content")), "made of parts");
    assert_eq!(
        denials.until(config.longest_lifetime()),
        time(vector, "expires_at")
    );
    let list = EndedSessions::new();
    for asked in vector["verdicts"].as_array().unwrap() {
        let sid = Id(hex(text(asked, "sid")));
        let ended = denials.get(list.key(sid, "1", time(asked, "issued_at")));
        let wanted = &asked["verdict"];
        let wanted =
            (!wanted.is_null()).then(|| (time(wanted, "ended_at"), time(wanted, "readable_until")));
        assert_eq!(
            ended.map(|ended| (ended.at, ended.readable_until)),
            wanted,
            "{asked}"
        );
    }
}

#[test]
fn every_record_is_read_and_written_as_the_page_says() {
    let records = blocks("record");
    assert!(records.len() >= 10, "{} records", records.len());
    for vector in records {
        let title = text(&vector, "title");
        let config = config(&vector);
        let bytes = hex_bytes(text(&vector, "content"));
        let content = read(&bytes).unwrap_or_else(|| panic!("{title}: not read"));
        check_parts(&config, &content, &vector);
        assert_eq!(written(&config, &content, &vector), bytes, "{title}");
    }
}

#[test]
fn s197_records_that_cannot_be_read_count_as_absent() {
    let unreadable = blocks("unreadable");
    assert!(unreadable.len() >= 20, "{} records", unreadable.len());
    for vector in unreadable {
        let content = read(&hex_bytes(text(&vector, "content")));
        assert!(
            content.is_none(),
            "{} ({})",
            text(&vector, "title"),
            text(&vector, "why")
        );
    }
}

#[test]
fn s197_a_changed_record_is_another_one_or_none_and_never_a_panic() {
    for vector in blocks("record") {
        let title = text(&vector, "title");
        let content = hex_bytes(text(&vector, "content"));
        // Of ended logins nothing says how many there are.
        let is_between = |length: usize| {
            text(&vector, "kind") == "denials" && length >= 19 && (length - 19).is_multiple_of(48)
        };
        for length in 0..content.len() {
            let is_read = read(&content[..length]).is_some();
            assert_eq!(is_read, is_between(length), "{title}: {length} bytes");
        }
        for bit in 0..content.len() * 8 {
            let mut changed = content.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            // Nothing signs a record: what can be read may say something else.
            let is_read = read(&changed).is_some();
            assert!(bit >= 8 || !is_read, "{title}: another version");
        }
    }
}

#[test]
fn every_key_of_a_user_is_made_as_the_page_says() {
    let vectors = blocks("user keys");
    assert!(vectors.len() >= 4, "{} users", vectors.len());
    let mut users = Vec::new();
    for vector in vectors {
        let title = text(&vector, "title");
        let user = user_key(&config(&vector), text(&vector, "user_id"));
        assert_eq!(*user.as_bytes(), hex(text(&vector, "user_key")), "{title}");
        let (denials, owner) = denials_key(user);
        let made = (*denials.as_bytes(), *owner.as_bytes());
        let wanted = (
            hex(text(&vector, "denials_key")),
            hex(text(&vector, "denials_user")),
        );
        assert_eq!(made, wanted, "{title}");
        assert_eq!(
            (denials.group(), owner.group()),
            (user.group(), user.group())
        );
        let moved = Handle::moved(Id(hex(text(&vector, "sid"))), user);
        assert_eq!(
            moved.bytes(),
            hex_bytes(text(&vector, "moved_handle")),
            "{title}"
        );
        users.push(user);
    }
    let all = users.len();
    users.sort();
    users.dedup();
    assert_eq!(users.len(), all, "two users have one key");
}

#[test]
fn every_key_of_a_handle_is_made_as_the_page_says() {
    let vectors = blocks("handle keys");
    assert!(vectors.len() >= 3, "{} handles", vectors.len());
    for vector in vectors {
        let title = text(&vector, "title");
        let handle = Handle::decode(&hex_bytes(text(&vector, "handle"))).unwrap();
        assert_eq!(
            *handle.key().as_bytes(),
            hex(text(&vector, "record_key")),
            "{title}"
        );
        let (mark, owner) = crate::handle::moved_mark(handle.key());
        assert_eq!(*mark.as_bytes(), hex(text(&vector, "mark_key")), "{title}");
        assert_eq!(
            *owner.as_bytes(),
            hex(text(&vector, "mark_user")),
            "{title}"
        );
    }
}
