//! One guard for a group of routes, as a layer.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::Method;
use http::header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};
use http::request::Parts;
use tower_layer::Layer;
use tower_service::Service;

use crate::checker::{Checker, Ruling};
use crate::guard::{by_default, conclude, somebody};
use crate::location::IntoLocation;
use crate::refusal::{Otherwise, Refusal};
use crate::session::Session;

/// The same guard for many routes: what the attributes are for one handler, as a layer for a router.
///
/// Add it with `route_layer`, before `.layer(sessions)`: it guards the routes that are there, for all methods, fallbacks of methods
/// included, and leaves requests that match no route alone: files in a `fallback_service` are not guarded, those in a `nest_service` are.
/// Refused requests never reach a handler's extractors.
///
/// ```
/// use axum::{Router, routing::get};
/// use muffin_session::{GuardLayer, Secret, Sessions, user_loader};
///
/// #[derive(Clone)]
/// struct User { is_staff: bool }
///
/// impl User {
///     fn is_staff(&self) -> bool { self.is_staff }
/// }
///
/// #[user_loader]
/// async fn load_user(id: u64) -> Option<User> {
///     Some(User { is_staff: id == 1 })
/// }
///
/// let staff = Router::new()
///     .route("/orders", get(|| async { "all orders" }))
///     .route("/reports", get(|| async { "all reports" }))
///     .route_layer(GuardLayer::user_pass(User::is_staff));
/// let sessions = Sessions::builder(Secret::generate()?).user_loader(load_user).build()?;
/// let app: Router = Router::new().nest("/staff", staff).layer(sessions);
/// # drop(app);
/// # Ok::<(), muffin_session::ConfigError>(())
/// ```
///
/// A CORS preflight (`OPTIONS`) has no cookies, so that it is refused like anybody. `tower-http`'s `CorsLayer` answers it before the
/// guard sees it, if it is added after the guard; see [`pass_preflights`](Self::pass_preflights) for one that stands further in.
#[derive(Clone)]
pub struct GuardLayer {
    guard: Arc<dyn Rule>,
    fresh: Option<Duration>,
    otherwise: Arc<Otherwise>,
    passes_preflights: bool,
}

/// What a guard says of a request, its types forgotten.
trait Rule: Send + Sync {
    fn rule<'a>(&'a self, parts: &'a mut Parts) -> Ruled<'a>;
}

type Ruled<'a> = Pin<Box<dyn Future<Output = Result<Ruling, Refusal>> + Send + 'a>>;

/// Whether somebody is there: of the innermost session layer, or as a user of one type.
struct Somebody(fn(&Parts) -> Result<Session, Refusal>);

impl Rule for Somebody {
    fn rule<'a>(&'a self, parts: &'a mut Parts) -> Ruled<'a> {
        Box::pin(async move {
            let session = self.0(parts)?;
            session.read(parts).await?;
            somebody(session, parts).await
        })
    }
}

/// What the builder's default checker says.
struct ByDefault(fn(&Parts) -> Result<Session, Refusal>);

impl Rule for ByDefault {
    fn rule<'a>(&'a self, parts: &'a mut Parts) -> Ruled<'a> {
        Box::pin(async move {
            let session = self.0(parts)?;
            session.read(parts).await?;
            by_default(session, parts).await
        })
    }
}

/// What a checker says, with the state that it takes its `State<T>` from.
struct Checked<C, Shape, S> {
    checker: C,
    state: S,
    shape: std::marker::PhantomData<fn(Shape)>,
}

impl<C, Shape, S> Rule for Checked<C, Shape, S>
where
    C: Checker<Shape, S> + Clone + Sync,
    S: Send + Sync,
{
    fn rule<'a>(&'a self, parts: &'a mut Parts) -> Ruled<'a> {
        Box::pin(self.checker.clone().check(parts, &self.state))
    }
}

impl GuardLayer {
    /// Lets pass who is logged in, as [`#[login_required]`](macro@crate::login_required).
    pub fn login_required() -> Self {
        Self::of(Somebody(Session::find))
    }

