//! The user loader: from the id in the session to the user.

use muffin_session::user_loader;

/// Whatever the application knows of a user.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) pk: u64,
    pub(crate) name: &'static str,
    pub(crate) is_admin: bool,
}

/// Stands for a table of a database.
pub(crate) const USERS: [User; 2] = [
    User {
        pk: 1,
        name: "ann",
        is_admin: true,
    },
    User {
        pk: 2,
        name: "bob",
        is_admin: false,
    },
];

/// Define your own user loader: sync or async, with any extractors after the id.
#[user_loader]
pub(crate) async fn load_user(id: u64) -> Option<User> {
    USERS.into_iter().find(|user| user.pk == id)
}
