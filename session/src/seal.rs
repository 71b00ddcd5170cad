//! Sealing and opening a cookie's value. Nothing of a value is believed, or even looked at, before its tag has been verified.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::{aead, hmac};

use crate::clock::Millis;
use crate::cookie_names::Slot;
use crate::keyring::{Head, Keyring, Used};
use crate::keys::{Protection, Purpose};

/// Version, key hint, time of issue.
const HEADER: usize = 1 + 1 + 8;
const SALT: usize = 24;

/// Seals and opens values for the cookies of one configuration.
pub(crate) struct Sealer {
    keyring: Keyring,
    random: SystemRandom,
}

/// A value whose tag was right: what it says was written by us, for this purpose and this cookie.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    pub(crate) issued_at: Millis,
    pub(crate) protection: Protection,
    /// Which secret it was made with.
    pub(crate) used: Used,
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

impl Protection {
    /// How many bytes the text of a value with a body of this many bytes takes.
    pub(crate) fn text_len(self, body: usize) -> usize {
        (self.overhead() + body).saturating_mul(4).div_ceil(3)
    }

    fn overhead(self) -> usize {
        match self {
            Self::Signed => HEADER + ring::digest::SHA256_OUTPUT_LEN,
            Self::Encrypted => HEADER + SALT + aead::MAX_TAG_LEN,
        }
    }

    /// The first byte of a value.
    fn version(self) -> u8 {
        match self {
            Self::Signed => 1,
            Self::Encrypted => 2,
        }
    }
}

impl Sealer {
    pub(crate) fn new(keyring: Keyring) -> Self {
        Self {
            keyring,
            random: SystemRandom::new(),
        }
    }

    pub(crate) fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// How many bytes the text of a new value with a body of this many bytes takes.
    pub(crate) fn text_len(&self, body: usize) -> usize {
        self.keyring.protection().text_len(body)
    }

    pub(crate) fn random<const N: usize>(&self) -> Result<[u8; N], RandomFailed> {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes).map_err(|_| RandomFailed)?;
        Ok(bytes)
    }

    /// Appends the text to send as the value of the cookie `name`.
    pub(crate) fn seal(
        &self,
        text: &mut String,
        purpose: Purpose,
        name: &str,
        issued_at: Millis,
        body: &[u8],
    ) -> Result<(), RandomFailed> {
        let protection = self.keyring.protection();
        let secrets = self.keyring.secrets();
        // There is always one that signs, and it has keys for what is written.
        let (hint, key) = secrets
            .first()
            .and_then(|keys| Some((keys.hint, keys.key(protection, purpose)?)))
            .ok_or(RandomFailed)?;
        let place = place_in(purpose, name);
        let mut buffer = Vec::with_capacity(place.len() + protection.overhead() + body.len());
        buffer.extend_from_slice(place);
        let value = buffer.len();
        buffer.extend_from_slice(&[protection.version(), hint]);
        buffer.extend_from_slice(&issued_at.0.to_be_bytes());
        match protection {
            Protection::Signed => {
                buffer.extend_from_slice(body);
                let tag = hmac::sign(key, &buffer);
                buffer.extend_from_slice(tag.as_ref());
            }
            Protection::Encrypted => {
                let salt: [u8; SALT] = self.random()?;
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
        URL_SAFE_NO_PAD.encode_string(&buffer[value..], text);
        Ok(())
    }

    /// The same as a text of its own.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn sealed(
        &self,
        purpose: Purpose,
        name: &str,
        issued_at: Millis,
        body: &[u8],
    ) -> Result<String, RandomFailed> {
        let mut text = String::new();
        self.seal(&mut text, purpose, name, issued_at, body)?;
        Ok(text)
    }

    /// The value of the cookie `name`, if it is one of ours. The caller has checked its length.
    ///
    /// Every failure looks alike, so that an answer cannot tell one from another.
    pub(crate) fn open(
        &self,
        purpose: Purpose,
        name: &str,
        text: &[u8],
        now: impl Fn() -> Millis,
    ) -> Option<Opened> {
        let place = place_in(purpose, name);
        let mut buffer = Vec::with_capacity(place.len() + text.len() / 4 * 3 + 3);
        buffer.extend_from_slice(place);
        let value = buffer.len();
        // The engine accepts exactly one spelling: this alphabet, no padding, no loose bits at the end.
        URL_SAFE_NO_PAD.decode_vec(text, &mut buffer).ok()?;
        let version = *buffer.get(value)?;
        let protection = self
            .keyring
            .protections()
            .find(|protection| protection.version() == version)?;
        if buffer.len() - value < protection.overhead() {
            return None;
        }
        let mut issued_at = [0; 8];
        issued_at.copy_from_slice(&buffer[value + 2..value + HEADER]);
        let issued_at = Millis(u64::from_be_bytes(issued_at));
        let head = Head {
            protection,
            purpose,
            hint: buffer[value + 1],
            issued_at,
        };

        let (used, start) = match protection {
            Protection::Signed => {
                let tag_at = buffer.len() - ring::digest::SHA256_OUTPUT_LEN;
                let (bound, tag) = buffer.split_at(tag_at);
                let (used, ()) = self
                    .keyring
                    .verify(&head, now, |key| hmac::verify(key, bound, tag).ok())?;
                buffer.truncate(tag_at);
                (used, value + HEADER)
            }
            Protection::Encrypted => {
                let start = value + HEADER + SALT;
                let (bound, sealed) = buffer.split_at(start);
                let salt = &bound[value + HEADER..];
                let (used, body) = self.keyring.verify(&head, now, |key| {
                    let mut sealed = sealed.to_vec();
                    let length = message_key(key, salt)
                        .open_in_place(zero_nonce(), aead::Aad::from(bound), &mut sealed)
                        .ok()?
                        .len();
                    sealed.truncate(length);
                    Some(sealed)
                })?;
                buffer = body;
                (used, 0)
            }
        };
        Some(Opened {
            issued_at,
            protection,
            used,
            text_len: text.len(),
            buffer,
            start,
        })
    }
}

