//! When a session is saved: before its response leaves, or when a handler wants to know.

use tracing::Instrument as _;

use crate::clock::Millis;
use crate::config::Config;
use crate::deny_list;
use crate::error::Error;
use crate::moving;
use crate::save::{NotSaved, Plan, Saved};
use crate::session::Session;
use crate::state::{Bearer, Former, Loaded, State};
use crate::telemetry::Happened;

impl Session {
    /// Saves now what has changed so far, so that the handler knows before it goes on: before it sends a mail, say, or takes a number
    /// from [`update`](Self::update) for its own. With sessions in cookies there is nothing to save before the response, and nothing to
    /// fail but a logout that a deny list has to hear of.
    ///
    /// Cookies are still sent with the response. What changes later is saved with the response as well.
    ///
    /// # Errors
    ///
    /// [`Error::Store`]; [`Error::Ended`], if the session was ended meanwhile; [`Error::TooLarge`], if it has become too large by what
    /// other requests have added; [`Error::TooLate`].
    pub async fn commit(&self) -> Result<(), Error> {
        match &*self.state() {
            State::Loaded(loaded) if loaded.bearer != Bearer::None => return Ok(()),
            State::Loaded(loaded) if loaded.has_lost_something() => return Err(Error::Ended),
            State::Loaded(_) => {}
            State::Untouched | State::Unreachable | State::Sent(_) => return Err(Error::TooLate),
        }
        if !self.config().calls_a_store() {
            return Ok(());
        }
        let session = self.clone();
        let under_way = Commit::begin(self);
        // To its end, also if nobody waits for it any more: what was saved must be known to have been.
        let saving = async move {
            let _under_way = under_way;
            let _saving = session.lock_saving().await;
            session.save().await
        };
        match tokio::spawn(Box::pin(saving).in_current_span()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(NotSaved::Ended)) => Err(Error::Ended),
            Ok(Err(NotSaved::Failed(error))) => Err(error),
            Err(_) => Err(panicked()),
        }
    }

    /// Whether a store has to be called before the response can leave.
    pub(crate) fn has_to_be_saved(&self) -> bool {
        let config = self.config();
        if !config.calls_a_store() {
            return false;
        }
        if self.is_saving() {
            return true;
        }
        match &*self.state() {
            State::Loaded(loaded) => has_to_be_saved(config, loaded),
            State::Untouched | State::Unreachable | State::Sent(_) => false,
        }
    }

    /// Has the store say what the session has become. The caller holds the lock of saving.
    pub(crate) async fn save(&self) -> Result<(), NotSaved> {
        self.finish_ending().await?;
        let config = self.config();
        let now = config.now();
        let Some(store) = &config.store else {
            return Box::pin(self.save_besides_cookies(now)).await;
        };
        let plan = self.look(|loaded| {
            if loaded.lost.is_some() && loaded.former != Former::End {
                return Ok(None);
            }
            Plan::of(config, loaded, now)
        });
        let Some(mut plan) = plan.transpose()?.flatten() else {
            return Ok(());
        };
        match plan.carry_out(config, store, now).await {
            Ok(saved) => self.note(saved).map_err(NotSaved::from),
            // Nothing that the request has done is lost, and the log has said why.
            Err(_) if plan.only_touches() => Ok(()),
            Err(not_saved) => {
                self.look(|loaded| plan.put_back(loaded));
                Err(not_saved)
            }
        }
    }

    /// Notes what the store has now, and has run again what was updated meanwhile.
    fn note(&self, saved: Saved) -> Result<(), Error> {
        let updated = self.look(|loaded| saved.note(loaded)).unwrap_or_default();
        for (key, mut updaters) in updated {
            let before = self
                .look(|loaded| loaded.data.get(&key).map(<[u8]>::to_vec))
                .flatten();
            let mut value = before.clone();
            // Nothing is locked: they may use the session.
            for updater in &mut updaters {
                value = Some(updater.run(value.as_deref())?.into_bytes());
            }
            let value = value.and_then(|value| String::from_utf8(value).ok());
            self.look(|loaded| {
                if let Some(value) = value
                    && loaded.data.get(&key) == before.as_deref()
                {
                    loaded.data.update_again(&key, &value, updaters);
                }
            });
        }
        Ok(())
    }

    /// Waits until logouts have come to where they have to, or takes them there.
    async fn finish_ending(&self) -> Result<(), Error> {
        let pending = self.look(|loaded| (loaded.to_end.clone(), loaded.ending.take()));
        let Some((to_end, ending)) = pending else {
            return Ok(());
        };
        if to_end.is_empty() {
            return Ok(());
        }
        match ending {
            Some(ending) => ending.await.unwrap_or_else(|_| Err(panicked()))?,
            None => Box::pin(to_end.carry_out(self.config())).await?,
        }
        self.look(|loaded| loaded.to_end.forget(&to_end));
        Ok(())
    }

    /// What a store has to know of a session that is kept in cookies.
    async fn save_besides_cookies(&self, now: Millis) -> Result<(), NotSaved> {
        let config = self.config();
        let known = self.look(|loaded| {
            let renewal = deny_list::Renewal::of(loaded);
            let logins = match loaded.former {
                Former::End if !loaded.logged_out => loaded.incoming.verified.clone(),
                _ => Vec::new(),
            };
            (renewal, logins, loaded.incoming.moves_out, loaded.former)
        });
        let Some((renewal, logins, moves_out, former)) = known else {
            return Ok(());
        };
        deny_list::end(config, &logins, now).await?;
        if let Some(renewal) = renewal {
            deny_list::renew(config, renewal, now).await?;
        }
        match (&config.moving_from, moves_out) {
            (Some(old), Some(key)) if former == Former::Stay => {
                moving::leave(old.begin(now), key).await?;
            }
            (Some(old), Some(key)) => moving::end(old.begin(now), key).await?,
            _ => {}
        }
        Ok(())
    }
}

/// A handler's commit that is under way.
struct Commit(Session);

impl Commit {
    fn begin(session: &Session) -> Self {
        session.look(|loaded| loaded.commits += 1);
        Self(session.clone())
    }
}

/// Tells what has happened, if nobody waited for it and no answer will.
impl Drop for Commit {
    fn drop(&mut self) {
        let config = self.0.config();
        let happened = self.0.look(|loaded| {
            loaded.commits = loaded.commits.saturating_sub(1);
            let left = loaded.given_up.then(|| Happened::given_up(config, loaded));
            left.flatten()
        });
        if let Some(happened) = happened.flatten() {
            happened.tell(config);
        }
    }
}

fn has_to_be_saved(config: &Config, loaded: &Loaded) -> bool {
    let has_changed =
        loaded.former != Former::Stay || loaded.logged_out || loaded.incoming.moves_out.is_some();
    if config.store.is_none() {
        return has_changed;
    }
    let last_seen = loaded
        .stored
        .as_ref()
        .filter(|stored| stored.facts.identity.is_some())
        .map(|stored| stored.facts.last_seen);
    let is_seen = last_seen
        .is_some_and(|last_seen| loaded.incoming.at.minus(last_seen) >= config.seen_interval());
    has_changed || is_seen || loaded.data.is_changed()
}

/// The error of a store, or of a function that updates a key, that has panicked: the log says where.
fn panicked() -> Error {
    Error::Store {
        store: "store",
        verb: "save",
    }
}
