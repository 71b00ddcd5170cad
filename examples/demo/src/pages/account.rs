//! The account page.

use maud::{Markup, html};

use super::frame::Frame;
use super::login::whose_password;
use super::{behind, role};
use crate::visitor::Visitor;

/// The account page, and what is wrong with the new password that was given.
pub(crate) fn account(visitor: &Visitor, problem: Option<&str>) -> Markup {
    let title = problem.map_or("Account", |_| "Error: account");
    let describedby = problem.map_or("hint", |_| "problem hint");
    let invalid = problem.map(|_| "true");
    Frame::of(visitor, title, "/account").around(&html! {
        h1 { "Account" }
        @if let Some(user) = visitor.user() {
            p.lead {
                "Only people who gave their password in the last ten minutes see this page, and you are "
                b { (user.name) } ", " (role(user)) " number " (user.id) "."
            }
            form.card.narrow method="post" action="/account" {
                h2 { "Change your password" }
                @if let Some(problem) = problem {
                    p.flash.error #problem role="alert" { (problem) }
                }
                (whose_password(&user.name))
                label for="password" { "New password" }
                input #password name="password" type="password" required minlength="8" autofocus[problem.is_some()]
                    autocomplete="new-password" aria-invalid=[invalid] aria-describedby=(describedby);
                label for="again" { "The same again" }
                input #again name="again" type="password" required autocomplete="new-password" aria-invalid=[invalid];
                p.hint #hint { "At least 8 characters. Your logins in other browsers end, and this one goes on." }
                button { "Change it" }
            }
        }
        p.below { a href="/devices" { "Where you are logged in" } ", and how to log out there." }
        (behind("handler", "#[login_required(fresh = \"10m\")]\nasync fn form(visitor: Visitor) -> Markup {\n    pages::account(&visitor, None)\n}"))
    })
}
