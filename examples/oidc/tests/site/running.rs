//! The site, running in the test's own process.

use std::net::Ipv4Addr;

use muffin_session::Secret;
use oidc::accounts::Accounts;
use oidc::app::app;
use oidc::provider::{Provider, Settings};
use openidconnect::{ClientId, ClientSecret, IssuerUrl};
use tokio::net::TcpListener;

/// Starts a site whose users log in at this provider, and gives its origin.
pub(crate) async fn site(issuer: &str) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let provider = Provider::new(Settings {
        origin: origin.clone(),
        issuer: IssuerUrl::new(issuer.to_owned()).unwrap(),
        client_id: ClientId::new("muffin".to_owned()),
        client_secret: Some(ClientSecret::new("a secret of both".to_owned())),
    });
    let secret = Secret::generate().unwrap();
    let router = app(secret, provider.unwrap(), Accounts::default()).unwrap();
    tokio::spawn(axum::serve(listener, router).into_future());
    origin
}
