//! What a request has made of logins: gathered while its session is at hand, and told once nothing is locked.

use std::sync::Arc;

use super::event::{EndedBy, EventKind, Told};
use super::{Asked, log, shown, tell};
use crate::config::Config;
use crate::state::{Former, Left, Loaded};
use crate::wire::{Id, Method};

/// What is to be told of one request.
pub(crate) struct Happened {
    what: Vec<What>,
    request: Option<Arc<Asked>>,
}

struct What {
    kind: EventKind,
    session: Id,
    /// The id that a renewed session has now.
    becomes: Option<Id>,
    user_id: Option<Arc<str>>,
}

impl Happened {
    /// What is true once a response leaves that says so.
    pub(crate) fn of(config: &Config, loaded: &Loaded) -> Option<Self> {
        if loaded.former == Former::Stay {
            return None;
        }
        if loaded.lost.is_some() {
            // It was ended while it was being saved, say. What the request itself has ended before holds.
            return Self::logout(config, loaded);
        }
        let mut what = Vec::new();
        let begun = loaded.identity.as_ref().filter(|_| loaded.is_new_session());
        if let Former::Renewed { .. } = loaded.former {
            let former = loaded.incoming.sid()?;
            let identity = begun?;
            what.push(What {
                kind: EventKind::Renewed {
                    confirmed: loaded.confirmed,
                },
                session: former,
                becomes: Some(identity.sid),
                user_id: Some(identity.user_id.clone()),
            });
        } else {
            what.extend(ended(config, loaded));
            what.extend(begun.map(|identity| What {
                kind: EventKind::Login {
                    remembered: identity.method == Method::Remembered,
                    over: loaded.left.is_some(),
                },
                session: identity.sid,
                becomes: None,
                user_id: Some(identity.user_id.clone()),
            }));
        }
        Self::new(what, loaded)
    }

    /// What a handler has had saved, though what came after it was not.
    fn of_committed(config: &Config, loaded: &Loaded) -> Option<Self> {
        let stored = loaded.stored.as_ref()?.facts.identity.as_ref()?;
        let is_saved = loaded.sid() == Some(stored.sid);
        is_saved.then(|| Self::of(config, loaded)).flatten()
    }

    /// What holds though the rest could not be saved: what a handler has had saved before, and a logout that has come to where it has to.
    pub(crate) fn of_not_saved(config: &Config, loaded: &Loaded) -> Option<Self> {
        let logout = || Self::logout(config, loaded).filter(|_| loaded.to_end.is_empty());
        Self::of_committed(config, loaded).or_else(logout)
    }

    /// What holds of a request that was given up before it was answered: what its handler has had saved, and a logout. What is being
    /// saved yet is asked for again by the last of its commits.
    pub(crate) fn given_up(config: &Config, loaded: &Loaded) -> Option<Self> {
        if loaded.commits > 0 {
            return None;
        }
        Self::of_committed(config, loaded).or_else(|| Self::logout(config, loaded))
    }

    /// The request's own logout, if it was one, and nothing of what it has begun since.
    fn logout(config: &Config, loaded: &Loaded) -> Option<Self> {
        if !loaded.logged_out {
            return None;
        }
        Self::new(ended(config, loaded).collect(), loaded)
    }

    /// A logout after the response has left.
    pub(crate) fn late_logout(loaded: &Loaded) -> Option<Self> {
        let identity = loaded.identity.as_ref()?;
        let logout = What {
            kind: EventKind::Logout,
            session: identity.sid,
            becomes: None,
            user_id: Some(identity.user_id.clone()),
        };
        Self::new(vec![logout], loaded)
    }

    fn new(what: Vec<What>, loaded: &Loaded) -> Option<Self> {
        (!what.is_empty()).then(|| Self {
            what,
            request: loaded.asked.clone(),
        })
    }

    pub(crate) fn tell(self, config: &Config) {
        for what in self.what {
            let session = shown(config, what.session);
            match what.kind {
                EventKind::Login { remembered, over } => {
                    log!(
                        INFO,
                        "session.login",
                        session,
                        remembered,
                        over,
                        "session begun"
                    );
                }
                EventKind::Renewed { confirmed } => {
                    let becomes = what.becomes.map(|sid| shown(config, sid));
                    log!(
                        INFO,
                        "session.renewed",
                        session,
                        becomes,
                        confirmed,
                        "session renewed"
                    );
                }
                EventKind::Ended { by, .. } => {
                    log!(
                        INFO,
                        "session.ended",
                        session,
                        by = by.as_str(),
                        "session ended"
                    );
                }
                _ => log!(INFO, "session.logout", session, "session ended"),
            }
            tell(config, what.kind, || Told {
                user_id: what.user_id,
                request: self.request.clone(),
            });
        }
    }
}

/// The sessions that the request brought, and has ended: by a logout, or a login over them.
fn ended<'l>(config: &Config, loaded: &'l Loaded) -> impl Iterator<Item = What> + 'l {
    let kind = if loaded.logged_out {
        EventKind::Logout
    } else {
        EventKind::Ended {
            by: EndedBy::Login,
            count: Some(1),
        }
    };
    let left = loaded.left.as_ref();
    // What was over already has not ended now, however often its cookie comes.
    let brought = loaded.incoming.verified.iter();
    let brought = brought
        .filter(|_| !loaded.incoming.is_over)
        .map(|ending| ending.key.sid);
    let mut sessions: Vec<_> = brought.collect();
    let in_store = left.filter(|_| config.store.is_some());
    sessions.extend(in_store.map(|left| left.sid));
    sessions.sort();
    sessions.dedup();
    sessions.into_iter().map(move |session| What {
        kind,
        session,
        becomes: None,
        user_id: left
            .filter(|left| left.sid == session)
            .map(|left| left.user_id.clone()),
    })
}

impl Loaded {
    /// Takes away who is logged in, and notes whom the request came from.
    pub(crate) fn leave(&mut self) -> Option<crate::wire::Identity> {
        let identity = self.identity.take()?;
        if self.left.is_none()
            && self.former != Former::End
            && let Some(sid) = self.incoming.sid()
        {
            self.left = Some(Left {
                sid,
                user_id: identity.user_id.clone(),
            });
        }
        Some(identity)
    }
}
