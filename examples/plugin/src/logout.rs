//! Logging out.

use axum::response::Redirect;
use muffin_session::Session;

/// Ends the session, and is harmless where nobody is logged in. A POST, so that no link and no picture logs anybody out.
pub(crate) async fn logout(session: Session) -> Redirect {
    session.logout();
    Redirect::to("/common")
}
