//! Names of records: what a cookie says of where its session is, and what the store finds it by.

use ring::digest::{SHA256, digest};

use crate::config::Config;
use crate::keys::{FORMAT, fields};
use crate::seal::RandomFailed;
use crate::store::{RecordKey, UserKey};
use crate::wire::{Id, Reader};

/// What a cookie says of where its session is: the group of its user, and 128 random bits that no store gets to see.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Handle([u8; Handle::LEN]);

impl Handle {
    const GROUP: usize = 8;
    pub(crate) const LEN: usize = Self::GROUP + Id::LEN;

    /// A new handle, for a session of this user, or of nobody.
    pub(crate) fn random(config: &Config, user: Option<UserKey>) -> Result<Self, RandomFailed> {
        let group = match user {
            Some(user) => user.group(),
            None => config.sealer.random()?,
        };
        Ok(Self::new(group, config.sealer.random()?))
    }

    fn new(group: [u8; Self::GROUP], id: [u8; Id::LEN]) -> Self {
        let mut handle = [0; Self::LEN];
        handle[..Self::GROUP].copy_from_slice(&group);
        handle[Self::GROUP..].copy_from_slice(&id);
        Self(handle)
    }

    /// The handle of a session that was kept in cookies under this id: always the same, so that of several requests at once that move it
    /// each comes to the same record.
    pub(crate) fn moved(sid: Id, user: UserKey) -> Self {
        Self::new(user.group(), first(&hash("moved", &sid.0)))
    }

    pub(crate) fn decode(body: &[u8]) -> Option<Self> {
        let mut rest = Reader(body);
        let handle = rest.array()?;
        rest.0.is_empty().then_some(Self(handle))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// What the store finds the session by.
    pub(crate) fn key(self) -> RecordKey {
        keyed(first(&self.0), &hash("record", &self.0))
    }
}

/// Where it stands that a record was moved here, for as long as what it was moved from counts: it must not come back once it has ended.
pub(crate) fn moved_mark(moved: RecordKey) -> (RecordKey, UserKey) {
    let group = moved.group();
    let key = keyed(group, &hash("moved mark", moved.as_bytes()));
    let owner = keyed(group, &hash("marks", b""));
    (key, UserKey::from_bytes(*owner.as_bytes()))
}

/// What the store finds a user's records by. Two applications, and two kinds of users, have different ones.
pub(crate) fn user_key(config: &Config, user_id: &str) -> UserKey {
    let fields = fields(&[
        FORMAT,
        "user",
        &config.app_name,
        &config.cookie_name,
        user_id,
    ]);
    UserKey::from_bytes(sha256(&fields))
}

/// Where it stands which logins of a user have ended before their time.
pub(crate) fn denials_key(user: UserKey) -> (RecordKey, UserKey) {
    let key = keyed(user.group(), &hash("denials", user.as_bytes()));
    let owner = keyed(user.group(), &hash("denials of all", b""));
    (key, UserKey::from_bytes(*owner.as_bytes()))
}

fn keyed(group: [u8; Handle::GROUP], hash: &[u8; 32]) -> RecordKey {
    let mut key = *hash;
    key[..Handle::GROUP].copy_from_slice(&group);
    RecordKey::from_bytes(key)
}

fn hash(what: &str, of: &[u8]) -> [u8; 32] {
    let mut text = fields(&[FORMAT, what]);
    text.extend_from_slice(of);
    sha256(&text)
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    first(digest(&SHA256, bytes).as_ref())
}

/// The first bytes. What is asked for is never more than there is.
fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.first_chunk().copied().unwrap_or([0; N])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_shows_the_group_and_nothing_else_of_a_handle() {
        let handle = Handle::new([1; 8], [2; 16]);
        let key = handle.key();
        assert_eq!(key.group(), [1; 8]);
        assert!(!key.as_bytes()[8..].windows(4).any(|bytes| bytes == [2; 4]));
        assert_ne!(key, Handle::new([1; 8], [3; 16]).key());
        let (mark, owner) = moved_mark(key);
        assert_ne!(mark, key);
        assert_eq!((mark.group(), owner.group()), ([1; 8], [1; 8]));
    }

    #[test]
    fn what_is_no_handle_is_not_read() {
        let handle = Handle::new([1; 8], [2; 16]);
        assert!(Handle::decode(handle.bytes()) == Some(handle));
        for length in [0, 16, 23, 25] {
            assert!(Handle::decode(&vec![1; length]).is_none(), "{length}");
        }
    }
}
