//! The layer: it puts a session into each request, unread, and writes what has changed into the response.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use axum::response::{IntoResponse, Response};
use http::Request;
use http::request::Parts;
use pin_project_lite::pin_project;
use tower_http::csrf::{self, Csrf};
use tower_layer::Layer;
use tower_service::Service;

use crate::commit::{Leaving, commit};
use crate::config::Config;
use crate::cross_site::{Reject, forbidden, was_refused};
use crate::refusal::Refusal;
use crate::session::Session;
use crate::telemetry::{self, Asked, Refusable};
use crate::tokens::TakenOut;

/// Sessions for an application: a layer for its router. Made by [`Sessions::builder`].
///
/// Cloning is cheap, and clones share everything, the list of ended sessions included. Add the layer after the routes: `axum` applies
/// a layer to the routes that are there.
///
/// ```
/// use axum::{Router, routing::get};
/// use muffin_session::{Secret, Session, Sessions};
///
/// let sessions = Sessions::builder(Secret::generate()?).without_user_loader().build()?;
/// let app: Router = Router::new()
///     .route("/", get(|session: Session| async move { session.is_logged_in().to_string() }))
///     .layer(sessions);
/// # drop(app);
/// # Ok::<(), muffin_session::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct Sessions {
    pub(crate) config: Arc<Config>,
}

/// Nothing of the configuration is shown.
impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sessions(..)")
    }
}

impl<S> Layer<S> for Sessions {
    type Service = SessionService<S>;

    fn layer(&self, inner: S) -> SessionService<S> {
        let attach = Attach {
            inner,
            config: self.config.clone(),
        };
        SessionService {
            checked: self.config.site_check.csrf.layer(attach),
            config: self.config.clone(),
        }
    }
}

/// The service that [`Sessions`] makes of another one.
#[derive(Clone)]
pub struct SessionService<S> {
    /// Requests that other sites made get no further than this.
    checked: Csrf<Attach<S>, Reject>,
    config: Arc<Config>,
}

impl<S> std::fmt::Debug for SessionService<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionService(..)")
    }
}

impl<S, B, R> Service<Request<B>> for SessionService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    R: HttpBody<Data = Bytes> + Send + 'static,
    R::Error: Into<axum::BoxError>,
{
    type Response = Response;
    type Error = S::Error;
    type Future = ResponseFuture<S, B, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.checked.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        if let Some(tokens) = &self.config.tokens
            && tokens.are_in(request.headers())
        {
            // No other site can make a browser send a token: there is nothing for the check to look at.
            let taken = TakenOut::of(request.headers_mut());
            request.extensions_mut().insert(taken);
        }
        ResponseFuture {
            refusable: Refusable::of(&self.config, &request),
            checked: self.checked.call(request),
        }
    }
}

#[derive(Clone)]
struct Attach<S> {
    inner: S,
    config: Arc<Config>,
}

impl<S, B, R> Service<Request<B>> for Attach<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    R: HttpBody<Data = Bytes> + Send + 'static,
    R::Error: Into<axum::BoxError>,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Attached<S, B, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let config = &self.config;
        let taken = match config.tokens {
            Some(_) => request.extensions_mut().remove::<TakenOut>(),
            None => None,
        };
        let brings_token = taken.is_some();
        if let Some(taken) = taken {
            taken.put_back(request.headers_mut());
        }
        if !brings_token && config.site_check.refuses(&request, &config.names.prefix) {
            telemetry::cross_site(config, Asked::of_request(config, &request));
            return Attached::Refused {
                response: Some(forbidden()),
            };
        }
        let session = Session::attach(config.clone(), request.extensions_mut());
        if config.auto_load {
            // The one that is ready answers, the clone stays for the next request.
            let clone = self.inner.clone();
            let (parts, body) = request.into_parts();
            return Attached::Read {
                reading: Box::pin(read(session.clone(), parts)),
                next: Some((std::mem::replace(&mut self.inner, clone), body)),
                session: Some(session),
            };
        }
        Attached::Passed {
            inner: self.inner.call(request),
            session: Some(session),
        }
    }
}

/// Reads the session of a request whose handler may not ask for it.
async fn read(session: Session, parts: Parts) -> Result<Parts, Refusal> {
    session.read(&parts).await?;
    Ok(parts)
}

