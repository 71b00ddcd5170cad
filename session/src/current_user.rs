//! The current user, as an extractor.

use std::any::TypeId;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;

use crate::checker::{Ruling, Verdict};
use crate::guard::Demands;
use crate::refusal::Refusal;
use crate::session::Session;

/// The user who is logged in, loaded once a request by the loader given to the builder.
///
/// As an extractor it refuses anonymous requests just as `#[login_required]` does. `Option<CurrentUser<U>>` lets them pass; a loader
/// that fails is an error in both. Behind a guard it loads nobody a second time.
///
/// ```
/// use muffin_session::CurrentUser;
///
/// #[derive(Clone)]
/// struct User { name: String }
///
/// async fn greet(user: Option<CurrentUser<User>>) -> String {
///     match user {
///         Some(CurrentUser(user)) => format!("Hello, {}", user.name),
///         None => "Hello, stranger".to_owned(),
///     }
/// }
/// ```
///
/// In a struct with axum's `#[derive(FromRequestParts)]`, give `Option<CurrentUser<U>>` a name of its own and write that as the field's
/// type: of a field that is written `Option<..>`, the derive runs the extractor that refuses, and drops the refusal. A loader that
/// fails then passes for nobody, and guests find the `login_message` on their next page.
///
/// ```
/// use axum::extract::FromRequestParts;
/// use muffin_session::CurrentUser;
///
/// # #[derive(Clone)] struct User;
/// type Visitor = Option<CurrentUser<User>>;
///
/// #[derive(FromRequestParts)]
/// struct Page {
///     visitor: Visitor,
/// }
/// # let _ = |page: Page| page.visitor;
/// ```
#[derive(Clone, Copy)]
pub struct CurrentUser<U>(pub U);

/// `current.name` is the user's, without taking the extractor apart.
impl<U> std::ops::Deref for CurrentUser<U> {
    type Target = U;

    fn deref(&self) -> &U {
        &self.0
    }
}

/// The user is not shown.
impl<U> std::fmt::Debug for CurrentUser<U> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CurrentUser(..)")
    }
}

impl<S, U> FromRequestParts<S> for CurrentUser<U>
where
    S: Send + Sync,
    U: Clone + Send + Sync + 'static,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let session = Session::of_user::<U>(parts).await?;
        session.set_asked();
        if let Some(user) = session.user(parts).await? {
            return Ok(Self(user));
        }
        let ruling = Ruling::about(session, Verdict::Nobody);
        Demands::new().conclude(ruling, parts).await?;
        // A denial never concludes well.
        Err(Refusal::failed())
    }
}

impl<S, U> OptionalFromRequestParts<S> for CurrentUser<U>
where
    S: Send + Sync,
    U: Clone + Send + Sync + 'static,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Refusal> {
        let session = Session::of_user::<U>(parts).await?;
        session.set_asked_for_nobody(TypeId::of::<Option<Self>>());
        let user = session.user(parts).await?;
        Ok(user.map(Self))
    }
}
