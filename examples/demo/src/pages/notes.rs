//! The notes page.

use maud::{Markup, html};

use super::frame::Frame;
use crate::kept::Kept;
use crate::notes::Notes;
use crate::visitor::Visitor;

/// How the form for a new note is shown.
#[derive(Clone, Copy)]
pub(crate) enum NoteForm<'a> {
    /// Empty.
    Empty,
    /// After it was sent without any text.
    NothingWritten,
    /// After the session would have grown too large: with the text as it was typed.
    NoRoom { text: &'a str },
}

pub(crate) fn notes(visitor: &Visitor, notes: &Notes, form: NoteForm<'_>) -> Markup {
    let (title, text, problem) = match form {
        NoteForm::Empty => ("Notes", "", None),
        NoteForm::NothingWritten => ("Error: notes", "", Some("Write something first.")),
        NoteForm::NoRoom { text } => (
            "Error: notes",
            text,
            Some(match visitor.kept {
                Kept::InCookies => {
                    "There is no room for this note: browsers keep about 4000 characters. Nothing is lost. Shorten it, or delete another one."
                }
                Kept::InStore(_) => {
                    "There is no room for this note: a session is full. Nothing is lost. Shorten it, or delete another one."
                }
            }),
        ),
    };
    let describedby = problem.map(|_| "problem");
    let invalid = problem.map(|_| "true");
    Frame::of(visitor, title, "/notes").around(&html! {
        h1 { "Notes" }
        p.lead {
            @match visitor.kept {
                Kept::InCookies => "Your browser keeps them, signed so that nobody can change them. ",
                Kept::InStore(store) => { "Your session keeps them, in a store (" (store) "). " }
            }
            @if visitor.user().is_some() { "They end when you log out." } @else { "They come along when you log in." }
        }
        form.card method="post" action="/notes" {
            label for="text" { "New note" }
            @if let Some(problem) = problem {
                p.flash.error #problem role="alert" { (problem) }
            }
            // A line end right after the tag is dropped by browsers, so that one belongs to the text is kept by another before it.
            textarea #text name="text" rows="3" required autofocus[problem.is_some()]
                aria-invalid=[invalid] aria-describedby=[describedby] { "\n" (text) }
            button { "Keep it" }
        }
        h2 #kept { (count(notes.items.len())) }
        @if !notes.items.is_empty() {
            ul.notes aria-labelledby="kept" {
                @for note in &notes.items {
                    li.card {
                        p id={ "note-" (note.id) } { (note.text) }
                        form method="post" action={ "/notes/" (note.id) "/delete" } {
                            button.quiet aria-describedby={ "note-" (note.id) } { "Delete" }
                        }
                    }
                }
            }
        }
    })
}

pub(super) fn count(notes: usize) -> Markup {
    match notes {
        0 => html! { "No notes yet" },
        1 => html! { "One note" },
        more => html! { (more) " notes" },
    }
}
