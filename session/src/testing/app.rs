//! An application under test, and who visits it.

use std::fmt;

use axum::Router;
use serde::Serialize;

use super::error::TestError;
use super::visitor::Visitor;
use crate::config::Config;
use crate::layer::Sessions;
use crate::login_terms::Login;

/// An application under test: its router, and the sessions that the router is layered with. Clones are the same application.
///
/// ```
/// use axum::{Router, routing::get};
/// use muffin_session::testing::{ResponseExt as _, TestApp};
/// use muffin_session::{Secret, Session, Sessions};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let sessions = Sessions::builder(Secret::generate()?).without_user_loader().build()?;
/// let who = |session: Session| async move { format!("{:?}", session.user_id::<u64>().ok().flatten()) };
/// let router = Router::new().route("/", get(who)).layer(sessions.clone());
///
/// let app = TestApp::new(router, &sessions);
/// assert_eq!(app.guest().get("/").await.text().await, "None");
/// assert_eq!(app.login_as(7).await?.get("/").await.text().await, "Some(7)");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TestApp {
    pub(super) router: Router,
    pub(super) sessions: Sessions,
}

impl TestApp {
    /// An application that is this router, with its state and layers: a clone of the `sessions` among them, since others have other keys
    /// and would know nobody.
    ///
    /// Logins and sessions need the `sessions` alone: where the application listens elsewhere and has the same secret (and store),
    /// `Router::new()` will do, and [`cookie_header`](Visitor::cookie_header) goes there.
    pub fn new(router: Router, sessions: &Sessions) -> Self {
        Self {
            router,
            sessions: sessions.clone(),
        }
    }

    /// The same application, for users of another kind: those of another session layer.
    #[must_use]
    pub fn with_sessions(&self, sessions: &Sessions) -> Self {
        Self::new(self.router.clone(), sessions)
    }

    /// Somebody anonymous, in a browser of their own.
    pub fn guest(&self) -> Visitor {
        Visitor::new(self.clone())
    }

    /// Somebody in a browser of their own who is logged in, by the id that the user loader takes. The user is not loaded for it: they
    /// need not exist before a request asks for them.
    ///
    /// # Errors
    ///
    /// If [`Session::login`](crate::Session::login) refuses it, as it does where the user loader has a `stamp`
    /// ([`login_user`](Self::login_user) is for these), or a store cannot be reached.
    pub async fn login_as(&self, user_id: impl Serialize) -> Result<Visitor, TestError> {
        self.login_with(Login::new(user_id)).await
    }

    /// As [`login_as`](Self::login_as), where the user loader has a `stamp`: with the user, as the loader loads them.
    ///
    /// # Errors
    ///
    /// As [`login_as`](Self::login_as).
    pub async fn login_user<U: Send + Sync + 'static>(
        &self,
        user_id: impl Serialize,
        user: &U,
    ) -> Result<Visitor, TestError> {
        self.login_with(Login::new(user_id).user(user)).await
    }

    /// As [`login_as`](Self::login_as), with claims, remembered, or for another time.
    ///
    /// ```
    /// # use axum::Router;
    /// # use muffin_session::testing::TestApp;
    /// # use muffin_session::{Secret, Sessions};
    /// use std::time::Duration;
    /// use muffin_session::Login;
    /// use serde_json::json;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sessions = Sessions::builder(Secret::generate()?).without_user_loader().build()?;
    /// # let app = TestApp::new(Router::new(), &sessions);
    /// let login = Login::new(1)
    ///     .claims(&json!({ "second_factor": true }))?
    ///     .remember(Duration::from_hours(7 * 24));
    /// let ann = app.login_with(login).await?;
    /// # drop(ann);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`login_as`](Self::login_as).
    pub async fn login_with<I: Serialize>(
        &self,
        login: Login<'_, I>,
    ) -> Result<Visitor, TestError> {
        let visitor = self.guest();
        visitor.login_with(login).await?;
        Ok(visitor)
    }

    /// A program that brings a token with each request, for the builder's [`token_loader`](crate::Builder::token_loader). It has no
    /// session, and sends nothing that a browser would.
    ///
    /// # Panics
    ///
    /// If the sessions take no tokens, or this is none that a header can hold.
    #[track_caller]
    pub fn with_token(&self, token: &str) -> Visitor {
        Visitor::with_token(self.clone(), token)
    }

    pub(super) fn config(&self) -> &Config {
        &self.sessions.config
    }
}

/// Nothing of the application is shown.
impl fmt::Debug for TestApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TestApp(..)")
    }
}
