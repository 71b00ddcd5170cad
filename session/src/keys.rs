//! The keys: one for each secret, purpose and cookie name, derived once when the application starts.

use ring::{hkdf, hmac};

use crate::secret::Secret;

/// The label of this version of the format. A change of meaning takes a new one.
pub(crate) const FORMAT: &str = "muffin-session/1";

/// What a cookie is for. Each purpose has its own key and its own reason to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Who is logged in, since when and until when.
    Identity,
    /// The data of somebody logged in.
    Data,
    /// The data of an anonymous visitor.
    Guest,
    /// The last activity, where an idle timeout is set.
    Seen,
    /// One flash message.
    Flash,
    /// The mark that a logout leaves.
    Out,
    /// Who has begun to log in, and has not given the second factor yet.
    Pending,
    /// Where in a store the session of somebody logged in is.
    Handle,
    /// Where in a store the data of an anonymous visitor is.
    GuestHandle,
}

impl Purpose {
    pub(crate) const ALL: [Self; 9] = [
        Self::Identity,
        Self::Data,
        Self::Guest,
        Self::Seen,
        Self::Flash,
        Self::Out,
        Self::Pending,
        Self::Handle,
        Self::GuestHandle,
    ];

    /// Where sessions are kept is part of the derivation: a value of one mode means nothing in another.
    fn mode(self) -> &'static str {
        match self {
            Self::Handle | Self::GuestHandle => "store",
            _ => "cookie",
        }
    }

    /// The word for the purpose in the key derivation.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Data => "data",
            Self::Guest => "guest",
            Self::Seen => "seen",
            Self::Flash => "flash",
            Self::Out => "out",
            Self::Pending => "pending",
            Self::Handle => "handle",
            Self::GuestHandle => "guest handle",
        }
    }

    /// The part of the cookie's name that says the purpose.
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Self::Identity | Self::Handle => "id",
            Self::Data => "data",
            Self::Guest | Self::GuestHandle => "guest",
            Self::Seen => "seen",
            Self::Flash => "flash",
            Self::Out => "out",
            Self::Pending => "pending",
        }
    }
}

/// Whether values are readable in the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protection {
    /// HMAC-SHA256: nobody can change a value, and whoever has the browser can read it.
    Signed,
    /// ChaCha20-Poly1305 under a key of its own for each message: nobody can change or read a value.
    Encrypted,
}

impl Protection {
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::Encrypted => "encrypted",
        }
    }
}

/// The keys of one secret.
struct SecretKeys {
    /// One byte, public, that spares trying keys which cannot fit.
    hint: u8,
    by_purpose: [hmac::Key; Purpose::ALL.len()],
    /// For fingerprints of users, whichever the protection: they stay what they are when an application begins to encrypt.
    stamp: hmac::Key,
}

/// All keys: those of the first secret sign, all verify.
pub(crate) struct Keyring {
    secrets: Vec<SecretKeys>,
}

impl Keyring {
    /// The most secrets at once: each may cost a MAC for each candidate.
    pub(crate) const MAX_SECRETS: usize = 4;

    /// Derives every key. `base` is the cookies' common name, prefix included.
    pub(crate) fn derive(
        secrets: &[Secret],
        app_name: &str,
        protection: Protection,
        base: &str,
    ) -> Self {
        let secrets = secrets
            .iter()
            .map(|secret| {
                let prk =
                    hkdf::Salt::new(hkdf::HKDF_SHA256, FORMAT.as_bytes()).extract(secret.bytes());
                SecretKeys {
                    hint: hint(&prk),
                    stamp: purpose_key(&prk, &fields(&[FORMAT, app_name, "stamp"])),
                    by_purpose: Purpose::ALL.map(|purpose| {
                        let kind = format!("{base}.{}", purpose.suffix());
                        let info = fields(&[
                            FORMAT,
                            app_name,
                            purpose.mode(),
                            protection.label(),
                            purpose.label(),
                            &kind,
                        ]);
                        purpose_key(&prk, &info)
                    }),
                }
            })
            .collect();
        Self { secrets }
    }

