//! The site's own users, and which of them somebody is at the provider.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::State;
use muffin_session::user_loader;
use openidconnect::core::CoreIdTokenClaims;

/// A user of this site.
#[derive(Clone, Debug)]
pub struct User {
    /// The site's own number. Sessions keep it.
    pub id: u64,
    /// What to call them.
    pub name: String,
    /// Their address, if the provider has made sure that it is theirs.
    pub email: Option<String>,
}

/// What a provider says of somebody.
pub(crate) struct Person {
    /// Who they are there. A subject means nothing without its issuer, and nothing else is sure to stay the same: addresses change hands.
    login: (String, String),
    name: String,
    email: Option<String>,
}

impl Person {
    pub(crate) fn of(claims: &CoreIdTokenClaims) -> Self {
        let name = claims.name().and_then(|names| names.get(None));
        let is_verified = claims.email_verified() == Some(true);
        let email = claims.email().filter(|_| is_verified);
        Self {
            login: (claims.issuer().to_string(), claims.subject().to_string()),
            name: name.map_or_else(|| "Somebody".to_owned(), |name| name.as_str().to_owned()),
            email: email.map(|email| email.as_str().to_owned()),
        }
    }
}

/// All users. In your application two tables: users, and logins with `PRIMARY KEY (issuer, subject)`.
#[derive(Clone, Default)]
pub struct Accounts(Arc<Mutex<Tables>>);

#[derive(Default)]
struct Tables {
    users: Vec<User>,
    logins: HashMap<(String, String), u64>,
}

impl Accounts {
    /// The user who this person is, as the provider describes them now: a new one at their first login.
    pub(crate) fn login(&self, person: Person) -> User {
        let Person { login, name, email } = person;
        let tables = &mut *self.tables();
        let newest = tables.users.len() as u64;
        let id = *tables.logins.entry(login).or_insert(newest);
        let user = User { id, name, email };
        if id == newest {
            tables.users.push(user.clone());
        } else if let Some(known) = tables.users.iter_mut().find(|known| known.id == id) {
            known.clone_from(&user);
        }
        user
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        // Nothing that holds the lock leaves a user half written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The way from the number in a session to the user.
#[user_loader]
pub async fn load_user(id: u64, State(accounts): State<Accounts>) -> Option<User> {
    let tables = accounts.tables();
    tables.users.iter().find(|user| user.id == id).cloned()
}
