//! A visitor's session, read and written by a test.

use std::future::Future;
use std::panic::Location;

use axum::body::Body;
use axum::extract::Request;
use http::Method;
use serde::Serialize;

use super::error::TestError;
use super::inside::Inside;
use super::visitor::Visitor;
use crate::login_terms::Login;
use crate::session::Session;

impl Visitor {
    /// Logs the visitor in, by the id that the user loader takes: what they were before, they are no more.
    ///
    /// # Errors
    ///
    /// As [`TestApp::login_as`](super::TestApp::login_as).
    pub async fn login_as(&self, user_id: impl Serialize) -> Result<(), TestError> {
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
    ) -> Result<(), TestError> {
        self.login_with(Login::new(user_id).user(user)).await
    }

    /// As [`login_as`](Self::login_as), with claims, remembered, or for another time.
    ///
    /// # Errors
    ///
    /// As [`login_as`](Self::login_as).
    pub async fn login_with<I: Serialize>(&self, login: Login<'_, I>) -> Result<(), TestError> {
        let inside = self.inside(Method::POST).await?;
        inside.session().login_with(login)?;
        self.leave(inside).await
    }

    /// Does something in the visitor's session, as a handler would: in a request of its own through the session layer. Changes are saved,
    /// and set in the visitor's cookies.
    ///
    /// ```
    /// # use axum::Router;
    /// # use muffin_session::testing::TestApp;
    /// # use muffin_session::{Secret, Sessions};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sessions = Sessions::builder(Secret::generate()?).without_user_loader().build()?;
    /// # let ann = TestApp::new(Router::new(), &sessions).login_as(1).await?;
    /// ann.session(async |session| session.insert("theme", "dark")).await?;
    /// let theme: Option<String> = ann.session(async |session| session.get("theme")).await?;
    /// assert_eq!(theme.as_deref(), Some("dark"));
    ///
    /// ann.session(async |session| session.logout()).await;
    /// assert!(!ann.session(async |session| session.is_logged_in()).await);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If the session layer answers with an error, as it does where a store cannot be reached.
    #[track_caller]
    pub fn session<T>(&self, act: impl AsyncFnOnce(Session) -> T) -> impl Future<Output = T> {
        let caller = Location::caller();
        async move {
            let acted = async {
                let inside = self.inside(Method::POST).await?;
                let value = act(inside.session()).await;
                self.leave(inside).await?;
                Ok(value)
            };
            acted
                .await
                .unwrap_or_else(|error: TestError| panic!("{caller}: {error}"))
        }
    }

    /// Looks at the visitor's session, and changes nothing: neither what was looked at, nor when it was last seen.
    pub(super) async fn peek<T>(&self, look: impl FnOnce(&Session) -> T) -> Result<T, TestError> {
        let inside = self.inside(Method::GET).await?;
        let value = look(&inside.session());
        inside.give_up();
        Ok(value)
    }

    async fn inside(&self, method: Method) -> Result<Inside, TestError> {
        let mut request = Request::new(Body::empty());
        *request.method_mut() = method;
        // Wherever the application has its cookies sent, they are meant.
        self.sign(&mut request, None);
        Inside::open(&self.app.sessions, request).await
    }

    async fn leave(&self, inside: Inside) -> Result<(), TestError> {
        let response = inside.finish().await?;
        self.absorb(response.headers());
        Ok(())
    }
}
