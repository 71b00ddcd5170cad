//! Sealing and opening a cookie's value. Nothing of a value is believed, or even looked at, before its tag has been verified.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::{aead, hmac};

use crate::clock::Millis;
use crate::keys::{Keyring, Protection, Purpose, push_field};

/// Version, key hint, time of issue.
const HEADER: usize = 1 + 1 + 8;
const SALT: usize = 24;
const SIGNED: u8 = 1;
const ENCRYPTED: u8 = 2;

/// Seals and opens values for the cookies of one configuration.
pub(crate) struct Sealer {
    keys: Keyring,
    protection: Protection,
    random: SystemRandom,
}

/// A value whose tag was right: what it says was written by us, for this purpose and this cookie.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    pub(crate) issued_at: Millis,
    /// Characters of the value.
    pub(crate) text_len: usize,
    buffer: Vec<u8>,
    start: usize,
}

impl Opened {
    pub(crate) fn body(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    /// The verified bytes, and where the body starts in them.
    pub(crate) fn into_parts(self) -> (Vec<u8>, usize) {
        (self.buffer, self.start)
    }
}

/// The random generator failed, so that nothing can be made that nobody can guess.
#[derive(Debug)]
pub(crate) struct RandomFailed;

impl Sealer {
    pub(crate) fn new(keys: Keyring, protection: Protection) -> Self {
        Self {
            keys,
            protection,
            random: SystemRandom::new(),
        }
    }

    pub(crate) fn stamp_keys(&self) -> impl Iterator<Item = &hmac::Key> {
        self.keys.stamps()
    }

    /// How many bytes the text of a value with a body of this many bytes takes.
    pub(crate) fn text_len(&self, body: usize) -> usize {
        (self.overhead() + body).saturating_mul(4).div_ceil(3)
    }

    fn overhead(&self) -> usize {
        match self.protection {
            Protection::Signed => HEADER + ring::digest::SHA256_OUTPUT_LEN,
            Protection::Encrypted => HEADER + SALT + aead::MAX_TAG_LEN,
        }
    }

    pub(crate) fn random<const N: usize>(&self) -> Result<[u8; N], RandomFailed> {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes).map_err(|_| RandomFailed)?;
        Ok(bytes)
    }

    /// The text to send as the value of the cookie `name`.
    pub(crate) fn seal(
        &self,
        purpose: Purpose,
        name: &str,
        issued_at: Millis,
        body: &[u8],
    ) -> Result<String, RandomFailed> {
        let (hint, key) = self.keys.signing(purpose);
        let mut buffer = Vec::with_capacity(2 + name.len() + self.overhead() + body.len());
        push_field(&mut buffer, name.as_bytes());
        let value = buffer.len();
        match self.protection {
            Protection::Signed => {
                buffer.extend_from_slice(&[SIGNED, hint]);
                buffer.extend_from_slice(&issued_at.0.to_be_bytes());
                buffer.extend_from_slice(body);
                let tag = hmac::sign(key, &buffer);
                buffer.extend_from_slice(tag.as_ref());
            }
            Protection::Encrypted => {
                let salt: [u8; SALT] = self.random()?;
                buffer.extend_from_slice(&[ENCRYPTED, hint]);
                buffer.extend_from_slice(&issued_at.0.to_be_bytes());
                buffer.extend_from_slice(&salt);
                let mut sealed = body.to_vec();
                let bound = aead::Aad::from(&buffer);
                message_key(key, &salt)
                    .seal_in_place_append_tag(zero_nonce(), bound, &mut sealed)
                    // ring refuses only bodies of more than 64 GiB.
                    .map_err(|_| RandomFailed)?;
                buffer.extend_from_slice(&sealed);
            }
        }
        Ok(URL_SAFE_NO_PAD.encode(&buffer[value..]))
    }

