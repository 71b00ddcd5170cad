//! The session, as handlers see it.

use std::any::TypeId;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::de::DeserializeOwned;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::config::Config;
use crate::data::{self, Data};
use crate::error::Error;
use crate::load::load;
use crate::login;
use crate::refusal::Refusal;
use crate::state::{Bearer, Loaded, State};
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
/// nobody can change it; `encrypted()` on the builder hides it. What must not be rolled back to an older copy, such as a voucher that
/// was spent, belongs into a database; two requests at once that both change data are last-write-wins.
#[derive(Clone)]
pub struct Session {
    inner: Arc<Inner>,
}

struct Inner {
    config: Arc<Config>,
    state: Mutex<State>,
}

/// How often an `update` begins anew when its key was changed meanwhile.
const MOST_ROUNDS: usize = 8;

impl Session {
    pub(crate) fn new(config: Arc<Config>) -> Self {
        Self {
            inner: Arc::new(Inner {
                config,
                state: Mutex::default(),
            }),
        }
    }

    /// Reads the request's cookies, unless that was done.
    pub(crate) fn read(&self, parts: &Parts) {
        let mut state = self.state();
        if let State::Untouched = *state {
            let config = self.config();
            *state = State::Loaded(load(config, parts, config.now()));
        }
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
            State::Untouched => None,
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
            State::Untouched | State::Sent(_) => Err(Error::TooLate),
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
    /// [`Error::TooLarge`], if the session would pass what a cookie holds; [`Error::NotJson`]; [`Error::TooLate`]; [`Error::Ended`].
    /// The session then stays as it was.
    pub fn insert(&self, key: &str, value: impl Serialize) -> Result<(), Error> {
        let json = to_json(key, &value)?;
        self.write(|config, loaded| insert(config, &mut loaded.data, key, json))
    }

    /// Removes a key, and gives its value.
    ///
    /// # Errors
    ///
    /// [`Error::WrongType`], if the value is of another type: it then stays. Use [`serde_json::Value`] to remove whatever it is.
    /// [`Error::TooLate`]; [`Error::Ended`].
    pub fn remove<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Error> {
        self.write(|_, loaded| {
            let value = loaded
                .data
                .get(key)
                .map(|json| parse(key, json))
                .transpose()?;
            loaded.data.remove(key);
            Ok(value)
        })
    }

    /// Sets a key to what `change` makes of its value, and gives the new value.
    ///
    /// `change` may run again if another task of the same request changed the key meanwhile. In cookies it is not atomic between
    /// requests: two at once are last-write-wins.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get) and [`insert`](Self::insert).
    pub fn update<T>(&self, key: &str, change: impl FnMut(Option<T>) -> T) -> Result<T, Error>
    where
        T: Serialize + DeserializeOwned,
    {
        self.update_with(key, |json| parse(key, json), change)
    }

    /// As [`update`](Self::update), with another way of reading the value that is there.
    pub(crate) fn update_with<T: Serialize>(
        &self,
        key: &str,
        read: impl Fn(&[u8]) -> Result<T, Error>,
        mut change: impl FnMut(Option<T>) -> T,
    ) -> Result<T, Error> {
        let mut rounds = 0;
        loop {
            let before = self.write(|_, loaded| Ok(loaded.data.get(key).map(<[u8]>::to_vec)))?;
            let value = before.as_deref().map(&read).transpose()?;
            // The lock is not held: `change` may use the session.
            let value = change(value);
            let json = to_json(key, &value)?;
            let written = self.write(|config, loaded| {
                // After some rounds the last one wins: a `change` that changes its own key would go on for ever.
                if loaded.data.get(key) != before.as_deref() && rounds < MOST_ROUNDS {
                    return Ok(false);
                }
                insert(config, &mut loaded.data, key, json)?;
                Ok(true)
            })?;
            if written {
                return Ok(value);
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
        self.write(|_, loaded| {
            loaded.data.clear();
            Ok(())
        })
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
    if ["RawValue", "Number"]
        .iter()
        .any(|mark| json.contains(&format!("\"$serde_json::private::{mark}\":")))
    {
        return Err(refused(
            "it has a key that the JSON library keeps for itself",
        ));
    }
    if data::depth(json.as_bytes()) > data::MAX_DEPTH {
        return Err(refused("it is nested deeper than 126 levels"));
    }
    Ok(json)
}

fn insert(config: &Config, data: &mut Data, key: &str, json: String) -> Result<(), Error> {
    let size = login::data_cookie_size(config, data.len_with(key, json.len()));
    if size > MAX_COOKIE {
        let mut largest = data.largest(3);
        largest.retain(|(other, _)| other != key);
        largest.push((key.to_owned(), json.len()));
        largest.sort_by_key(|&(_, bytes)| std::cmp::Reverse(bytes));
        largest.truncate(3);
        return Err(Error::TooLarge {
            size,
            limit: MAX_COOKIE,
            largest,
        });
    }
    data.insert(key, json);
    Ok(())
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
        Self::of_request(parts)
    }
}
