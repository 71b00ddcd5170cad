//! The forms that ask for a password: to log in, as a user or as staff, and to confirm a login.

use maud::{Markup, html};
use muffin_session::SessionOf;

use super::frame::Frame;
use crate::team::{DEMO_STAFF, Staff};
use crate::users::DEMO_USERS;
use crate::visitor::Visitor;

/// How a login form is shown.
#[derive(Clone, Copy)]
pub(crate) enum LoginForm<'a> {
    /// Empty.
    Fresh,
    /// After a wrong name or password: with what was given besides the password.
    Refused { name: &'a str, remember: bool },
}

impl LoginForm<'_> {
    fn title(self) -> &'static str {
        match self {
            Self::Fresh => "Log in",
            Self::Refused { .. } => "Error: log in",
        }
    }
}

pub(crate) fn login(visitor: &Visitor, form: LoginForm<'_>) -> Markup {
    let remember = matches!(form, LoginForm::Refused { remember: true, .. });
    Frame::of(visitor, form.title(), "/login").around(&html! {
        h1 { "Log in" }
        @if let Some(user) = visitor.user() {
            (somebody_already(&user.name))
        }
        div.columns {
            (login_form(form, &html! {
                label.check {
                    input name="remember" type="checkbox" value="true" checked[remember];
                    "Remember me for two weeks"
                }
            }))
            (demo_logins("Demo users", &html! {
                @for user in DEMO_USERS {
                    tr {
                        th scope="row" { (user.name) @if user.is_admin { " (admin)" } }
                        td { code { (user.password) } }
                    }
                }
            }))
        }
    })
}

pub(crate) fn staff_login(
    session: &SessionOf<Staff>,
    staff: Option<&Staff>,
    form: LoginForm<'_>,
) -> Markup {
    Frame::of_staff(session, staff, form.title(), "/staff/login").around(&html! {
        h1 { "Log in as staff" }
        @if let Some(staff) = staff {
            (somebody_already(&staff.name))
        } @else {
            p.lead { "Staff have logins of their own: those of the site count for nothing here, and these nothing there." }
        }
        div.columns {
            (login_form(form, &html! {}))
            (demo_logins("Demo staff", &html! {
                @for staff in DEMO_STAFF {
                    tr { th scope="row" { (staff.name) } td { code { (staff.password) } } }
                }
            }))
        }
    })
}

fn somebody_already(name: &str) -> Markup {
    html! {
        p.lead { "You are logged in as " b { (name) } ". To be somebody else, log in again." }
    }
}

fn login_form(form: LoginForm<'_>, more: &Markup) -> Markup {
    let (name, describedby) = match form {
        LoginForm::Fresh => ("", None),
        LoginForm::Refused { name, .. } => (name, Some("messages")),
    };
    let invalid = describedby.map(|_| "true");
    html! {
        form.card method="post" {
            label for="name" { "Name" }
            input #name name="name" value=(name) required autofocus autocomplete="username" autocapitalize="none"
                spellcheck="false" aria-invalid=[invalid] aria-describedby=[describedby];
            label for="password" { "Password" }
            input #password name="password" type="password" required autocomplete="current-password"
                aria-invalid=[invalid] aria-describedby=[describedby];
            (more)
            button { "Log in" }
        }
    }
}

fn demo_logins(heading: &str, rows: &Markup) -> Markup {
    html! {
        section.card aria-labelledby="demo-logins" {
            h2 #demo-logins { (heading) }
            table {
                thead { tr { th scope="col" { "Name" } th scope="col" { "Password" } } }
                tbody { (rows) }
            }
        }
    }
}

/// How the form to confirm a login is shown.
#[derive(Clone, Copy)]
pub(crate) enum ConfirmForm {
    /// Empty.
    Fresh,
    /// After a wrong password.
    Refused,
}

pub(crate) fn confirm(visitor: &Visitor, form: ConfirmForm) -> Markup {
    let (title, describedby) = match form {
        ConfirmForm::Fresh => ("Confirm your password", None),
        ConfirmForm::Refused => ("Error: confirm your password", Some("messages")),
    };
    let invalid = describedby.map(|_| "true");
    Frame::of(visitor, title, "/confirm").around(&html! {
        h1 { "Confirm your password" }
        p.lead { "Being logged in is not enough for what comes next: anybody could be at this browser by now." }
        form.card.narrow method="post" {
            @if let Some(user) = visitor.user() {
                (whose_password(&user.name))
            }
            label for="password" { "Password" }
            input #password name="password" type="password" required autofocus autocomplete="current-password"
                aria-invalid=[invalid] aria-describedby=[describedby];
            button { "Go on" }
        }
    })
}

/// Tells password managers whose password a form without a name asks for.
pub(super) fn whose_password(name: &str) -> Markup {
    html! {
        input name="name" value=(name) autocomplete="username" readonly hidden;
    }
}
