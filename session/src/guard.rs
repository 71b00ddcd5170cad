//! Guards: what the attributes put before a handler's own extractors, and what a group of routes is layered with.

use std::future::Future;
use std::marker::PhantomData;
use std::time::Duration;

use axum::extract::{FromRef, FromRequestParts};
use axum::response::Response;
use http::request::Parts;

use crate::checker::{Checker, Ruling, Verdict};
use crate::location::IntoLocation;
use crate::refusal::{Otherwise, Refusal, RefusalKind, refuse};
use crate::session::Session;
use crate::telemetry;

/// The extractor that an attribute puts before the handler's own: it lets the request pass or answers it.
#[derive(Debug)]
pub struct Guard<C>(PhantomData<fn() -> C>);

/// What a guard asks, in an application of this state.
pub trait Check<S>: Send + Sync + 'static {
    /// Lets the request pass, or refuses it.
    fn check(parts: &mut Parts, state: &S) -> impl Future<Output = Result<(), Refusal>> + Send;
}

impl<S, C> FromRequestParts<S> for Guard<C>
where
    S: Send + Sync,
    C: Check<S>,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        C::check(parts, state).await.map(|()| Self(PhantomData))
    }
}

/// `#[login_required]` without arguments.
#[derive(Debug)]
pub struct LoginRequired;

impl<S: Send + Sync> Check<S> for LoginRequired {
    async fn check(parts: &mut Parts, _: &S) -> Result<(), Refusal> {
        login_required(parts, Demands::new()).await
    }
}

/// `#[user_pass]` without arguments.
#[derive(Debug)]
pub struct UserPass;

impl<S: Send + Sync> Check<S> for UserPass {
    async fn check(parts: &mut Parts, _: &S) -> Result<(), Refusal> {
        user_pass_default(parts, Demands::new()).await
    }
}

/// What a guard asks besides its checker, and what it answers if that is not so.
pub struct Demands {
    pub(crate) fresh: Option<Duration>,
    pub(crate) otherwise: Otherwise,
}

impl Demands {
    /// A guard without arguments.
    #[must_use]
    pub fn new() -> Self {
        Self {
            fresh: None,
            otherwise: Otherwise::LoginUrl,
        }
    }

    /// A password or the like must have been given less than this ago.
    #[must_use]
    pub fn fresh(mut self, within: Duration) -> Self {
        self.fresh = Some(within);
        self
    }

    /// Sends refused pages to another place.
    #[must_use]
    pub fn location<Shape>(mut self, location: impl IntoLocation<Shape>) -> Self {
        self.otherwise = Otherwise::Location(location.into_location());
        self
    }

    /// Answers refused requests with a response. It is made only when it is needed.
    #[must_use]
    pub fn reject<R: axum::response::IntoResponse>(
        mut self,
        response: impl Fn() -> R + Send + Sync + 'static,
    ) -> Self {
        self.otherwise = Otherwise::Reject(Box::new(move || response().into_response()));
        self
    }

    /// What a verdict means for the request, with these demands.
    pub(crate) async fn conclude(&self, ruling: Ruling, parts: &Parts) -> Result<(), Refusal> {
        conclude(ruling, parts, self.fresh, &self.otherwise).await
    }
}

impl Default for Demands {
    fn default() -> Self {
        Self::new()
    }
}

/// Lets pass who is logged in.
///
/// # Errors
///
/// The refusal.
pub async fn login_required(parts: &mut Parts, demands: Demands) -> Result<(), Refusal> {
    let ruling = somebody(Session::of_request(parts).await?, parts).await?;
    demands.conclude(ruling, parts).await
}

/// Lets pass who is logged in as a `U`.
///
/// # Errors
///
/// The refusal.
pub async fn login_required_as<U: 'static>(
    parts: &mut Parts,
    demands: Demands,
) -> Result<(), Refusal> {
    let ruling = somebody(Session::of_user::<U>(parts).await?, parts).await?;
    demands.conclude(ruling, parts).await
}

/// Lets pass whom the builder's default checker allows.
///
/// # Errors
///
/// The refusal.
pub async fn user_pass_default(parts: &mut Parts, demands: Demands) -> Result<(), Refusal> {
    let ruling = by_default(Session::of_request(parts).await?, parts).await?;
    demands.conclude(ruling, parts).await
}

/// Lets pass whom the default checker of the sessions of `U`s allows.
///
/// # Errors
///
/// The refusal.
pub async fn user_pass_default_as<U: 'static>(
    parts: &mut Parts,
    demands: Demands,
) -> Result<(), Refusal> {
    let ruling = by_default(Session::of_user::<U>(parts).await?, parts).await?;
    demands.conclude(ruling, parts).await
}

