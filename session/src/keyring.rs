//! The keyring: the secrets in use, which the caller has checked, and what they are allowed. The first one signs, all verify.

use std::sync::Arc;

use ring::hmac;

use crate::clock::Millis;
use crate::config_error::ConfigError;
use crate::keys::{Derivation, Protection, Purpose, SecretKeys, counts_until};
use crate::rotation::KeyId;
use crate::secret::Secret;
use crate::shared_keys::{KeySets, SharedKeys};

pub(crate) struct Keyring {
    derivation: Derivation,
    /// The longest that anything counts.
    longest: Millis,
    secrets: SharedKeys,
}

impl Keyring {
    /// The most secrets at once: each may cost a MAC for each candidate.
    pub(crate) const MAX_SECRETS: usize = 4;

    pub(crate) fn new(
        derivation: Derivation,
        longest: Millis,
        secrets: &[Secret],
    ) -> Result<Self, ConfigError> {
        let keyring = Self {
            derivation,
            longest,
            secrets: SharedKeys::new(Vec::new()),
        };
        keyring.replace(secrets)?;
        Ok(keyring)
    }

    /// What new values are.
    pub(crate) fn protection(&self) -> Protection {
        self.derivation.protection
    }

    /// The protections of values that may count.
    pub(crate) fn protections(&self) -> impl Iterator<Item = Protection> {
        let reads = |protection: &Protection| self.derivation.reads(*protection);
        Protection::ALL.into_iter().filter(reads)
    }

    /// The secrets as they are.
    pub(crate) fn secrets(&self) -> Arc<KeySets> {
        self.secrets.load()
    }

    /// Calls `verify` with each key that a value may have been made with, until it says that one fits. Nobody believes what was made after
    /// its secret was retired, or signed after values were to be encrypted.
    pub(crate) fn verify<T>(
        &self,
        head: &Head,
        now: impl Fn() -> Millis,
        mut verify: impl FnMut(&hmac::Key) -> Option<T>,
    ) -> Option<(Used, T)> {
        let &Head {
            protection,
            purpose,
            hint,
            issued_at,
        } = head;
        let secrets = self.secrets.load();
        let mut fitting = secrets.iter().filter(|keys| keys.hint == hint);
        let (keys, verified) = fitting.find_map(|keys| {
            let verified = verify(keys.key(protection, purpose)?)?;
            Some((keys, verified))
        })?;
        let moved = if protection == self.derivation.protection {
            None
        } else {
            self.derivation.signed_until
        };
        let is_counting = |until| self.counts(until, issued_at, &now);
        if !is_counting(moved) || !is_counting(keys.retired_at()) {
            return None;
        }
        keys.note(protection, issued_at);
        let signs = secrets.first().is_some_and(|first| first.id == keys.id);
        let used = Used {
            key: keys.id,
            is_old: !signs,
        };
        Some((used, verified))
    }

    /// Whether a secret is still there.
    pub(crate) fn has(&self, id: KeyId) -> bool {
        place_of(&self.secrets.load(), id).is_some()
    }

    /// Whether something counts that was made until a time, if there is such a time.
    pub(crate) fn counts(
        &self,
        until: Option<Millis>,
        issued_at: Millis,
        now: impl Fn() -> Millis,
    ) -> bool {
        until.is_none_or(|until| counts_until(until, self.longest, issued_at, now()))
    }

    /// Has a secret sign from now on. The others go on verifying.
    pub(crate) fn rotate(&self, secret: &Secret, now: Millis) -> Result<KeyId, ConfigError> {
        let keys = self.derive(secret);
        self.secrets.change(|secrets| {
            self.drop_spent(secrets, now);
            let keys = match place_of(secrets, keys.id) {
                Some(known) => secrets.remove(known),
                None => keys,
            };
            keys.reinstate();
            let id = keys.id;
            secrets.insert(0, keys);
            room(secrets)?;
            Ok(id)
        })
    }

    /// Has a secret verify, after the others.
    pub(crate) fn verify_with(&self, secret: &Secret, now: Millis) -> Result<KeyId, ConfigError> {
        let keys = self.derive(secret);
        self.secrets.change(|secrets| {
            self.drop_spent(secrets, now);
            let id = keys.id;
            if place_of(secrets, id).is_none() {
                secrets.push(keys);
            }
            room(secrets)?;
            Ok(id)
        })
    }

