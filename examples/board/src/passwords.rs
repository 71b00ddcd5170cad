//! Passwords: hashed, compared, and what a new one has to be.

use std::sync::Arc;
use std::thread::available_parallelism;

use argon2::Argon2;
use argon2::password_hash::{Error, PasswordHasher as _, PasswordVerifier as _};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// Why a password could not be hashed or compared at all.
pub(crate) type HashError = Box<dyn std::error::Error + Send + Sync>;

/// Hashes passwords with Argon2id, away from the threads that answer requests. Clones take turns with each other.
#[derive(Clone)]
pub(crate) struct Passwords {
    /// Each takes 19 MiB and a whole processor for a moment, so that no more are at work than there are processors.
    turns: Arc<Semaphore>,
    /// What a password is compared with where there is no user.
    decoy: Arc<str>,
}

impl Passwords {
    pub(crate) fn new() -> Result<Self, Error> {
        let at_once = available_parallelism().map_or(1, usize::from);
        Ok(Self {
            turns: Arc::new(Semaphore::new(at_once)),
            decoy: hash("this is nobody's password")?.into(),
        })
    }

    pub(crate) async fn hash(&self, password: String) -> Result<String, HashError> {
        Ok(self.in_turn(move || hash(&password)).await??)
    }

    /// Whether it is the password that was hashed. Where there is no user the same work is done, so that the time it takes does not say
    /// who has registered.
    pub(crate) async fn fits(
        &self,
        password: String,
        known: Option<&str>,
    ) -> Result<bool, HashError> {
        let hash = known.map_or_else(|| Arc::clone(&self.decoy), Arc::from);
        let compare = move || Argon2::default().verify_password(password.as_bytes(), &*hash);
        match self.in_turn(compare).await? {
            Ok(()) => Ok(known.is_some()),
            Err(Error::PasswordInvalid) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashError> {
        let turn = Arc::clone(&self.turns).acquire_owned().await?;
        // The turn goes with the work: a request that is given up does not make room before its work is done.
        let done = spawn_blocking(move || (work(), turn)).await?;
        Ok(done.0)
    }
}

fn hash(password: &str) -> Result<String, Error> {
    let hash = Argon2::default().hash_password(password.as_bytes())?;
    Ok(hash.to_string())
}

/// What is wrong with a new password, typed twice.
pub(crate) fn problem_with(password: &str, again: &str) -> Option<&'static str> {
    match password.chars().count() {
        ..10 => Some("The password is too short: take at least 10 characters."),
        201.. => Some("The password is too long: take at most 200 characters."),
        _ if password != again => Some("The two are not the same: type the password twice."),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_password_that_was_hashed_fits() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords.hash("rhubarb-and-cream".to_owned()).await;
        let hash = hash.unwrap();
        let fits = async |password: &str, known| {
            let fits = passwords.fits(password.to_owned(), known).await;
            fits.unwrap()
        };
        assert!(fits("rhubarb-and-cream", Some(&hash)).await);
        assert!(!fits("rhubarb-and-cream ", Some(&hash)).await);
        assert!(!fits("", Some(&hash)).await);
        assert!(!fits("this is nobody's password", None).await);
        assert!(
            passwords
                .fits("x".to_owned(), Some("no hash"))
                .await
                .is_err()
        );
    }

    #[test]
    fn new_passwords_have_a_length_and_are_typed_twice() {
        assert!(problem_with("123456789", "123456789").is_some());
        assert!(problem_with("1234567890", "1234567891").is_some());
        assert!(problem_with("1234567890", "1234567890").is_none());
        let long = "ä".repeat(200);
        assert!(problem_with(&long, &long).is_none());
        let longer = "ä".repeat(201);
        assert!(problem_with(&longer, &longer).is_some());
    }
}
