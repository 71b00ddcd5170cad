//! The library's inside, for the fuzz targets in `fuzz/`. It is built with `--cfg fuzzing`, as `cargo fuzz` does, and no other build has it.
//!
//! All that the targets take from rooms that are no public API stands here, so that they stay as they are when those rooms change.

use std::sync::Arc;

use http::HeaderMap;
use http::request::Parts;
use serde_json::{Value, json};

use crate::clock::Millis;
use crate::config::Config;
use crate::cookie_header::{self, Candidates};
use crate::cookie_names::Slot;
use crate::data::Data;
use crate::handle::Handle;
use crate::keys::Purpose;
use crate::layer::Sessions;
use crate::record::{self, Content};
use crate::store::{Record, RecordKey, Timestamp};
use crate::wire::{
    Audience, FlashBody, Id, Identity, Method, Pending, Reader, leading_id, text_bounds,
};
use crate::{found, next_url};

/// The kinds of cookies, in the words of `docs/wire-format.md`.
pub const KINDS: [&str; Purpose::ALL.len()] = [
    "identity",
    "data",
    "guest",
    "seen",
    "flash",
    "out",
    "pending",
    "handle",
    "guest handle",
];

/// A cookie's kind: its place in [`KINDS`].
pub type Kind = usize;

/// What one configuration does with cookies and records.
#[derive(Clone)]
pub struct Inside {
    config: Arc<Config>,
}

impl From<&Sessions> for Inside {
    fn from(sessions: &Sessions) -> Self {
        for (purpose, label) in Purpose::ALL.into_iter().zip(KINDS) {
            assert_eq!(purpose.label(), label);
        }
        Self {
            config: sessions.config.clone(),
        }
    }
}

/// The values that a request has for each kind of cookie, as far as they are tried.
#[derive(Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the kinds")]
pub struct Values {
    pub identity: Vec<Vec<u8>>,
    pub guest: Vec<Vec<u8>>,
    pub out: Vec<Vec<u8>>,
    pub pending: Vec<Vec<u8>>,
    /// With the last part of the name.
    pub flashes: Vec<(String, Vec<u8>)>,
    /// Of the session that was asked for.
    pub data: Vec<Vec<u8>>,
    pub seen: Vec<Vec<u8>>,
    /// How many values of other sessions' `data` and `seen` cookies are tried.
    pub others: usize,
}

/// What is read.
#[derive(Debug)]
pub struct Read {
    /// What is written in its place.
    pub bytes: Vec<u8>,
    /// What it says, in the words of `tests/wire_format.py`.
    pub says: Value,
}

impl Inside {
    /// What all names of cookies begin with.
    pub fn prefix(&self) -> &str {
        &self.config.names.prefix
    }

    /// The name of a kind's cookie: where names have a last part, that of this session, or of a flash with this id.
    pub fn name(&self, kind: Kind, sid: [u8; 16]) -> String {
        let names = &self.config.names;
        let slot = Slot::of(Id(sid));
        match Purpose::ALL[kind] {
            Purpose::Identity | Purpose::Handle => names.identity().to_owned(),
            Purpose::Guest | Purpose::GuestHandle => names.guest().to_owned(),
            Purpose::Out => names.out().to_owned(),
            Purpose::Pending => names.pending().to_owned(),
            Purpose::Data => names.data(slot),
            Purpose::Seen => names.seen(slot),
            Purpose::Flash => names.flash(slot),
        }
    }

    /// What `Cookie` headers hold for us, and for the session with this id.
    pub fn values(&self, headers: &HeaderMap, sid: [u8; 16]) -> Values {
        let found = found::Found::in_headers(&self.config, headers);
        let slotted = found::Slotted::in_headers(&self.config, headers, Slot::of(Id(sid)));
        let all = |candidates: &Candidates<'_>| candidates.iter().map(<[u8]>::to_vec).collect();
        let flashes = found.flashes.iter();
        Values {
            identity: all(&found.identity),
            guest: all(&found.guest),
            out: all(&found.out),
            pending: all(&found.pending),
            flashes: flashes
                .map(|(slot, value)| (slot.as_str().to_owned(), value.to_vec()))
                .collect(),
            data: all(&slotted.data),
            seen: all(&slotted.seen),
            others: slotted.others().len(),
        }
    }

    /// The value of a cookie that says `body`.
    pub fn seal(&self, kind: Kind, name: &str, issued_at: u64, body: &[u8]) -> String {
        let purpose = Purpose::ALL[kind];
        let sealed = self
            .config
            .sealer
            .sealed(purpose, name, Millis(issued_at), body);
        sealed.expect("randomness")
    }

    /// When a value was issued, and its body, if it is one of ours.
    pub fn open(&self, kind: Kind, name: &str, value: &[u8]) -> Option<(u64, Vec<u8>)> {
        let opened = found::open(&self.config, Purpose::ALL[kind], name, value)?;
        Some((opened.issued_at.0, opened.body().to_vec()))
    }

    /// Where in a store the session is that a cookie leads to.
    pub fn record_key(&self, name: &str, value: &[u8]) -> Option<RecordKey> {
        let handle = |kind| {
            let (_, body) = self.open(kind, name, value)?;
            Handle::decode(&body).map(Handle::key)
        };
        handle(Purpose::Handle as Kind).or_else(|| handle(Purpose::GuestHandle as Kind))
    }

    /// The fewest and the most characters of a value.
    pub fn bounds(&self, kind: Kind, name: &str) -> (usize, usize) {
        text_bounds(
            self.config.sealer.keyring().protection(),
            Purpose::ALL[kind],
            name,
        )
    }