/// What tells a cookie from others of its purpose: the slot at the end of its name, if the purpose has slots. The rest of the name is in
/// the derivation of the key.
fn place_in(purpose: Purpose, name: &str) -> &[u8] {
    if purpose.has_slots() {
        let bytes = name.as_bytes();
        &bytes[bytes.len().saturating_sub(Slot::LEN)..]
    } else {
        b""
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
    use crate::keys::Derivation;
    use crate::secret::Secret;

    const NAME: &str = "__Host-session.id";

    const OLD: &str = "k4Jq2vX9sLw4RtY8zKb3NcM6hGd1FfAe";
    const NEW: &str = "p7Jq2vX9sLw4RtY8zKb3NcM6hGd1FfAe";
    const NO_TIME: fn() -> Millis = || panic!("nothing depends on the time");

    fn sealer(protection: Protection, secrets: &[&str]) -> Sealer {
        sealer_that_reads(protection, None, secrets)
    }

    fn sealer_that_reads(
        protection: Protection,
        signed_until: Option<Millis>,
        secrets: &[&str],
    ) -> Sealer {
        let secrets: Vec<_> = secrets.iter().map(|&text| Secret::new(text)).collect();
        let derivation = Derivation {
            signed_until,
            ..Derivation::of(protection)
        };
        Sealer::new(Keyring::new(derivation, Millis(500_000), &secrets).unwrap())
    }

    fn both() -> [Sealer; 2] {
        Protection::ALL.map(|protection| sealer(protection, &[NEW]))
    }

    #[test]
    fn what_was_sealed_opens_with_its_time() {
        for sealer in both() {
            for body in [&b""[..], b"a", b"hello"] {
                let text = sealer
                    .sealed(Purpose::Identity, NAME, Millis(7), body)
                    .unwrap();
                assert_eq!(text.len(), sealer.text_len(body.len()));
                let opened = sealer
                    .open(Purpose::Identity, NAME, text.as_bytes(), NO_TIME)
                    .unwrap();
                assert_eq!((opened.body(), opened.issued_at), (body, Millis(7)));
            }
        }
    }

    #[test]
    fn s001_to_s004_every_flip_cut_and_extension_is_refused() {
        for sealer in both() {
            let text = sealer
                .sealed(Purpose::Identity, NAME, Millis(7), b"hello")
                .unwrap();
            let open = |text: &[u8]| sealer.open(Purpose::Identity, NAME, text, NO_TIME);
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
                .sealed(
                    Purpose::Identity,
                    NAME,
                    Millis(u64::MAX),
                    b"??>>??>>\xff\xff",
                )
                .unwrap();
            let open = |text: &str| sealer.open(Purpose::Identity, NAME, text.as_bytes(), NO_TIME);
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
    fn s011_a_value_opens_only_for_its_purpose_its_slot_and_its_cookies() {
        const OF_A_SLOT: &str = "__Host-session.data.AAAAAAAA";
        const OF_ANOTHER: &str = "__Host-session.data.AAAAAAAB";
        for protection in Protection::ALL {
            let sealer = sealer(protection, &[NEW]);
            let derivation = Derivation {
                base: "__Host-other".to_owned(),
                ..Derivation::of(protection)
            };
            let keyring = Keyring::new(derivation, Millis(500_000), &[Secret::new(NEW)]);
            let of_other_cookies = Sealer::new(keyring.unwrap());
            for purpose in Purpose::ALL {
                let text = sealer.sealed(purpose, OF_A_SLOT, Millis(7), b"x").unwrap();
                let opens = |sealer: &Sealer, purpose, name| {
                    sealer
                        .open(purpose, name, text.as_bytes(), NO_TIME)
                        .is_some()
                };
                for other in Purpose::ALL {
                    assert_eq!(opens(&sealer, other, OF_A_SLOT), other == purpose);
                }
                assert_eq!(
                    opens(&sealer, purpose, OF_ANOTHER),
                    !purpose.has_slots(),
                    "{purpose:?}"
                );
                assert!(!opens(&of_other_cookies, purpose, OF_A_SLOT));
            }
        }
    }

    #[test]
    fn s072_and_s074_the_first_secret_signs_all_verify_and_a_removed_one_does_not() {
        for protection in Protection::ALL {
            let old = sealer(protection, &[OLD]);
            let rotated = sealer(protection, &[NEW, OLD]);
            let new = sealer(protection, &[NEW]);
            let made_before = old.sealed(Purpose::Data, NAME, Millis(1), b"x").unwrap();
            let made_after = rotated
                .sealed(Purpose::Data, NAME, Millis(1), b"x")
                .unwrap();
            let opens = |sealer: &Sealer, text: &str| {
                sealer
                    .open(Purpose::Data, NAME, text.as_bytes(), NO_TIME)
                    .is_some()
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
            let text = from.sealed(Purpose::Data, NAME, Millis(1), b"x").unwrap();
            assert!(
                to.open(Purpose::Data, NAME, text.as_bytes(), NO_TIME)
                    .is_none()
            );
        }
    }

    #[test]
    fn s202_encrypted_values_do_not_show_their_content_and_never_repeat() {
        let [_, sealer] = both();
        let seal = || {
            sealer
                .sealed(Purpose::Data, NAME, Millis(1), b"very personal text")
                .unwrap()
        };
        let (a, b) = (seal(), seal());
        assert_ne!(a, b);
        let bytes = URL_SAFE_NO_PAD.decode(a).unwrap();
        assert!(!bytes.windows(8).any(|part| part == b"personal"));
    }

    #[test]
    fn signed_values_count_for_a_while_where_new_ones_are_encrypted() {
        let [signed, _] = both();
        let until = Millis(1_000_000);
        let moving = sealer_that_reads(Protection::Encrypted, Some(until), &[NEW]);
        let opens = |issued_at, now| {
            let text = signed
                .sealed(Purpose::Data, NAME, Millis(issued_at), b"x")
                .unwrap();
            let opened = moving.open(Purpose::Data, NAME, text.as_bytes(), || Millis(now));
            opened.is_some_and(|opened| opened.protection == Protection::Signed)
        };
        assert!(opens(1, 1_000_000));
        assert!(opens(1, 1_499_999));
        assert!(!opens(1, 1_500_000), "nothing lasts as long");
        assert!(!opens(1_060_001, 1_060_001), "issued too late");
        let new = moving.sealed(Purpose::Data, NAME, Millis(7), b"x").unwrap();
        let opened = moving
            .open(Purpose::Data, NAME, new.as_bytes(), NO_TIME)
            .unwrap();
        assert_eq!(opened.protection, Protection::Encrypted);
        let notes = moving.keyring().secrets()[0].notes();
        assert_eq!(notes, (3, 2, Some(Millis(7))));
    }

    #[test]
    fn values_of_a_retired_secret_count_if_they_were_made_before() {
        for protection in Protection::ALL {
            let old = sealer(protection, &[OLD]);
            let rotated = sealer(protection, &[NEW, OLD]);
            let id = rotated.keyring().secrets()[1].id;
            rotated.keyring().retire(id, Millis(1_000_000)).unwrap();
            let opens = |issued_at, now| {
                let issued_at = Millis(issued_at);
                let text = old.sealed(Purpose::Data, NAME, issued_at, b"x").unwrap();
                let now = || Millis(now);
                rotated
                    .open(Purpose::Data, NAME, text.as_bytes(), now)
                    .is_some()
            };
            assert!(opens(1, 1_499_999));
            assert!(!opens(1, 1_500_000));
            assert!(!opens(1_060_001, 1_060_001));
            assert_eq!(rotated.keyring().secrets()[1].notes().0, 1);
        }
    }
}