    /// The key that signs, and its hint.
    pub(crate) fn signing(&self, purpose: Purpose) -> (u8, &hmac::Key) {
        // `build()` always derives from at least one secret.
        let first = &self.secrets[0];
        (first.hint, &first.by_purpose[purpose as usize])
    }

    /// The keys of stamps: the first one makes them.
    pub(crate) fn stamps(&self) -> impl Iterator<Item = &hmac::Key> {
        self.secrets.iter().map(|keys| &keys.stamp)
    }

    /// The keys that a value with this hint may have been made with.
    pub(crate) fn verifying(&self, purpose: Purpose, hint: u8) -> impl Iterator<Item = &hmac::Key> {
        self.secrets
            .iter()
            .filter(move |keys| keys.hint == hint)
            .map(move |keys| &keys.by_purpose[purpose as usize])
    }
}

/// Joins texts so that no two lists give the same bytes: ring would join them without a boundary.
pub(crate) fn fields(texts: &[&str]) -> Vec<u8> {
    let mut joined = Vec::new();
    for text in texts {
        push_field(&mut joined, text.as_bytes());
    }
    joined
}

/// Appends the length, two bytes, and the bytes. Names are far shorter than 64 KiB: `build()` checks them.
pub(crate) fn push_field(to: &mut Vec<u8>, bytes: &[u8]) {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    to.extend_from_slice(&length.to_be_bytes());
    to.extend_from_slice(bytes);
}

fn purpose_key(prk: &hkdf::Prk, info: &[u8]) -> hmac::Key {
    match prk.expand(&[info], hmac::HMAC_SHA256) {
        Ok(okm) => okm.into(),
        // HKDF fails only when more than 255 blocks are asked for; this is one.
        Err(ring::error::Unspecified) => unreachable!("HKDF of one block"),
    }
}

fn hint(prk: &hkdf::Prk) -> u8 {
    struct OneByte;
    impl hkdf::KeyType for OneByte {
        fn len(&self) -> usize {
            1
        }
    }
    let mut hint = [0];
    let info = fields(&[FORMAT, "key hint"]);
    match prk
        .expand(&[&info], OneByte)
        .and_then(|okm| okm.fill(&mut hint))
    {
        Ok(()) => hint[0],
        // As above, and the length asked for is the length given.
        Err(ring::error::Unspecified) => unreachable!("HKDF of one byte"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(keys: &Keyring, purpose: Purpose) -> Vec<u8> {
        hmac::sign(keys.signing(purpose).1, b"").as_ref().to_vec()
    }

    fn keys(app: &str, protection: Protection, base: &str) -> Keyring {
        let secret = Secret::new("k4j5h6k4j5h6k4j5h6k4j5h6k4j5h6-1");
        Keyring::derive(&[secret], app, protection, base)
    }

    #[test]
    fn every_purpose_app_protection_and_name_has_its_own_key() {
        let mut tags = Vec::new();
        for app in ["", "shop"] {
            for protection in [Protection::Signed, Protection::Encrypted] {
                for base in ["__Host-session", "__Secure-session", "session"] {
                    let keys = keys(app, protection, base);
                    tags.extend(Purpose::ALL.map(|purpose| tag(&keys, purpose)));
                }
            }
        }
        let all = tags.len();
        tags.sort();
        tags.dedup();
        assert_eq!(tags.len(), all);
    }

    #[test]
    fn s010_moving_a_boundary_between_texts_changes_the_derivation() {
        assert_ne!(fields(&["session.d", "ata"]), fields(&["session.", "data"]));
        assert_ne!(fields(&["ab", ""]), fields(&["a", "b"]));
    }

    #[test]
    fn the_order_of_purposes_is_the_order_of_the_keys() {
        for (index, purpose) in Purpose::ALL.into_iter().enumerate() {
            assert_eq!(purpose as usize, index);
        }
    }
}
