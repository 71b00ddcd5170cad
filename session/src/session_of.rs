//! The session of one kind of users, where there are several.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::refusal::Refusal;
use crate::session::Session;

/// The session whose users are `U`s, where an application has several kinds of users, each with a session layer of its own.
///
/// It is used like a [`Session`]. `Session` itself, as an extractor, is that of the innermost layer. The layers may share a secret: their
/// `cookie_name`s keep the keys apart.
///
/// ```
/// use axum::response::Redirect;
/// use axum::{Router, routing::{get, post}};
/// use muffin_session::{CurrentUser, Error, Secret, SessionOf, Sessions, login_required, user_loader};
///
/// #[derive(Clone)]
/// struct Customer;
/// #[derive(Clone)]
/// struct Staff { name: String }
///
/// #[user_loader]
/// async fn load_customer(id: u64) -> Option<Customer> { (id == 1).then_some(Customer) }
/// #[user_loader]
/// async fn load_staff(id: u64) -> Option<Staff> { (id == 1).then(|| Staff { name: "Sam".to_owned() }) }
///
/// async fn staff_login(session: SessionOf<Staff>) -> Result<Redirect, Error> {
///     // .. check the password ..
///     session.login(1)?;
///     Ok(Redirect::to("/staff"))
/// }
///
/// #[login_required(user = Staff)]
/// async fn staff(CurrentUser(staff): CurrentUser<Staff>, customer: Option<CurrentUser<Customer>>) -> String {
///     format!("{}, and {} customer", staff.name, if customer.is_some() { "a" } else { "no" })
/// }
///
/// let secret = Secret::generate()?; // from the environment, in an application that is to last
/// let customers = Sessions::builder(secret.clone()).user_loader(load_customer).build()?;
/// let staff_sessions = Sessions::builder(secret)
///     .cookie_name("staff")
///     .login_url("/staff/login")
///     .user_loader(load_staff)
///     .build()?;
/// let app: Router = Router::new()
///     .route("/staff", get(staff))
///     .route("/staff/login", post(staff_login))
///     .layer(customers)
///     .layer(staff_sessions);
/// # drop(app);
/// # Ok::<(), muffin_session::ConfigError>(())
/// ```
pub struct SessionOf<U> {
    session: Session,
    user: PhantomData<fn() -> U>,
}

impl<U> SessionOf<U> {
    /// The session.
    pub fn into_inner(self) -> Session {
        self.session
    }
}

impl<U> Deref for SessionOf<U> {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl<U> Clone for SessionOf<U> {
    fn clone(&self) -> Self {
        Self {
            session: self.session.clone(),
            user: PhantomData,
        }
    }
}

/// Nothing of the session's content is shown.
impl<U> fmt::Debug for SessionOf<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionOf(..)")
    }
}

impl<S, U> FromRequestParts<S> for SessionOf<U>
where
    S: Send + Sync,
    U: 'static,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        Ok(Self {
            session: Session::of_user::<U>(parts).await?,
            user: PhantomData,
        })
    }
}
