//! The pages of the staff area.

use maud::{Markup, html};
use muffin_session::SessionOf;

use super::frame::Frame;
use super::notes::count;
use super::{behind, role};
use crate::notes::Notes;
use crate::team::Staff;
use crate::users::User;
use crate::visitor::Visitor;

pub(crate) fn staff(
    session: &SessionOf<Staff>,
    staff: &Staff,
    visitor: &Visitor,
    notes: &Notes,
) -> Markup {
    Frame::of_staff(session, Some(staff), "Staff", "/staff").around(&html! {
        h1 { "Staff" }
        (who(staff, visitor))
        dl.card {
            dt { "On the site" }
            dd #visitor { @if let Some(user) = visitor.user() { (user.name) } @else { "nobody is logged in" } }
            dt { "In that session" } dd #notes { (count(notes.items.len())) }
        }
        (behind("routes", "Router::new()\n    .route(\"/\", get(overview))\n    .route(\"/users\", get(users))\n    .route_layer(GuardLayer::login_required_as::<Staff>())"))
    })
}

pub(crate) fn staff_users(
    session: &SessionOf<Staff>,
    staff: &Staff,
    visitor: &Visitor,
    users: &[User],
) -> Markup {
    Frame::of_staff(session, Some(staff), "Users", "/staff/users").around(&html! {
        h1 { "Users" }
        (who(staff, visitor))
        div.card {
            table {
                thead { tr { th scope="col" { "Name" } th scope="col" { "Role" } th scope="col" { "Password changed" } } }
                tbody {
                    @for user in users {
                        tr { th scope="row" { (user.name) } td { (role(user)) } td { (times(user.password_changes)) } }
                    }
                }
            }
        }
    })
}

/// Who looks at the page, in each of the browser's two sessions.
fn who(staff: &Staff, visitor: &Visitor) -> Markup {
    html! {
        p.lead {
            "Only staff see this page, and you are " b { (staff.name) } ". "
            @match visitor.user() {
                Some(user) => { "On the site, this browser is logged in as " b { (user.name) } "." },
                None => "On the site, nobody is logged in.",
            }
        }
    }
}

fn times(changes: u32) -> Markup {
    match changes {
        0 => html! { "never" },
        1 => html! { "once" },
        more => html! { (more) " times" },
    }
}
