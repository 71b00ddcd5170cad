//! Who may log in, and with which password.

use std::fmt;
use std::sync::Arc;
use std::thread;

use argon2::Argon2;
use argon2::password_hash::{self, PasswordHasher as _, PasswordVerifier as _};
use axum::extract::State;
use muffin_session::user_loader;
use tokio::sync::Semaphore;
use tokio::task;

/// Somebody who can log in. The password's hash stays in [`Users`].
#[derive(Clone, Debug)]
pub struct User {
    /// What sessions know the user by.
    pub id: u64,
    /// What people know the user by.
    pub name: String,
    /// Whether the admin page is theirs.
    pub is_admin: bool,
}

/// A user of the demo, with the password in plain text: a real site has these nowhere.
#[derive(Clone, Copy, Debug)]
pub struct DemoUser {
    /// The name to log in with.
    pub name: &'static str,
    /// The password to log in with.
    pub password: &'static str,
    /// Whether the admin page is theirs.
    pub is_admin: bool,
}

/// The users that the demo starts with.
pub const DEMO_USERS: [DemoUser; 2] = [
    DemoUser {
        name: "ann",
        password: "blueberry-and-lemon",
        is_admin: true,
    },
    DemoUser {
        name: "bob",
        password: "oats-and-cinnamon",
        is_admin: false,
    },
];

/// All users with the hashes of their passwords. Clones are handles to the same ones.
#[derive(Clone)]
pub struct Users {
    accounts: Arc<[Account]>,
    /// What the passwords of unknown users are compared with.
    nobody: Arc<str>,
    /// Each comparison takes 19 MiB and a whole processor, so no more run at once than there are processors.
    turns: Arc<Semaphore>,
}

struct Account {
    user: User,
    password_hash: Arc<str>,
}

impl Users {
    /// The demo's users, their passwords freshly hashed with Argon2id.
    ///
    /// # Errors
    ///
    /// If the system's random generator fails.
    pub fn demo() -> Result<Self, password_hash::Error> {
        let mut accounts = Vec::with_capacity(DEMO_USERS.len());
        for (id, demo) in (1..).zip(DEMO_USERS) {
            accounts.push(Account {
                user: User {
                    id,
                    name: demo.name.to_owned(),
                    is_admin: demo.is_admin,
                },
                password_hash: hash(demo.password)?,
            });
        }
        let at_once = thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            accounts: accounts.into(),
            nobody: hash("nobody has this password")?,
            turns: Arc::new(Semaphore::new(at_once)),
        })
    }

    /// All users, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = &User> {
        self.accounts.iter().map(|account| &account.user)
    }

    /// The user with this id.
    pub fn by_id(&self, id: u64) -> Option<&User> {
        self.iter().find(|user| user.id == id)
    }

    /// The user with this name and password.
    ///
    /// For a name that nobody has, the same work is done, so that neither the answer nor its time says which names there are.
    /// A site on the internet also limits how often somebody may try.
    ///
    /// # Errors
    ///
    /// If the password could not be compared at all.
    pub async fn verify(&self, name: &str, password: String) -> Result<Option<User>, VerifyError> {
        let account = self.account(name);
        let password_hash = self.hash_to_compare(account);
        let turn = Arc::clone(&self.turns).acquire_owned().await?;
        let compared = task::spawn_blocking(move || {
            let _turn = turn;
            Argon2::default().verify_password(password.as_bytes(), &*password_hash)
        });
        match (compared.await?, account) {
            (Ok(()), Some(account)) => Ok(Some(account.user.clone())),
            (Ok(()), None) | (Err(password_hash::Error::PasswordInvalid), _) => Ok(None),
            (Err(error), _) => Err(VerifyError(error.into())),
        }
    }

    fn account(&self, name: &str) -> Option<&Account> {
        self.accounts
            .iter()
            .find(|account| account.user.name == name)
    }

    fn hash_to_compare(&self, account: Option<&Account>) -> Arc<str> {
        Arc::clone(account.map_or(&self.nobody, |account| &account.password_hash))
    }
}

fn hash(password: &str) -> Result<Arc<str>, password_hash::Error> {
    let hash = Argon2::default().hash_password(password.as_bytes())?;
    Ok(hash.to_string().into())
}

/// The user of a session: called at most once a request, and only where a page asks who is there.
#[user_loader]
pub async fn load_user(id: u64, State(users): State<Users>) -> Option<User> {
    users.by_id(id).cloned()
}

/// A password could not be compared.
#[derive(Debug)]
pub struct VerifyError(Box<dyn std::error::Error + Send + Sync>);

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for VerifyError {}

impl From<task::JoinError> for VerifyError {
    fn from(error: task::JoinError) -> Self {
        Self(error.into())
    }
}

impl From<tokio::sync::AcquireError> for VerifyError {
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
        let users = Users::demo().unwrap();
        let unknown = users.hash_to_compare(users.account("carol"));
        let known = users.hash_to_compare(users.account("ann"));
        assert_ne!(unknown, known);
        assert_eq!(work(&unknown), work(&known));
        assert_eq!(work(&known), "$argon2id$v=19$m=19456,t=2,p=1");
        // Where nothing can be compared any more, no name gets an answer: all of them lead to a comparison.
        users.turns.close();
        for name in ["ann", "carol", ""] {
            assert!(users.verify(name, String::new()).await.is_err(), "{name:?}");
        }
    }

    #[tokio::test]
    async fn only_the_right_password_of_a_known_user_is_accepted() {
        let users = Users::demo().unwrap();
        for demo in DEMO_USERS {
            let user = users.verify(demo.name, demo.password.to_owned()).await;
            let user = user.unwrap().unwrap();
            assert_eq!(user.name, demo.name);
            assert_eq!(user.is_admin, demo.is_admin);
            assert_eq!(users.by_id(user.id).unwrap().name, demo.name);
        }
        let [ann, bob] = DEMO_USERS;
        for (name, password) in [
            ("ann", bob.password),
            ("ann", ""),
            ("Ann", ann.password),
            ("", ann.password),
            ("carol", ann.password),
            ("carol", "nobody has this password"),
        ] {
            let user = users.verify(name, password.to_owned()).await.unwrap();
            assert!(user.is_none(), "{name:?} with {password:?}");
        }
    }

    #[test]
    fn passwords_are_kept_as_hashes_with_salts_of_their_own() {
        let users = Users::demo().unwrap();
        for (account, demo) in users.accounts.iter().zip(DEMO_USERS) {
            assert!(!account.password_hash.contains(demo.password));
        }
        assert_ne!(hash("same").unwrap(), hash("same").unwrap());
    }
}
