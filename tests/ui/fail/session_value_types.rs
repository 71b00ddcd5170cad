//! What a value of the session must be.
use axum::debug_handler;
use muffin_session::{InSession, Session, SessionValue};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, SessionValue)]
struct NoDefault;

#[derive(Default, Deserialize, SessionValue)]
struct NotWritten;

#[derive(Default, Serialize, Deserialize)]
struct NotAValue;

#[debug_handler]
async fn page(_: InSession<NotAValue>) {}

fn read(session: &Session) {
    let _ = InSession::<NotAValue>::of(session);
}

fn main() {
    let _ = (page, read, NoDefault, NotWritten);
}
