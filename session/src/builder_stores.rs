//! The builder's options for stores.

use std::time::Duration;

use crate::builder::Builder;
use crate::store::Store;

impl Builder {
    /// Keeps sessions in a store; cookies then say where, and nothing else. Default: everything is in signed cookies.
    ///
    /// Logins end at once wherever they are ended from, sessions may grow to 4 MiB, and requests at once that change different keys do not
    /// undo one another. In return every request that asks for a session waits for the store once, and again if it changes something.
    /// Logins last 14 days unless [`lifetime`](Self::lifetime) is set, since they can be ended.
    ///
    /// Who is logged in by cookies that were made without the store stays logged in: their session moves into the store.
    ///
    /// ```no_run
    /// # #[cfg(feature = "memory")] {
    /// use muffin_session::{MemoryStore, Secret, Sessions};
    ///
    /// let sessions = Sessions::builder(Secret::from_env("SESSION_SECRET")?)
    ///     .without_user_loader()
    ///     .store(MemoryStore::new())
    ///     .build()?;
    /// # drop(sessions);
    /// # }
    /// # Ok::<(), muffin_session::ConfigError>(())
    /// ```
    pub fn store(mut self, store: impl Store) -> Self {
        self.store = Some(Box::new(store));
        self
    }

    /// Has a store remember which logins have ended before their time, while sessions stay in cookies. Default: this process remembers
    /// it by itself, until it restarts.
    ///
    /// Beside a [`store`](Self::store) it is asked about sessions that move into it out of cookies.
    ///
    /// Logout, a login over a login and a renewal then end every copy of the cookies, in every process, and so do
    /// [`end_other_sessions`](crate::Session::end_other_sessions) and its kin. Every request of somebody logged in waits for the store once. Logins last 14 days unless
    /// [`lifetime`](Self::lifetime) is set.
    pub fn deny_list(mut self, store: impl Store) -> Self {
        self.deny_list = Some(Box::new(store));
        self
    }

    /// Has a store take no sessions over from cookies any more: once the lifetime of the last login is over that was made without the store.
    /// Default: they move into it.
    ///
    /// Then somebody who gets hold of the secret alone cannot make a login: the ids of sessions are random, and the store has to know them.
    pub fn without_moving_from_cookies(mut self) -> Self {
        self.moves_from_cookies = false;
        self
    }

    /// Takes sessions over from the store that kept them before: each moves when its owner comes by. Default: none.
    ///
    /// With [`store`](Self::store) they move from one store to the other, without it into cookies, as far as cookies hold them. Leave it
    /// there until the lifetime of the last login is over that was made before.
    pub fn moving_from(mut self, store: impl Store) -> Self {
        self.moving_from = Some(Box::new(store));
        self
    }

    /// How long a request waits for the store, once for reading and once for writing. After that it gets a `503`. Default: 2 seconds.
    /// Between 10 milliseconds and a minute.
    ///
    /// A store that goes on failing is asked once in a quarter of a second, and all others get their `503` at once, until it answers.
    pub fn store_timeout(mut self, limit: Duration) -> Self {
        self.store_timeout = limit;
        self
    }
}
