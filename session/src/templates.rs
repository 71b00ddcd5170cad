//! What templates see of a request's session, in MiniJinja.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::FromRequestParts;
use http::request::Parts;
use minijinja::value::{Enumerator, Kwargs, Object, ObjectRepr, Serde, Value};
use serde::{Serialize, Serializer};

use crate::flash::Flash;
use crate::refusal::Refusal;
use crate::session::Session;

/// What every page's template wants to know: who is logged in, and which messages wait. For [MiniJinja](https://docs.rs/minijinja), with the
/// feature `minijinja`.
///
/// As an extractor it lets everybody pass, as `Option<CurrentUser<U>>` does: a loader that fails is an error. `..page` then adds it to a
/// template's context; what the handler sets by the same names wins.
///
/// ```
/// use std::sync::Arc;
///
/// use axum::extract::State;
/// use axum::http::StatusCode;
/// use axum::response::Html;
/// use minijinja::{Environment, context};
/// use muffin_session::PageContext;
/// use serde::Serialize;
///
/// #[derive(Clone, Serialize)]
/// struct User {
///     name: String,
///     is_admin: bool,
///     #[serde(skip)] // what is serialized, templates see
///     password_hash: String,
/// }
///
/// async fn home(
///     page: PageContext<User>,
///     State(templates): State<Arc<Environment<'static>>>,
/// ) -> Result<Html<String>, StatusCode> {
///     let rendered = templates
///         .get_template("home.html")
///         .and_then(|home| home.render(context! { title => "Home", ..page }));
///     rendered.map(Html).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
/// }
/// # let _: axum::Router<Arc<Environment<'static>>> =
/// #     axum::Router::new().route("/", axum::routing::get(home));
/// ```
///
/// | in a template | what it is |
/// |---|---|
/// | `logged_in` | whether somebody is logged in |
/// | `current_user` | the user as it serializes, or `none` |
/// | `get_flashed_messages()` | the messages that wait, as text |
/// | `get_flashed_messages(with_categories=true)` | pairs of category and message, also by these names: `flash.category` |
/// | `get_flashed_messages(category_filter=["error"])` | those of some categories; the others go on waiting. An empty list is no filter |
/// | `session.theme` | the value under a key of the [`Session`], or undefined |
///
/// ```html
/// {% for category, message in get_flashed_messages(with_categories=true) %}
///   <p class="{{ category }}">{{ message }}</p>
/// {% endfor %}
/// {% if logged_in %}{{ current_user.name }}{% else %}<a href="/login">Log in</a>{% endif %}
/// ```
///
/// Messages are used up when a template asks for them, and by no page that does not. A page that asks again, as a layout and its block
/// may, gets the same ones again.
///
/// Names and messages are text from people. MiniJinja escapes them in templates whose names end in `.html`, `.htm` or `.xml`, and **not** in
/// those without a name (`render_str`, `template_from_str`).
///
/// Who is logged in is looked up when the context is made: after [`Session::logout`] it is nobody. Whom this very request has logged in,
/// the next one knows.
///
/// Without a user loader, or where a page shows no user, it is `PageContext` alone: `logged_in` is there, and `current_user` is undefined, so
/// that a template which shows its name is an error.
pub struct PageContext<U: Serialize = NoUser> {
    session: Session,
    /// Whether somebody was logged in when the request came, of whom nobody knows more than that.
    was_somebody: bool,
    user: PhantomData<fn() -> U>,
}

impl<U: Serialize> PageContext<U> {
    fn of(session: Session, was_somebody: bool) -> Self {
        Self {
            session,
            was_somebody,
            user: PhantomData,
        }
    }
}

/// Nothing of the session's content is shown.
impl<U: Serialize> fmt::Debug for PageContext<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PageContext(..)")
    }
}

/// The user of a [`PageContext`] that has none. There is no value of this type.
#[derive(Debug)]
pub enum NoUser {}

impl Serialize for NoUser {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        match *self {}
    }
}

impl<S, U> FromRequestParts<S> for PageContext<U>
where
    S: Send + Sync,
    U: Serialize + Clone + Send + Sync + 'static,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let session = Session::of_user::<U>(parts).await?;
        session.set_asked_for_nobody(TypeId::of::<Self>());
        let user = session.any_user(parts).await?;
        Ok(Self::of(session, user.is_some()))
    }
}

