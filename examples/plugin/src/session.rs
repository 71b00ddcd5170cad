//! The session as JSON.

use axum::Json;
use muffin_session::Session;

/// A session serialises to a JSON object of its data.
pub(crate) async fn get_session(session: Session) -> Json<Session> {
    Json(session)
}
