//! The pages as HTML. Every `(value)` below is escaped by maud.

use maud::{DOCTYPE, Markup, html};
use muffin_session::Flash;

use crate::notes::Notes;
use crate::users::{DEMO_USERS, User, Users};
use crate::visitor::Visitor;

/// The pages that the navigation leads to.
const PAGES: [(&str, &str); 5] = [
    ("/", "Home"),
    ("/dashboard", "Dashboard"),
    ("/admin", "Admin"),
    ("/notes", "Notes"),
    ("/session", "Session"),
];

/// What stands around a page's content.
struct Frame<'a> {
    title: &'a str,
    /// Which link of the navigation is this page's own.
    path: &'a str,
    user: Option<&'a User>,
    flashes: Vec<Flash>,
}

impl<'a> Frame<'a> {
    /// The frame for a visitor. It shows the waiting messages, and so they count as read.
    fn of(visitor: &'a Visitor, title: &'a str, path: &'a str) -> Self {
        Self {
            title,
            path,
            user: visitor.user(),
            flashes: visitor.session.get_flashed_messages(),
        }
    }

    fn around(self, content: &Markup) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) " – Muffin demo" }
                    link rel="icon" href="/icon.svg" type="image/svg+xml";
                    link rel="stylesheet" href="/style.css";
                }
                body {
                    a.skip href="#content" { "Skip to the content" }
                    (self.header())
                    main #content tabindex="-1" {
                        (self.messages())
                        (content)
                    }
                    footer {
                        p {
                            "Sessions, logins and messages by "
                            strong { "Muffin-Session" }
                            " for axum. This page runs no scripts."
                        }
                    }
                }
            }
        }
    }

    fn header(&self) -> Markup {
        html! {
            header {
                a.brand href="/" {
                    img src="/icon.svg" alt="" width="32" height="32";
                    "Muffin demo"
                }
                nav aria-label="Pages" {
                    ul {
                        @for (path, name) in PAGES {
                            li {
                                a href=(path) aria-current=[(path == self.path).then_some("page")] { (name) }
                            }
                        }
                    }
                }
                @if let Some(user) = self.user {
                    form.who method="post" action="/logout" {
                        span { span.sr { "Logged in as " } b #user { (user.name) } }
                        button.quiet { "Log out" }
                    }
                } @else if self.path != "/login" {
                    div.who {
                        a.button href="/login" { "Log in" }
                    }
                }
            }
        }
    }

    fn messages(&self) -> Markup {
        html! {
            @if !self.flashes.is_empty() {
                div #messages {
                    @for flash in &self.flashes {
                        @if flash.category == "error" {
                            p.flash.error role="alert" { (flash.message) }
                        } @else {
                            p.flash role="status" { (flash.message) }
                        }
                    }
                }
            }
        }
    }
}

pub(crate) fn home(visitor: &Visitor) -> Markup {
    Frame::of(visitor, "Home", "/").around(&html! {
        @match visitor.user() {
            Some(user) => {
                h1 { "Hello, " (user.name) }
                p.lead { "You are logged in" @if user.is_admin { " and an admin" } ". Everything below is yours to try." }
            }
            None => {
                h1 { "Nobody is logged in" }
                p.lead { "Look around as a guest, or " a href="/login" { "log in as one of two demo users" } "." }
            }
        }
        h2 { "Four things to try" }
        ul.cards {
            li {
                h3 { a href="/dashboard" { "Dashboard" } }
                p { "For everybody who is logged in. Guests are asked to log in, and are led back here." }
                p { code { "#[login_required]" } }
            }
            li {
                h3 { a href="/admin" { "Admin" } }
                p { "For admins: ann may see it, and bob is told that he may not." }
                p { code { "#[user_pass(admins_only)]" } }
            }
            li {
                h3 { a href="/notes" { "Notes" } }
                p { "Kept in the session: a signed cookie, with no database behind it. Guests' notes move along at login." }
                p { code { "session.update(\"notes\", ..)" } }
            }
            li {
                h3 { a href="/session" { "Session" } }
                p { "All that your session holds, as JSON." }
                p { code { "Json(session)" } }
            }
        }
    })
}

/// How the login form is shown.
#[derive(Clone, Copy)]
pub(crate) enum LoginForm<'a> {
    /// Empty.
    Fresh,
    /// After a wrong name or password: with the name as it was typed.
    Refused { name: &'a str },
}

