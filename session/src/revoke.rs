//! A user's sessions: listed, and ended from elsewhere.

use std::fmt;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use crate::config::Config;
use crate::deny_list;
use crate::ended::Key;
use crate::ending;
use crate::error::Error;
use crate::handle::user_key;
use crate::layer::Sessions;
use crate::login_terms::user_id_json;
use crate::record::{Content, Facts};
use crate::session::Session;
use crate::store::{RecordKey, UserKey};
use crate::telemetry::{self, EndedBy, Told};

/// One of a user's sessions, for a page that lists them.
///
/// ```no_run
/// use muffin_session::{Error, Session, login_required};
///
/// #[login_required]
/// async fn devices(session: Session) -> Result<String, Error> {
///     let mut page = String::new();
///     for other in session.all_sessions().await? {
///         let here = if other.is_current() { " (this one)" } else { "" };
///         page += &format!("{}{here}, to be ended with {}\n", other.label().unwrap_or("?"), other.id());
///     }
///     Ok(page)
/// }
/// # let _ = axum::Router::<()>::new().route("/devices", axum::routing::get(devices));
/// ```
#[derive(Clone)]
pub struct UserSession {
    id: String,
    facts: Facts,
    is_current: bool,
}

impl UserSession {
    /// What ends it: see [`Session::end_session`]. It is no secret: it is good for nothing else.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// When the login took place.
    pub fn begun_at(&self) -> SystemTime {
        time(self.facts.begun_at.0)
    }

    /// When it was last used, to some ten minutes.
    pub fn last_seen(&self) -> SystemTime {
        time(self.facts.last_seen.0)
    }

    /// What the login was given as a label: see [`Login::label`](crate::Login::label). It is what a visitor sent: escape it.
    pub fn label(&self) -> Option<&str> {
        self.facts.label.as_deref()
    }

    /// Whether it is the one that asks.
    pub fn is_current(&self) -> bool {
        self.is_current
    }
}

/// Nothing of it is shown but its id.
impl fmt::Debug for UserSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserSession")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

fn time(millis: u64) -> SystemTime {
    crate::store::Timestamp::from_millis(millis).into()
}

/// Whose session it is that asks.
struct Own {
    user: UserKey,
    /// Where the store has it.
    current: Option<RecordKey>,
    key: Key,
    told: Told,
}

impl Session {
    /// All sessions of the user who is logged in, the one last used first.
    ///
    /// # Errors
    ///
    /// [`Error::NotLoggedIn`]; [`Error::NoStore`], if sessions are in cookies; [`Error::Store`]; [`Error::Ended`]; and as
    /// [`commit`](Self::commit), which it begins with.
    pub async fn all_sessions(&self) -> Result<Vec<UserSession>, Error> {
        let own = self.own().await?;
        let sessions = list(self.config(), own.user, own.current).await?;
        if !sessions.iter().any(UserSession::is_current) {
            return Err(Error::Ended);
        }
        Ok(sessions)
    }

    /// Ends one of the user's sessions, by the [`id`](UserSession::id) that it is listed with. Whether it was there: an id that is
    /// another user's, or nobody's, is not.
    ///
    /// # Errors
    ///
    /// As [`all_sessions`](Self::all_sessions), and [`Error::CrossSite`].
    pub async fn end_session(&self, id: &str) -> Result<bool, Error> {
        self.refuse_cross_site()?;
        let own = self.own().await?;
        if own.current.is_some() && key_of(own.user, id) == own.current {
            self.logout();
            return Ok(true);
        }
        let ended = end(self.config(), own.user, id).await?;
        if ended {
            telemetry::ended(self.config(), EndedBy::User, Some(1), own.told);
        }
        Ok(ended)
    }