    /// The value of the cookie `name`, if it is one of ours. The caller has checked its length.
    ///
    /// Every failure looks alike, so that an answer cannot tell one from another.
    pub(crate) fn open(&self, purpose: Purpose, name: &str, text: &[u8]) -> Option<Opened> {
        let mut buffer = Vec::with_capacity(2 + name.len() + text.len() / 4 * 3 + 3);
        push_field(&mut buffer, name.as_bytes());
        let value = buffer.len();
        // The engine accepts exactly one spelling: this alphabet, no padding, no loose bits at the end.
        URL_SAFE_NO_PAD.decode_vec(text, &mut buffer).ok()?;
        let length = buffer.len() - value;
        if length < self.overhead() {
            return None;
        }
        let version = match self.protection {
            Protection::Signed => SIGNED,
            Protection::Encrypted => ENCRYPTED,
        };
        if buffer[value] != version {
            return None;
        }
        let hint = buffer[value + 1];
        let mut issued_at = [0; 8];
        issued_at.copy_from_slice(&buffer[value + 2..value + HEADER]);

        let mut candidates = self.keys.verifying(purpose, hint);
        let start = match self.protection {
            Protection::Signed => {
                let tag_at = buffer.len() - ring::digest::SHA256_OUTPUT_LEN;
                let (bound, tag) = buffer.split_at(tag_at);
                candidates
                    .any(|key| hmac::verify(key, bound, tag).is_ok())
                    .then(|| buffer.truncate(tag_at))?;
                value + HEADER
            }
            Protection::Encrypted => {
                let start = value + HEADER + SALT;
                let (bound, sealed) = buffer.split_at(start);
                let salt = &bound[value + HEADER..];
                let plain = candidates.find_map(|key| {
                    let mut sealed = sealed.to_vec();
                    let length = message_key(key, salt)
                        .open_in_place(zero_nonce(), aead::Aad::from(bound), &mut sealed)
                        .ok()?
                        .len();
                    sealed.truncate(length);
                    Some(sealed)
                })?;
                buffer = plain;
                0
            }
        };
        Some(Opened {
            issued_at: Millis(u64::from_be_bytes(issued_at)),
            text_len: text.len(),
            buffer,
            start,
        })
    }
}

/// The key of one message. Salts have 192 random bits, so that no two messages share one.
fn message_key(key: &hmac::Key, salt: &[u8]) -> aead::LessSafeKey {
    let bytes = hmac::sign(key, salt);
    match aead::UnboundKey::new(&aead::CHACHA20_POLY1305, bytes.as_ref()) {
        Ok(key) => aead::LessSafeKey::new(key),
        // SHA-256 gives the 32 bytes that the cipher takes.
        Err(ring::error::Unspecified) => unreachable!("a key of 32 bytes"),
    }
}

