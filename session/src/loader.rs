//! Loading a user by the id that the session holds.

use std::any::{Any, TypeId, type_name};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::refusal::Refusal;
use crate::stamp::Stamp;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Loads users by id. Written with [`#[user_loader]`](macro@crate::user_loader), given to the builder.
///
/// The loader is asked at most once a request, and only by requests that ask for the user.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot load users with the state `{S}`",
    label = "not a user loader for this state",
    note = "write `#[user_loader]` above the function; if it takes `State<T>`, give the state: `.user_loader_with_state(loader, state)`"
)]
pub trait UserLoader<S>: Send + Sync + 'static {
    /// The id that was given to [`Session::login`](crate::Session::login).
    type Id: DeserializeOwned + Send;
    /// The user.
    type User: Clone + Send + Sync + 'static;

    /// Whether [`load`](Self::load) looks at anything but the id. An extractor may ask for the user in turn, which is an error that is
    /// looked for only where there can be one.
    const TAKES_EXTRACTORS: bool = true;

    /// Whether [`stamp`](Self::stamp) says anything.
    const HAS_STAMP: bool = false;

    /// What of the user must stay as it is for their logins to count: `#[user_loader(stamp = ..)]`.
    ///
    /// # Errors
    ///
    /// If it has no form in JSON.
    fn stamp(&self, user: &Self::User) -> Result<Option<Stamp>, LoadError> {
        let _ = user;
        Ok(None)
    }

    /// The user with this id, or `None` if there is none (any more).
    fn load(
        &self,
        id: Self::Id,
        parts: &mut Parts,
        state: &S,
    ) -> impl Future<Output = Result<Option<Self::User>, LoadError>> + Send;
}

/// Why a user could not be loaded. It is not "nobody": the request is answered with an error.
#[derive(Debug)]
pub struct LoadError(Cause);

#[derive(Debug)]
enum Cause {
    Failed(BoxError),
    Rejected(Box<Response>),
}

impl LoadError {
    /// The loader failed: a `500`, and the error in the log.
    pub fn new(error: impl Into<BoxError>) -> Self {
        Self(Cause::Failed(error.into()))
    }

    pub(crate) fn into_refusal(self) -> Refusal {
        match self.0 {
            Cause::Failed(error) => {
                tracing::error!(target: "muffin_session", error = %error, "the user loader failed");
                Refusal::failed()
            }
            Cause::Rejected(response) => Refusal::answered(response),
        }
    }
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Cause::Failed(error) => error.fmt(f),
            Cause::Rejected(response) => {
                write!(f, "an extractor answered with {}", response.status())
            }
        }
    }
}

/// What a user loader returns: `Option<User>`, or `Result<Option<User>, E>`.
#[diagnostic::on_unimplemented(
    message = "a user loader cannot return `{Self}`",
    label = "not `Option<User>` and not `Result<Option<User>, E>`",
    note = "a user may be gone: return `Option<User>`, or `Result<Option<User>, E>` where `E` is an error (`Into<Box<dyn Error + Send + Sync>>`)"
)]
pub trait LoaderOutput {
    /// The user.
    type User;

    /// The user or nobody.
    ///
    /// # Errors
    ///
    /// The failure.
    fn into_loaded(self) -> Result<Option<Self::User>, LoadError>;
}

impl<U> LoaderOutput for Option<U> {
    type User = U;

    fn into_loaded(self) -> Result<Option<U>, LoadError> {
        Ok(self)
    }
}

impl<U, E: Into<BoxError>> LoaderOutput for Result<Option<U>, E> {
    type User = U;

    fn into_loaded(self) -> Result<Option<U>, LoadError> {
        self.map_err(LoadError::new)
    }
}

/// Runs an extractor for a loader.
///
/// # Errors
///
/// The extractor's rejection.
pub async fn extract<T, S>(parts: &mut Parts, state: &S) -> Result<T, LoadError>
where
    T: FromRequestParts<S>,
    S: Send + Sync,
{
    T::from_request_parts(parts, state)
        .await
        .map_err(|rejection| LoadError(Cause::Rejected(Box::new(rejection.into_response()))))
}

/// A user of whichever type the loader loads.
pub(crate) type AnyUser = Arc<dyn Any + Send + Sync>;

type Loading<'a> = Pin<Box<dyn Future<Output = Result<Option<AnyUser>, Refusal>> + Send + 'a>>;

/// A loader with its state, its types forgotten.
pub(crate) trait ErasedLoader: Send + Sync {
    /// Loads the user whose id is this JSON text.
    fn load<'a>(&'a self, id: &'a str, parts: &'a mut Parts) -> Loading<'a>;
    fn user_type(&self) -> (TypeId, &'static str);
    fn takes_extractors(&self) -> bool;
    fn has_stamp(&self) -> bool;
    /// The stamp of a user, or `None` if it is a user of another type.
    fn stamp(&self, user: &(dyn Any + Send + Sync)) -> Option<Result<Stamp, LoadError>>;
}

/// A loader and the state it was registered with.
pub(crate) struct WithState<L, S> {
    pub(crate) loader: L,
    pub(crate) state: S,
}

impl<L, S> ErasedLoader for WithState<L, S>
where
    L: UserLoader<S>,
    S: Send + Sync + 'static,
{
    fn load<'a>(&'a self, id: &'a str, parts: &'a mut Parts) -> Loading<'a> {
        Box::pin(async move {
            // An id of another type is somebody of another time or application: nobody here. It is never coerced.
            let Ok(id) = serde_json::from_str::<L::Id>(id) else {
                tracing::warn!(
                    target: "muffin_session",
                    "the id in a session is no `{}`, as the user loader takes: the request is anonymous",
                    type_name::<L::Id>(),
                );
                return Ok(None);
            };
            match self.loader.load(id, parts, &self.state).await {
                Ok(user) => Ok(user.map(|user| Arc::new(user) as AnyUser)),
                Err(error) => Err(error.into_refusal()),
            }
        })
    }

    fn user_type(&self) -> (TypeId, &'static str) {
        (TypeId::of::<L::User>(), type_name::<L::User>())
    }

    fn takes_extractors(&self) -> bool {
        L::TAKES_EXTRACTORS
    }

    fn has_stamp(&self) -> bool {
        L::HAS_STAMP
    }

    fn stamp(&self, user: &(dyn Any + Send + Sync)) -> Option<Result<Stamp, LoadError>> {
        self.loader.stamp(user.downcast_ref()?).transpose()
    }
}

/// How a configuration knows its users.
pub(crate) enum Users {
    Loaded(Box<dyn ErasedLoader>),
    /// Whoever has an id is somebody: `without_user_loader()`.
    IdOnly,
}