    /// These secrets and no others, in this order. What is known of those that stay is kept.
    pub(crate) fn replace(&self, new: &[Secret]) -> Result<(), ConfigError> {
        let new = new
            .iter()
            .map(|secret| self.derive(secret))
            .collect::<KeySets>();
        self.secrets.change(|secrets| {
            let mut replaced = KeySets::new();
            for keys in new {
                if place_of(&replaced, keys.id).is_none() {
                    let known = place_of(secrets, keys.id).map(|known| secrets[known].clone());
                    replaced.push(known.unwrap_or(keys));
                }
            }
            let Some(first) = replaced.first() else {
                return Err(ConfigError::new(
                    "no secret",
                    "cookies are signed with the first one",
                    "Make one with: openssl rand -base64 48",
                ));
            };
            room(&replaced)?;
            first.reinstate();
            *secrets = replaced;
            Ok(())
        })
    }

    /// Believes nothing that a secret makes after a time.
    pub(crate) fn retire(&self, id: KeyId, at: Millis) -> Result<(), ConfigError> {
        self.secrets.change(|secrets| {
            let place = verifying_only(secrets, id)?;
            secrets[place].retire(at);
            Ok(())
        })
    }

    /// Believes nothing that a secret has made.
    pub(crate) fn remove(&self, id: KeyId) -> Result<(), ConfigError> {
        self.secrets.change(|secrets| {
            let place = verifying_only(secrets, id)?;
            secrets.remove(place);
            Ok(())
        })
    }

    /// Drops secrets that were retired so long ago that they verify nothing any more: they need no room.
    fn drop_spent(&self, secrets: &mut KeySets, now: Millis) {
        secrets.retain(|keys| self.counts(keys.retired_at(), Millis(0), || now));
    }

    fn derive(&self, secret: &Secret) -> Arc<SecretKeys> {
        Arc::new(SecretKeys::derive(secret, &self.derivation))
    }
}

/// Which key a value was made with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Used {
    pub(crate) key: KeyId,
    /// Whether another one signs by now.
    pub(crate) is_old: bool,
}

/// What a value says of itself, before anybody believes it.
pub(crate) struct Head {
    pub(crate) protection: Protection,
    pub(crate) purpose: Purpose,
    pub(crate) hint: u8,
    pub(crate) issued_at: Millis,
}

fn place_of(secrets: &KeySets, id: KeyId) -> Option<usize> {
    secrets.iter().position(|keys| keys.id == id)
}

/// Where a secret is that does not sign.
fn verifying_only(secrets: &KeySets, id: KeyId) -> Result<usize, ConfigError> {
    match place_of(secrets, id) {
        Some(0) => Err(ConfigError::new(
            format_args!("the key {id}"),
            "it signs the cookies",
            "Have another one sign first, with rotate(..)",
        )),
        Some(place) => Ok(place),
        None => Err(ConfigError::new(
            format_args!("the key {id}"),
            "there is none of this name",
            "list() has the names of those that there are",
        )),
    }
}

fn room(secrets: &KeySets) -> Result<(), ConfigError> {
    if secrets.len() <= Keyring::MAX_SECRETS {
        return Ok(());
    }
    Err(ConfigError::new(
        format_args!("{} secrets", secrets.len()),
        "each one may cost a verification for each cookie",
        format_args!(
            "Drop the oldest: at most {} are used beside the first",
            Keyring::MAX_SECRETS - 1
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_that_are_refused_leave_a_retired_one_retired() {
        let derivation = Derivation::of(Protection::Signed);
        let secrets: Vec<_> = ["1", "2", "3", "4", "5"].map(Secret::new).into();
        let keyring = Keyring::new(derivation, Millis(1), &secrets[..2]).unwrap();
        let second = keyring.secrets()[1].id;
        keyring.retire(second, Millis(7)).unwrap();
        let too_many: Vec<_> = secrets[1..].iter().chain(&secrets[..1]).cloned().collect();
        assert!(keyring.replace(&too_many).is_err());
        let kept = keyring.secrets();
        assert_eq!(kept.len(), 2);
        assert_eq!(kept[1].retired_at(), Some(Millis(7)));
        keyring.replace(&secrets[1..2]).unwrap();
        assert_eq!(keyring.secrets()[0].retired_at(), None, "it signs");
    }
}
