//! Serves the application on <http://localhost:3000>, and its metrics on <http://127.0.0.1:9464/metrics>.
//!
//! `PORT` and `METRICS_PORT` take others, `AUDIT_FILE` is where the trail goes (`audit.jsonl`), and `RUST_LOG=muffin_session=debug` shows refusals.

use std::env;
use std::error::Error;
use std::fs::OpenOptions;
use std::net::{Ipv4Addr, SocketAddr};
#[cfg(unix)]
use std::os::unix::fs::OpenOptionsExt as _;

use muffin_session::Secret;
use observed::audit::Trail;
use observed::{app, metrics};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .init();

    let handle = metrics::install()?;
    tokio::spawn(metrics::keep_up(handle.clone()));
    let metrics = listen("METRICS_PORT", 9464).await?;
    tracing::info!(address = %metrics.local_addr()?, "metrics are served");
    tokio::spawn(async move { axum::serve(metrics, metrics::router(handle)).await });

    let file = env::var("AUDIT_FILE").unwrap_or_else(|_| "audit.jsonl".to_owned());
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    // Who was there when is for nobody else on this machine to read.
    #[cfg(unix)]
    options.mode(0o600);
    let (trail, written) = Trail::begin(options.open(file)?);

    // With a secret of its own, everybody has to log in again after a restart.
    let secret = match env::var_os("SESSION_SECRET") {
        Some(_) => Secret::from_env("SESSION_SECRET")?,
        None => Secret::generate()?,
    };
    let router = app::router(app::sessions(secret, trail)?);
    let listener = listen("PORT", 3000).await?;
    tracing::info!(address = %listener.local_addr()?, "the application is served");
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(async {
            if let Err(error) = tokio::signal::ctrl_c().await {
                tracing::error!(%error, "no signal can end this");
                std::future::pending::<()>().await;
            }
        })
        .await?;
    // The hook is gone with the router: what it has left is written, and then the trail ends.
    written.await?;
    Ok(())
}

/// A listener for this machine alone, on the port in the environment; 0 is any free one.
async fn listen(variable: &str, default: u16) -> Result<TcpListener, Box<dyn Error>> {
    let port = match env::var(variable) {
        Ok(port) => port.parse()?,
        Err(_) => default,
    };
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?)
}
