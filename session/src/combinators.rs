//! `all(..)`, `any(..)` and `not(..)` of checkers.

use std::marker::PhantomData;

use http::request::Parts;

use crate::checker::{Checker, Ruling, Verdict};
use crate::refusal::Refusal;
use crate::session::Session;

/// The shape of two checkers' combination.
#[derive(Debug)]
pub struct OfTwo<A, B>(PhantomData<fn(A, B)>);

/// The shape of a negated checker.
#[derive(Debug)]
pub struct OfNot<A>(PhantomData<fn(A)>);

/// The shape of a checker about one kind of users.
#[derive(Debug)]
pub struct OfAbout<A>(PhantomData<fn(A)>);

/// Allows whom both allow. The second is asked only if the first allows.
#[derive(Debug)]
pub struct All<A, B>(pub A, pub B);

/// Allows whom one of the two allows. The second is asked only if the first does not.
#[derive(Debug)]
pub struct Any<A, B>(pub A, pub B);

/// Allows whom a checker denies, and denies whom it allows. Whoever it does not judge, since nobody is logged in or since it answers
/// with `Err`, is not allowed.
#[derive(Debug)]
pub struct Not<A>(pub A);

impl<A, B, ShapeA, ShapeB, S> Checker<OfTwo<ShapeA, ShapeB>, S> for All<A, B>
where
    A: Checker<ShapeA, S>,
    B: Checker<ShapeB, S>,
    S: Sync,
{
    async fn check(self, parts: &mut Parts, state: &S) -> Result<Ruling, Refusal> {
        let Self(first, second) = self;
        let first = first.check(parts, state).await?;
        if !matches!(first.verdict, Verdict::Allowed) {
            return Ok(first);
        }
        let mut ruling = second.check(parts, state).await?;
        // Both have to do with it: what is demanded of one is demanded of the other.
        let others = std::iter::once(first.session).chain(first.also);
        let others = others.filter(|other| !other.is_same(&ruling.session));
        ruling.also.extend(others.collect::<Vec<_>>());
        Ok(ruling)
    }
}

impl<A, B, ShapeA, ShapeB, S> Checker<OfTwo<ShapeA, ShapeB>, S> for Any<A, B>
where
    A: Checker<ShapeA, S>,
    B: Checker<ShapeB, S>,
    S: Sync,
{
    async fn check(self, parts: &mut Parts, state: &S) -> Result<Ruling, Refusal> {
        let Self(first, second) = self;
        let first = first.check(parts, state).await?;
        if matches!(first.verdict, Verdict::Allowed) {
            return Ok(first);
        }
        let second = second.check(parts, state).await?;
        // If none allows, an answer says more than a no, and a no more than that nobody is there.
        Ok(match (&first.verdict, &second.verdict) {
            (Verdict::Answered(_), Verdict::Denied | Verdict::Nobody | Verdict::Answered(_))
            | (Verdict::Denied | Verdict::Nobody, Verdict::Nobody)
            | (Verdict::Denied, Verdict::Denied) => first,
            _ => second,
        })
    }
}

impl<A, Shape, S> Checker<OfNot<Shape>, S> for Not<A>
where
    A: Checker<Shape, S>,
    S: Sync,
{
    async fn check(self, parts: &mut Parts, state: &S) -> Result<Ruling, Refusal> {
        let Self(checker) = self;
        let mut ruling = checker.check(parts, state).await?;
        ruling.verdict = match ruling.verdict {
            Verdict::Allowed => Verdict::Denied,
            Verdict::Denied => Verdict::Allowed,
            unjudged @ (Verdict::Nobody | Verdict::Answered(_)) => unjudged,
        };
        Ok(ruling)
    }
}

/// A checker about users of one kind, though it asks for none by itself: `user = U`.
pub struct About<U, A> {
    checker: A,
    user: PhantomData<fn() -> U>,
}

impl<U, A> About<U, A> {
    /// A checker that is asked about somebody who is logged in as a `U`.
    pub fn new(checker: A) -> Self {
        Self {
            checker,
            user: PhantomData,
        }
    }
}

impl<U, A, Shape, S> Checker<OfAbout<Shape>, S> for About<U, A>
where
    U: 'static,
    A: Checker<Shape, S>,
    S: Sync,
{
    async fn check(self, parts: &mut Parts, state: &S) -> Result<Ruling, Refusal> {
        let session = Session::of_user::<U>(parts).await?;
        session.set_guarded();
        if !session.is_somebody(parts).await? {
            return Ok(Ruling::about(session, Verdict::Nobody));
        }
        session.set_meant(true);
        let ruling = self.checker.check(parts, state).await;
        session.set_meant(false);
        let mut ruling = ruling?;
        if !session.is_same(&ruling.session) {
            ruling.also.push(session);
        }
        Ok(ruling)
    }
}
