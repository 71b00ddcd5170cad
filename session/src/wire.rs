//! What the values of each cookie say: bodies to bytes and back. `docs/wire-format.md` describes them for other implementations.

use std::sync::Arc;

use serde::de::IgnoredAny;

use crate::clock::Millis;
use crate::data::Data;
use crate::handle::Handle;
use crate::json;
use crate::keys::{Protection, Purpose};
use crate::seal::{Opened, RandomFailed, Sealer};

/// 128 random bits that name a session, a guest, or a logout.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id(pub(crate) [u8; Id::LEN]);

impl Id {
    pub(crate) const LEN: usize = 16;

    pub(crate) fn random(sealer: &Sealer) -> Result<Self, RandomFailed> {
        sealer.random().map(Self)
    }

    /// Another session of the same login: the first half of the id stays, the other one is random.
    pub(crate) fn renewed(self, sealer: &Sealer) -> Result<Self, RandomFailed> {
        let mut id = self.0;
        id[Self::LEN / 2..].copy_from_slice(&sealer.random::<{ Self::LEN / 2 }>()?);
        Ok(Self(id))
    }

    /// The half that the sessions of one login share, and the other one.
    pub(crate) fn halves(self) -> (u64, u64) {
        let number = u128::from_be_bytes(self.0);
        // The halves.
        #[allow(clippy::cast_possible_truncation)]
        ((number >> 64) as u64, number as u64)
    }

    /// Whether two sessions are of one login.
    pub(crate) fn is_same_login(self, other: Self) -> bool {
        self.0[..Self::LEN / 2] == other.0[..Self::LEN / 2]
    }
}

/// How somebody proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// With a password or the like, just then.
    Interactive = 1,
    /// By a token that remembers them, however they came by it.
    Remembered = 2,
    /// By such a token, and with a password or the like since.
    Confirmed = 3,
}

impl Method {
    /// Whether the login outlives the browser.
    pub(crate) fn is_remembered(self) -> bool {
        self != Self::Interactive
    }
}

/// Who is logged in: the body of the identity cookie.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) sid: Id,
    /// When the login that this goes back to took place.
    pub(crate) started_at: Millis,
    /// When a password was last given.
    pub(crate) authenticated_at: Millis,
    /// When the login ends, whatever happens.
    pub(crate) expires_at: Millis,
    pub(crate) method: Method,
    /// The mark of the last logout that the login request saw.
    pub(crate) out: Option<Id>,
    /// A fingerprint of the user's credentials.
    pub(crate) stamp: Option<[u8; 16]>,
    /// The user's id as JSON text, never `null`. Loading the user shares it, since nothing is locked meanwhile.
    pub(crate) user_id: Arc<str>,
    /// Facts that grant or restrict, as JSON text: an object.
    pub(crate) claims: Option<Box<str>>,
}

const HAS_OUT: u8 = 1;
const HAS_STAMP: u8 = 2;

impl Identity {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(96);
        body.extend_from_slice(&self.sid.0);
        for time in [self.started_at, self.authenticated_at, self.expires_at] {
            body.extend_from_slice(&time.0.to_be_bytes());
        }
        body.extend_from_slice(&[self.method as u8, flags(self.out, self.stamp)]);
        push_marks(&mut body, self.out, self.stamp);
        crate::keys::push_field(&mut body, self.user_id.as_bytes());
        if let Some(claims) = &self.claims {
            body.extend_from_slice(claims.as_bytes());
        }
        body
    }

    pub(crate) fn decode(body: &[u8]) -> Option<Self> {
        let mut rest = Reader(body);
        let sid = Id(rest.array()?);
        let started_at = rest.time()?;
        let authenticated_at = rest.time()?;
        let expires_at = rest.time()?;
        let [method, flags] = rest.array()?;
        let method = match method {
            1 => Method::Interactive,
            2 => Method::Remembered,
            3 => Method::Confirmed,
            _ => return None,
        };
        let (out, stamp) = rest.marks(flags)?;
        let user_id = user_id(rest.field()?)?;
        let claims = match rest.0 {
            [] => None,
            claims => {
                Data::read(claims.to_vec(), 0)?;
                Some(std::str::from_utf8(claims).ok()?.into())
            }
        };
        Some(Self {
            sid,
            started_at,
            authenticated_at,
            expires_at,
            method,
            out,
            stamp,
            user_id: user_id.into(),
            claims,
        })
    }
}

