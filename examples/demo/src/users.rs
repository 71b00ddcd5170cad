//! The site's users: who they are, and with which password they log in.

use std::sync::{Arc, PoisonError, RwLock};

use argon2::password_hash;
use axum::extract::State;
use muffin_session::user_loader;

use crate::passwords::{PasswordError, Passwords, hash};

/// Somebody who can log in. The password's hash stays in [`Users`].
#[derive(Clone, Debug)]
pub struct User {
    /// What sessions know the user by.
    pub id: u64,
    /// What people know the user by.
    pub name: String,
    /// Whether the admin page is theirs.
    pub is_admin: bool,
    /// How often the password was changed.
    pub password_changes: u32,
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

/// All users with the hashes of their passwords, in memory. Clones are handles to the same ones.
#[derive(Clone)]
pub struct Users {
    accounts: Arc<RwLock<Vec<Account>>>,
    passwords: Passwords,
}

#[derive(Clone)]
struct Account {
    user: User,
    password_hash: Arc<str>,
}

impl Users {
    /// The demo's users, their passwords freshly hashed.
    ///
    /// # Errors
    ///
    /// If the system's random generator fails.
    pub fn demo(passwords: Passwords) -> Result<Self, password_hash::Error> {
        let mut accounts = Vec::with_capacity(DEMO_USERS.len());
        for (id, demo) in (1..).zip(DEMO_USERS) {
            accounts.push(Account {
                user: User {
                    id,
                    name: demo.name.to_owned(),
                    is_admin: demo.is_admin,
                    password_changes: 0,
                },
                password_hash: hash(demo.password)?,
            });
        }
        Ok(Self {
            accounts: Arc::new(RwLock::new(accounts)),
            passwords,
        })
    }

    /// All users, in the order of their ids.
    pub fn all(&self) -> Vec<User> {
        self.read(|accounts| {
            accounts
                .iter()
                .map(|account| account.user.clone())
                .collect()
        })
    }

    /// The user with this id.
    pub fn by_id(&self, id: u64) -> Option<User> {
        self.find(|user| user.id == id).map(|account| account.user)
    }

    /// The user with this name and password.
    ///
    /// Neither the answer nor its time says which names there are. A site on the internet also limits how often somebody may try.
    ///
    /// # Errors
    ///
    /// If the password could not be compared at all.
    pub async fn verify(
        &self,
        name: &str,
        password: String,
    ) -> Result<Option<User>, PasswordError> {
        let account = self.find(|user| user.name == name);
        let hash = account.as_ref().map(|account| &account.password_hash);
        let fits = self.passwords.fits(password, hash.cloned()).await?;
        Ok(account.filter(|_| fits).map(|account| account.user))
    }

    /// Gives a user a new password, and returns the user as they are from now on. `None` if they have changed since they were read:
    /// whoever wants this may then have been logged out by another change of the password.
    ///
    /// # Errors
    ///
    /// If the password could not be hashed.
    pub async fn change_password(
        &self,
        user: &User,
        password: String,
    ) -> Result<Option<User>, PasswordError> {
        let password_hash = self.passwords.hash(password).await?;
        let mut accounts = self
            .accounts
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let account = accounts.iter_mut().find(|Account { user: now, .. }| {
            now.id == user.id && now.password_changes == user.password_changes
        });
        Ok(account.map(|account| {
            account.password_hash = password_hash;
            account.user.password_changes += 1;
            account.user.clone()
        }))
    }

    fn find(&self, is_wanted: impl Fn(&User) -> bool) -> Option<Account> {
        self.read(|accounts| {
            let mut found = accounts.iter().filter(|account| is_wanted(&account.user));
            found.next().cloned()
        })
    }

    fn read<T>(&self, look: impl FnOnce(&[Account]) -> T) -> T {
        look(&self.accounts.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The user of a session: called at most once a request, and only where a page asks who is there.
///
/// A login counts only as long as the stamp is what it was at the login, so a change of the password ends all that went before. A site
/// with a database takes the password's hash for it; here hashes are new at each start, and logins are to outlive that.
#[user_loader(stamp = |user| user.password_changes)]
pub async fn load_user(id: u64, State(users): State<Users>) -> Option<User> {
    users.by_id(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demo() -> Users {
        Users::demo(Passwords::new().unwrap()).unwrap()
    }

    #[tokio::test]
    async fn only_the_right_password_of_a_known_user_is_accepted() {
        let users = demo();
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
        ] {
            let user = users.verify(name, password.to_owned()).await.unwrap();
            assert!(user.is_none(), "{name:?} with {password:?}");
        }
    }

    #[tokio::test]
    async fn a_changed_password_takes_the_place_of_the_one_before() {
        let users = demo();
        let bob = users.by_id(2).unwrap();
        let new = "rhubarb-and-cream";
        let changed = users.change_password(&bob, new.to_owned()).await.unwrap();
        assert_eq!(changed.unwrap().password_changes, 1);
        assert!(users.verify("bob", new.to_owned()).await.unwrap().is_some());
        let old = DEMO_USERS[1].password.to_owned();
        assert!(users.verify("bob", old).await.unwrap().is_none());

        // Whoever read bob before the change has no say any more.
        let late = users
            .change_password(&bob, "stolen-muffin".to_owned())
            .await;
        assert!(late.unwrap().is_none());
        assert!(users.verify("bob", new.to_owned()).await.unwrap().is_some());
        assert_eq!(users.by_id(1).unwrap().password_changes, 0);
    }
}