    /// What the body of a cookie with this name says.
    pub fn body(&self, kind: Kind, name: &str, body: &[u8]) -> Option<Read> {
        let is_named_by = |id: Id| self.name(kind, id.0) == name;
        match Purpose::ALL[kind] {
            Purpose::Identity => {
                let identity = Identity::decode(body)?;
                Some(Read {
                    bytes: identity.encode(),
                    says: said_by(&identity),
                })
            }
            Purpose::Data => with_data("sid", body, is_named_by),
            Purpose::Guest => with_data("guest_id", body, |_| true),
            Purpose::Seen => {
                id_alone("sid", body).filter(|_| leading_id(body).is_some_and(is_named_by))
            }
            Purpose::Out => id_alone("mark", body),
            Purpose::Flash => FlashBody::decode(body).map(|flash| flash_said(&flash)),
            Purpose::Pending => {
                let pending = Pending::decode(body)?;
                let says = json!({
                    "out": pending.out.map(|id| hex(&id.0)),
                    "stamp": pending.stamp.map(|stamp| hex(&stamp)),
                    "user_id": &*pending.user_id,
                });
                Some(Read {
                    bytes: pending.encode(),
                    says,
                })
            }
            Purpose::Handle | Purpose::GuestHandle => {
                let handle = Handle::decode(body)?;
                let (group, id) = handle.bytes().split_at(8);
                Some(Read {
                    says: json!({ "group": hex(group), "id": hex(id) }),
                    bytes: handle.bytes().to_vec(),
                })
            }
        }
    }

    /// What the content of a record says. Of denials, only their kind.
    pub fn record(&self, content: &[u8]) -> Option<Read> {
        let content = Content::decode(Record {
            user: None,
            expires_at: Timestamp::from_millis(1),
            version: 1,
            content: content.to_vec(),
        })?;
        let (bytes, says) = match content {
            Content::Session(kept) => {
                let facts = &kept.facts;
                let says = json!({
                    "kind": "session",
                    "begun_at": facts.begun_at.0,
                    "last_seen": facts.last_seen.0,
                    "label": facts.label.as_deref(),
                    "identity": facts.identity.as_ref().map(said_by),
                    "data": keys(&kept.data),
                });
                (facts.record(&self.config, &kept.data, 1).content, says)
            }
            Content::Renewed(renewed) => {
                let says = json!({
                    "kind": "renewed",
                    "successor": hex(renewed.successor.as_bytes()),
                    "readable_until": renewed.readable_until.0,
                });
                (renewed.content(), says)
            }
            Content::Moved => (record::moved(), json!({ "kind": "moved" })),
            Content::Denials(denials) => (record::denials(&denials), json!({ "kind": "denials" })),
        };
        Some(Read { bytes, says })
    }
}

/// Calls `visit` as a request's cookies are visited.
pub fn each<'h>(headers: &'h HeaderMap, prefix: &str, visit: impl FnMut(&'h [u8], &'h [u8])) {
    cookie_header::each(headers, prefix, visit);
}

/// Whether a `next` is taken for a page of this site.
pub fn is_local(next: &str) -> bool {
    next_url::is_local(next)
}

/// What a guard puts into `next` for a request.
pub fn original(parts: &Parts) -> Option<String> {
    next_url::original(parts)
}

/// A URL with `next` in its query.
pub fn append(url: &str, next: &str) -> String {
    next_url::append(url, next)
}

fn said_by(identity: &Identity) -> Value {
    json!({
        "sid": hex(&identity.sid.0),
        "started_at": identity.started_at.0,
        "authenticated_at": identity.authenticated_at.0,
        "expires_at": identity.expires_at.0,
        "method": match identity.method {
            Method::Interactive => "interactive",
            Method::Remembered => "remembered",
            Method::Confirmed => "confirmed",
        },
        "out": identity.out.map(|id| hex(&id.0)),
        "stamp": identity.stamp.map(|stamp| hex(&stamp)),
        "user_id": &*identity.user_id,
        "claims": identity.claims.as_deref(),
    })
}

fn flash_said(flash: &FlashBody) -> Read {
    let (audience, id) = match flash.audience {
        Audience::Nobody => ("nobody", [0; 16]),
        Audience::Session(id) => ("session", id.0),
    };
    Read {
        bytes: flash.encode(),
        says: json!({
            "audience": audience,
            "audience_id": hex(&id),
            "index": flash.index,
            "category": flash.category,
            "message": flash.message,
        }),
    }
}

/// A body that is an id and nothing else.
fn id_alone(part: &str, body: &[u8]) -> Option<Read> {
    let mut rest = Reader(body);
    let id: [u8; Id::LEN] = rest.array()?;
    // Nothing follows in any value that is looked at: its length is the only one that is allowed.
    rest.0.is_empty().then(|| Read {
        bytes: id.to_vec(),
        says: json!({ part: hex(&id) }),
    })
}

/// A body that is an id and an object.
fn with_data(part: &str, body: &[u8], is_good: impl Fn(Id) -> bool) -> Option<Read> {
    let id = leading_id(body).filter(|id| is_good(*id))?;
    let data = Data::read(body.to_vec(), Id::LEN)?;
    let mut bytes = id.0.to_vec();
    data.write(&mut bytes);
    assert_eq!(bytes.len(), Id::LEN + data.json_len());
    assert!(!data.is_changed(), "nobody has changed it");
    Some(Read {
        bytes,
        says: json!({ part: hex(&id.0), "data": keys(&data) }),
    })
}

/// The keys of an object: what they say, not how they are spelled.
fn keys(data: &Data) -> Vec<String> {
    data.iter().map(|(key, _)| hex(key)).collect()
}

/// Bytes as the page's vectors write them.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