/// Somebody who has begun to log in: the body of the pending cookie.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Pending {
    /// The mark of the last logout that the request saw.
    pub(crate) out: Option<Id>,
    /// A fingerprint of the user's credentials.
    pub(crate) stamp: Option<[u8; 16]>,
    /// The user's id as JSON text, never `null`.
    pub(crate) user_id: Arc<str>,
}

impl Pending {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(64);
        body.push(flags(self.out, self.stamp));
        push_marks(&mut body, self.out, self.stamp);
        body.extend_from_slice(self.user_id.as_bytes());
        body
    }

    pub(crate) fn decode(body: &[u8]) -> Option<Self> {
        let mut rest = Reader(body);
        let [flags] = rest.array()?;
        let (out, stamp) = rest.marks(flags)?;
        Some(Self {
            out,
            stamp,
            user_id: user_id(rest.0)?.into(),
        })
    }
}

/// Whose flash a flash is.
#[derive(Clone, Copy)]
pub(crate) enum Audience {
    /// Whoever is not logged in. A guest session cannot be the audience: of two answers at once, one may begin it, and the flashes of the
    /// other would be lost.
    Nobody,
    /// The login that a session belongs to, whichever of its sessions counts: so a flash that crosses a renewal is not lost.
    Session(Id),
}

impl PartialEq for Audience {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nobody, Self::Nobody) => true,
            (Self::Session(one), Self::Session(other)) => one.is_same_login(*other),
            _ => false,
        }
    }
}

impl Eq for Audience {}

/// The body of a flash cookie.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct FlashBody {
    pub(crate) audience: Audience,
    /// Its place among the flashes of one response.
    pub(crate) index: u8,
    pub(crate) category: String,
    pub(crate) message: String,
}

impl FlashBody {
    /// Bytes before the category.
    pub(crate) const FIXED: usize = 1 + Id::LEN + 1 + 1;

    pub(crate) fn encode(&self) -> Vec<u8> {
        let (kind, id) = match self.audience {
            Audience::Nobody => (0, Id([0; Id::LEN])),
            Audience::Session(id) => (1, id),
        };
        let mut body = Vec::with_capacity(Self::FIXED + self.category.len() + self.message.len());
        body.push(kind);
        body.extend_from_slice(&id.0);
        body.push(self.index);
        // `flash_with` refuses categories of more than 255 bytes.
        body.push(u8::try_from(self.category.len()).unwrap_or(u8::MAX));
        body.extend_from_slice(self.category.as_bytes());
        body.extend_from_slice(self.message.as_bytes());
        body
    }

    pub(crate) fn decode(body: &[u8]) -> Option<Self> {
        let mut rest = Reader(body);
        let [kind] = rest.array()?;
        let id = Id(rest.array()?);
        let audience = match kind {
            0 if id.0 == [0; Id::LEN] => Audience::Nobody,
            1 => Audience::Session(id),
            _ => return None,
        };
        let [index, length] = rest.array()?;
        let category = std::str::from_utf8(rest.take(length.into())?).ok()?;
        let message = std::str::from_utf8(rest.0).ok()?;
        Some(Self {
            audience,
            index,
            category: category.to_owned(),
            message: message.to_owned(),
        })
    }
}

/// The id at the start of a body: all of a `seen` or `out` body, and the owner of `data` and `guest`.
pub(crate) fn leading_id(body: &[u8]) -> Option<Id> {
    Reader(body).array().map(Id)
}

/// The fewest and the most characters that the value of a cookie may have.
pub(crate) fn text_bounds(protection: Protection, purpose: Purpose, name: &str) -> (usize, usize) {
    let exactly = |body| (protection.text_len(body), protection.text_len(body));
    let up_to = |body, most: usize| (protection.text_len(body), most);
    match purpose {
        Purpose::Identity => up_to(Id::LEN + 3 * 8 + 2 + 2 + 1, MAX_IDENTITY),
        Purpose::Data | Purpose::Guest => up_to(Id::LEN + 2, MAX_COOKIE.saturating_sub(name.len())),
        Purpose::Flash => up_to(FlashBody::FIXED, MAX_FLASH),
        Purpose::Seen | Purpose::Out => exactly(Id::LEN),
        Purpose::Pending => up_to(1 + 1, MAX_PENDING),
        Purpose::Handle | Purpose::GuestHandle => exactly(Handle::LEN),
    }
}