pub(crate) fn login(visitor: &Visitor, form: LoginForm<'_>) -> Markup {
    let (title, name, describedby) = match form {
        LoginForm::Fresh => ("Log in", "", None),
        LoginForm::Refused { name } => ("Error: log in", name, Some("messages")),
    };
    let invalid = describedby.map(|_| "true");
    Frame::of(visitor, title, "/login").around(&html! {
        h1 { "Log in" }
        @if let Some(user) = visitor.user() {
            p.lead { "You are logged in as " b { (user.name) } ". To be somebody else, log in again." }
        }
        div.columns {
            form.card method="post" {
                label for="name" { "Name" }
                input #name name="name" value=(name) required autofocus autocomplete="username" autocapitalize="none"
                    spellcheck="false" aria-invalid=[invalid] aria-describedby=[describedby];
                label for="password" { "Password" }
                input #password name="password" type="password" required autocomplete="current-password"
                    aria-invalid=[invalid] aria-describedby=[describedby];
                button { "Log in" }
            }
            section.card aria-labelledby="demo-users" {
                h2 #demo-users { "Demo users" }
                table {
                    thead { tr { th scope="col" { "Name" } th scope="col" { "Password" } } }
                    tbody {
                        @for user in DEMO_USERS {
                            tr {
                                th scope="row" { (user.name) @if user.is_admin { " (admin)" } }
                                td { code { (user.password) } }
                            }
                        }
                    }
                }
            }
        }
    })
}

pub(crate) fn dashboard(visitor: &Visitor) -> Markup {
    let keys = visitor.session.keys();
    Frame::of(visitor, "Dashboard", "/dashboard").around(&html! {
        h1 { "Dashboard" }
        @if let Some(user) = visitor.user() {
            p.lead { "Only people who are logged in see this page, and you are " b { (user.name) } "." }
            dl.card {
                dt { "Number" } dd { (user.id) }
                dt { "Role" } dd { (role(user)) }
                dt { "In your session" }
                dd {
                    @if keys.is_empty() {
                        "nothing yet: " a href="/notes" { "write a note" }
                    } @else {
                        (keys.join(", "))
                    }
                }
            }
        }
        (behind("#[login_required]\nasync fn dashboard(\n    visitor: Visitor,\n) -> Markup {\n    pages::dashboard(&visitor)\n}"))
    })
}

pub(crate) fn admin(visitor: &Visitor, users: &Users) -> Markup {
    Frame::of(visitor, "Admin", "/admin").around(&html! {
        h1 { "Admin" }
        p.lead { "These are the users of this site." }
        div.card {
            table {
                thead { tr { th scope="col" { "Name" } th scope="col" { "Number" } th scope="col" { "Role" } } }
                tbody {
                    @for user in users.iter() {
                        tr { th scope="row" { (user.name) } td { (user.id) } td { (role(user)) } }
                    }
                }
            }
        }
        (behind("#[user_pass(admins_only)]\nasync fn admin(\n    State(users): State<Users>,\n    visitor: Visitor,\n) -> Markup {\n    pages::admin(&visitor, &users)\n}"))
    })
}

pub(crate) fn forbidden(visitor: &Visitor) -> Markup {
    Frame::of(visitor, "Not for you", "/admin").around(&html! {
        h1 { "This page is for admins" }
        @if let Some(user) = visitor.user() {
            p.lead { "You are logged in as " b { (user.name) } ", who is not one." }
        }
        p { a href="/login" { "Log in as somebody else" } " or " a href="/" { "go back home" } "." }
    })
}

/// How the form for a new note is shown.
#[derive(Clone, Copy)]
pub(crate) enum NoteForm<'a> {
    /// Empty.
    Empty,
    /// After it was sent without any text.
    NothingWritten,
    /// After the cookie would have grown too large: with the text as it was typed.
    NoRoom { text: &'a str },
}

pub(crate) fn notes(visitor: &Visitor, notes: &Notes, form: NoteForm<'_>) -> Markup {
    let (title, text, problem) = match form {
        NoteForm::Empty => ("Notes", "", None),
        NoteForm::NothingWritten => ("Error: notes", "", Some("Write something first.")),
        NoteForm::NoRoom { text } => (
            "Error: notes",
            text,
            Some(
                "There is no room for this note: browsers keep about 4000 characters. Nothing is lost. Shorten it, or delete another one.",
            ),
        ),
    };
    let describedby = problem.map(|_| "problem");
    let invalid = problem.map(|_| "true");
    Frame::of(visitor, title, "/notes").around(&html! {
        h1 { "Notes" }
        p.lead {
            "Your browser keeps them, signed so that nobody can change them. "
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

pub(crate) fn not_found(visitor: &Visitor) -> Markup {
    Frame::of(visitor, "Not found", "").around(&html! {
        h1 { "There is no such page" }
        p.lead { a href="/" { "Go back home" } "." }
    })
}

/// A page for when the session itself cannot be relied on.
pub(crate) fn problem(text: &str) -> Markup {
    let frame = Frame {
        title: "Something went wrong",
        path: "",
        user: None,
        flashes: Vec::new(),
    };
    frame.around(&html! {
        h1 { "That did not work" }
        p.lead { (text) }
        p { a href="/" { "Go back home" } "." }
    })
}

fn role(user: &User) -> &'static str {
    if user.is_admin { "admin" } else { "member" }
}

fn count(notes: usize) -> Markup {
    match notes {
        0 => html! { "No notes yet" },
        1 => html! { "One note" },
        more => html! { (more) " notes" },
    }
}

/// The handler that made a page.
fn behind(code: &str) -> Markup {
    html! {
        figure {
            figcaption { "The handler behind this page" }
            pre { code { (code) } }
        }
    }
}