/// Lets pass whom a checker allows that takes its state from `T`.
///
/// # Errors
///
/// The refusal.
pub async fn user_pass<T, Shape, C, S>(
    parts: &mut Parts,
    state: &S,
    checker: C,
    demands: Demands,
) -> Result<(), Refusal>
where
    T: FromRef<S> + Send + Sync,
    C: Checker<Shape, T>,
{
    let state = T::from_ref(state);
    let ruling = checker.check(parts, &state).await?;
    demands.conclude(ruling, parts).await
}

/// Lets pass whom a checker allows that needs no state.
///
/// # Errors
///
/// The refusal.
pub async fn user_pass_stateless<Shape, C: Checker<Shape, ()>>(
    parts: &mut Parts,
    checker: C,
    demands: Demands,
) -> Result<(), Refusal> {
    let ruling = checker.check(parts, &()).await?;
    demands.conclude(ruling, parts).await
}

/// Whether somebody is there.
pub(crate) async fn somebody(session: Session, parts: &mut Parts) -> Result<Ruling, Refusal> {
    session.set_guarded();
    let verdict = if session.is_somebody(parts).await? {
        Verdict::Allowed
    } else {
        Verdict::Nobody
    };
    Ok(Ruling::about(session, verdict))
}

/// What the builder's default checker says.
pub(crate) async fn by_default(session: Session, parts: &mut Parts) -> Result<Ruling, Refusal> {
    session.set_guarded();
    let Some(checker) = &session.config().default_checker else {
        return somebody(session, parts).await;
    };
    let verdict = match session.any_user(parts).await? {
        Some(user) => checker.ask(&*user),
        None => Verdict::Nobody,
    };
    Ok(Ruling::about(session, verdict))
}

/// What a verdict means for the request.
pub(crate) async fn conclude(
    ruling: Ruling,
    parts: &Parts,
    fresh: Option<Duration>,
    otherwise: &Otherwise,
) -> Result<(), Refusal> {
    match decide(ruling, fresh) {
        Decision::Passes => Ok(()),
        Decision::Answered(session, response) => {
            tell(&session, parts, RefusalKind::Answered);
            Err(Refusal::answered(response))
        }
        Decision::Refused(session, kind) => {
            tell(&session, parts, kind);
            Err(refuse(&session, parts, kind, otherwise).await)
        }
    }
}

enum Decision {
    Passes,
    Answered(Session, Box<Response>),
    Refused(Session, RefusalKind),
}

/// A request whose checker's extractors are at work. What they refuse is for the checker's guard to decide, and to tell.
pub(crate) struct Deciding<'p> {
    pub(crate) parts: &'p mut Parts,
    /// Whether this is within another one.
    is_inner: bool,
}

#[derive(Clone)]
struct IsDeciding;

impl<'p> Deciding<'p> {
    pub(crate) fn begin(parts: &'p mut Parts) -> Self {
        let is_inner = parts.extensions.insert(IsDeciding).is_some();
        Self { parts, is_inner }
    }
}

impl Drop for Deciding<'_> {
    fn drop(&mut self) {
        if !self.is_inner {
            self.parts.extensions.remove::<IsDeciding>();
        }
    }
}

/// Whether a refusal may come to nothing: it is an extractor's of a checker, whose guard has the last word.
pub(crate) fn is_deciding(parts: &Parts) -> bool {
    parts.extensions.get::<IsDeciding>().is_some()
}

fn tell(session: &Session, parts: &Parts, kind: RefusalKind) {
    if is_deciding(parts) {
        return;
    }
    telemetry::refused(session.config(), parts, kind, || {
        let user_id = session.look(|loaded| Some(loaded.identity.as_ref()?.user_id.clone()));
        user_id.flatten()
    });
}

/// Nothing is waited for here, so that the future of a request that passes has nothing of it to carry.
fn decide(ruling: Ruling, fresh: Option<Duration>) -> Decision {
    let Ruling {
        session,
        also,
        verdict,
    } = ruling;
    session.set_guarded();
    let (session, kind) = match verdict {
        Verdict::Allowed => {
            let Some(within) = fresh else {
                return Decision::Passes;
            };
            // Each of those who were allowed must have given a password.
            let mut sessions = std::iter::once(session).chain(also);
            match sessions.find(|session| !session.is_fresh(within)) {
                Some(session) => (session, RefusalKind::NotFresh),
                None => return Decision::Passes,
            }
        }
        Verdict::Answered(response) => return Decision::Answered(session, response),
        Verdict::Denied if session.has_somebody() => (session, RefusalKind::Denied),
        Verdict::Denied | Verdict::Nobody => (session, RefusalKind::NotLoggedIn),
    };
    if kind == RefusalKind::NotFresh
        && session.is_remembered()
        && session.config().confirm_url.is_none()
    {
        tracing::warn!(target: "muffin_session", "a remembered login is never fresh, and there is no page that would make it so: give the builder `.confirm_url(\"/confirm\")`, and call `session.confirm_login()` there");
    }
    Decision::Refused(session, kind)
}
