//! Runs the application.

use muffin_session::Secret;
use testing_example::{app, sessions};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sessions = sessions(Secret::from_env("SESSION_SECRET")?).build()?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    Ok(axum::serve(listener, app(&sessions)).await?)
}
