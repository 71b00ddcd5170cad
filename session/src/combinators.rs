//! `all(..)`, `any(..)` and `not(..)` of checkers.

use http::request::Parts;

use crate::checker::{Checker, Ruling, Verdict};
use crate::refusal::Refusal;

/// The shape of two checkers' combination.
#[derive(Debug)]
pub struct OfTwo<A, B>(std::marker::PhantomData<fn(A, B)>);

/// The shape of a negated checker.
#[derive(Debug)]
pub struct OfNot<A>(std::marker::PhantomData<fn(A)>);

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
        let ruling = first.check(parts, state).await?;
        match ruling.verdict {
            Verdict::Allowed => second.check(parts, state).await,
            _ => Ok(ruling),
        }
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
        let Ruling { session, verdict } = checker.check(parts, state).await?;
        let verdict = match verdict {
            Verdict::Allowed => Verdict::Denied,
            Verdict::Denied => Verdict::Allowed,
            unjudged @ (Verdict::Nobody | Verdict::Answered(_)) => unjudged,
        };
        Ok(Ruling { session, verdict })
    }
}
