//! The session, as handlers see it.

use std::any::TypeId;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::FromRequestParts;
use http::request::Parts;
use memchr::memchr;
use serde::de::DeserializeOwned;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::changes::Updater;
use crate::config::Config;
use crate::data::Data;
use crate::error::Error;
use crate::json;
use crate::load::{load, load_at_once};
use crate::login;
use crate::refusal::Refusal;
use crate::state::{Bearer, Loaded, State};
use crate::telemetry::{Asked, Happened};
use crate::wire::MAX_COOKIE;

/// A visitor's session: data, login, and flash messages.
///
/// As an extractor it reads the request's cookies; all else is synchronous. Changes are sent with the response, whatever its status,
/// and only if something has changed. Clones are the same session. Whoever is anonymous has a session too: a guest's.
///
/// ```
/// use muffin_session::{Error, Session};
///
/// async fn visits(session: Session) -> Result<String, Error> {
///     let visits = session.update("visits", |visits: Option<u32>| visits.unwrap_or(0) + 1)?;
///     Ok(format!("You were here {visits} times"))
/// }
/// ```
///
/// Any JSON value can be kept, and comes back with its type. In signed cookies (the default) data is readable in the browser, though
/// nobody can change it; `encrypted()` on the builder hides it. There, what must not be rolled back to an older copy, such as a voucher that
/// was spent, belongs into a database, and two requests at once that both change data are last-write-wins. In a
/// [store](crate::Builder::store) neither holds.
#[derive(Clone)]
pub struct Session {
    inner: Arc<Inner>,
}

struct Inner {
    config: Arc<Config>,
    state: Mutex<State>,
    /// Held while the store is called to save the session.
    saving: tokio::sync::Mutex<()>,
}

/// How often an `update` begins anew when its key was changed meanwhile.
const MOST_ROUNDS: usize = 8;

impl Session {
    pub(crate) fn new(config: Arc<Config>) -> Self {
        Self {
            inner: Arc::new(Inner {
                config,
                state: Mutex::default(),
                saving: tokio::sync::Mutex::const_new(()),
            }),
        }
    }

    /// Reads the request's session, unless that was done.
    pub(crate) async fn read(&self, parts: &Parts) -> Result<(), Refusal> {
        match &*self.state() {
            State::Untouched => {}
            State::Unreachable => return Err(Refusal::unavailable()),
            State::Loaded(_) | State::Sent(_) => return Ok(()),
        }
        let mut loaded = match load_at_once(self.config(), parts) {
            Some(loaded) => Ok(loaded),
            None => load(self.config(), parts).await,
        };
        if let (Some(_), Ok(loaded)) = (&self.config().hooks, &mut loaded) {
            loaded.asked = Some(Asked::of(parts));
        }
        let mut state = self.state();
        match (&*state, loaded) {
            (State::Untouched, Ok(loaded)) => *state = State::Loaded(loaded),
            (State::Untouched, Err(_)) => *state = State::Unreachable,
            // Another task of the same request was faster.
            (State::Loaded(_) | State::Sent(_) | State::Unreachable, _) => {}
        }
        match &*state {
            State::Unreachable => Err(Refusal::unavailable()),
            _ => Ok(()),
        }
    }

    /// Frees what a request that was given up has left: functions that update keys may hold the session itself. What was saved, and a
    /// logout, hold all the same.
    pub(crate) fn give_up(&self) {
        let left = self.look(|loaded| {
            loaded.given_up = true;
            (
                Happened::given_up(self.config(), loaded),
                loaded.data.take_updaters(),
            )
        });
        // What updates keys is dropped here, where nothing is locked.
        if let Some((Some(happened), _)) = left {
            happened.tell(self.config());
        }
    }

    /// Waits until nothing else saves the session.
    pub(crate) async fn lock_saving(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.inner.saving.lock().await
    }

    pub(crate) fn is_saving(&self) -> bool {
        self.inner.saving.try_lock().is_err()
    }

    pub(crate) fn config(&self) -> &Arc<Config> {
        &self.inner.config
    }

