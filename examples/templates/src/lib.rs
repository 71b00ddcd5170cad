//! One page in three template engines: `src/bin` has a program for each. Here is what they share, which is all but the page.

mod error;
mod users;

pub use error::PageError;
pub use users::User;

use std::error::Error;
use std::io::{self, Write as _};
use std::net::Ipv4Addr;

use axum::Router;
use axum::routing::{get, post};
use muffin_session::{Secret, Sessions};
use tokio::net::TcpListener;

/// Adds what needs no template to the pages, and serves them: on port 3000, or on the `PORT` in the environment.
///
/// # Errors
///
/// If the port is no number, or taken.
pub async fn serve(pages: Router) -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    let port = std::env::var("PORT").map_or(Ok(3000), |port| port.parse())?;
    // Logins end with the program. One that is to last reads its secret from the environment.
    let sessions = Sessions::builder(Secret::generate()?)
        .login_url("/")
        .login_message_with("error", "Log in as somebody who may see that")
        .user_loader(users::load_user)
        .build()?;
    let app = pages
        .route("/admin", get(users::admin))
        .route("/login", post(users::login))
        .route("/logout", post(users::logout))
        .layer(sessions);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let port = listener.local_addr()?.port();
    writeln!(io::stdout(), "http://localhost:{port}")?;
    Ok(axum::serve(listener, app).await?)
}
