//! Values with a type and a key of their own in the session.

use std::fmt;
use std::ops::Deref;

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::Error;
use crate::refusal::Refusal;
use crate::session::Session;

/// A type that a session keeps under a key of its own. Derive it:
///
/// ```
/// use muffin_session::SessionValue;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Default, Serialize, Deserialize, SessionValue)]
/// #[session(key = "cart")] // without it: the name in snake case, here the same
/// struct Cart {
///     items: Vec<String>,
/// }
///
/// assert_eq!(Cart::KEY, "cart");
/// ```
///
/// Handlers take it as [`InSession<Cart>`](InSession).
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no key in the session",
    note = "write `#[derive(Default, Serialize, Deserialize, SessionValue)]` above the type"
)]
pub trait SessionValue: Default + Serialize + DeserializeOwned {
    /// The key in the session.
    const KEY: &'static str;
}

/// A value of the session, as an extractor: what is kept under the type's key, or its default.
///
/// It can be read like the value itself, and changed by [`update`](Self::update) alone, so that no change is forgotten.
///
/// A session outlives a new version of the application. A field that the type has gained is that of its default; one that it has lost
/// is dropped at the next write. If what is kept does not fit at all, such as text that is a number by now, all of it is the default
/// (and a warning in the log says so): old sessions are never an error.
///
/// ```
/// use axum::response::Redirect;
/// use axum::Form;
/// use muffin_session::{Error, InSession, SessionValue};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Default, Serialize, Deserialize, SessionValue)]
/// struct Cart {
///     items: Vec<String>,
/// }
///
/// # #[derive(Deserialize)] struct Item { name: String }
/// async fn add(mut cart: InSession<Cart>, Form(item): Form<Item>) -> Result<Redirect, Error> {
///     cart.update(move |cart| cart.items.push(item.name.clone()))?;
///     Ok(Redirect::to("/cart"))
/// }
///
/// async fn show(cart: InSession<Cart>) -> String {
///     cart.items.join(", ")
/// }
/// # let _ = axum::Router::<()>::new()
/// #     .route("/add", axum::routing::post(add))
/// #     .route("/cart", axum::routing::get(show));
/// ```
pub struct InSession<T: SessionValue> {
    session: Session,
    value: T,
}

impl<T: SessionValue> InSession<T> {
    /// What the session keeps.
    pub fn of(session: &Session) -> Self {
        let value = session.read_with(T::KEY, lenient::<T>).unwrap_or_default();
        Self {
            session: session.clone(),
            value,
        }
    }

    /// Changes the value, as the session has it by now, and keeps it. Gives what `change` returns.
    ///
    /// `change` may run again if another task of the same request, or with a store another request, changes the value before it is saved: see
    /// [`Session::update`].
    ///
    /// # Errors
    ///
    /// As [`Session::insert`]. The value is then as it was.
    pub fn update<R>(
        &mut self,
        mut change: impl FnMut(&mut T) -> R + Send + 'static,
    ) -> Result<R, Error>
    where
        T: 'static,
        R: 'static,
    {
        let (value, given) = self.session.update_with(
            T::KEY,
            |_, json| Ok(lenient(json)),
            move |value: Option<T>| {
                let mut value = value.unwrap_or_default();
                let given = change(&mut value);
                (value, given)
            },
        )?;
        self.value = value;
        Ok(given)
    }

    /// Keeps another value in its place.
    ///
    /// # Errors
    ///
    /// As [`Session::insert`].
    pub fn replace(&mut self, value: T) -> Result<(), Error> {
        self.session.insert(T::KEY, &value)?;
        self.value = value;
        Ok(())
    }

    /// Removes it from the session, and gives it.
    ///
    /// # Errors
    ///
    /// As [`Session::remove`].
    pub fn remove(self) -> Result<T, Error> {
        let removed = self.session.remove::<Value>(T::KEY)?;
        let json = removed.and_then(|value| serde_json::to_vec(&value).ok());
        Ok(json.map_or_else(T::default, |json| lenient(&json)))
    }
}

/// The value that JSON text says: where it does not fit, with what it lacks taken from the default, or else the default.
fn lenient<T: SessionValue>(json: &[u8]) -> T {
    if let Ok(value) = serde_json::from_slice(json) {
        return value;
    }
    let merged = || {
        let Value::Object(defaults) = serde_json::to_value(T::default()).ok()? else {
            return None;
        };
        let Value::Object(kept) = serde_json::from_slice(json).ok()? else {
            return None;
        };
        let lacking: Vec<_> = defaults
            .into_iter()
            .filter(|(field, _)| !kept.contains_key(field))
            .collect();
        // One that seems to lack may be there under a name that the field had before (`#[serde(alias)]`).
        let without = std::iter::once(None).chain((0..lacking.len()).map(Some));
        let mut attempts = without.map(|left_out| {
            let mut whole = kept.clone();
            let filled = lacking.iter().enumerate();
            whole.extend(
                filled
                    .filter(|(index, _)| Some(*index) != left_out)
                    .map(|(_, field)| field.clone()),
            );
            serde_json::from_value(Value::Object(whole)).ok()
        });
        attempts.find_map(|value| value)
    };
    merged().unwrap_or_else(|| {
        tracing::warn!(
            target: "muffin_session",
            "what a session keeps under {:?} does not fit `{}` any more: it counts as absent",
            T::KEY,
            std::any::type_name::<T>(),
        );
        T::default()
    })
}

impl<T: SessionValue> Deref for InSession<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// The value is not shown.
impl<T: SessionValue> fmt::Debug for InSession<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InSession(..)")
    }
}

impl<S, T> FromRequestParts<S> for InSession<T>
where
    S: Send + Sync,
    T: SessionValue,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let session = Session::of_request(parts).await?;
        Ok(Self::of(&session))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Cart {
        #[serde(alias = "things")]
        items: Vec<u32>,
        currency: String,
    }

    impl Default for Cart {
        fn default() -> Self {
            Self {
                items: Vec::new(),
                currency: "EUR".to_owned(),
            }
        }
    }

    impl SessionValue for Cart {
        const KEY: &'static str = "cart";
    }

    fn read(json: &str) -> (Vec<u32>, String) {
        let Cart { items, currency } = lenient(json.as_bytes());
        (items, currency)
    }

    #[test]
    fn what_was_kept_by_another_version_is_read_as_far_as_it_fits() {
        for (json, items, currency) in [
            (r#"{"items":[1],"currency":"CHF"}"#, &[1][..], "CHF"),
            (r#"{"items":[1]}"#, &[1], "EUR"),
            (r#"{"items":[1],"currency":"CHF","gone":true}"#, &[1], "CHF"),
            (r#"{"things":[1],"gone":true}"#, &[1], "EUR"),
            (r#"{"gone":true}"#, &[], "EUR"),
            (r#"{"items":"none","currency":"CHF"}"#, &[], "EUR"),
            ("[1]", &[], "EUR"),
            ("null", &[], "EUR"),
            ("7", &[], "EUR"),
        ] {
            assert_eq!(read(json), (items.to_vec(), currency.to_owned()), "{json}");
        }
    }
}
