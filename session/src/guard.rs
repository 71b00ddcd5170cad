//! Guards: what the attributes put before a handler's own extractors.

use std::future::Future;
use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::checker::{Checker, Verdict, VerdictBox};
use crate::refusal::{Otherwise, Refusal, RefusalKind, refuse};
use crate::session::Session;

/// The extractor that an attribute puts before the handler's own: it lets the request pass or answers it.
#[derive(Debug)]
pub struct Guard<C>(PhantomData<fn() -> C>);

/// What a guard asks.
pub trait Check: Send + Sync + 'static {
    /// Lets the request pass, or refuses it.
    fn check(parts: &mut Parts) -> impl Future<Output = Result<(), Refusal>> + Send;
}

impl<S, C> FromRequestParts<S> for Guard<C>
where
    S: Send + Sync,
    C: Check,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        C::check(parts).await.map(|()| Self(PhantomData))
    }
}

/// `#[login_required]` without arguments.
#[derive(Debug)]
pub struct LoginRequired;

impl Check for LoginRequired {
    async fn check(parts: &mut Parts) -> Result<(), Refusal> {
        login_required(parts, Otherwise::LoginUrl).await
    }
}

/// `#[user_pass]` without arguments.
#[derive(Debug)]
pub struct UserPass;

impl Check for UserPass {
    async fn check(parts: &mut Parts) -> Result<(), Refusal> {
        user_pass_default(parts, Otherwise::LoginUrl).await
    }
}

/// Lets pass who is logged in.
///
/// # Errors
///
/// The refusal.
pub async fn login_required(parts: &mut Parts, otherwise: Otherwise) -> Result<(), Refusal> {
    let session = Session::of_request(parts)?;
    session.set_guarded();
    let verdict = session.is_somebody(parts).await?.into();
    conclude(&session, parts, verdict, otherwise).await
}

/// Lets pass whom the builder's default checker allows.
///
/// # Errors
///
/// The refusal.
pub async fn user_pass_default(parts: &mut Parts, otherwise: Otherwise) -> Result<(), Refusal> {
    let session = Session::of_request(parts)?;
    session.set_guarded();
    let verdict = match &session.config().default_checker {
        None => session.is_somebody(parts).await?.into(),
        Some(checker) => match session.any_user(parts).await? {
            Some(user) => checker.ask(&*user),
            None => Verdict::Denied,
        },
    };
    conclude(&session, parts, verdict, otherwise).await
}

/// Lets pass whom a checker allows.
///
/// # Errors
///
/// The refusal.
pub async fn user_pass<Shape, C: Checker<Shape>>(
    parts: &mut Parts,
    checker: C,
    otherwise: Otherwise,
) -> Result<(), Refusal> {
    let session = Session::of_request(parts)?;
    session.set_guarded();
    let VerdictBox(verdict) = checker.check(parts).await?;
    conclude(&session, parts, verdict, otherwise).await
}

/// What a verdict means for the request.
pub(crate) async fn conclude(
    session: &Session,
    parts: &Parts,
    verdict: Verdict,
    otherwise: Otherwise,
) -> Result<(), Refusal> {
    let kind = match verdict {
        Verdict::Allowed => return Ok(()),
        Verdict::Answered(response) => return Err(Refusal::answered(response)),
        Verdict::Denied if session.is_logged_in() => RefusalKind::Denied,
        Verdict::Denied => RefusalKind::NotLoggedIn,
    };
    tracing::debug!(target: "muffin_session", ?kind, "refused");
    Err(refuse(session.config(), parts, kind, otherwise).await)
}