    /// Lets pass who is logged in as a `U`, where there are several kinds of users.
    pub fn login_required_as<U: 'static>() -> Self {
        Self::of(Somebody(Session::find_of_user::<U>))
    }

    /// Lets pass whom the builder's `default_user_checker` allows, as a plain [`#[user_pass]`](macro@crate::user_pass).
    pub fn default_user_pass() -> Self {
        Self::of(ByDefault(Session::find))
    }

    /// Lets pass whom the checker allows, as [`#[user_pass(checker)]`](macro@crate::user_pass).
    pub fn user_pass<Shape, C>(checker: C) -> Self
    where
        Shape: 'static,
        C: Checker<Shape, ()> + Clone + Sync + 'static,
    {
        Self::user_pass_with_state(checker, ())
    }

    /// As [`user_pass`](Self::user_pass), for a checker that takes `State<T>`: with the state that it takes it from.
    pub fn user_pass_with_state<Shape, C, S>(checker: C, state: S) -> Self
    where
        Shape: 'static,
        C: Checker<Shape, S> + Clone + Sync + 'static,
        S: Send + Sync + 'static,
    {
        Self::of(Checked {
            checker,
            state,
            shape: std::marker::PhantomData,
        })
    }

    fn of(guard: impl Rule + 'static) -> Self {
        Self {
            guard: Arc::new(guard),
            fresh: None,
            otherwise: Arc::new(Otherwise::LoginUrl),
            passes_preflights: false,
        }
    }

    /// Demands that a password or the like was given less than this ago.
    #[must_use]
    pub fn fresh(mut self, within: Duration) -> Self {
        self.fresh = Some(within);
        self
    }

    /// Sends refused pages to another place than the login URL: a URL, or a function of the request, sync or async.
    #[must_use]
    pub fn location<Shape>(mut self, location: impl IntoLocation<Shape>) -> Self {
        self.otherwise = Arc::new(Otherwise::Location(location.into_location()));
        self
    }

    /// Answers refused requests with a response, whoever asks. Mind the status: text alone would be a `200`.
    #[must_use]
    pub fn reject(mut self, response: impl IntoResponse + Clone + Send + Sync + 'static) -> Self {
        let reject = move || response.clone().into_response();
        self.otherwise = Arc::new(Otherwise::Reject(Box::new(reject)));
        self
    }

    /// Lets CORS preflights pass, to a `CorsLayer` that was added before the guard.
    ///
    /// Whoever says that their `OPTIONS` is a preflight passes too. If a route takes that method by itself (`any(..)`, `options(..)`, a
    /// service), its handler runs for them. Where you can, add the `CorsLayer` after the guard instead.
    #[must_use]
    pub fn pass_preflights(mut self) -> Self {
        self.passes_preflights = true;
        self
    }
}

impl std::fmt::Debug for GuardLayer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("GuardLayer(..)")
    }
}

impl<S> Layer<S> for GuardLayer {
    type Service = GuardService<S>;

    fn layer(&self, inner: S) -> GuardService<S> {
        GuardService {
            inner,
            layer: self.clone(),
        }
    }
}

/// The service that [`GuardLayer`] makes of another one.
#[derive(Clone, Debug)]
pub struct GuardService<S> {
    inner: S,
    layer: GuardLayer,
}

impl<S> Service<Request> for GuardService<S>
where
    S: Service<Request, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // The one that is ready answers, the clone stays for the next request.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        if self.layer.passes_preflights && is_preflight(&request) {
            return Box::pin(inner.call(request));
        }
        let layer = self.layer.clone();
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            let passed = match layer.guard.rule(&mut parts).await {
                Ok(ruling) => conclude(ruling, &parts, layer.fresh, &layer.otherwise).await,
                Err(refusal) => Err(refusal),
            };
            match passed {
                Ok(()) => inner.call(Request::from_parts(parts, body)).await,
                Err(refusal) => Ok(refusal.into_response()),
            }
        })
    }
}

/// Whether it is a preflight (Fetch, section 3.3.2).
fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(ORIGIN)
        && request
            .headers()
            .contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}
