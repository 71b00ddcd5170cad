//! The pages as HTML. Every `(value)` below is escaped by maud.

mod account;
mod devices;
mod frame;
mod login;
mod notes;
mod staff;

use maud::{Markup, html};

use crate::kept::Kept;
use crate::users::User;
use crate::visitor::Visitor;
use frame::Frame;

pub(crate) use account::account;
pub(crate) use devices::devices;
pub(crate) use login::{ConfirmForm, LoginForm, confirm, login, staff_login};
pub(crate) use notes::{NoteForm, notes};
pub(crate) use staff::{staff, staff_users};

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
        h2 { "Seven things to try" }
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
                p {
                    "Kept in the session: "
                    @match visitor.kept {
                        Kept::InCookies => "a signed cookie, with no database behind it",
                        Kept::InStore(store) => { "in a store (" (store) "), where a cookie says" }
                    }
                    ". Guests' notes move along at login."
                }
                p { code { "session.update(\"notes\", ..)" } }
            }
            li {
                h3 { a href="/account" { "Account" } }
                p { "For whoever gave their password just now. A change of it ends the logins in all other browsers." }
                p { code { "#[login_required(fresh = \"10m\")]" } }
            }
            li {
                h3 { a href="/devices" { "Devices" } }
                p { "Where you are logged in, and the way to log out there from here, if sessions are in a store." }
                p { code { "session.all_sessions().await" } }
            }
            li {
                h3 { a href="/staff" { "Staff" } }
                p { "For another kind of user, whose logins have nothing to do with yours: you can be both at once." }
                p { code { "GuardLayer::login_required_as::<Staff>()" } }
            }
            li {
                h3 { a href="/session" { "Session" } }
                p { "All that your session holds, as JSON." }
                p { code { "Json(session)" } }
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
                dt { "Logged in" } dd { a href="/devices" { "where and since when" } }
            }
        }
        (behind("handler", "#[login_required]\nasync fn dashboard(\n    visitor: Visitor,\n) -> Markup {\n    pages::dashboard(&visitor)\n}"))
    })
}

pub(crate) fn admin(visitor: &Visitor, users: &[User]) -> Markup {
    Frame::of(visitor, "Admin", "/admin").around(&html! {
        h1 { "Admin" }
        p.lead { "These are the users of this site." }
        div.card {
            table {
                thead { tr { th scope="col" { "Name" } th scope="col" { "Number" } th scope="col" { "Role" } } }
                tbody {
                    @for user in users {
                        tr { th scope="row" { (user.name) } td { (user.id) } td { (role(user)) } }
                    }
                }
            }
        }
        (behind("handler", "#[user_pass(admins_only)]\nasync fn admin(\n    State(users): State<Users>,\n    visitor: Visitor,\n) -> Markup {\n    pages::admin(&visitor, &users.all())\n}"))
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

pub(crate) fn not_found(visitor: &Visitor) -> Markup {
    Frame::of(visitor, "Not found", "").around(&html! {
        h1 { "There is no such page" }
        p.lead { a href="/" { "Go back home" } "." }
    })
}

/// A page for when the session itself cannot be relied on.
pub(crate) fn problem(text: &str) -> Markup {
    Frame::bare("Something went wrong").around(&html! {
        h1 { "That did not work" }
        p.lead { (text) }
        p { a href="/" { "Go back home" } "." }
    })
}

fn role(user: &User) -> &'static str {
    if user.is_admin { "admin" } else { "member" }
}

/// The part of the program that made a page.
fn behind(what: &str, code: &str) -> Markup {
    html! {
        figure {
            figcaption { "The " (what) " behind this page" }
            pre { code { (code) } }
        }
    }
}
