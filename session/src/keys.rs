//! The keys of a secret: one for each purpose and cookie name, derived once when the secret is taken into use.

use std::sync::atomic::{AtomicU64, Ordering};

use ring::{hkdf, hmac};

use crate::clock::{ALLOWED_SKEW, Millis};
use crate::rotation::KeyId;
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

    /// Whether there can be several cookies of the purpose, told apart by the last part of their names.
    pub(crate) fn has_slots(self) -> bool {
        matches!(self, Self::Data | Self::Seen | Self::Flash)
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
    pub(crate) const ALL: [Self; 2] = [Self::Signed, Self::Encrypted];

    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::Encrypted => "encrypted",
        }
    }
}

/// Whose keys are derived, besides the secret: what keeps cookies of one application from being worth anything in another.
pub(crate) struct Derivation {
    pub(crate) app_name: String,
    /// What new values are.
    pub(crate) protection: Protection,
    /// The cookies' common name, prefix included.
    pub(crate) base: String,
    /// Until when signed values were issued that still count where new ones are encrypted.
    pub(crate) signed_until: Option<Millis>,
}

impl Derivation {
    /// Whether there are values of this protection that count.
    pub(crate) fn reads(&self, protection: Protection) -> bool {
        protection == self.protection
            || (protection == Protection::Signed && self.signed_until.is_some())
    }
}

#[cfg(test)]
impl Derivation {
    /// Of an application without a name, whose cookies have the default one.
    pub(crate) fn of(protection: Protection) -> Self {
        Self {
            app_name: String::new(),
            protection,
            base: "__Host-session".to_owned(),
            signed_until: None,
        }
    }
}

/// One key for each purpose.
type ByPurpose = [hmac::Key; Purpose::ALL.len()];

/// The keys of one secret, and how much they are used.
pub(crate) struct SecretKeys {
    pub(crate) id: KeyId,
    /// One byte, public, that spares trying keys which cannot fit.
    pub(crate) hint: u8,
    by_protection: [Option<ByPurpose>; Protection::ALL.len()],
    /// For fingerprints of users, whichever the protection: they stay what they are when an application begins to encrypt.
    stamp: hmac::Key,
    /// When the secret was retired, in milliseconds: what it made later does not count.
    retired_at: AtomicU64,
    /// How many values of each protection were verified, and how many fingerprints.
    verified: [AtomicU64; Protection::ALL.len()],
    verified_fingerprints: AtomicU64,
    newest: AtomicU64,
}

/// Of a secret that nobody has retired.
const NEVER: u64 = u64::MAX;

impl SecretKeys {
    pub(crate) fn derive(secret: &Secret, how: &Derivation) -> Self {
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, FORMAT.as_bytes()).extract(secret.bytes());
        let of_protection = |protection: Protection| {
            Purpose::ALL.map(|purpose| {
                let kind = format!("{}.{}", how.base, purpose.suffix());
                let info = fields(&[
                    FORMAT,
                    &how.app_name,
                    purpose.mode(),
                    protection.label(),
                    purpose.label(),
                    &kind,
                ]);
                purpose_key(&prk, &info)
            })
        };
        let [hint] = public_bytes(&prk, "key hint");
        Self {
            id: KeyId(public_bytes(&prk, "key id")),
            hint,
            by_protection: Protection::ALL
                .map(|protection| how.reads(protection).then(|| of_protection(protection))),
            stamp: purpose_key(&prk, &fields(&[FORMAT, &how.app_name, "stamp"])),
            retired_at: AtomicU64::new(NEVER),
            verified: Protection::ALL.map(|_| AtomicU64::new(0)),
            verified_fingerprints: AtomicU64::new(0),
            newest: AtomicU64::new(0),
        }
    }

    /// The key of a purpose, if values of this protection count.
    pub(crate) fn key(&self, protection: Protection, purpose: Purpose) -> Option<&hmac::Key> {
        let keys = self.by_protection[protection as usize].as_ref()?;
        Some(&keys[purpose as usize])
    }

    /// The key of users' fingerprints.
    pub(crate) fn stamp(&self) -> &hmac::Key {
        &self.stamp
    }

    pub(crate) fn retired_at(&self) -> Option<Millis> {
        let at = self.retired_at.load(Ordering::Relaxed);
        (at != NEVER).then_some(Millis(at))
    }

    /// Retires the secret, if it is not retired since earlier.
    pub(crate) fn retire(&self, at: Millis) {
        self.retired_at.fetch_min(at.0, Ordering::Relaxed);
    }

    /// Takes it back that the secret was retired.
    pub(crate) fn reinstate(&self) {
        self.retired_at.store(NEVER, Ordering::Relaxed);
    }

    /// Notes that a value was verified.
    pub(crate) fn note(&self, protection: Protection, issued_at: Millis) {
        self.verified[protection as usize].fetch_add(1, Ordering::Relaxed);
        if issued_at.0 > self.newest.load(Ordering::Relaxed) {
            self.newest.fetch_max(issued_at.0, Ordering::Relaxed);
        }
    }

    /// Notes that a fingerprint was: it is of no protection, and its time is its session's.
    pub(crate) fn note_fingerprint(&self) {
        self.verified_fingerprints.fetch_add(1, Ordering::Relaxed);
    }

    /// How many values and fingerprints were verified, how many of them were signed values, and when the newest value was issued.
    pub(crate) fn notes(&self) -> (u64, u64, Option<Millis>) {
        let values = Protection::ALL
            .map(|protection| self.verified[protection as usize].load(Ordering::Relaxed));
        let fingerprints = self.verified_fingerprints.load(Ordering::Relaxed);
        let verified = values.iter().sum::<u64>() + fingerprints;
        let signed = values[Protection::Signed as usize];
        let newest = self.newest.load(Ordering::Relaxed);
        (verified, signed, (newest > 0).then_some(Millis(newest)))
    }

    /// Puts a key of nobody in the place of each one: ring leaves the bytes of keys where they are.
    fn wipe(&mut self) {
        let blank = hmac::Key::new(hmac::HMAC_SHA256, &[]);
        let by_purpose = self.by_protection.iter_mut().flatten().flatten();
        for key in by_purpose.chain([&mut self.stamp]) {
            *key = blank.clone();
            // What the compiler has to take for a use of the bytes.
            std::hint::black_box(key);
        }
    }
}

