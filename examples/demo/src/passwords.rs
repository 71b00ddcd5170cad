//! Hashing passwords, and comparing them with their hashes.

use std::fmt;
use std::sync::Arc;
use std::thread;

use argon2::Argon2;
use argon2::password_hash::{self, PasswordHasher as _, PasswordVerifier as _};
use tokio::sync::Semaphore;
use tokio::task;

/// What hashes passwords with Argon2id. Clones take turns with each other.
#[derive(Clone)]
pub struct Passwords {
    /// What the passwords of unknown users are compared with.
    nobody: Arc<str>,
    /// Each hash takes 19 MiB and a whole processor, so no more are made at once than there are processors.
    turns: Arc<Semaphore>,
}

impl Passwords {
    /// One that makes as many hashes at once as there are processors.
    ///
    /// # Errors
    ///
    /// If the system's random generator fails.
    pub fn new() -> Result<Self, password_hash::Error> {
        let at_once = thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            nobody: hash("nobody has this password")?,
            turns: Arc::new(Semaphore::new(at_once)),
        })
    }

    /// The hash of a password, with a salt of its own.
    pub(crate) async fn hash(&self, password: String) -> Result<Arc<str>, PasswordError> {
        let hashed = self.in_turn(move || hash(&password)).await?;
        hashed.map_err(|error| PasswordError(error.into()))
    }

    /// Whether a password is the one that this is the hash of.
    ///
    /// For a user who is not there, `None`, the same work is done, so that the answer's time does not say which names there are.
    pub(crate) async fn fits(
        &self,
        password: String,
        hash: Option<Arc<str>>,
    ) -> Result<bool, PasswordError> {
        let is_known = hash.is_some();
        let hash = self.hash_to_compare(hash);
        let compare = move || Argon2::default().verify_password(password.as_bytes(), &*hash);
        match self.in_turn(compare).await? {
            Ok(()) => Ok(is_known),
            Err(password_hash::Error::PasswordInvalid) => Ok(false),
            Err(error) => Err(PasswordError(error.into())),
        }
    }

    fn hash_to_compare(&self, known: Option<Arc<str>>) -> Arc<str> {
        known.unwrap_or_else(|| Arc::clone(&self.nobody))
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let turn = Arc::clone(&self.turns).acquire_owned().await?;
        let done = task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        Ok(done.await?)
    }
}

/// The hash of a password, at once: for the demo's own, at start.
pub(crate) fn hash(password: &str) -> Result<Arc<str>, password_hash::Error> {
    let hash = Argon2::default().hash_password(password.as_bytes())?;
    Ok(hash.to_string().into())
}

/// A password could not be hashed, or not be compared.
#[derive(Debug)]
pub struct PasswordError(Box<dyn std::error::Error + Send + Sync>);

impl fmt::Display for PasswordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for PasswordError {}

impl From<task::JoinError> for PasswordError {
    fn from(error: task::JoinError) -> Self {
        Self(error.into())
    }
}

impl From<tokio::sync::AcquireError> for PasswordError {
    fn from(error: tokio::sync::AcquireError) -> Self {
        Self(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The part of a hash that says how much work it takes: algorithm, version, memory, passes, lanes.
    fn work(hash: &str) -> String {
        hash.split('$').take(4).collect::<Vec<_>>().join("$")
    }

    #[tokio::test]
    async fn unknown_users_take_the_same_work() {
        let passwords = Passwords::new().unwrap();
        let known = passwords.hash("known".to_owned()).await.unwrap();
        let unknown = passwords.hash_to_compare(None);
        assert_ne!(unknown, known);
        assert_eq!(work(&unknown), work(&known));
        assert_eq!(work(&known), "$argon2id$v=19$m=19456,t=2,p=1");
        // Where nothing can be compared any more, nobody gets an answer: all of them lead to a comparison.
        passwords.turns.close();
        for hash in [Some(known), None] {
            assert!(passwords.fits(String::new(), hash).await.is_err());
        }
    }

    #[tokio::test]
    async fn only_the_right_password_of_a_known_user_fits() {
        let passwords = Passwords::new().unwrap();
        let known = passwords.hash("known".to_owned()).await.unwrap();
        for (password, hash, fits) in [
            ("known", Some(&known), true),
            ("Known", Some(&known), false),
            ("", Some(&known), false),
            ("known", None, false),
            ("nobody has this password", None, false),
        ] {
            let found = passwords.fits(password.to_owned(), hash.cloned()).await;
            assert_eq!(found.unwrap(), fits, "{password:?}");
        }
    }

    #[test]
    fn hashes_have_salts_of_their_own() {
        let hashed = hash("same").unwrap();
        assert!(!hashed.contains("same"));
        assert_ne!(hashed, hash("same").unwrap());
    }
}
