//! Asking for the user by hand, in the middle of a handler.

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::checker::{CheckerAnswer, ask_user};
use crate::guard::{Demands, by_default};
use crate::location::IntoLocation;
use crate::refusal::Refusal;
use crate::session::Session;

/// Checks the user by hand, where an attribute is too early or too late: what [`#[user_pass]`](macro@crate::user_pass) does, as a method.
///
/// It sees what the handler has done: after [`Session::login`] it is the new user, after [`Session::logout`] nobody.
///
/// ```
/// use muffin_session::{Auth, Refusal};
///
/// #[derive(Clone)]
/// struct User { name: String, is_admin: bool }
///
/// async fn report(auth: Auth) -> Result<String, Refusal> {
///     let user = auth.check_user(|user: &User| user.is_admin).await?;
///     Ok(format!("For your eyes only, {}", user.name))
/// }
/// ```
#[derive(Clone)]
pub struct Auth {
    session: Session,
    /// Loaders may take any extractor, so that they need the request's head.
    parts: Parts,
}

impl Auth {
    /// The session.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The user, if somebody is logged in.
    ///
    /// # Errors
    ///
    /// A refusal of the kind `Failed`, if the loader fails or none is registered for `U`.
    pub async fn user<U>(&self) -> Result<Option<U>, Refusal>
    where
        U: Clone + Send + Sync + 'static,
    {
        let session = Session::of_user::<U>(&self.parts).await?;
        session.user(&mut self.parts.clone()).await
    }

    /// The user, if the checker allows them; else the refusal, to be returned as the response.
    ///
    /// # Errors
    ///
    /// The refusal that `#[user_pass(checker)]` would answer with.
    pub async fn check_user<U, V>(&self, checker: impl Fn(&U) -> V + Send) -> Result<U, Refusal>
    where
        U: Clone + Send + Sync + 'static,
        V: CheckerAnswer,
    {
        self.check(checker, &Demands::new()).await
    }

    /// The user, if the builder's default checker allows them, as a plain `#[user_pass]` asks; else the refusal.
    ///
    /// # Errors
    ///
    /// The refusal that `#[user_pass]` would answer with.
    pub async fn check_default_user<U>(&self) -> Result<U, Refusal>
    where
        U: Clone + Send + Sync + 'static,
    {
        let session = Session::of_user::<U>(&self.parts).await?;
        let ruling = by_default(session, &mut self.parts.clone()).await?;
        Demands::new().conclude(ruling, &self.parts).await?;
        let user = self.user().await?;
        // Whom the default checker allows is somebody.
        user.ok_or_else(Refusal::failed)
    }

    /// As [`check_user`](Self::check_user), but sends refused pages to `location`.
    ///
    /// # Errors
    ///
    /// The refusal that `#[user_pass(checker, location = location)]` would answer with.
    pub async fn check_user_or<U, V, Shape>(
        &self,
        checker: impl Fn(&U) -> V + Send,
        location: impl IntoLocation<Shape>,
    ) -> Result<U, Refusal>
    where
        U: Clone + Send + Sync + 'static,
        V: CheckerAnswer,
    {
        let demands = Demands::new().location(location);
        self.check(checker, &demands).await
    }

    async fn check<U, V>(
        &self,
        checker: impl Fn(&U) -> V + Send,
        demands: &Demands,
    ) -> Result<U, Refusal>
    where
        U: Clone + Send + Sync + 'static,
        V: CheckerAnswer,
    {
        let session = Session::of_user::<U>(&self.parts).await?;
        let (ruling, user) = ask_user(session, &mut self.parts.clone(), checker).await?;
        demands.conclude(ruling, &self.parts).await?;
        // Nobody is denied, so that whoever comes here is somebody.
        user.ok_or_else(Refusal::failed)
    }
}

/// Nothing of the request is shown: its head holds the cookies.
impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Auth(..)")
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Auth {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        Ok(Self {
            session: Session::of_request(parts).await?,
            parts: parts.clone(),
        })
    }
}