pin_project! {
    /// The future of [`SessionService`].
    pub struct ResponseFuture<S, B, R>
    where
        S: Service<Request<B>, Response = Response<R>>,
        S: Clone,
        R: HttpBody<Data = Bytes>,
        R: Send,
        R: 'static,
        R::Error: Into<axum::BoxError>,
    {
        #[pin]
        checked: csrf::ResponseFuture<Attached<S, B, R>>,
        refusable: Option<Box<Refusable>>,
    }
}

impl<S, B, R> std::fmt::Debug for ResponseFuture<S, B, R>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    R: HttpBody<Data = Bytes> + Send + 'static,
    R::Error: Into<axum::BoxError>,
{
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ResponseFuture(..)")
    }
}

impl<S, B, R> Future for ResponseFuture<S, B, R>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    R: HttpBody<Data = Bytes> + Send + 'static,
    R::Error: Into<axum::BoxError>,
{
    type Output = Result<Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut polled = this.checked.poll(cx);
        if this.refusable.is_some()
            && let Poll::Ready(Ok(response)) = &mut polled
            && was_refused(response)
            && let Some(refusable) = this.refusable.take()
        {
            telemetry::cross_site(&refusable.config, refusable.asked);
        }
        polled
    }
}

type Reading = Pin<Box<dyn Future<Output = Result<Parts, Refusal>> + Send>>;
type Saving = Pin<Box<dyn Future<Output = Response> + Send>>;

pin_project! {
    /// A request that has a session, on its way, or the answer to one that does not get that far.
    #[project = AttachedProjection]
    pub(crate) enum Attached<S, B, R>
    where
        S: Service<Request<B>, Response = Response<R>>,
    {
        /// The session is read before the inner service is called.
        Read {
            reading: Reading,
            next: Option<(S, B)>,
            session: Option<Session>,
        },
        /// The inner service is at work.
        Passed {
            #[pin]
            inner: S::Future,
            session: Option<Session>,
        },
        /// A store saves the session before the response leaves.
        Saved {
            saving: Saving,
        },
        Refused {
            response: Option<Response>,
        },
    }

    impl<S, B, R> PinnedDrop for Attached<S, B, R>
    where
        S: Service<Request<B>, Response = Response<R>>,
    {
        fn drop(this: Pin<&mut Self>) {
            // A request that was given up saves nothing, and must not keep what it would have saved.
            match this.project() {
                AttachedProjection::Read { session, .. } | AttachedProjection::Passed { session, .. } => {
                    if let Some(session) = session {
                        session.give_up();
                    }
                }
                AttachedProjection::Saved { .. } | AttachedProjection::Refused { .. } => {}
            }
        }
    }
}

impl<S, B, R> Future for Attached<S, B, R>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    R: HttpBody<Data = Bytes> + Send + 'static,
    R::Error: Into<axum::BoxError>,
{
    type Output = Result<Response, S::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let next = match self.as_mut().project() {
                AttachedProjection::Read {
                    reading,
                    next,
                    session,
                } => match (ready!(reading.as_mut().poll(cx)), next.take()) {
                    (Ok(parts), Some((mut inner, body))) => Self::Passed {
                        inner: inner.call(Request::from_parts(parts, body)),
                        session: session.take(),
                    },
                    (Ok(_), None) => return Poll::Pending,
                    (Err(refusal), _) => return Poll::Ready(Ok(refusal.into_response())),
                },
                AttachedProjection::Passed { inner, session } => {
                    let response = ready!(inner.poll(cx))?.map(Body::new);
                    let Some(session) = session.take() else {
                        return Poll::Pending;
                    };
                    match commit(&session, response) {
                        Leaving::Now(response) => return Poll::Ready(Ok(response)),
                        Leaving::Saved(saving) => Self::Saved { saving },
                    }
                }
                AttachedProjection::Saved { saving } => return saving.as_mut().poll(cx).map(Ok),
                AttachedProjection::Refused { response } => match response.take() {
                    Some(response) => return Poll::Ready(Ok(response)),
                    // A future must not be polled again once it is ready.
                    None => return Poll::Pending,
                },
            };
            self.set(next);
        }
    }
}
