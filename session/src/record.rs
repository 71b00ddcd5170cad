//! What records say: bytes to sessions and back. Stores do not look into them.

use crate::clock::Millis;
use crate::config::Config;
use crate::data::Data;
use crate::denials::Denials;
use crate::handle::user_key;
use crate::keys::push_field;
use crate::store::{Record, RecordKey, Timestamp};
use crate::wire::{Identity, Reader};

/// The version of the format. A change of meaning takes a new one.
const VERSION: u8 = 1;

const SESSION: u8 = 1;
const RENEWED: u8 = 2;
const MOVED: u8 = 3;
const DENIALS: u8 = 4;

/// What a record says.
pub(crate) enum Content {
    Session(Box<Kept>),
    /// What is left of a renewed session, for requests that are under way.
    Renewed(Renewed),
    /// What stood here before was moved to another place.
    Moved,
    Denials(Denials),
}

/// A session, as a record keeps it.
pub(crate) struct Kept {
    pub(crate) facts: Facts,
    pub(crate) data: Data,
}

/// What a record says of a session beside its data.
#[derive(Clone)]
pub(crate) struct Facts {
    pub(crate) begun_at: Millis,
    pub(crate) last_seen: Millis,
    /// What the application calls the browser or device.
    pub(crate) label: Option<Box<str>>,
    /// `None` for anonymous visitors.
    pub(crate) identity: Option<Identity>,
}

impl Content {
    /// What a record says, if it can be told: what cannot is nobody's session, and the log says so.
    pub(crate) fn decode(record: Record) -> Option<Self> {
        let read = Self::read(record.content);
        if read.is_none() {
            tracing::error!(
                target: "muffin_session",
                "a record of the store cannot be read: was it written by another program, or a later version of this one? It counts as absent",
            );
        }
        read
    }

    fn read(bytes: Vec<u8>) -> Option<Self> {
        let mut rest = Reader(&bytes);
        let [version, kind] = rest.array()?;
        if version != VERSION {
            return None;
        }
        match kind {
            SESSION => {
                let facts = Facts::read(&mut rest)?;
                let start = bytes.len() - rest.0.len();
                let data = Data::read(bytes, start)?;
                Some(Self::Session(Box::new(Kept { facts, data })))
            }
            RENEWED => {
                let renewed = Renewed {
                    successor: RecordKey::from_bytes(rest.array()?),
                    readable_until: rest.time()?,
                };
                rest.0.is_empty().then_some(Self::Renewed(renewed))
            }
            MOVED => rest.0.is_empty().then_some(Self::Moved),
            DENIALS => Denials::read(&mut rest).map(Self::Denials),
            _ => None,
        }
    }
}

impl Facts {
    fn read(rest: &mut Reader<'_>) -> Option<Self> {
        let begun_at = rest.time()?;
        let last_seen = rest.time()?;
        let label = match std::str::from_utf8(rest.field()?).ok()? {
            "" => None,
            label => Some(label.into()),
        };
        let identity = match rest.field()? {
            [] => None,
            identity => Some(Identity::decode(identity)?),
        };
        Some(Self {
            begun_at,
            last_seen,
            label,
            identity,
        })
    }

    /// The record of a session.
    pub(crate) fn record(&self, config: &Config, data: &Data, version: u64) -> Record {
        let identity = self.identity.as_ref();
        Record {
            user: identity.map(|identity| user_key(config, &identity.user_id)),
            expires_at: self.expires_at(config),
            version,
            content: self.content(data),
        }
    }

    /// When the session is over, unless something happens before.
    pub(crate) fn expires_at(&self, config: &Config) -> Timestamp {
        let Some(identity) = &self.identity else {
            return self.last_seen.plus(config.guest_lifetime).into();
        };
        let lifetime = identity
            .started_at
            .plus(config.lifetime_of(identity.method));
        let idle = config
            .idle_timeout
            .map_or(lifetime, |idle_timeout| self.last_seen.plus(idle_timeout));
        identity.expires_at.min(lifetime).min(idle).into()
    }

    fn content(&self, data: &Data) -> Vec<u8> {
        let mut content = Vec::with_capacity(256);
        content.extend_from_slice(&[VERSION, SESSION]);
        for time in [self.begun_at, self.last_seen] {
            content.extend_from_slice(&time.0.to_be_bytes());
        }
        push_field(&mut content, self.label.as_deref().unwrap_or("").as_bytes());
        match &self.identity {
            // Both are far shorter than 64 KiB: they are checked where they are made.
            Some(identity) => push_field(&mut content, &identity.encode()),
            None => push_field(&mut content, b""),
        }
        data.write(&mut content);
        content
    }
}

/// What is left of a renewed session.
#[derive(Clone, Copy)]
pub(crate) struct Renewed {
    /// Where the session has gone.
    pub(crate) successor: RecordKey,
    /// Until when it may be read there by the cookie of before.
    pub(crate) readable_until: Millis,
}

impl Renewed {
    pub(crate) fn content(self) -> Vec<u8> {
        let mut content = vec![VERSION, RENEWED];
        content.extend_from_slice(self.successor.as_bytes());
        content.extend_from_slice(&self.readable_until.0.to_be_bytes());
        content
    }
}

/// The content of a mark that something was moved.
pub(crate) fn moved() -> Vec<u8> {
    vec![VERSION, MOVED]
}