// No user type of an application is `NoUser`, which is not `Clone`.
impl<S: Send + Sync> FromRequestParts<S> for PageContext<NoUser> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let session = Session::of_request(parts).await?;
        session.set_asked_for_nobody(TypeId::of::<Self>());
        // Whether a user still exists is known once they are loaded.
        let was_somebody = session.is_somebody(parts).await?;
        Ok(Self::of(session, was_somebody))
    }
}

impl<U: Serialize + Clone + 'static> From<PageContext<U>> for Value {
    fn from(page: PageContext<U>) -> Self {
        let user = page.session.loaded_user();
        let user = user.as_ref().and_then(|user| user.downcast_ref::<U>());
        let shown = user.map_or(Self::from(()), |user| Self::from(Serde(user)));
        Context::of(page.session, user.is_some(), Some(shown))
    }
}

impl From<PageContext<NoUser>> for Value {
    fn from(page: PageContext<NoUser>) -> Self {
        let logged_in = page.was_somebody && page.session.has_somebody();
        Context::of(page.session, logged_in, None)
    }
}

/// The names that a template may use.
struct Context {
    logged_in: bool,
    /// `None` is undefined.
    current_user: Option<Value>,
    get_flashed_messages: Value,
    session: Value,
}

impl Context {
    fn of(session: Session, logged_in: bool, current_user: Option<Value>) -> Value {
        Value::from_object(Self {
            logged_in,
            current_user,
            get_flashed_messages: get_flashed_messages(session.clone()),
            session: Value::from_object(SessionData(session)),
        })
    }
}

impl Object for Context {
    fn get_value(self: &Arc<Self>, name: &Value) -> Option<Value> {
        match name.as_str()? {
            "logged_in" => Some(self.logged_in.into()),
            "current_user" => self.current_user.clone(),
            "get_flashed_messages" => Some(self.get_flashed_messages.clone()),
            "session" => Some(self.session.clone()),
            _ => None,
        }
    }

    /// What lists a context, to show it, finds nothing here.
    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PageContext(..)")
    }
}

/// The data of a session, read by key.
struct SessionData(Session);

impl Object for SessionData {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let read = |json: &[u8]| serde_json::from_slice(json).ok();
        self.0.read_with(key.as_str()?, read).flatten()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

impl fmt::Debug for SessionData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session(..)")
    }
}

/// The function that templates call, with the parameters that Flask's has.
fn get_flashed_messages(session: Session) -> Value {
    let messages = Messages {
        session,
        shown: Mutex::default(),
    };
    Value::from_function(
        move |with_categories: Option<bool>,
              category_filter: Option<Vec<String>>,
              named: Kwargs|
              -> Result<Value, minijinja::Error> {
            let with_categories = match with_categories {
                None => named.get("with_categories")?,
                given => given,
            };
            let category_filter: Option<Vec<String>> = match category_filter {
                None => named.get("category_filter")?,
                given => given,
            };
            named.assert_all_used()?;
            let flashes = messages.get(&category_filter.unwrap_or_default());
            Ok(flashes
                .into_iter()
                .map(|flash| match with_categories {
                    Some(true) => Value::from_object(Pair(flash)),
                    _ => Value::from(flash.message),
                })
                .collect())
        },
    )
}

/// The messages of one page: those that it has shown stay its own.
struct Messages {
    session: Session,
    /// By their place among the request's.
    shown: Mutex<BTreeMap<usize, Flash>>,
}

impl Messages {
    fn get(&self, categories: &[String]) -> Vec<Flash> {
        let categories: Vec<&str> = categories.iter().map(String::as_str).collect();
        let filter = (!categories.is_empty()).then_some(&*categories);
        let taken = self
            .session
            .take_flashes(filter, |place, flash| (place, flash));
        // A panic in between leaves a map that is whole.
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.extend(taken);
        let wanted =
            |flash: &&Flash| filter.is_none_or(|wanted| wanted.contains(&&*flash.category));
        shown.values().filter(wanted).cloned().collect()
    }
}

/// A message with its category: `{% for category, message in .. %}`, or `{{ flash.message }}`.
struct Pair(Flash);

impl Object for Pair {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match (key.as_str(), key.as_usize()) {
            (Some("category"), _) | (_, Some(0)) => Some(Value::from(&*self.0.category)),
            (Some("message"), _) | (_, Some(1)) => Some(Value::from(&*self.0.message)),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(2)
    }
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
