//! The same applications on a real socket, for a generator of load in another process.

use std::error::Error;

use axum::Router;
use tokio::net::TcpListener;

use crate::libraries::{self, OURS, PEERS, PLAIN, ours};

/// The names of what can be served, one a line: the application without sessions, ours, the peers.
pub(crate) fn names() {
    for library in [PLAIN, OURS].iter().chain(&PEERS) {
        println!("{library}");
    }
}

/// Serves one until the process is ended. The address is printed once it listens: port 0 is any free one.
pub(crate) async fn run(
    library: &str,
    store: Option<&str>,
    address: &str,
) -> Result<(), Box<dyn Error>> {
    let app = app(library, store).await?;
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| format!("{address}: {error}"))?;
    println!("{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}

async fn app(library: &str, store: Option<&str>) -> Result<Router, Box<dyn Error>> {
    match store {
        None => libraries::app(library).await.ok_or_else(|| {
            format!("there is no library {library:?}: `bench libraries` says which there are")
                .into()
        }),
        Some(url) if library == OURS => ours::with_store(url).await,
        Some(_) => Err(format!("a store can be chosen for {OURS} alone").into()),
    }
}
