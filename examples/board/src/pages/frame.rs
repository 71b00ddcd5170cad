//! What stands around a page's content, and what comes along with a part of one: the navigation, and the messages that wait.

use maud::{DOCTYPE, Markup, html};
use muffin_session::Flash;

use crate::users::User;
use crate::visitor::Visitor;

/// HTMX puts what it is sent into the page, also where a form has to be filled in again, and adds no style or script of its own: the
/// site's Content-Security-Policy would not allow them. It is done with an answer at once, so that none comes in between before the
/// focus is where it belongs.
const HTMX: &str = r#"{"includeIndicatorStyles":false,"defaultSettleDelay":0,"allowEval":false,"historyCacheSize":0,"responseHandling":[{"code":"[23]..","swap":true},{"code":"422","swap":true},{"code":"...","swap":false,"error":true}]}"#;

/// For whom a page is.
enum Who<'a> {
    User(&'a User),
    Guest,
    /// Nobody has looked, and perhaps nobody can.
    Unknown,
}

/// A whole page. It shows the messages that wait, and so they count as read. `path` says which link of the navigation leads here.
pub(super) fn page(visitor: &Visitor, title: &str, path: &str, content: &Markup) -> Markup {
    let flashes = visitor.session.get_flashed_messages();
    let who = visitor.user.as_ref().map_or(Who::Guest, Who::User);
    whole(&who, title, path, &flashes, content)
}

/// A page that needs no session.
pub(super) fn bare_page(title: &str, content: &Markup) -> Markup {
    whole(&Who::Unknown, title, "", &[], content)
}

/// A part of a page that HTMX puts in place, and the messages that wait, which it puts where messages stand.
pub(super) fn part(visitor: &Visitor, content: &Markup) -> Markup {
    let flashes = visitor.session.get_flashed_messages();
    html! {
        (content)
        div hx-swap-oob="innerHTML:#errors" { (errors(&flashes)) }
        div hx-swap-oob="innerHTML:#notices" { (notices(&flashes)) }
    }
}

fn whole(who: &Who<'_>, title: &str, path: &str, flashes: &[Flash], content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="htmx-config" content=(HTMX);
                title { (title) " – Board" }
                link rel="icon" href="/assets/icon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/assets/style.css";
                script src="/assets/htmx.min.js" defer {}
                script src="/assets/board.js" type="module" {}
            }
            body data-live=[matches!(who, Who::User(_)).then_some("/live")] {
                a.skip href="#content" { "Skip to the content" }
                (header(who, path))
                main #content tabindex="-1" {
                    // The roles are there before what they say, so that screen readers notice what comes later.
                    div #messages {
                        div #errors role="alert" { (errors(flashes)) }
                        div #notices role="status" { (notices(flashes)) }
                    }
                    (content)
                }
                // What others do meanwhile, and what could not be done, is told here by scripts.
                div #news {
                    div role="alert" {}
                    // A note that is added is said alone, without one that stands there.
                    div role="status" aria-atomic="false" aria-label="News" {}
                }
                footer { p { "A shared board, with sessions by Muffin-Session for axum." } }
            }
        }
    }
}

fn header(who: &Who<'_>, path: &str) -> Markup {
    let link = |to: &str, name: &str| {
        html! { a href=(to) aria-current=[(to == path).then_some("page")] { (name) } }
    };
    html! {
        header {
            a.brand href="/" {
                img src="/assets/icon.svg" alt="" width="28" height="28";
                "Board"
            }
            nav aria-label="Site" {
                (link("/", "Cards"))
                @match who {
                    Who::User(user) => {
                        @if user.is_staff() { (link("/staff", "Staff")) }
                        a.me href="/account" aria-current=[path.starts_with("/account").then_some("page")] {
                            span.sr { "Your account: " } (user.name)
                        }
                        form method="post" action="/logout" { button.plain { "Log out" } }
                    }
                    Who::Guest => {
                        (link("/login", "Log in"))
                        (link("/register", "Register"))
                    }
                    Who::Unknown => {}
                }
            }
        }
    }
}

fn errors(flashes: &[Flash]) -> Markup {
    html! {
        @for flash in flashes.iter().filter(|flash| is_error(flash)) {
            p.note.error { (in_words(&flash.message)) }
        }
    }
}

fn notices(flashes: &[Flash]) -> Markup {
    html! {
        @for flash in flashes.iter().filter(|flash| !is_error(flash)) {
            p.note { (flash.message) }
        }
    }
}

fn is_error(flash: &Flash) -> bool {
    flash.category == "error"
}

/// What went wrong, said to be that in words: not everybody sees colours.
pub(super) fn in_words(problem: &str) -> Markup {
    html! { b { "Error:" } " " (problem) }
}
