//! A value in the session: written by one handler, read by another.

use muffin_session::{Error, Session};

/// Whatever serialises to JSON can be kept.
pub(crate) async fn update_session(session: Session) -> Result<&'static str, Error> {
    session.insert("var", "value")?;
    Ok("Session has been updated")
}

/// Nothing there is `None`, here an empty answer.
pub(crate) async fn load_session(session: Session) -> Result<String, Error> {
    let var: Option<String> = session.get("var")?;
    Ok(var.unwrap_or_default())
}
