//! Checkers: what `#[user_pass(..)]` asks about the user.

use std::any::{Any, TypeId, type_name};
use std::future::Future;
use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::request::Parts;

use crate::refusal::{Refusal, RefusalKind};
use crate::session::Session;

/// What a checker said.
pub(crate) enum Verdict {
    Allowed,
    Denied,
    /// The checker answers the request itself.
    Answered(Response),
}

/// What a checker may return: `bool`, `Result<bool, E>` or `Result<(), E>`, where `E` is a response.
///
/// `false` refuses the user as the builder or the attribute says; `Err(response)` answers with that response.
#[diagnostic::on_unimplemented(
    message = "a checker cannot answer with `{Self}`",
    label = "not `bool`, `Result<bool, E>` or `Result<(), E>`",
    note = "return `bool`, or a `Result` whose error is a response (`IntoResponse`)",
    note = "a checker that has to wait is an async function of extractors: `async fn check(CurrentUser(user): CurrentUser<User>) -> bool`"
)]
pub trait CheckerAnswer {
    #[doc(hidden)]
    fn into_verdict(self) -> VerdictBox;
}

/// Keeps the verdict itself out of the public surface.
#[doc(hidden)]
pub struct VerdictBox(pub(crate) Verdict);

impl From<bool> for Verdict {
    fn from(allowed: bool) -> Self {
        if allowed { Self::Allowed } else { Self::Denied }
    }
}

impl CheckerAnswer for bool {
    fn into_verdict(self) -> VerdictBox {
        VerdictBox(self.into())
    }
}

impl<E: IntoResponse> CheckerAnswer for Result<bool, E> {
    fn into_verdict(self) -> VerdictBox {
        VerdictBox(match self {
            Ok(allowed) => allowed.into(),
            Err(response) => Verdict::Answered(response.into_response()),
        })
    }
}

impl<E: IntoResponse> CheckerAnswer for Result<(), E> {
    fn into_verdict(self) -> VerdictBox {
        self.map(|()| true).into_verdict()
    }
}

/// A checker: a function of the user, or an async function of extractors.
///
/// - `Fn(&User) -> impl CheckerAnswer`, such as `User::is_admin` or `|user: &User| user.is_admin`. It is asked only if somebody is logged in.
/// - `async fn(T1, ..) -> impl CheckerAnswer`, where each `T` is an extractor, such as
///   `async fn owns(CurrentUser(user): CurrentUser<User>, Path(id): Path<u64>) -> bool`. It too is asked only if somebody is logged in,
///   unless one of the extractors is an `Option<CurrentUser<User>>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no checker",
    label = "not a function of the user, and not an async function of extractors",
    note = "write a function of the user, such as `User::is_admin` or `|user: &User| user.is_admin`, that answers `bool`, `Result<bool, E>` or `Result<(), E>`, where `E` is a response (`IntoResponse`)",
    note = "or an async function of extractors, such as `async fn owns(CurrentUser(user): CurrentUser<User>, Path(id): Path<u64>) -> bool`",
    note = "the user must be `Clone + Send + Sync + 'static`, and the extractors may need neither the body nor `State`: for a database take `Extension<Db>`, and add `.layer(Extension(db))`"
)]
pub trait Checker<Shape>: Send {
    #[doc(hidden)]
    fn check(self, parts: &mut Parts) -> impl Future<Output = Result<VerdictBox, Refusal>> + Send;
}

/// The shape of a function of the user.
#[derive(Debug)]
pub struct OfUser<U, V>(PhantomData<fn(U) -> V>);

impl<F, U, V> Checker<OfUser<U, V>> for F
where
    F: Fn(&U) -> V + Send,
    U: Clone + Send + Sync + 'static,
    V: CheckerAnswer,
{
    async fn check(self, parts: &mut Parts) -> Result<VerdictBox, Refusal> {
        let Some(user) = Session::of_request(parts)?.user::<U>(parts).await? else {
            return Ok(VerdictBox(Verdict::Denied));
        };
        Ok(self(&user).into_verdict())
    }
}

/// The shape of an async function of extractors.
#[derive(Debug)]
pub struct OfExtractors<T>(PhantomData<fn(T)>);

/// What an extractor's rejection means for the guard: that nobody is logged in is for the guard to answer, as it does elsewhere.
fn rejected<R: IntoResponse + 'static>(rejection: R) -> Verdict {
    let refusal = (&rejection as &dyn Any).downcast_ref::<Refusal>();
    match refusal.map(Refusal::kind) {
        Some(RefusalKind::NotLoggedIn) => Verdict::Denied,
        _ => Verdict::Answered(rejection.into_response()),
    }
}

macro_rules! of_extractors {
    ($($extractor:ident),+) => {
        #[allow(non_snake_case)]
        impl<F, Answer, V, $($extractor),+> Checker<OfExtractors<($($extractor,)+)>> for F
        where
            F: Fn($($extractor),+) -> Answer + Send,
            Answer: Future<Output = V> + Send,
            V: CheckerAnswer,
            $(
                $extractor: FromRequestParts<()> + Send + 'static,
                <$extractor as FromRequestParts<()>>::Rejection: 'static,
            )+
        {
            async fn check(self, parts: &mut Parts) -> Result<VerdictBox, Refusal> {
                let session = Session::of_request(parts)?;
                let mut asks_for_nobody = false;
                $(
                    session.set_asked_for_nobody(None);
                    // The rejection itself may not cross an `await`.
                    let extracted = $extractor::from_request_parts(parts, &()).await.map_err(rejected);
                    let $extractor = match extracted {
                        Ok(extracted) => extracted,
                        Err(verdict) => {
                            let refused = !asks_for_nobody && !session.is_somebody(parts).await?;
                            return Ok(VerdictBox(if refused { Verdict::Denied } else { verdict }));
                        }
                    };
                    // Only the checker's own parameter counts, not what an extractor of the application asks for inside.
                    asks_for_nobody |= session.asked_for_nobody() == Some(TypeId::of::<$extractor>());
                )+
                if !asks_for_nobody && !session.is_somebody(parts).await? {
                    return Ok(VerdictBox(Verdict::Denied));
                }
                Ok(self($($extractor),+).await.into_verdict())
            }
        }
    };
}

of_extractors!(T1);
of_extractors!(T1, T2);
of_extractors!(T1, T2, T3);
of_extractors!(T1, T2, T3, T4);
of_extractors!(T1, T2, T3, T4, T5);
of_extractors!(T1, T2, T3, T4, T5, T6);

type Ask = dyn Fn(&(dyn Any + Send + Sync)) -> Verdict + Send + Sync;

/// The checker that a plain `#[user_pass]` asks, its user type forgotten.
pub(crate) struct DefaultChecker {
    ask: Box<Ask>,
    pub(crate) user_type: (TypeId, &'static str),
}

impl DefaultChecker {
    pub(crate) fn new<U, V>(checker: impl Fn(&U) -> V + Send + Sync + 'static) -> Self
    where
        U: 'static,
        V: CheckerAnswer,
    {
        Self {
            ask: Box::new(move |user| match user.downcast_ref::<U>() {
                Some(user) => checker(user).into_verdict().0,
                // `build()` has compared the types; if they differed, nobody would pass.
                None => Verdict::Denied,
            }),
            user_type: (TypeId::of::<U>(), type_name::<U>()),
        }
    }

    pub(crate) fn ask(&self, user: &(dyn Any + Send + Sync)) -> Verdict {
        (self.ask)(user)
    }
}
