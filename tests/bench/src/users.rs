//! The users, in memory, and what pages say of them.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

/// The user who logs in.
pub(crate) const ANN: u64 = 1;

#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) id: u64,
    pub(crate) name: Arc<str>,
    pub(crate) password_hash: Arc<str>,
}

static USERS: LazyLock<HashMap<u64, User>> = LazyLock::new(|| {
    let ann = User {
        id: ANN,
        name: "ann".into(),
        password_hash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$q8Wn5Zt1XkB7vJ3m".into(),
    };
    HashMap::from([(ANN, ann)])
});

pub(crate) fn find(id: u64) -> Option<User> {
    USERS.get(&id).cloned()
}

/// The page for users.
pub(crate) fn page(user: &User) -> String {
    user.name.to_string()
}

/// What a page says of a value.
pub(crate) fn value_page(value: Option<u64>) -> String {
    value.map_or_else(|| "none".to_owned(), |value| value.to_string())
}
