//! The layer: it puts a session into each request, unread, and writes what has changed into the response.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use http::Request;
use pin_project_lite::pin_project;
use tower_http::csrf::{self, Csrf};
use tower_layer::Layer;
use tower_service::Service;

use crate::commit::commit;
use crate::config::Config;
use crate::cross_site::{Reject, forbidden};
use crate::session::Session;
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
    S: Service<Request<B>, Response = Response<R>>,
    R: HttpBody<Data = Bytes> + Send + 'static,
    R::Error: Into<axum::BoxError>,
{
    type Response = Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, R, S::Error>;

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
    S: Service<Request<B>, Response = Response<R>>,
    R: HttpBody<Data = Bytes> + Send + 'static,
    R::Error: Into<axum::BoxError>,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Attached<S::Future, R, S::Error>;

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
            return Attached::Refused {
                response: Some(forbidden()),
                kind: std::marker::PhantomData,
            };
        }
        let session = Session::new(config.clone());
        session.attach(request.extensions_mut());
        if config.auto_load {
            let (parts, body) = request.into_parts();
            session.read(&parts);
            request = Request::from_parts(parts, body);
        }
        Attached::Passed {
            inner: self.inner.call(request),
            session,
        }
    }
}

pin_project! {
    /// The future of [`SessionService`].
    pub struct ResponseFuture<F, R, E>
    where
        F: Future<Output = Result<Response<R>, E>>,
        R: HttpBody<Data = Bytes>,
        R: Send,
        R: 'static,
        R::Error: Into<axum::BoxError>,
    {
        #[pin]
        checked: csrf::ResponseFuture<Attached<F, R, E>>,
    }
}

impl<F, R, E> std::fmt::Debug for ResponseFuture<F, R, E>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: HttpBody<Data = Bytes> + Send + 'static,
    R::Error: Into<axum::BoxError>,
{
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ResponseFuture(..)")
    }
}

impl<F, R, E> Future for ResponseFuture<F, R, E>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: HttpBody<Data = Bytes> + Send + 'static,
    R::Error: Into<axum::BoxError>,
{
    type Output = Result<Response, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().checked.poll(cx)
    }
}

pin_project! {
    /// The inner service at work on a request that has a session, or the answer to one that does not get that far.
    #[project = AttachedProjection]
    pub(crate) enum Attached<F, R, E>
    where
        F: Future<Output = Result<Response<R>, E>>,
    {
        Passed {
            #[pin]
            inner: F,
            session: Session,
        },
        Refused {
            response: Option<Response>,
            kind: std::marker::PhantomData<fn() -> (R, E)>,
        },
    }
}

impl<F, R, E> Future for Attached<F, R, E>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: HttpBody<Data = Bytes> + Send + 'static,
    R::Error: Into<axum::BoxError>,
{
    type Output = Result<Response, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            AttachedProjection::Passed { inner, session } => {
                let mut response = ready!(inner.poll(cx))?.map(Body::new);
                commit(session, &mut response);
                Poll::Ready(Ok(response))
            }
            AttachedProjection::Refused { response, .. } => match response.take() {
                Some(response) => Poll::Ready(Ok(response)),
                // A future must not be polled again once it is ready.
                None => Poll::Pending,
            },
        }
    }
}
