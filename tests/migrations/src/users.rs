//! The shop's users, which a move does not touch. A real shop has them in its database.

use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};

/// Somebody who can log in.
#[derive(Clone, Debug)]
pub struct User {
    /// The key of their row.
    pub id: u64,
    /// What they log in with, and are called.
    pub name: String,
    /// The password's hash, of Argon2id.
    pub password_hash: String,
    /// Whether they may see the page for admins.
    pub is_admin: bool,
}

impl User {
    /// What changes with the password.
    pub fn password_hash(&self) -> &str {
        &self.password_hash
    }

    /// Whether they may see the page for admins.
    pub fn is_admin(&self) -> bool {
        self.is_admin
    }
}

/// The users that there are at first. Hashes are slow to make.
static FIRST: LazyLock<Vec<User>> = LazyLock::new(|| {
    let user = |id, name: &str, password, is_admin| User {
        id,
        name: name.to_owned(),
        password_hash: hash(password),
        is_admin,
    };
    vec![
        user(1, "ann", "blueberry", true),
        user(2, "bob", "oats", false),
    ]
});

/// The table of users.
#[derive(Clone)]
pub struct Users(Arc<Mutex<Vec<User>>>);

impl Users {
    /// Ann, who is an admin and has the password "blueberry", and Bob, who has "oats".
    pub fn ann_and_bob() -> Self {
        Self(Arc::new(Mutex::new(FIRST.clone())))
    }

    /// The user with this id.
    #[allow(clippy::unused_async, reason = "a database is asked with `await`")]
    pub async fn find(&self, id: u64) -> Option<User> {
        self.table().iter().find(|user| user.id == id).cloned()
    }

    /// The user with this name and password.
    pub async fn with_password(&self, name: String, password: String) -> Option<User> {
        let user = self
            .table()
            .iter()
            .find(|user| user.name == name)
            .cloned()?;
        let fits = move || {
            let fits = Argon2::default().verify_password(password.as_bytes(), &*user.password_hash);
            fits.is_ok().then_some(user)
        };
        tokio::task::spawn_blocking(fits).await.ok().flatten()
    }

    /// Gives a user another password.
    pub fn change_password(&self, id: u64, password: &str) {
        let hash = hash(password);
        for user in self.table().iter_mut().filter(|user| user.id == id) {
            user.password_hash.clone_from(&hash);
        }
    }

    fn table(&self) -> MutexGuard<'_, Vec<User>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash(password: &str) -> String {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.expect("the system has random bytes").to_string()
}
