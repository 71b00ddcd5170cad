//! Challenges that wait for the answer of a passkey: each counts once, and only in the browser that it was made for.
//!
//! The state of a challenge must not come from the browser. In a session that is kept in cookies, its owner can put an older copy back,
//! and an answer that somebody has overheard would count again with it. So the session has a ticket alone, and what it is for is in
//! this process's memory, where a ticket is torn up when it is shown. Several processes do the same with one place that all of them
//! ask, and that gives a thing away once: `GETDEL` of Redis, or `DELETE .. RETURNING` of SQL.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use muffin_session::{Error, Session};
use webauthn_rs::prelude::{
    DiscoverableAuthentication, PasskeyAuthentication, PasskeyRegistration, Uuid,
};

/// The session's key for the ticket.
const TICKET: &str = "passkey";
/// How long a passkey may take to answer.
const PATIENCE: Duration = Duration::from_mins(5);
/// How many challenges may wait at once. Anybody can ask for one, so that their number must have an end.
const MOST: usize = 10_000;

/// What a challenge is for.
pub(crate) enum Ceremony {
    /// A first passkey, and with it an account of this name.
    SignUp {
        id: Uuid,
        name: String,
        state: Box<PasskeyRegistration>,
    },
    /// One more passkey of this user.
    Add {
        user: Uuid,
        state: Box<PasskeyRegistration>,
    },
    /// A login, of whoever the passkey says.
    LogIn(Box<DiscoverableAuthentication>),
    /// A confirmation by this user.
    Confirm {
        user: Uuid,
        state: Box<PasskeyAuthentication>,
    },
}

/// The challenges that wait.
#[derive(Clone, Default)]
pub(crate) struct Ceremonies(Arc<Mutex<Waiting>>);

/// Oldest first.
#[derive(Default)]
struct Waiting(VecDeque<(Uuid, Instant, Ceremony)>);

impl Ceremonies {
    /// Keeps what a challenge is for, and gives the session the ticket. One that it had before is worth nothing any more.
    pub(crate) fn begin(&self, session: &Session, ceremony: Ceremony) -> Result<(), Error> {
        let ticket = Uuid::new_v4();
        self.take(session)?;
        session.insert(TICKET, ticket)?;
        self.waiting().add(ticket, ceremony, Instant::now());
        Ok(())
    }

    /// Takes the ticket from the session, and gives what it was for: once, whatever comes of it.
    pub(crate) fn take(&self, session: &Session) -> Result<Option<Ceremony>, Error> {
        let ticket = session.remove(TICKET)?;
        Ok(ticket.and_then(|ticket| self.waiting().take(ticket, Instant::now())))
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // Nothing that holds the lock leaves it half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn add(&mut self, ticket: Uuid, ceremony: Ceremony, now: Instant) {
        let is_over = |began: Instant| now.duration_since(began) >= PATIENCE;
        while self.0.len() >= MOST || self.0.front().is_some_and(|first| is_over(first.1)) {
            self.0.pop_front();
        }
        self.0.push_back((ticket, now, ceremony));
    }

    fn take(&mut self, ticket: Uuid, now: Instant) -> Option<Ceremony> {
        let place = self.0.iter().position(|waiting| waiting.0 == ticket)?;
        let (_, began, ceremony) = self.0.remove(place)?;
        (now.duration_since(began) < PATIENCE).then_some(ceremony)
    }
}

#[cfg(test)]
mod tests {
    use webauthn_rs::prelude::{Url, WebauthnBuilder};

    use super::*;

    fn ceremony() -> Ceremony {
        let origin = Url::parse("http://localhost").unwrap();
        let builder = WebauthnBuilder::new("localhost", &origin).unwrap();
        let started = builder.build().unwrap().start_discoverable_authentication();
        Ceremony::LogIn(Box::new(started.unwrap().1))
    }

    #[test]
    fn a_ticket_counts_once_and_not_for_ever() {
        let (mut waiting, now) = (Waiting::default(), Instant::now());
        let [one, two, three] = [(); 3].map(|()| Uuid::new_v4());
        waiting.add(one, ceremony(), now);
        waiting.add(two, ceremony(), now);
        assert!(waiting.take(three, now).is_none());
        let soon = now + PATIENCE.saturating_sub(Duration::from_millis(1));
        assert!(waiting.take(one, soon).is_some());
        assert!(waiting.take(one, soon).is_none());
        assert!(waiting.take(two, now + PATIENCE).is_none());
    }

    #[test]
    fn what_is_over_and_what_is_too_many_goes() {
        let (mut waiting, now) = (Waiting::default(), Instant::now());
        waiting.add(Uuid::new_v4(), ceremony(), now);
        waiting.add(Uuid::new_v4(), ceremony(), now + PATIENCE);
        assert_eq!(waiting.0.len(), 1);
        let (first, state) = (Uuid::new_v4(), ceremony);
        waiting.0.clear();
        waiting.add(first, state(), now);
        for _ in 0..MOST {
            waiting.add(Uuid::new_v4(), state(), now);
        }
        assert_eq!(waiting.0.len(), MOST);
        assert!(waiting.take(first, now).is_none(), "the oldest goes first");
    }
}
