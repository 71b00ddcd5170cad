//! Doing something, and leaving a message about it for the next page.

use axum::response::Redirect;
use muffin_session::{Error, Session};

/// The message waits until a page shows it, here `/common`.
pub(crate) async fn somewhere(session: Session) -> Result<Redirect, Error> {
    session.flash("Something done successfully")?;
    Ok(Redirect::to("/common"))
}