/// Bytes of a cookie's name and value together that browsers keep (RFC 6265bis, section 5.6).
pub(crate) const MAX_COOKIE: usize = 4096;
/// Characters of an identity's value: room for the claims, while the data and flashes still fit beside it.
pub(crate) const MAX_IDENTITY: usize = 1024;
/// Characters of a half-done login's value: it may stand beside all the others.
pub(crate) const MAX_PENDING: usize = 512;
/// Characters of one flash's value, and of all flashes together.
pub(crate) const MAX_FLASH: usize = 2048;
/// Bytes of all our cookies, names and values, in one request: servers and proxies take 8 KiB of `Cookie`.
pub(crate) const MAX_ALL: usize = 6 * 1024;

fn flags(out: Option<Id>, stamp: Option<[u8; 16]>) -> u8 {
    u8::from(out.is_some()) * HAS_OUT + u8::from(stamp.is_some()) * HAS_STAMP
}

fn push_marks(body: &mut Vec<u8>, out: Option<Id>, stamp: Option<[u8; 16]>) {
    if let Some(out) = out {
        body.extend_from_slice(&out.0);
    }
    if let Some(stamp) = stamp {
        body.extend_from_slice(&stamp);
    }
}

/// The JSON text of somebody's id: any value but `null`.
fn user_id(bytes: &[u8]) -> Option<&str> {
    let text = json_text(bytes)?;
    serde_json::from_str::<Option<IgnoredAny>>(text).ok()??;
    Some(text)
}

/// Text that is one JSON value, no deeper than can be read back.
fn json_text(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    serde_json::from_str::<IgnoredAny>(text).ok()?;
    (json::depth(bytes) <= json::MAX_DEPTH + 1).then_some(text)
}

/// A value that was opened, with the id that its body starts with.
pub(crate) fn owned_by(opened: &Opened, id: Id) -> bool {
    leading_id(opened.body()) == Some(id)
}

pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    /// The marks that the flags announce.
    fn marks(&mut self, flags: u8) -> Option<(Option<Id>, Option<[u8; 16]>)> {
        if flags & !(HAS_OUT | HAS_STAMP) != 0 {
            return None;
        }
        let out = match flags & HAS_OUT {
            0 => None,
            _ => Some(Id(self.array()?)),
        };
        let stamp = match flags & HAS_STAMP {
            0 => None,
            _ => Some(self.array()?),
        };
        Some((out, stamp))
    }

    /// Bytes whose length comes first, in two bytes.
    pub(crate) fn field(&mut self) -> Option<&'a [u8]> {
        let length = u16::from_be_bytes(self.array()?);
        self.take(length.into())
    }

    pub(crate) fn time(&mut self) -> Option<Millis> {
        self.array().map(u64::from_be_bytes).map(Millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cookie_names::{Names, Slot};

    fn identity() -> Identity {
        Identity {
            sid: Id([7; 16]),
            started_at: Millis(1),
            authenticated_at: Millis(2),
            expires_at: Millis(u64::MAX),
            method: Method::Interactive,
            out: None,
            stamp: None,
            user_id: "18446744073709551615".into(),
            claims: None,
        }
    }

    #[test]
    fn identities_come_back_whole() {
        for out in [None, Some(Id([1; 16]))] {
            for stamp in [None, Some([2; 16])] {
                for claims in [None, Some(Box::from(r#"{"role":"admin"}"#))] {
                    let identity = Identity {
                        out,
                        stamp,
                        claims,
                        ..identity()
                    };
                    assert!(Identity::decode(&identity.encode()) == Some(identity));
                }
            }
        }
    }

    #[test]
    fn bodies_that_a_writer_cannot_make_are_refused() {
        let good = identity().encode();
        for length in 0..good.len() {
            assert!(
                Identity::decode(&good[..length]).is_none(),
                "{length} bytes"
            );
        }
        let with = |position: usize, byte: u8| {
            let mut body = good.clone();
            body[position] = byte;
            Identity::decode(&body)
        };
        assert!(with(40, 0).is_none(), "method 0");
        assert!(with(40, 4).is_none(), "method 4");
        for bit in 2..8 {
            assert!(with(41, 1 << bit).is_none(), "flag {bit}");
        }
        for user_id in ["null", " null", "", "x", "1 2", "{"] {
            let body = Identity {
                user_id: user_id.into(),
                ..identity()
            }
            .encode();
            assert!(Identity::decode(&body).is_none(), "user id {user_id:?}");
        }
        for claims in [
            "[]",
            "1",
            "{",
            "{}x",
            r#"{"a":1,"a":2}"#,
            r#"{"b":1,"a":2}"#,
        ] {
            let body = Identity {
                claims: Some(claims.into()),
                ..identity()
            }
            .encode();
            assert!(Identity::decode(&body).is_none(), "claims {claims:?}");
        }
    }

    #[test]
    fn sessions_of_one_login_share_the_first_half_of_their_ids() {
        let id = |first, second| Id((u128::from(first) << 64 | u128::from(second)).to_be_bytes());
        assert!(id(1_u64, 1_u64).is_same_login(id(1, 2)));
        assert!(!id(1, 1).is_same_login(id(2, 1)));
        assert!(Audience::Session(id(1, 1)) == Audience::Session(id(1, 2)));
        assert!(Audience::Session(id(1, 1)) != Audience::Session(id(2, 1)));
        assert!(Audience::Session(id(0, 0)) != Audience::Nobody);
    }

    /// The table of the format's page.
    #[test]
    fn values_have_the_lengths_that_the_format_says() {
        let name = "__Host-session.x";
        for (purpose, signed, encrypted, most) in [
            (Purpose::Identity, 116, 127, Some(1024)),
            (Purpose::Data, 80, 91, Some(4096 - name.len())),
            (Purpose::Guest, 80, 91, Some(4096 - name.len())),
            (Purpose::Seen, 78, 88, None),
            (Purpose::Out, 78, 88, None),
            (Purpose::Flash, 82, 92, Some(2048)),
            (Purpose::Pending, 59, 70, Some(512)),
            (Purpose::Handle, 88, 99, None),
            (Purpose::GuestHandle, 88, 99, None),
        ] {
            for (protection, fewest) in [
                (Protection::Signed, signed),
                (Protection::Encrypted, encrypted),
            ] {
                let bounds = text_bounds(protection, purpose, name);
                assert_eq!(bounds, (fewest, most.unwrap_or(fewest)), "{purpose:?}");
            }
        }
    }

    #[test]
    fn all_cookies_but_flashes_have_room_whatever_their_names() {
        let names = Names::new(&format!("__Secure-{}", "n".repeat(64)));
        let slot = Slot::of(Id([7; 16]));
        let size = |purpose, name: &str| {
            let most = |protection| text_bounds(protection, purpose, name).1;
            name.len() + Protection::ALL.map(most).into_iter().max().unwrap()
        };
        let sizes = [
            size(Purpose::Identity, names.identity()),
            size(Purpose::Data, &names.data(slot)),
            size(Purpose::Seen, &names.seen(slot)),
            size(Purpose::Out, names.out()),
            size(Purpose::Pending, names.pending()),
        ];
        assert!(sizes.iter().sum::<usize>() <= MAX_ALL, "{sizes:?}");
    }

    #[test]
    fn json_is_as_deep_as_can_be_read_back_and_no_deeper() {
        let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        for levels in [1, 126, 127] {
            let text = nested(levels);
            assert!(json_text(text.as_bytes()).is_some(), "{levels}");
            assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
        }
        for levels in [128, 129, 400] {
            assert!(json_text(nested(levels).as_bytes()).is_none(), "{levels}");
        }
    }

    #[test]
    fn flashes_come_back_whole() {
        for audience in [Audience::Nobody, Audience::Session(Id([1; 16]))] {
            let flash = FlashBody {
                audience,
                index: 3,
                category: "größe".into(),
                message: "päss; \"x\"\r\n".into(),
            };
            assert!(FlashBody::decode(&flash.encode()) == Some(flash));
        }
        assert!(FlashBody::decode(&[2; 40]).is_none(), "kind 2");
        assert!(
            FlashBody::decode(&[0, 1].repeat(20)).is_none(),
            "nobody with an id"
        );
    }
}
