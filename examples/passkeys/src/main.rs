//! Starts the site: reads the settings, listens, and says where.

use std::env;
use std::error::Error;
use std::io::{self, Write as _};
use std::net::Ipv4Addr;

use muffin_session::{Secret, Sessions};
use passkeys::app::app;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    let port = env::var("PORT").map_or(Ok(3000), |port| port.parse())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let port = listener.local_addr()?.port();
    // Browsers take passkeys over https, and on this machine's own name.
    let origin = env::var("ORIGIN").unwrap_or_else(|_| format!("http://localhost:{port}"));
    let secret = match env::var_os("SESSION_SECRET") {
        Some(_) => Secret::from_env("SESSION_SECRET")?,
        None => Secret::generate()?,
    };
    let router = app(Sessions::builder(secret), &origin)?;
    writeln!(
        io::stdout(),
        "{origin}\nAccounts are kept until the program ends."
    )?;
    Ok(axum::serve(listener, router).await?)
}
