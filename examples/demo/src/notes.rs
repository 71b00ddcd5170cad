//! Notes: data in the session.

use axum::Form;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::Markup;
use muffin_session::{Error, Session};
use serde::{Deserialize, Serialize};

use crate::error::AppError;
use crate::pages;
use crate::visitor::Visitor;

/// The key that notes are kept under.
pub(crate) const KEY: &str = "notes";

/// All notes of one session, oldest first.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Notes {
    /// The number of the newest note ever, so that no number is given twice and an old page cannot delete a newer note.
    last: u32,
    pub(crate) items: Vec<Note>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Note {
    pub(crate) id: u32,
    pub(crate) text: String,
}

#[derive(Deserialize)]
pub(crate) struct NewNote {
    text: String,
}

pub(crate) async fn list(visitor: Visitor) -> Result<Markup, AppError> {
    let notes = read(&visitor.session)?;
    Ok(pages::notes(&visitor, &notes, pages::NoteForm::Empty))
}

pub(crate) async fn add(visitor: Visitor, Form(new): Form<NewNote>) -> Result<Response, AppError> {
    let session = &visitor.session;
    // Forms send line ends as two characters; one is enough.
    let text = new.text.replace("\r\n", "\n");
    if text.trim().is_empty() {
        let page = pages::notes(&visitor, &read(session)?, pages::NoteForm::NothingWritten);
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    let kept = text.trim().to_owned();
    let added = session.update(KEY, move |notes: Option<Notes>| {
        let mut notes = notes.unwrap_or_default();
        notes.last += 1;
        notes.items.push(Note {
            id: notes.last,
            text: kept.clone(),
        });
        notes
    });
    match added {
        Ok(_) => {
            session.flash("The note is kept.")?;
            Ok(Redirect::to("/notes").into_response())
        }
        // Browsers keep about 4000 characters a cookie, stores far more. The session is as it was, and the form keeps the text.
        Err(Error::TooLarge { .. }) => {
            let form = pages::NoteForm::NoRoom { text: &text };
            let page = pages::notes(&visitor, &read(session)?, form);
            Ok((StatusCode::PAYLOAD_TOO_LARGE, page).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn delete(session: Session, Path(id): Path<u32>) -> Result<Redirect, AppError> {
    let mut notes = read(&session)?;
    let before = notes.items.len();
    notes.items.retain(|note| note.id != id);
    if notes.items.len() == before {
        session.flash("That note was gone already.")?;
    } else {
        session.insert(KEY, &notes)?;
        session.flash("The note is deleted.")?;
    }
    Ok(Redirect::to("/notes"))
}

/// The notes of a session.
pub(crate) fn read(session: &Session) -> Result<Notes, Error> {
    Ok(session.get(KEY)?.unwrap_or_default())
}
