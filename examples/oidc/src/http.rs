//! The HTTP client that asks the provider. It follows no redirect: one could lead to a host of the inner network.

use std::io;
use std::pin::Pin;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::Response;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use rustls::crypto::ring;
use tokio::time::timeout;

/// How long the provider may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most bytes that it may answer with.
const MOST: usize = 1024 * 1024;

/// A client with the system's certificates.
pub(crate) struct Http(Client<HttpsConnector<HttpConnector>, Body>);

impl Http {
    pub(crate) fn new() -> io::Result<Self> {
        let tls = HttpsConnectorBuilder::new();
        let tls = tls.with_provider_and_native_roots(ring::default_provider())?;
        // Without TLS too, for a provider on this machine.
        let connector = tls.https_or_http().enable_http1().build();
        Ok(Self(Client::builder(TokioExecutor::new()).build(connector)))
    }

    async fn send(&self, request: HttpRequest) -> io::Result<HttpResponse> {
        let answer = self.0.request(request.map(Body::from)).await;
        let (head, body) = answer.map_err(io::Error::other)?.into_parts();
        let body = to_bytes(Body::new(body), MOST).await;
        let body = body.map_err(io::Error::other)?;
        Ok(Response::from_parts(head, body.into()))
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<HttpResponse>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async { timeout(PATIENCE, self.send(request)).await? })
    }
}