    /// Ends all of the user's sessions but this one: after a change of the password, say. Effective at once, in every process.
    ///
    /// With a deny list, the clocks of processes have to agree: a login survives that was made within the time by which the clock of the
    /// process that made it is ahead.
    ///
    /// # Errors
    ///
    /// [`Error::NotLoggedIn`]; [`Error::NoStore`], if there is neither a store nor a deny list; [`Error::Store`]; [`Error::Ended`], if this
    /// one has ended itself: then nothing else ends; [`Error::CrossSite`], if another site's page has started a GET; and as
    /// [`commit`](Self::commit), which it begins with.
    pub async fn end_other_sessions(&self) -> Result<(), Error> {
        self.refuse_cross_site()?;
        self.end_all_but_this().await
    }

    async fn end_all_but_this(&self) -> Result<(), Error> {
        let own = self.own().await?;
        let count = end_all(self.config(), own.user, Some(&own)).await?;
        telemetry::ended(self.config(), EndedBy::User, count, own.told);
        Ok(())
    }

    /// Ends all of the user's sessions, this one included: it is a [`logout`](Self::logout) too.
    ///
    /// # Errors
    ///
    /// As [`end_other_sessions`](Self::end_other_sessions).
    pub async fn end_all_sessions(&self) -> Result<(), Error> {
        self.refuse_cross_site()?;
        self.end_all_but_this().await?;
        let now = self.config().now();
        self.look(|loaded| loaded.ended_all_at = now);
        self.logout();
        Ok(())
    }

    /// A page of another site must not end anything by a link or a picture.
    fn refuse_cross_site(&self) -> Result<(), Error> {
        let is_cross_site = self.look(|loaded| loaded.incoming.is_cross_site_read);
        if self.config().site_check.is_on && is_cross_site == Some(true) {
            return Err(Error::CrossSite);
        }
        Ok(())
    }

    /// Whose session it is. What has changed so far is saved first.
    async fn own(&self) -> Result<Own, Error> {
        self.commit().await?;
        let config = self.config();
        let own = self.look(|loaded| {
            let identity = loaded.identity.as_ref()?;
            if loaded.lost.is_some() {
                return Some(Err(Error::Ended));
            }
            Some(Ok(Own {
                user: user_key(config, &identity.user_id),
                current: loaded.stored.as_ref().map(|stored| stored.handle.key()),
                key: loaded.key_of(config, identity),
                told: Told {
                    user_id: Some(identity.user_id.clone()),
                    request: loaded.asked.clone(),
                },
            }))
        });
        own.flatten().unwrap_or(Err(Error::NotLoggedIn))
    }
}

impl Sessions {
    /// All sessions of a user, for the pages of those who look after users. The one last used comes first.
    ///
    /// # Errors
    ///
    /// [`Error::NotJson`], if the id is none; [`Error::NoStore`], if sessions are in cookies; [`Error::Store`].
    pub async fn sessions_of(&self, user_id: impl Serialize) -> Result<Vec<UserSession>, Error> {
        let user = user_key(&self.config, &user_id_json(&user_id)?);
        list(&self.config, user, None).await
    }

    /// Ends one session of a user, by the [`id`](UserSession::id) that it is listed with. Whether it was there.
    ///
    /// # Errors
    ///
    /// As [`sessions_of`](Self::sessions_of).
    pub async fn end_session_of(&self, user_id: impl Serialize, id: &str) -> Result<bool, Error> {
        let user_id = user_id_json(&user_id)?;
        let ended = end(&self.config, user_key(&self.config, &user_id), id).await?;
        if ended {
            let told = Told::of_user(user_id);
            telemetry::ended(&self.config, EndedBy::Application, Some(1), told);
        }
        Ok(ended)
    }