    /// The request's own state: no other request has it, so that nobody waits for the lock.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A panic in between leaves a state that is valid, and that is sent only if the handler survives.
        self.inner
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the session, as it was sent if its response has left.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&mut Loaded) -> T) -> Option<T> {
        match &mut *self.state() {
            State::Loaded(loaded) => Some(look(loaded)),
            State::Sent(sent) => sent.loaded.as_mut().map(|loaded| look(loaded)),
            State::Untouched | State::Unreachable => None,
        }
    }

    /// Changes who is logged in.
    pub(crate) fn change<T>(
        &self,
        change: impl FnOnce(&Config, &mut Loaded) -> Result<T, Error>,
    ) -> Result<T, Error> {
        match &mut *self.state() {
            State::Loaded(loaded) if loaded.bearer != Bearer::None => Err(Error::WithoutCookies),
            State::Loaded(loaded) => change(self.config(), loaded),
            State::Untouched | State::Unreachable | State::Sent(_) => Err(Error::TooLate),
        }
    }

    /// Changes what belongs to the session, which needs one that has not ended.
    pub(crate) fn write<T>(
        &self,
        change: impl FnOnce(&Config, &mut Loaded) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.change(|config, loaded| {
            if loaded.lost.is_some() {
                return Err(Error::Ended);
            }
            change(config, loaded)
        })
    }

    /// The value under a key, or `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`Error::WrongType`], if it is of another type.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Error> {
        self.read_with(key, |json| parse(key, json)).transpose()
    }

    /// What `read` makes of the JSON text under a key.
    pub(crate) fn read_with<T>(&self, key: &str, read: impl FnOnce(&[u8]) -> T) -> Option<T> {
        self.look(|loaded| loaded.data.get(key).map(read)).flatten()
    }

    /// Sets the value under a key.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`], if the session would pass what a cookie holds, or 4 MiB in a store; [`Error::NotJson`]; [`Error::TooLate`]; [`Error::Ended`].
    /// The session then stays as it was.
    pub fn insert(&self, key: &str, value: impl Serialize) -> Result<(), Error> {
        let json = to_json(key, &value)?;
        let replaced = self.write(|config, loaded| {
            fits(config, &loaded.data, key, &json)?;
            Ok(loaded.data.insert(key, json))
        });
        // Dropped here, where nothing is locked.
        replaced.map(drop)
    }

    /// Removes a key, and gives its value.
    ///
    /// # Errors
    ///
    /// [`Error::WrongType`], if the value is of another type: it then stays. Use [`serde_json::Value`] to remove whatever it is.
    /// [`Error::TooLate`]; [`Error::Ended`].
    pub fn remove<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Error> {
        let removed = self.write(|_, loaded| {
            let value = loaded
                .data
                .get(key)
                .map(|json| parse(key, json))
                .transpose()?;
            Ok((value, loaded.data.remove(key)))
        });
        removed.map(|(value, _)| value)
    }

    /// Sets a key to what `change` makes of its value, and gives the new value.
    ///
    /// In a store it is atomic: if another request changes the key before this one is saved, `change` runs again on what is there by
    /// then. The value that was given may then not be the one that is kept: where something hangs on it (a voucher that is spent, a
    /// number that is given out once), call [`commit`](Self::commit) and read the key again. In cookies it is not atomic between
    /// requests: two at once are last-write-wins.
    ///
    /// ```
    /// use muffin_session::{Error, Session};
    ///
    /// async fn redeem(session: Session) -> Result<&'static str, Error> {
    ///     session.update("tries", |tries: Option<u32>| tries.unwrap_or(0) + 1)?;
    ///     session.commit().await?; // with a store, nobody else has the same number
    ///     match session.get("tries")? {
    ///         Some(0..=3_u32) => Ok("Try your code"),
    ///         _ => Ok("Too many tries"),
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get) and [`insert`](Self::insert).
    pub fn update<T>(
        &self,
        key: &str,
        mut change: impl FnMut(Option<T>) -> T + Send + 'static,
    ) -> Result<T, Error>
    where
        T: Serialize + DeserializeOwned + 'static,
    {
        let (value, ()) = self.update_with(key, parse, move |value| (change(value), ()))?;
        Ok(value)
    }

    /// As [`update`](Self::update), with another way of reading the value that is there, and something else to give.
    pub(crate) fn update_with<T: Serialize + 'static, R: 'static>(
        &self,
        key: &str,
        read: impl Fn(&str, &[u8]) -> Result<T, Error> + Send + 'static,
        mut change: impl FnMut(Option<T>) -> (T, R) + Send + 'static,
    ) -> Result<(T, R), Error> {
        let name = key.to_owned();
        let mut step = move |before: Option<&[u8]>| {
            let value = before.map(|json| read(&name, json)).transpose()?;
            let (value, given) = change(value);
            let json = to_json(&name, &value)?;
            Ok::<_, Error>((value, given, json))
        };
        let mut rounds = 0;
        loop {
            let before = self.write(|_, loaded| Ok(loaded.data.get(key).map(<[u8]>::to_vec)))?;
            // The lock is not held: `change` may use the session.
            let (value, given, json) = step(before.as_deref())?;
            let mut again = Some(step);
            let written = self.write(|config, loaded| {
                // After some rounds the last one wins: a `change` that changes its own key would go on for ever.
                if loaded.data.get(key) != before.as_deref() && rounds < MOST_ROUNDS {
                    return Ok(None);
                }
                fits(config, &loaded.data, key, &json)?;
                let unused = match (&config.store, again.take()) {
                    (Some(_), Some(mut step)) => {
                        let updater =
                            move |before: Option<&[u8]>| step(before).map(|(.., json)| json);
                        loaded.data.update(key, json, Updater::new(updater))
                    }
                    _ => loaded.data.insert(key, json),
                };
                Ok(Some(unused))
            })?;
            match again {
                Some(unused) if written.is_none() => step = unused,
                // Dropped here, where nothing is locked, with what need not run again.
                _ => return Ok((value, given)),
            }
            rounds += 1;
        }
    }

    /// Removes all data. Who is logged in, and flashes, stay.
    ///
    /// # Errors
    ///
    /// [`Error::TooLate`]; [`Error::Ended`].
    pub fn clear(&self) -> Result<(), Error> {
        let removed = self.write(|_, loaded| Ok(loaded.data.clear()));
        removed.map(drop)
    }

    /// Whether there is a value under a key.
    pub fn contains_key(&self, key: &str) -> bool {
        self.look(|loaded| loaded.data.get(key).is_some())
            .unwrap_or_default()
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.look(|loaded| loaded.data.len()).unwrap_or_default()
    }

    /// Whether there is no data.
    pub fn is_empty(&self) -> bool {
        self.look(|loaded| loaded.data.is_empty()).unwrap_or(true)
    }

    /// The keys, in order.
    pub fn keys(&self) -> Vec<String> {
        self.iter().map(|(key, _)| key).collect()
    }

    /// Keys and values as they are now, in order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (String, Value)> + use<> {
        self.look(|loaded| {
            let entry = |(key, json): (&[u8], &[u8])| {
                let key = String::from_utf8_lossy(key).into_owned();
                // It was written from, or verified as, JSON of a depth that can be read.
                (key, serde_json::from_slice(json).unwrap_or_default())
            };
            loaded.data.iter().map(entry).collect::<Vec<_>>()
        })
        .unwrap_or_default()
        .into_iter()
    }

    /// Notes that nobody has asked for the user yet.
    pub(crate) fn forget_asked(&self) {
        self.look(|loaded| (loaded.was_asked, loaded.asked_for_nobody) = (false, None));
    }

    /// Notes that an extractor asks for the user.
    pub(crate) fn set_asked(&self) {
        self.look(|loaded| (loaded.was_asked, loaded.asked_for_nobody) = (true, None));
    }

    /// Notes which extractor asks for a user who may not be there.
    pub(crate) fn set_asked_for_nobody(&self, extractor: TypeId) {
        self.look(|loaded| (loaded.was_asked, loaded.asked_for_nobody) = (true, Some(extractor)));
    }

    /// Notes whether the guard that decides just now is about this session's users.
    pub(crate) fn set_meant(&self, is_meant: bool) {
        self.look(|loaded| loaded.is_meant = is_meant);
    }

    /// Whether the guard that decides just now is about this session's users.
    pub(crate) fn is_meant(&self) -> bool {
        self.look(|loaded| loaded.is_meant).unwrap_or_default()
    }

    /// Whether they are handles to one session.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// Whether an extractor has asked for the user.
    pub(crate) fn was_asked(&self) -> bool {
        self.look(|loaded| loaded.was_asked).unwrap_or_default()
    }

    /// Which extractor has last asked for a user who may not be there.
    pub(crate) fn asked_for_nobody(&self) -> Option<TypeId> {
        self.look(|loaded| loaded.asked_for_nobody).flatten()
    }

    /// Whether the request brings a token in place of cookies.
    pub(crate) fn brings_token(&self) -> bool {
        self.look(|loaded| loaded.bearer != Bearer::None)
            .unwrap_or_default()
    }

    /// Whether somebody is there, as far as is known: by session, or by a token whose user is loaded.
    pub(crate) fn has_somebody(&self) -> bool {
        self.look(|loaded| match loaded.bearer {
            Bearer::None => loaded.identity.is_some(),
            Bearer::Token(_) => loaded.user.is_some(),
            Bearer::Nobodys => false,
        })
        .unwrap_or_default()
    }

    /// Marks the answer as one that only this visitor may get.
    pub(crate) fn set_guarded(&self) {
        self.look(|loaded| loaded.guarded = true);
    }
}

