//! What stands under an id: sessions and marks of ended ones, to text and back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use ring::digest::{Context, SHA256};
use tower_sessions_core::session::Id;

use crate::store::{Record, RecordKey, Timestamp, UserKey};

/// The first byte of what is stored, and of what ids are a hash of.
pub(super) const SESSION: u8 = 1;
pub(super) const INDEX: u8 = 2;
pub(super) const ENDED: u8 = 3;
pub(super) const GENERATION: u8 = 4;

/// Random bytes that nothing else has.
pub(super) type Mark = [u8; 16];

pub(super) fn new_mark() -> Mark {
    Id::default().0.to_be_bytes()
}

/// Where a session is. An id is half as long as a key: the whole key is in the record.
pub(super) fn session_id(key: RecordKey) -> Id {
    id(&[&[SESSION], key.as_bytes()])
}

/// Where it is written down that a session has ended.
pub(super) fn ended_id(key: RecordKey, birth: Mark) -> Id {
    id(&[&[ENDED], key.as_bytes(), &birth])
}

/// Where a user's sessions are listed.
pub(super) fn index_id(user: UserKey) -> Id {
    id(&[&[INDEX], user.as_bytes()])
}

/// Where another mark stands each time that all of a user's sessions are ended.
pub(super) fn generation_id(user: UserKey) -> Id {
    id(&[&[GENERATION], user.as_bytes()])
}

fn id(parts: &[&[u8]]) -> Id {
    let mut hash = Context::new(&SHA256);
    hash.update(b"muffin-session");
    for part in parts {
        hash.update(part);
    }
    let mut id = [0; 16];
    id.copy_from_slice(&hash.finish().as_ref()[..16]);
    Id(i128::from_be_bytes(id))
}

/// A session, and what this store has to know of it.
pub(super) struct Stored {
    pub(super) key: RecordKey,
    /// Drawn when the record was made under this key, and kept through its changes: what ended is not taken for what came after it.
    pub(super) birth: Mark,
    /// Until when the user's index has it.
    pub(super) indexed_until: Timestamp,
    pub(super) record: Record,
}

impl Stored {
    /// A record that is new under this key.
    pub(super) fn new(key: RecordKey, record: Record, indexed_until: Timestamp) -> Self {
        Self {
            key,
            birth: new_mark(),
            indexed_until,
            record,
        }
    }

    pub(super) fn encode(&self) -> String {
        let Record {
            user,
            expires_at,
            version,
            content,
        } = &self.record;
        let mut bytes = Vec::with_capacity(128 + content.len());
        bytes.push(SESSION);
        bytes.extend_from_slice(self.key.as_bytes());
        bytes.extend_from_slice(&self.birth);
        bytes.extend_from_slice(&self.indexed_until.as_millis().to_be_bytes());
        bytes.push(u8::from(user.is_some()));
        if let Some(user) = user {
            bytes.extend_from_slice(user.as_bytes());
        }
        bytes.extend_from_slice(&expires_at.as_millis().to_be_bytes());
        bytes.extend_from_slice(&version.to_be_bytes());
        bytes.extend_from_slice(content);
        BASE64.encode(bytes)
    }

    pub(super) fn decode(text: &str) -> Option<Self> {
        let bytes = BASE64.decode(text).ok()?;
        let mut bytes = Reader::new(&bytes, SESSION)?;
        Some(Self {
            key: RecordKey::from_bytes(bytes.take()?),
            birth: bytes.take()?,
            indexed_until: bytes.time()?,
            record: Record {
                user: match bytes.take()? {
                    [0] => None,
                    [1] => Some(UserKey::from_bytes(bytes.take()?)),
                    _ => return None,
                },
                expires_at: bytes.time()?,
                version: u64::from_be_bytes(bytes.take()?),
                content: bytes.rest().to_vec(),
            },
        })
    }
}

/// That a session has ended. That it is there says it all.
pub(super) fn ended_text() -> String {
    BASE64.encode([ENDED])
}

pub(super) fn encode_generation(mark: Mark) -> String {
    BASE64.encode([&[GENERATION], mark.as_slice()].concat())
}

pub(super) fn decode_generation(text: &str) -> Option<Mark> {
    let bytes = BASE64.decode(text).ok()?;
    Reader::new(&bytes, GENERATION)?.take()
}

/// Reads what is stored from its front.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8], kind: u8) -> Option<Self> {
        let (&first, rest) = bytes.split_first()?;
        (first == kind).then_some(Self(rest))
    }

    pub(super) fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (&taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn time(&mut self) -> Option<Timestamp> {
        self.take()
            .map(u64::from_be_bytes)
            .map(Timestamp::from_millis)
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.0
    }
}
