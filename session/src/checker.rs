//! Checkers: what `#[user_pass(..)]` asks about the user.

use std::any::{Any, TypeId, type_name};
use std::future::Future;
use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::request::Parts;

use crate::guard::Deciding;
use crate::refusal::{Refusal, RefusalKind};
use crate::session::Session;

/// What a checker said.
pub(crate) enum Verdict {
    Allowed,
    Denied,
    /// It was not asked: nobody is logged in.
    Nobody,
    /// The checker answers the request itself. Boxed, since futures carry verdicts around.
    Answered(Box<Response>),
}

impl From<bool> for Verdict {
    fn from(allowed: bool) -> Self {
        if allowed { Self::Allowed } else { Self::Denied }
    }
}

/// A verdict, and the sessions that it is about.
pub struct Ruling {
    pub(crate) session: Session,
    /// Those of other layers, where several kinds of users were asked for.
    pub(crate) also: Vec<Session>,
    pub(crate) verdict: Verdict,
}

impl Ruling {
    pub(crate) fn about(session: Session, verdict: Verdict) -> Self {
        Self {
            session,
            also: Vec::new(),
            verdict,
        }
    }
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

impl CheckerAnswer for bool {
    fn into_verdict(self) -> VerdictBox {
        VerdictBox(self.into())
    }
}

impl<E: IntoResponse> CheckerAnswer for Result<bool, E> {
    fn into_verdict(self) -> VerdictBox {
        VerdictBox(match self {
            Ok(allowed) => allowed.into(),
            Err(response) => Verdict::Answered(Box::new(response.into_response())),
        })
    }
}

impl<E: IntoResponse> CheckerAnswer for Result<(), E> {
    fn into_verdict(self) -> VerdictBox {
        self.map(|()| true).into_verdict()
    }
}

/// A checker: a function of the user, or a function of extractors, async or not.
///
/// - `Fn(&User) -> impl CheckerAnswer`, such as `User::is_admin` or `|user: &User| user.is_admin`. It is asked only if somebody is logged in.
/// - `async fn(T1, ..) -> impl CheckerAnswer`, or one that need not wait, where each `T` is an extractor, such as
///   `async fn owns(CurrentUser(user): CurrentUser<User>, Path(id): Path<u64>, State(db): State<Db>) -> bool`. It too is asked only if
///   somebody is logged in, unless one of the extractors is an `Option<CurrentUser<User>>`.
/// - `all(..)`, `any(..)` and `not(..)` of these, in `#[user_pass(..)]`.
///
/// `S` is the state that extractors find: what the handler takes as `State<S>`, or what `#[user_pass(.., state = S)]` says.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no checker",
    label = "not a function of the user, and not a function of extractors",
    note = "write a function that borrows the user, such as `User::is_admin` or `|user: &User| user.is_admin`, and answers `bool`, `Result<bool, E>` or `Result<(), E>`, where `E` is a response (`IntoResponse`)",
    note = "or a function of extractors, such as `async fn owns(CurrentUser(user): CurrentUser<User>, Path(id): Path<u64>) -> bool`, none of which needs the body",
    note = "the user must be `Clone + Send + Sync + 'static`; a `State<T>` is found if the handler takes it and no other, else write `#[user_pass(.., state = T)]`; a layer takes it by `GuardLayer::user_pass_with_state(checker, state)`"
)]
pub trait Checker<Shape, S>: Send {
    #[doc(hidden)]
    fn check(
        self,
        parts: &mut Parts,
        state: &S,
    ) -> impl Future<Output = Result<Ruling, Refusal>> + Send;
}

/// The shape of a function of the user.
#[derive(Debug)]
pub struct OfUser<U, V>(PhantomData<fn(U) -> V>);

