//! Starts the site: reads the settings, listens, and says where.

use std::env;
use std::error::Error;
use std::io::{self, Write as _};
use std::net::Ipv4Addr;

use muffin_session::Secret;
use oidc::accounts::Accounts;
use oidc::app::app;
use oidc::provider::{CALLBACK, Provider, Settings};
use openidconnect::{ClientId, ClientSecret, IssuerUrl};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    let port = env::var("PORT").map_or(Ok(3000), |port| port.parse())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let port = listener.local_addr()?.port();
    let origin = env::var("ORIGIN").unwrap_or_else(|_| format!("http://localhost:{port}"));
    let secret = match env::var_os("SESSION_SECRET") {
        Some(_) => Secret::from_env("SESSION_SECRET")?,
        None => Secret::generate()?,
    };
    let provider = Provider::new(Settings {
        origin: origin.clone(),
        issuer: IssuerUrl::new(setting("OIDC_ISSUER")?)?,
        client_id: ClientId::new(setting("OIDC_CLIENT_ID")?),
        client_secret: env::var("OIDC_CLIENT_SECRET").ok().map(ClientSecret::new),
    })?;
    let router = app(secret, provider, Accounts::default())?;
    writeln!(
        io::stdout(),
        "{origin}\nRegistered at the provider has to be {origin}{CALLBACK}, and for the logout {origin}/"
    )?;
    Ok(axum::serve(listener, router).await?)
}

fn setting(name: &str) -> Result<String, String> {
    env::var(name).map_err(|_| {
        format!("{name} is not set: OIDC_ISSUER is the provider's URL, such as https://accounts.google.com, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET are what it gave you")
    })
}
