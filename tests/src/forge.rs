//! Cookies made by hand, as `docs/wire-format.md` describes them: what they say may be anything, and their tags are right.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::{aead, digest, hkdf, hmac};

use crate::SECRET;

const FORMAT: &str = "muffin-session/1";

/// What a cookie is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Kind {
    Identity,
    Data,
    Guest,
    Seen,
    Flash,
    Out,
    Pending,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Identity,
        Self::Data,
        Self::Guest,
        Self::Seen,
        Self::Flash,
        Self::Out,
        Self::Pending,
    ];

    /// The word in the derivation of keys.
    pub fn label(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            _ => self.suffix(),
        }
    }

    /// The part of the cookie's name.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Identity => "id",
            Self::Data => "data",
            Self::Guest => "guest",
            Self::Seen => "seen",
            Self::Flash => "flash",
            Self::Out => "out",
            Self::Pending => "pending",
        }
    }
}

/// Where forged cookies are for.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Forge {
    pub secret: &'static str,
    pub app_name: &'static str,
    pub base: &'static str,
    pub encrypted: bool,
}

impl Forge {
    /// For sessions with the defaults, on the tests' secret: what [`builder`](crate::builder) gives.
    pub const SIGNED: Self = Self {
        secret: SECRET,
        app_name: "",
        base: "__Host-session",
        encrypted: false,
    };

    /// The same with encryption.
    pub const ENCRYPTED: Self = Self {
        encrypted: true,
        ..Self::SIGNED
    };

    /// A full name. `slot` is the last part, for the kinds that have one.
    pub fn name(&self, kind: Kind, slot: &str) -> String {
        let name = format!("{}.{}", self.base, kind.suffix());
        match kind {
            Kind::Data | Kind::Seen | Kind::Flash => format!("{name}.{slot}"),
            Kind::Identity | Kind::Guest | Kind::Out | Kind::Pending => name,
        }
    }

    /// The value of a cookie with this name that says `body`.
    ///
    /// # Panics
    ///
    /// If there is no randomness.
    pub fn seal(&self, kind: Kind, name: &str, issued_at: u64, body: &[u8]) -> String {
        let version = if self.encrypted { 2 } else { 1 };
        self.seal_as(version, kind, name, issued_at, body)
    }

    /// The same, with another version at its beginning.
    ///
    /// # Panics
    ///
    /// If there is no randomness.
    pub fn seal_as(
        &self,
        version: u8,
        kind: Kind,
        name: &str,
        issued_at: u64,
        body: &[u8],
    ) -> String {
        let kind_name = format!("{}.{}", self.base, kind.suffix());
        let purpose = ["cookie", kind.label(), &kind_name];
        self.seal_under(purpose, version, name, issued_at, body)
    }

    /// The value of a cookie with this name that says where in a store a session is. `kind` is `handle` or `guest handle`.
    ///
    /// # Panics
    ///
    /// If there is no randomness.
    pub fn seal_handle(&self, kind: &str, name: &str, issued_at: u64, handle: &[u8]) -> String {
        let version = if self.encrypted { 2 } else { 1 };
        self.seal_under(["store", kind, name], version, name, issued_at, handle)
    }

    /// Seals a value with the key for a mode, a kind and a kind's name.
    fn seal_under(
        &self,
        [mode, kind, kind_name]: [&str; 3],
        version: u8,
        name: &str,
        issued_at: u64,
        body: &[u8],
    ) -> String {
        let prk =
            hkdf::Salt::new(hkdf::HKDF_SHA256, FORMAT.as_bytes()).extract(self.secret.as_bytes());
        let protection = if self.encrypted {
            "encrypted"
        } else {
            "signed"
        };
        let info = fields(&[FORMAT, self.app_name, mode, protection, kind, kind_name]);
        let key: hmac::Key = prk
            .expand(&[&info], hmac::HMAC_SHA256)
            .expect("32 bytes")
            .into();
        let mut hint = [0];
        prk.expand(&[&fields(&[FORMAT, "key hint"])], OneByte)
            .and_then(|okm| okm.fill(&mut hint))
            .expect("one byte");

        let mut bound = match name.rsplit_once('.') {
            Some((_, slot)) if ["data", "seen", "flash"].contains(&kind) => slot.into(),
            _ => Vec::new(),
        };
        let start = bound.len();
        bound.push(version);
        bound.push(hint[0]);
        bound.extend(issued_at.to_be_bytes());
        if self.encrypted {
            let mut salt = [0; 24];
            SystemRandom::new().fill(&mut salt).expect("randomness");
            bound.extend(salt);
            let message_key = hmac::sign(&key, &salt);
            let message_key = aead::UnboundKey::new(&aead::CHACHA20_POLY1305, message_key.as_ref())
                .expect("32 bytes");
            let mut sealed = body.to_vec();
            aead::LessSafeKey::new(message_key)
                .seal_in_place_append_tag(
                    aead::Nonce::assume_unique_for_key([0; 12]),
                    aead::Aad::from(&bound),
                    &mut sealed,
                )
                .expect("far below 64 GiB");
            bound.extend(sealed);
        } else {
            bound.extend(body);
            let tag = hmac::sign(&key, &bound);
            bound.extend(tag.as_ref());
        }
        URL_SAFE_NO_PAD.encode(&bound[start..])
    }
}

/// The body of an identity.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the names say it")]
pub struct IdentityBody<'a> {
    pub sid: [u8; 16],
    pub started_at: u64,
    pub authenticated_at: u64,
    pub expires_at: u64,
    pub method: u8,
    pub flags: u8,
    /// As JSON text.
    pub user_id: &'a str,
    /// As JSON text, or nothing.
    pub claims: &'a str,
}

impl<'a> IdentityBody<'a> {
    /// A login at a time, for a day.
    pub fn new(sid: [u8; 16], now: u64, user_id: &'a str) -> Self {
        Self {
            sid,
            started_at: now,
            authenticated_at: now,
            expires_at: now.saturating_add(24 * 3_600 * 1_000),
            method: 1,
            flags: 0,
            user_id,
            claims: "",
        }
    }

    /// Its bytes.
    ///
    /// # Panics
    ///
    /// If the user id has 64 KiB or more.
    pub fn encode(&self) -> Vec<u8> {
        let mut body = self.sid.to_vec();
        for time in [self.started_at, self.authenticated_at, self.expires_at] {
            body.extend(time.to_be_bytes());
        }
        body.extend([self.method, self.flags]);
        let length = u16::try_from(self.user_id.len()).expect("a short id");
        body.extend(length.to_be_bytes());
        body.extend(self.user_id.as_bytes());
        body.extend(self.claims.as_bytes());
        body
    }
}

/// The last part of the names of a session's cookies.
pub fn slot(sid: [u8; 16]) -> String {
    let digest = digest::digest(&digest::SHA256, &sid);
    URL_SAFE_NO_PAD.encode(&digest.as_ref()[..6])
}

fn fields(texts: &[&str]) -> Vec<u8> {
    let mut joined = Vec::new();
    for text in texts {
        let length = u16::try_from(text.len()).expect("short texts");
        joined.extend(length.to_be_bytes());
        joined.extend(text.as_bytes());
    }
    joined
}

struct OneByte;

impl hkdf::KeyType for OneByte {
    fn len(&self) -> usize {
        1
    }
}