    /// Ends all sessions of a user, on their next request in every process: somebody who was dismissed, or whose password was stolen.
    ///
    /// ```no_run
    /// use muffin_session::{Error, Sessions};
    ///
    /// async fn dismiss(sessions: &Sessions, user_id: u64) -> Result<(), Error> {
    ///     // .. the user loses their account ..
    ///     sessions.end_sessions_of(user_id).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NotJson`], if the id is none; [`Error::NoStore`], if there is neither a store nor a deny list; [`Error::Store`].
    pub async fn end_sessions_of(&self, user_id: impl Serialize) -> Result<(), Error> {
        let user_id = user_id_json(&user_id)?;
        let count = end_all(&self.config, user_key(&self.config, &user_id), None).await?;
        let told = Told::of_user(user_id);
        telemetry::ended(&self.config, EndedBy::Application, count, told);
        Ok(())
    }
}

async fn list(
    config: &Config,
    user: UserKey,
    current: Option<RecordKey>,
) -> Result<Vec<UserSession>, Error> {
    let store = config.store.as_ref().ok_or(Error::NoStore)?;
    let now = config.now();
    let mut sessions = Vec::new();
    for (key, record) in store.begin(now).list(user).await? {
        let Some(Content::Session(kept)) = Content::decode(record) else {
            continue;
        };
        let is_over = |identity: &crate::wire::Identity| {
            now >= identity
                .started_at
                .plus(config.lifetime_of(identity.method))
        };
        if kept.facts.identity.as_ref().is_none_or(is_over) {
            continue;
        }
        sessions.push(UserSession {
            id: URL_SAFE_NO_PAD.encode(&key.as_bytes()[GROUP..]),
            is_current: current == Some(key),
            facts: kept.facts,
        });
    }
    sessions.sort_by_key(|session| std::cmp::Reverse(session.facts.last_seen));
    Ok(sessions)
}

const GROUP: usize = 8;

/// The key of a user's record that is listed under an id.
fn key_of(user: UserKey, id: &str) -> Option<RecordKey> {
    let mut key = [0; RecordKey::LEN];
    key[..GROUP].copy_from_slice(&user.group());
    let length = URL_SAFE_NO_PAD.decode_slice(id, &mut key[GROUP..]).ok()?;
    (length == RecordKey::LEN - GROUP).then(|| RecordKey::from_bytes(key))
}

async fn end(config: &Config, user: UserKey, id: &str) -> Result<bool, Error> {
    let store = config.store.as_ref().ok_or(Error::NoStore)?;
    let Some(key) = key_of(user, id) else {
        return Ok(false);
    };
    let calls = store.begin(config.now());
    // Two users may share a group.
    match calls.load(key).await? {
        Some(record) if record.user == Some(user) => {
            let version = record.version;
            let is_session = matches!(Content::decode(record), Some(Content::Session(_)));
            ending::end(config, calls, key, is_session.then_some(version)).await?;
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// Ends all of a user's sessions, or all but the one that asks. How many, if a store has them.
async fn end_all(config: &Config, user: UserKey, own: Option<&Own>) -> Result<Option<u64>, Error> {
    let now = config.now();
    let list = match (&config.store, &config.deny_list) {
        // Those that are still in cookies, and would move into the store, end as well.
        (Some(store), _) => store,
        (None, Some(list)) => list,
        (None, None) => return Err(Error::NoStore),
    };
    let except = own.and_then(|own| own.current);
    if let (Some(store), Some(key)) = (&config.store, except) {
        let record = store.begin(now).load(key).await?;
        if !matches!(record.and_then(Content::decode), Some(Content::Session(_))) {
            return Err(Error::Ended);
        }
    }
    // In a store the record has been looked at, and no cookie is spared.
    let spared = own.filter(|_| config.store.is_none()).map(|own| own.key);
    if !deny_list::end_all(config, list, user, spared, now).await? {
        return Err(Error::Ended);
    }
    let mut count = None;
    if let Some(store) = &config.store {
        count = Some(store.begin(now).delete_all(user, except).await?);
    }
    if let Some(old) = &config.moving_from {
        let moved = old.begin(now).delete_all(user, None).await?;
        count = count.map(|count| count + moved);
    }
    Ok(count)
}
