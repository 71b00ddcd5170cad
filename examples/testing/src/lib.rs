//! A small application: notes of one's own, and a report for editors. `tests/` has its tests, one file a style.
use axum::response::Redirect;
use axum::{Form, Router, routing::get};
use muffin_session::{Builder, CurrentUser, Error, Secret, Session, Sessions};
use muffin_session::{login_required, user_pass};
use users::{User, is_editor, load_user};

mod users;

#[login_required]
async fn notes(CurrentUser(user): CurrentUser<User>, session: Session) -> Result<String, Error> {
    let flashes = session.get_flashed_messages();
    let flashes = flashes.iter().map(|flash| format!("[{flash}] "));
    let notes: Vec<String> = session.get("notes")?.unwrap_or_default();
    Ok(flashes.collect::<String>() + &list(user.name, &notes))
}

// What a guarded handler does may be a plain function, with tests of its own.
fn list(name: &str, notes: &[String]) -> String {
    format!("{name} has {}: {}", notes.len(), notes.join(", "))
}

#[login_required]
async fn add(session: Session, Form(note): Form<Note>) -> Result<Redirect, Error> {
    let mut notes: Vec<String> = session.get("notes")?.unwrap_or_default();
    notes.push(note.text);
    session.insert("notes", notes)?;
    session.flash_with("success", "Saved")?;
    Ok(Redirect::to("/"))
}

#[derive(serde::Deserialize)]
struct Note {
    text: String,
}

#[user_pass(is_editor)]
async fn report() -> &'static str {
    "All notes are short"
}

/// The settings of the sessions. They are not built yet: a test gives them a clock.
pub fn sessions(secret: Secret) -> Builder {
    Sessions::builder(secret).user_loader(load_user)
}

/// The pages.
pub fn app(sessions: &Sessions) -> Router {
    Router::new()
        .route("/", get(notes).post(add))
        .route("/report", get(report))
        .layer(sessions.clone())
}

#[cfg(test)]
mod tests;