/// Each message has a key of its own, which this nonce is used with once.
fn zero_nonce() -> aead::Nonce {
    aead::Nonce::assume_unique_for_key([0; aead::NONCE_LEN])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    const NAME: &str = "__Host-session.id";

    fn sealer(protection: Protection, secrets: &[&str]) -> Sealer {
        let secrets: Vec<_> = secrets.iter().map(|&text| Secret::new(text)).collect();
        let keys = Keyring::derive(&secrets, "", protection, "__Host-session");
        Sealer::new(keys, protection)
    }

    fn both() -> [Sealer; 2] {
        [Protection::Signed, Protection::Encrypted]
            .map(|protection| sealer(protection, &["first secret"]))
    }

    #[test]
    fn what_was_sealed_opens_with_its_time() {
        for sealer in both() {
            for body in [&b""[..], b"a", b"hello"] {
                let text = sealer
                    .seal(Purpose::Identity, NAME, Millis(7), body)
                    .unwrap();
                assert_eq!(text.len(), sealer.text_len(body.len()));
                let opened = sealer
                    .open(Purpose::Identity, NAME, text.as_bytes())
                    .unwrap();
                assert_eq!((opened.body(), opened.issued_at), (body, Millis(7)));
            }
        }
    }

    #[test]
    fn s001_to_s004_every_flip_cut_and_extension_is_refused() {
        for sealer in both() {
            let text = sealer
                .seal(Purpose::Identity, NAME, Millis(7), b"hello")
                .unwrap();
            let open = |text: &[u8]| sealer.open(Purpose::Identity, NAME, text);
            for position in 0..text.len() {
                for bit in 0..8 {
                    let mut changed = text.clone().into_bytes();
                    changed[position] ^= 1 << bit;
                    assert!(open(&changed).is_none(), "byte {position}, bit {bit}");
                }
                assert!(open(&text.as_bytes()[..position]).is_none());
            }
            for byte in 0..=255 {
                let mut longer = text.clone().into_bytes();
                longer.push(byte);
                assert!(open(&longer).is_none(), "byte {byte} added");
            }
        }
    }

    #[test]
    fn s008_no_value_has_a_second_spelling() {
        for sealer in both() {
            let text = sealer
                .seal(
                    Purpose::Identity,
                    NAME,
                    Millis(u64::MAX),
                    b"??>>??>>\xff\xff",
                )
                .unwrap();
            let open = |text: &str| sealer.open(Purpose::Identity, NAME, text.as_bytes());
            assert!(open(&text).is_some());
            for other in [
                format!("{text}="),
                format!("{text}=="),
                format!("\"{text}\""),
                format!("{text}\n"),
                format!(" {text}"),
                text.replace('-', "+").replace('_', "/") + "=",
            ] {
                assert!(open(&other).is_none(), "{other:?}");
            }
        }
    }

    #[test]
    fn s011_a_value_opens_only_for_its_purpose_and_name() {
        for sealer in both() {
            for purpose in Purpose::ALL {
                let text = sealer.seal(purpose, NAME, Millis(7), b"x").unwrap();
                for other in Purpose::ALL {
                    let opened = sealer.open(other, NAME, text.as_bytes());
                    assert_eq!(opened.is_some(), other == purpose);
                }
                let elsewhere = sealer.open(purpose, "__Host-session.ie", text.as_bytes());
                assert!(elsewhere.is_none());
            }
        }
    }

    #[test]
    fn s072_and_s074_the_first_secret_signs_all_verify_and_a_removed_one_does_not() {
        for protection in [Protection::Signed, Protection::Encrypted] {
            let old = sealer(protection, &["old"]);
            let rotated = sealer(protection, &["new", "old"]);
            let new = sealer(protection, &["new"]);
            let made_before = old.seal(Purpose::Data, NAME, Millis(1), b"x").unwrap();
            let made_after = rotated.seal(Purpose::Data, NAME, Millis(1), b"x").unwrap();
            let opens = |sealer: &Sealer, text: &str| {
                sealer.open(Purpose::Data, NAME, text.as_bytes()).is_some()
            };
            assert!(opens(&rotated, &made_before));
            assert!(opens(&new, &made_after));
            assert!(!opens(&new, &made_before));
            assert!(!opens(&old, &made_after));
        }
    }

    #[test]
    fn s013_signed_and_encrypted_do_not_stand_in_for_each_other() {
        let [signed, encrypted] = both();
        for (from, to) in [(&signed, &encrypted), (&encrypted, &signed)] {
            let text = from.seal(Purpose::Data, NAME, Millis(1), b"x").unwrap();
            assert!(to.open(Purpose::Data, NAME, text.as_bytes()).is_none());
        }
    }

    #[test]
    fn s202_encrypted_values_do_not_show_their_content_and_never_repeat() {
        let [_, sealer] = both();
        let seal = || {
            sealer
                .seal(Purpose::Data, NAME, Millis(1), b"very personal text")
                .unwrap()
        };
        let (a, b) = (seal(), seal());
        assert_ne!(a, b);
        let bytes = URL_SAFE_NO_PAD.decode(a).unwrap();
        assert!(!bytes.windows(8).any(|part| part == b"personal"));
    }
}