impl Drop for SecretKeys {
    fn drop(&mut self) {
        self.wipe();
    }
}

/// Whether what was made until a time still counts: it was, but for the difference that clocks may have, and the longest that anything
/// counts has not passed since.
pub(crate) fn counts_until(until: Millis, longest: Millis, issued_at: Millis, now: Millis) -> bool {
    issued_at <= until.plus(ALLOWED_SKEW) && now < until.plus(longest)
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

/// Bytes that follow from a secret and that anybody may see.
fn public_bytes<const N: usize>(prk: &hkdf::Prk, what: &str) -> [u8; N] {
    struct Bytes(usize);
    impl hkdf::KeyType for Bytes {
        fn len(&self) -> usize {
            self.0
        }
    }
    let mut bytes = [0; N];
    let info = fields(&[FORMAT, what]);
    match prk
        .expand(&[&info], Bytes(N))
        .and_then(|okm| okm.fill(&mut bytes))
    {
        Ok(()) => bytes,
        // As above, and the length asked for is the length given.
        Err(ring::error::Unspecified) => unreachable!("HKDF of a few bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(app: &str, protection: Protection, base: &str) -> SecretKeys {
        let secret = Secret::new("k4j5h6k4j5h6k4j5h6k4j5h6k4j5h6-1");
        let derivation = Derivation {
            app_name: app.to_owned(),
            base: base.to_owned(),
            ..Derivation::of(protection)
        };
        SecretKeys::derive(&secret, &derivation)
    }

    fn tag(key: &hmac::Key) -> Vec<u8> {
        hmac::sign(key, b"").as_ref().to_vec()
    }

    #[test]
    fn every_purpose_app_protection_and_name_has_its_own_key() {
        let mut tags = Vec::new();
        for app in ["", "shop"] {
            for protection in Protection::ALL {
                for base in ["__Host-session", "__Secure-session", "session"] {
                    let keys = keys(app, protection, base);
                    let of = |purpose| tag(keys.key(protection, purpose).unwrap());
                    tags.extend(Purpose::ALL.map(of));
                }
            }
        }
        let all = tags.len();
        tags.sort();
        tags.dedup();
        assert_eq!(tags.len(), all);
    }

    #[test]
    fn there_are_no_keys_for_values_that_do_not_count() {
        for protection in Protection::ALL {
            let keys = keys("", protection, "session");
            for other in Protection::ALL {
                let is_there = keys.key(other, Purpose::Identity).is_some();
                assert_eq!(is_there, other == protection);
            }
        }
    }

    #[test]
    fn s010_moving_a_boundary_between_texts_changes_the_derivation() {
        assert_ne!(fields(&["session.d", "ata"]), fields(&["session.", "data"]));
        assert_ne!(fields(&["ab", ""]), fields(&["a", "b"]));
    }

    #[test]
    fn the_order_of_purposes_and_protections_is_the_order_of_the_keys() {
        for (index, purpose) in Purpose::ALL.into_iter().enumerate() {
            assert_eq!(purpose as usize, index);
        }
        for (index, protection) in Protection::ALL.into_iter().enumerate() {
            assert_eq!(protection as usize, index);
        }
    }

    #[test]
    fn what_a_retired_secret_made_counts_as_long_as_anything_does() {
        let (until, longest) = (Millis(1_000_000), Millis(500_000));
        let counts = |issued_at, now| counts_until(until, longest, Millis(issued_at), Millis(now));
        assert!(counts(0, 1_499_999));
        assert!(!counts(0, 1_500_000), "nothing lasts longer");
        assert!(counts(1_060_000, 1_060_000), "clocks differ");
        assert!(!counts(1_060_001, 1_060_001), "made afterwards");
    }

    #[test]
    fn a_secret_is_retired_once_and_not_later() {
        let keys = keys("", Protection::Signed, "session");
        assert_eq!(keys.retired_at(), None);
        keys.retire(Millis(7));
        keys.retire(Millis(9));
        assert_eq!(keys.retired_at(), Some(Millis(7)));
        keys.reinstate();
        assert_eq!(keys.retired_at(), None);
    }

    #[test]
    fn keys_are_overwritten_when_they_are_dropped() {
        let mut keys = keys("", Protection::Encrypted, "session");
        keys.wipe();
        let blank = tag(&hmac::Key::new(hmac::HMAC_SHA256, &[]));
        for purpose in Purpose::ALL {
            assert_eq!(
                tag(keys.key(Protection::Encrypted, purpose).unwrap()),
                blank
            );
        }
        assert_eq!(tag(keys.stamp()), blank);
    }
}
