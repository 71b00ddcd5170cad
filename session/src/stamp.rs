//! Stamps: what of a user must stay as it is for their logins to count, such as the hash of their password.
//!
//! A session keeps a fingerprint of the stamp alone, made with a key: whoever reads a cookie learns nothing of the hash.

use ring::hmac;
use serde::Serialize;

use crate::clock::Millis;
use crate::keys::push_field;
use crate::loader::LoadError;
use crate::seal::Sealer;

/// What of a user must stay as it is for their logins to count.
///
/// `#[user_loader(stamp = ..)]` makes it of whatever serde can write as JSON: a text, a number, a tuple of them.
pub struct Stamp(Vec<u8>);

impl Stamp {
    /// The stamp that this value is.
    ///
    /// # Errors
    ///
    /// If the value has no form in JSON.
    pub fn of(value: &impl Serialize) -> Result<Self, LoadError> {
        serde_json::to_vec(value)
            .map(Self)
            .map_err(|_| LoadError::new("the stamp of a user has no form in JSON"))
    }
}

/// The stamp is not shown.
impl std::fmt::Debug for Stamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stamp(..)")
    }
}

/// What a session keeps of a stamp.
pub(crate) type Fingerprint = [u8; 16];

impl Sealer {
    /// The fingerprint of a user's stamp.
    pub(crate) fn fingerprint(&self, user_id: &str, stamp: &Stamp) -> Fingerprint {
        // There is always a secret that signs.
        let secrets = self.keyring().secrets();
        let mut made = secrets
            .iter()
            .map(|keys| fingerprint(keys.stamp(), user_id, stamp));
        made.next().unwrap_or_default()
    }

    /// Whether a fingerprint is that of the user's stamp, under any of the secrets. It stood under a tag, so that nobody can try out
    /// values of their own: the comparison need not be in constant time.
    pub(crate) fn is_fingerprint(
        &self,
        known: Fingerprint,
        user_id: &str,
        stamp: &Stamp,
        now: Millis,
    ) -> bool {
        let secrets = self.keyring().secrets();
        let made_by = secrets
            .iter()
            .find(|keys| fingerprint(keys.stamp(), user_id, stamp) == known);
        made_by.is_some_and(|keys| {
            // When it was made is not known: its session's times say how long it counts.
            let retired_at = keys.retired_at();
            let counts = self.keyring().counts(retired_at, Millis(0), || now);
            if counts {
                keys.note_fingerprint();
            }
            counts
        })
    }
}

fn fingerprint(key: &hmac::Key, user_id: &str, stamp: &Stamp) -> Fingerprint {
    let mut text = Vec::with_capacity(2 + user_id.len() + stamp.0.len());
    push_field(&mut text, user_id.as_bytes());
    text.extend_from_slice(&stamp.0);
    let tag = hmac::sign(key, &text);
    let mut fingerprint = Fingerprint::default();
    fingerprint.copy_from_slice(&tag.as_ref()[..size_of::<Fingerprint>()]);
    fingerprint
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyring::Keyring;
    use crate::keys::{Derivation, Protection};
    use crate::secret::Secret;

    const OLD: &str = "k4Jq2vX9sLw4RtY8zKb3NcM6hGd1FfAe";
    const NEW: &str = "p7Jq2vX9sLw4RtY8zKb3NcM6hGd1FfAe";

    fn sealer(secrets: &[&str], app: &str, protection: Protection) -> Sealer {
        let secrets: Vec<_> = secrets.iter().map(|&text| Secret::new(text)).collect();
        let derivation = Derivation {
            app_name: app.to_owned(),
            ..Derivation::of(protection)
        };
        Sealer::new(Keyring::new(derivation, Millis(500_000), &secrets).unwrap())
    }

    #[test]
    fn a_fingerprint_is_of_one_user_stamp_and_application() {
        let ours = sealer(&[NEW], "", Protection::Signed);
        let stamp = Stamp::of(&"hash").unwrap();
        let known = ours.fingerprint("1", &stamp);
        assert!(ours.is_fingerprint(known, "1", &stamp, Millis(0)));
        assert!(!ours.is_fingerprint(known, "2", &stamp, Millis(0)));
        assert!(!ours.is_fingerprint(known, "1", &Stamp::of(&"other").unwrap(), Millis(0)));
        // A number and its text are two stamps.
        assert!(!ours.is_fingerprint(
            ours.fingerprint("1", &Stamp::of(&1).unwrap()),
            "1",
            &Stamp::of(&"1").unwrap(),
            Millis(0)
        ));
        let elsewhere = sealer(&[NEW], "shop", Protection::Signed);
        assert!(!elsewhere.is_fingerprint(known, "1", &stamp, Millis(0)));
    }

    #[test]
    fn fingerprints_outlive_a_change_of_secrets_and_the_move_to_encryption() {
        let stamp = Stamp::of(&("hash", 7)).unwrap();
        let old = sealer(&[OLD], "", Protection::Signed).fingerprint("1", &stamp);
        let rotated = sealer(&[NEW, OLD], "", Protection::Encrypted);
        assert!(rotated.is_fingerprint(old, "1", &stamp, Millis(0)));
        let without = sealer(&[NEW], "", Protection::Encrypted);
        assert!(!without.is_fingerprint(old, "1", &stamp, Millis(0)));
    }

    #[test]
    fn a_fingerprint_counts_no_longer_than_anything_of_a_retired_secret() {
        let stamp = Stamp::of(&"hash").unwrap();
        let old = sealer(&[OLD], "", Protection::Signed).fingerprint("1", &stamp);
        let rotated = sealer(&[NEW, OLD], "", Protection::Signed);
        let keys = rotated.keyring().secrets()[1].clone();
        keys.retire(Millis(1_000_000));
        assert!(rotated.is_fingerprint(old, "1", &stamp, Millis(1_499_999)));
        assert!(!rotated.is_fingerprint(old, "1", &stamp, Millis(1_500_000)));
        assert_eq!(keys.notes().0, 1, "what does not count is not counted");
    }
}