impl<F, U, V, S> Checker<OfUser<U, V>, S> for F
where
    F: Fn(&U) -> V + Send,
    U: Clone + Send + Sync + 'static,
    V: CheckerAnswer,
    S: Sync,
{
    async fn check(self, parts: &mut Parts, _: &S) -> Result<Ruling, Refusal> {
        let session = Session::of_user::<U>(parts).await?;
        session.set_guarded();
        let (ruling, _) = ask_user(session, parts, self).await?;
        Ok(ruling)
    }
}

/// Loads the session's user and asks a function of it. Gives the user too, for who has a use for it.
pub(crate) async fn ask_user<U, V>(
    session: Session,
    parts: &mut Parts,
    checker: impl Fn(&U) -> V + Send,
) -> Result<(Ruling, Option<U>), Refusal>
where
    U: Clone + Send + Sync + 'static,
    V: CheckerAnswer,
{
    let user = session.user::<U>(parts).await?;
    let verdict = match &user {
        Some(user) => {
            let VerdictBox(verdict) = checker(user).into_verdict();
            verdict
        }
        None => Verdict::Nobody,
    };
    Ok((Ruling::about(session, verdict), user))
}

/// The shape of an async function of extractors.
#[derive(Debug)]
pub struct OfExtractors<T>(PhantomData<fn(T)>);

/// The shape of a function of extractors that need not wait.
#[derive(Debug)]
pub struct OfExtractorsNow<T, V>(PhantomData<fn(T) -> V>);

/// What a checker's parameters come to, once it is decided whether it is asked.
enum Extracted<T> {
    Asked(T),
    NotAsked(Ruling),
}

/// What an extractor's rejection means for the guard: that nobody is logged in is for the guard to answer, as it does elsewhere.
fn rejected<R: IntoResponse + 'static>(rejection: R) -> Verdict {
    let refusal = (&rejection as &dyn Any).downcast_ref::<Refusal>();
    match refusal.map(Refusal::kind) {
        Some(RefusalKind::NotLoggedIn) => Verdict::Nobody,
        _ => Verdict::Answered(Box::new(rejection.into_response())),
    }
}

/// Follows which users a checker's extractors ask for.
struct Asking {
    /// Whether one of the parameters is an `Option<CurrentUser<User>>`.
    for_nobody: bool,
}

impl Asking {
    async fn begin(parts: &Parts) -> Result<Self, Refusal> {
        for session in Session::all_of(parts) {
            session.forget_asked();
        }
        Self::session(parts).await?.set_guarded();
        Ok(Self { for_nobody: false })
    }

    /// Notes that the parameter `T` has been extracted. Only the checker's own parameter counts, not what an extractor of the
    /// application asks for inside.
    fn note<T: 'static>(&mut self, parts: &Parts) {
        let mut sessions = Session::all_of(parts);
        self.for_nobody |=
            sessions.any(|session| session.asked_for_nobody() == Some(TypeId::of::<T>()));
    }

    /// The session that a user was asked of, else the one that the guard is about, else the innermost layer's.
    async fn session(parts: &Parts) -> Result<Session, Refusal> {
        let asked = Session::all_of(parts).find(|session| session.was_asked());
        let meant = || Session::all_of(parts).find(|session| session.is_meant());
        match asked.or_else(meant) {
            Some(session) => Ok(session.clone()),
            None => Session::of_request(parts).await,
        }
    }

    /// What the checker says of everybody whom it asked for.
    async fn ruling(parts: &Parts, verdict: Verdict) -> Result<Ruling, Refusal> {
        let session = Self::session(parts).await?;
        let others = Session::all_of(parts)
            .filter(|other| other.was_asked() && other.has_somebody() && !other.is_same(&session));
        let also = others.cloned().collect();
        Ok(Ruling {
            session,
            also,
            verdict,
        })
    }

    /// The session whose lack of a user made an extractor refuse, as far as it was that.
    async fn refuser(parts: &Parts) -> Result<Session, Refusal> {
        let refuses = |session: &&Session| session.was_asked() && !session.has_somebody();
        match Session::all_of(parts).find(refuses) {
            Some(session) => Ok(session.clone()),
            None => Self::session(parts).await,
        }
    }

    /// Whether the checker is not asked, since nobody is there.
    async fn skips(&self, session: &Session, parts: &mut Parts) -> Result<bool, Refusal> {
        Ok(!self.for_nobody && !session.is_somebody(parts).await?)
    }
}