pub(crate) fn parse<T: DeserializeOwned>(key: &str, json: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(json).map_err(|_| Error::WrongType {
        key: key.to_owned(),
        // The parser's own words may hold content of the session.
        reason: format!("it is no {}", std::any::type_name::<T>()),
    })
}

pub(crate) fn to_json(key: &str, value: &impl Serialize) -> Result<String, Error> {
    let refused = |reason: &str| Error::NotJson {
        key: key.to_owned(),
        reason: reason.to_owned(),
    };
    let json = serde_json::to_string(value).map_err(|_| {
        refused("a part of it has no form in JSON, such as a map whose keys are no text")
    })?;
    // A parser that was built with these marks in mind would read something else than was written. In a text, the quote would be escaped.
    let marks = [
        "\"$serde_json::private::RawValue\":",
        "\"$serde_json::private::Number\":",
    ];
    if memchr(b'$', json.as_bytes()).is_some() && marks.iter().any(|mark| json.contains(mark)) {
        return Err(refused(
            "it has a key that the JSON library keeps for itself",
        ));
    }
    if json::depth(json.as_bytes()) > json::MAX_DEPTH {
        return Err(refused("it is nested deeper than 126 levels"));
    }
    Ok(json)
}

/// The most bytes of JSON that a store keeps of one session.
const MAX_RECORD: usize = 4 * 1024 * 1024 - 8 * 1024;