/// The content of a user's ended logins.
pub(crate) fn denials(denials: &Denials) -> Vec<u8> {
    let mut content = vec![VERSION, DENIALS];
    denials.write(&mut content);
    content
}

impl From<Millis> for Timestamp {
    fn from(Millis(millis): Millis) -> Self {
        Self::from_millis(millis)
    }
}

impl From<Timestamp> for Millis {
    fn from(timestamp: Timestamp) -> Self {
        Self(timestamp.as_millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Id, Method};

    fn read(content: &[u8]) -> Option<Content> {
        Content::read(content.to_vec())
    }

    fn somebody() -> Facts {
        Facts {
            begun_at: Millis(1),
            last_seen: Millis(u64::MAX),
            label: Some("größe".into()),
            identity: Some(Identity {
                sid: Id([7; 16]),
                started_at: Millis(1),
                authenticated_at: Millis(2),
                expires_at: Millis(3),
                method: Method::Confirmed,
                out: Some(Id([1; 16])),
                stamp: Some([2; 16]),
                user_id: "42".into(),
                claims: Some(r#"{"role":"admin"}"#.into()),
            }),
        }
    }

    fn nobody() -> Facts {
        Facts {
            label: None,
            identity: None,
            ..somebody()
        }
    }

    fn renewed() -> Renewed {
        Renewed {
            successor: RecordKey::from_bytes([9; 32]),
            readable_until: Millis(0x0102_0304_0506_0708),
        }
    }

    fn data() -> Data {
        let mut data = Data::default();
        data.insert("cart", "[1,{\"b\":2,\"a\":1}]".to_owned());
        data.insert("a", "18446744073709551615".to_owned());
        data
    }

    #[test]
    fn sessions_come_back_whole() {
        for facts in [somebody(), nobody()] {
            for data in [data(), Data::default()] {
                let content = facts.content(&data);
                let Some(Content::Session(kept)) = read(&content) else {
                    panic!("not read");
                };
                assert_eq!(kept.facts.label, facts.label);
                assert!(kept.facts.identity == facts.identity);
                assert_eq!(kept.facts.content(&kept.data), content);
            }
        }
    }

    #[test]
    fn a_renewal_says_where_the_session_is_and_until_when_it_is_read_there() {
        for readable_until in [0, 1, renewed().readable_until.0, u64::MAX].map(Millis) {
            let left = Renewed {
                readable_until,
                ..renewed()
            };
            let content = left.content();
            assert_eq!(content[2..34], [9; 32]);
            assert_eq!(content[34..], readable_until.0.to_be_bytes());
            let Some(Content::Renewed(read)) = read(&content) else {
                panic!("not read");
            };
            assert_eq!(read.successor, left.successor);
            assert_eq!(read.readable_until, readable_until);
        }
    }

    #[test]
    fn s197_what_is_cut_is_no_record() {
        let contents = [
            somebody().content(&data()),
            nobody().content(&data()),
            nobody().content(&Data::default()),
            renewed().content(),
            moved(),
            denials(&Denials::default()),
        ];
        for content in contents {
            assert!(read(&content).is_some());
            for length in 0..content.len() {
                assert!(read(&content[..length]).is_none(), "{length} bytes");
            }
        }
    }

    #[test]
    fn s197_other_versions_and_kinds_are_no_records() {
        let content = somebody().content(&data());
        for byte in 0..=u8::MAX {
            let mut other = content.clone();
            other[0] = byte;
            assert_eq!(read(&other).is_some(), byte == VERSION, "version {byte}");
            let mut other = content.clone();
            other[1] = byte;
            assert_eq!(read(&other).is_some(), byte == SESSION, "kind {byte}");
        }
    }

    #[test]
    fn s197_the_parts_of_a_session_are_read_to_their_ends() {
        let facts = nobody();
        let content = facts.content(&Data::default());
        let identity = somebody().identity.unwrap().encode();
        let with = |label: &[u8], identity: &[u8], data: &[u8]| {
            let mut other = content[..18].to_vec();
            push_field(&mut other, label);
            push_field(&mut other, identity);
            other.extend_from_slice(data);
            read(&other)
        };
        assert!(with(b"phone", &identity, b"{}").is_some());
        assert!(with(b"\xff", &identity, b"{}").is_none(), "label");
        assert!(with(b"", &identity[..40], b"{}").is_none(), "identity");
        for data in ["", "[]", "null", "{}x", "{\"a\":1,\"a\":2}"] {
            assert!(with(b"", &identity, data.as_bytes()).is_none(), "{data:?}");
        }
        for more in [[0].as_slice(), &[VERSION, MOVED]] {
            assert!(read(&[moved().as_slice(), more].concat()).is_none());
            assert!(read(&[renewed().content().as_slice(), more].concat()).is_none());
        }
    }

    #[test]
    fn s197_ten_megabytes_of_anything_are_no_record() {
        for byte in [0, 1, 4, b'[', b'{', b'"', 0xff] {
            let mut content = vec![byte; 10 << 20];
            assert!(read(&content).is_none(), "{byte}");
            content[..18].copy_from_slice(&nobody().content(&Data::default())[..18]);
            assert!(read(&content).is_none(), "{byte} behind a session's times");
        }
    }
}
