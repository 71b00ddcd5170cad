//! Changing keys while the application runs.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::clock::Millis;
use crate::config::Config;
use crate::config_error::ConfigError;
use crate::layer::Sessions;
use crate::secret::{Secret, Secrets};

/// The keys of a [`Sessions`], to be looked at and changed while the application runs. Cloning is cheap, and clones are about the same keys.
///
/// The first key signs every new cookie, all of them verify, and there are at most four. Nobody is logged out by a change but by
/// [`remove`](Self::remove), and cookies under an older key are signed anew when they are written anyway. Requests take no lock, but for
/// each thread's first after a change, and see a change from the next cookie on that they look at.
///
/// Where several processes serve one site, each has keys of its own: give the new secret to all of them with
/// [`verify_with`](Self::verify_with) first, then have it sign with [`rotate`](Self::rotate).
///
/// ```
/// use muffin_session::{Secret, Sessions};
///
/// let sessions = Sessions::builder(Secret::generate()?).without_user_loader().build()?;
/// let keys = sessions.keys();
///
/// keys.rotate(Secret::generate()?)?;
/// let old = keys.list()[1].id;
/// keys.retire(old)?; // once every process has rotated
///
/// // Later: does anybody still come with cookies of the old key?
/// for key in keys.list() {
///     println!("{}: {} verified, the newest of {:?}", key.id, key.verified, key.newest);
/// }
/// keys.remove(old)?;
/// # Ok::<(), muffin_session::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct Keys {
    config: Arc<Config>,
}

impl Sessions {
    /// The keys, to be looked at and changed while the application runs.
    pub fn keys(&self) -> Keys {
        Keys {
            config: self.config.clone(),
        }
    }
}

impl Keys {
    /// Has this secret sign from now on, and the ones before go on verifying. If it is among them already, it moves to the front.
    ///
    /// # Errors
    ///
    /// If the secret is not safe, as [`build`](crate::Builder::build) would say, or if there would be more than four. Nothing has changed then.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "what is handed over is overwritten"
    )]
    pub fn rotate(&self, secret: Secret) -> Result<KeyId, ConfigError> {
        secret.check()?;
        let id = self
            .config
            .sealer
            .keyring()
            .rotate(&secret, self.config.now())?;
        tracing::info!(name: "session.key_signs", target: "muffin_session", key = %id, "a key signs from now on");
        Ok(id)
    }

    /// Has this secret verify what other processes make with it, and not sign. If it is there already, nothing changes.
    ///
    /// # Errors
    ///
    /// As [`rotate`](Self::rotate).
    #[allow(
        clippy::needless_pass_by_value,
        reason = "what is handed over is overwritten"
    )]
    pub fn verify_with(&self, secret: Secret) -> Result<KeyId, ConfigError> {
        secret.check()?;
        let id = self
            .config
            .sealer
            .keyring()
            .verify_with(&secret, self.config.now())?;
        tracing::info!(name: "session.key_verifies", target: "muffin_session", key = %id, "a key verifies from now on");
        Ok(id)
    }

    /// Uses these secrets and no others, the first one to sign: for a file or secret manager that says which there are. Counts and the times of
    /// retirement of those that stay are kept, but of the one that signs.
    ///
    /// # Errors
    ///
    /// If one is not safe, there is none, or there are more than four. Nothing has changed then.
    pub fn replace(&self, secrets: impl Into<Secrets>) -> Result<(), ConfigError> {
        let Secrets(secrets) = secrets.into();
        secrets.iter().try_for_each(Secret::check)?;
        self.config.sealer.keyring().replace(&secrets)?;
        tracing::info!(name: "session.keys_replaced", target: "muffin_session", signs = %self.list()[0].id, "the keys were replaced");
        Ok(())
    }

    /// Retires a key that verifies: what claims to have been made with it from now on does not count, and once nothing can be left that was
    /// made before (the longest of `lifetime`, `remember_limit` and `guest_lifetime`), it verifies nothing. So a key that leaks after that is
    /// worth nothing. Before, a thief can write an earlier time: [`remove`](Self::remove) a key that has leaked.
    ///
    /// It is remembered by this process until it ends: for good, give [`verify_until`](crate::Builder::verify_until) the time. A minute is
    /// allowed for clocks that differ. Do it once no process signs with the key any more.
    ///
    /// # Errors
    ///
    /// If it signs, or there is none of this name.
    pub fn retire(&self, key: KeyId) -> Result<(), ConfigError> {
        let now = self.config.now();
        self.config.sealer.keyring().retire(key, now)?;
        tracing::info!(name: "session.key_retired", target: "muffin_session", %key, "a key is retired");
        Ok(())
    }

    /// Drops a key at once: whoever is logged in by cookies that were made with it is logged out, and whoever's stamp it has a fingerprint of. For a key that has leaked, or that nothing
    /// has been verified with for long.
    ///
    /// # Errors
    ///
    /// If it signs, or there is none of this name.
    pub fn remove(&self, key: KeyId) -> Result<(), ConfigError> {
        self.config.sealer.keyring().remove(key)?;
        tracing::info!(name: "session.key_dropped", target: "muffin_session", %key, "a key is dropped");
        Ok(())
    }

    /// The keys in their order, and what each has verified since it was taken into use in this process.
    pub fn list(&self) -> Vec<KeyUse> {
        let secrets = self.config.sealer.keyring().secrets();
        let uses = secrets.iter().enumerate().map(|(place, keys)| {
            let (verified, verified_signed, newest) = keys.notes();
            KeyUse {
                id: keys.id,
                signs: place == 0,
                retired_at: keys.retired_at().map(time),
                verified,
                verified_signed,
                newest: newest.map(time),
            }
        });
        uses.collect()
    }
}

/// No key is shown.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(..)")
    }
}

/// A time out of a value, which may lie later than the system can say.
fn time(millis: Millis) -> SystemTime {
    let latest = Duration::from_secs(253_402_300_799);
    UNIX_EPOCH + Duration::from(millis).min(latest)
}

/// What a key has done in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyUse {
    /// Which one it is.
    pub id: KeyId,
    /// Whether it signs new cookies.
    pub signs: bool,
    /// Since when what is made with it does not count, if it was retired.
    pub retired_at: Option<SystemTime>,
    /// How many cookies it has verified, and fingerprints of users' stamps.
    pub verified: u64,
    /// How many of these cookies were signed and not encrypted: it stands still once everybody has moved to [`encrypted`](crate::Builder::encrypted) ones.
    pub verified_signed: u64,
    /// When the newest of the cookies was issued that it has verified.
    pub newest: Option<SystemTime>,
}

/// The name of a key: eight hexadecimal digits that follow from its secret, the same in every process, and tell nothing of it.
///
/// ```
/// use muffin_session::KeyId;
///
/// let id: KeyId = "1f00c0de".parse()?;
/// assert_eq!(id.to_string(), "1f00c0de");
/// # Ok::<(), muffin_session::ConfigError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub(crate) [u8; 4]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl FromStr for KeyId {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let number = match u32::from_str_radix(text, 16) {
            Ok(number) if text.len() == 8 && !text.starts_with('+') => number,
            _ => {
                return Err(ConfigError::new(
                    format_args!("the key {text:?}"),
                    "names of keys are eight hexadecimal digits",
                    "list() has the names of those that there are",
                ));
            }
        };
        Ok(Self(number.to_be_bytes()))
    }
}