/// Refuses a value that would not fit beside the others.
fn fits(config: &Config, data: &Data, key: &str, json: &str) -> Result<(), Error> {
    let whole = data.len_with(key, json.len());
    let (size, limit) = match config.store {
        Some(_) => (whole, MAX_RECORD),
        None => (login::data_cookie_size(config, whole), MAX_COOKIE),
    };
    if size <= limit {
        return Ok(());
    }
    let mut largest = data.largest(3);
    largest.retain(|(other, _)| other != key);
    largest.push((key.to_owned(), json.len()));
    Err(too_large(size, limit, largest))
}

/// Refuses data that has become too large by what several requests have added.
pub(crate) fn fits_a_record(data: &Data) -> Result<(), Error> {
    let size = data.json_len();
    if size <= MAX_RECORD {
        return Ok(());
    }
    Err(too_large(size, MAX_RECORD, data.largest(3)))
}

fn too_large(size: usize, limit: usize, mut largest: Vec<(String, usize)>) -> Error {
    largest.sort_by_key(|&(_, bytes)| std::cmp::Reverse(bytes));
    largest.truncate(3);
    Error::TooLarge {
        size,
        limit,
        largest,
    }
}

/// A JSON object of all data.
impl Serialize for Session {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in self.iter() {
            map.serialize_entry(&key, &value)?;
        }
        map.end()
    }
}

/// Nothing of the session's content is shown.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session(..)")
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Session {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        Self::of_request(parts).await
    }
}
