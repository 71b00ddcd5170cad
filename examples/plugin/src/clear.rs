//! Throwing away what the session holds.

use muffin_session::{Error, Session};

/// The data go; whoever is logged in stays so.
pub(crate) async fn clear(session: Session) -> Result<&'static str, Error> {
    session.clear()?;
    Ok("OK")
}