macro_rules! of_extractors {
    ($extract:ident: $($extractor:ident),+) => {
        #[allow(non_snake_case)]
        async fn $extract<S, $($extractor),+>(
            parts: &mut Parts,
            state: &S,
        ) -> Result<Extracted<($($extractor,)+)>, Refusal>
        where
            S: Sync + Send,
            $(
                $extractor: FromRequestParts<S> + Send + 'static,
                <$extractor as FromRequestParts<S>>::Rejection: 'static,
            )+
        {
            let mut asking = Asking::begin(parts).await?;
            $(
                // The rejection itself may not cross an `await`.
                let extracted = {
                    let deciding = Deciding::begin(parts);
                    $extractor::from_request_parts(&mut *deciding.parts, state).await.map_err(rejected)
                };
                let $extractor = match extracted {
                    Ok(extracted) => extracted,
                    Err(verdict) => {
                        let session = Asking::refuser(parts).await?;
                        let verdict = if asking.skips(&session, parts).await? {
                            Verdict::Nobody
                        } else {
                            verdict
                        };
                        return Ok(Extracted::NotAsked(Ruling::about(session, verdict)));
                    }
                };
                asking.note::<$extractor>(parts);
            )+
            let session = Asking::session(parts).await?;
            Ok(if asking.skips(&session, parts).await? {
                Extracted::NotAsked(Ruling::about(session, Verdict::Nobody))
            } else {
                Extracted::Asked(($($extractor,)+))
            })
        }

        #[allow(non_snake_case)]
        impl<F, Answer, V, S, $($extractor),+> Checker<OfExtractors<($($extractor,)+)>, S> for F
        where
            F: Fn($($extractor),+) -> Answer + Send,
            Answer: Future<Output = V> + Send,
            V: CheckerAnswer,
            S: Sync + Send,
            $(
                $extractor: FromRequestParts<S> + Send + 'static,
                <$extractor as FromRequestParts<S>>::Rejection: 'static,
            )+
        {
            async fn check(self, parts: &mut Parts, state: &S) -> Result<Ruling, Refusal> {
                let ($($extractor,)+) = match $extract(parts, state).await? {
                    Extracted::Asked(extracted) => extracted,
                    Extracted::NotAsked(ruling) => return Ok(ruling),
                };
                let VerdictBox(verdict) = self($($extractor),+).await.into_verdict();
                Asking::ruling(parts, verdict).await
            }
        }

        #[allow(non_snake_case)]
        impl<F, V, S, $($extractor),+> Checker<OfExtractorsNow<($($extractor,)+), V>, S> for F
        where
            F: Fn($($extractor),+) -> V + Send,
            V: CheckerAnswer,
            S: Sync + Send,
            $(
                $extractor: FromRequestParts<S> + Send + 'static,
                <$extractor as FromRequestParts<S>>::Rejection: 'static,
            )+
        {
            async fn check(self, parts: &mut Parts, state: &S) -> Result<Ruling, Refusal> {
                let ($($extractor,)+) = match $extract(parts, state).await? {
                    Extracted::Asked(extracted) => extracted,
                    Extracted::NotAsked(ruling) => return Ok(ruling),
                };
                let VerdictBox(verdict) = self($($extractor),+).into_verdict();
                Asking::ruling(parts, verdict).await
            }
        }
    };
}

of_extractors!(extract_1: T1);
of_extractors!(extract_2: T1, T2);
of_extractors!(extract_3: T1, T2, T3);
of_extractors!(extract_4: T1, T2, T3, T4);
of_extractors!(extract_5: T1, T2, T3, T4, T5);
of_extractors!(extract_6: T1, T2, T3, T4, T5, T6);

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
