//! Users and their passkeys. In your application two tables.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::State;
use muffin_session::user_loader;
use webauthn_rs::prelude::{AuthenticationResult, CredentialID, Passkey, Uuid};

/// A user.
#[derive(Clone)]
pub struct User {
    /// What sessions keep, and what a passkey says of whose it is. It says nothing of the user: browsers show it to whoever asks.
    pub id: Uuid,
    /// What to call them.
    pub name: String,
    /// Their passkeys, oldest first; never none.
    pub keys: Vec<Key>,
    /// How many keys there ever were, so that no number is given twice: a page of before cannot remove a newer key.
    made: u32,
    /// How many keys were removed. It is the stamp of their logins: those end, when a key is removed, of which nobody knows which one
    /// was begun with it.
    removed: u32,
}

/// A passkey of a user.
#[derive(Clone)]
pub struct Key {
    /// Its number among the user's.
    pub number: u32,
    passkey: Passkey,
}

impl User {
    /// What must stay as it is for their logins to count.
    fn stamp(&self) -> u32 {
        self.removed
    }

    pub(crate) fn passkeys(&self) -> Vec<Passkey> {
        self.keys.iter().map(|key| key.passkey.clone()).collect()
    }

    pub(crate) fn credential_ids(&self) -> Vec<CredentialID> {
        let ids = self.keys.iter().map(|key| key.passkey.cred_id());
        ids.cloned().collect()
    }

    fn add(&mut self, passkey: Passkey) {
        self.made += 1;
        let number = self.made;
        self.keys.push(Key { number, passkey });
    }
}

/// What came of removing a key.
pub(crate) enum Removal {
    /// It is gone, and this is the user from now on.
    Done(User),
    /// It is the only one: without it nobody could log in.
    Last,
    /// There is none of this number.
    Unknown,
}

/// All users.
#[derive(Clone, Default)]
pub struct Accounts(Arc<Mutex<Vec<User>>>);

impl Accounts {
    /// Whether nobody has this name.
    pub(crate) fn is_free(&self, name: &str) -> bool {
        self.users().iter().all(|user| user.name != name)
    }

    /// A new user with a first passkey, unless somebody was faster with the name, or has the passkey.
    pub(crate) fn create(&self, id: Uuid, name: String, passkey: Passkey) -> Option<User> {
        let mut users = self.users();
        if users.iter().any(|user| user.name == name) || is_known(&users, &passkey) {
            return None;
        }
        let mut user = User {
            id,
            name,
            keys: Vec::new(),
            made: 0,
            removed: 0,
        };
        user.add(passkey);
        users.push(user.clone());
        Some(user)
    }

    /// One more passkey of a user, unless somebody has it.
    pub(crate) fn add(&self, id: Uuid, passkey: Passkey) -> Option<User> {
        let mut users = self.users();
        if is_known(&users, &passkey) {
            return None;
        }
        let user = users.iter_mut().find(|user| user.id == id)?;
        user.add(passkey);
        Some(user.clone())
    }

    /// Removes a passkey.
    pub(crate) fn remove(&self, id: Uuid, number: u32) -> Removal {
        let mut users = self.users();
        let Some(user) = users.iter_mut().find(|user| user.id == id) else {
            return Removal::Unknown;
        };
        match user.keys.iter().position(|key| key.number == number) {
            None => Removal::Unknown,
            Some(_) if user.keys.len() == 1 => Removal::Last,
            Some(place) => {
                user.keys.remove(place);
                user.removed += 1;
                Removal::Done(user.clone())
            }
        }
    }

    /// The passkey of a user with this id.
    pub(crate) fn passkey(&self, id: Uuid, credential: &[u8]) -> Option<Passkey> {
        let user = self.find(id)?;
        let mut passkeys = user.keys.into_iter().map(|key| key.passkey);
        passkeys.find(|passkey| passkey.cred_id().as_slice() == credential)
    }

    /// Notes what a passkey has said of itself, such as how often it was used, and gives whose it is. It may have been removed meanwhile.
    pub(crate) fn used(&self, id: Uuid, result: &AuthenticationResult) -> Option<User> {
        let mut users = self.users();
        let user = users.iter_mut().find(|user| user.id == id)?;
        let mut keys = user.keys.iter_mut();
        keys.find_map(|key| key.passkey.update_credential(result))?;
        Some(user.clone())
    }

    fn find(&self, id: Uuid) -> Option<User> {
        self.users().iter().find(|user| user.id == id).cloned()
    }

    fn users(&self) -> MutexGuard<'_, Vec<User>> {
        // Nothing that holds the lock leaves a user half written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether somebody has a passkey of the same id: it would say of two accounts that they are its own.
fn is_known(users: &[User], passkey: &Passkey) -> bool {
    let mut keys = users.iter().flat_map(|user| &user.keys);
    keys.any(|key| key.passkey.cred_id() == passkey.cred_id())
}

/// The way from the id in a session to the user. A removed key ends the logins of before.
#[user_loader(stamp = User::stamp)]
pub async fn load_user(id: Uuid, State(accounts): State<Accounts>) -> Option<User> {
    accounts.find(id)
}
