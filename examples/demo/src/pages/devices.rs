//! The devices page.

use std::time::{Duration, SystemTime};

use maud::{Markup, html};
use muffin_session::UserSession;

use super::behind;
use super::frame::Frame;
use crate::kept::Kept;
use crate::visitor::Visitor;

/// The logins of whoever looks, where somebody knows them.
pub(crate) fn devices(visitor: &Visitor, logins: Option<&[UserSession]>) -> Markup {
    let now = SystemTime::now();
    Frame::of(visitor, "Devices", "/devices").around(&html! {
        h1 { "Devices" }
        @match logins {
            Some(logins) => {
                p.lead {
                    (count(logins.len())) " Sessions are in a store" (called(visitor.kept)) ", so "
                    @if logins.len() > 1 { "what you end here ends at once." } @else { "logins in other browsers would be listed here too." }
                }
                ul.devices {
                    @for (number, login) in (1..).zip(logins) {
                        (device(number, login, now))
                    }
                }
                @if logins.len() > 1 {
                    form.everywhere method="post" action="/devices/end-others" {
                        button { "Log out everywhere else" }
                    }
                }
                (behind("handler", "#[login_required]\nasync fn list(visitor: Visitor) -> Result<Markup, AppError> {\n    let logins = visitor.session.all_sessions().await?;\n    Ok(pages::devices(&visitor, &logins))\n}"))
            }
            None => {
                p.lead { "This page lists where you are logged in, once sessions are in a store. Now they are in your browsers' cookies, and only those know." }
                p { "To see it, start the demo with " code { "SESSION_STORE=memory:" } ", or with a database: the README says how." }
            }
        }
    })
}

/// One login, and the way to end it: that of this browser ends at the top of the page.
fn device(number: usize, login: &UserSession, now: SystemTime) -> Markup {
    let name = login.label().unwrap_or("Unknown browser");
    let since = |time| now.duration_since(time).unwrap_or_default();
    html! {
        li.card {
            div {
                h2 id={ "device-" (number) } {
                    (name)
                    @if login.is_current() { " " span.badge { "this one" } }
                }
                p { "Logged in " (ago(since(login.begun_at()))) ", last seen " (seen(since(login.last_seen()))) }
            }
            @if !login.is_current() {
                form method="post" action={ "/devices/" (login.id()) "/end" } {
                    button.quiet aria-describedby={ "device-" (number) } { "Log out there" }
                }
            }
        }
    }
}

fn count(logins: usize) -> String {
    match logins {
        0 | 1 => "This is your only login.".to_owned(),
        more => format!("You have {more} logins."),
    }
}

fn called(kept: Kept) -> Markup {
    html! {
        @if let Kept::InStore(store) = kept { " (" (store) ")" }
    }
}

/// The last activity is noted every ten minutes, so that less than that says nothing.
fn seen(passed: Duration) -> String {
    if passed < Duration::from_mins(10) {
        return "in the last ten minutes".to_owned();
    }
    ago(passed)
}

fn ago(passed: Duration) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    let (count, unit) = match passed.as_secs() {
        seconds if seconds < MINUTE => return "just now".to_owned(),
        seconds if seconds < HOUR => (seconds / MINUTE, "minute"),
        seconds if seconds < DAY => (seconds / HOUR, "hour"),
        seconds => (seconds / DAY, "day"),
    };
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{s} ago")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_the_largest_unit_that_fits() {
        for (seconds, told) in [
            (0, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (3_599, "59 minutes ago"),
            (3_600, "1 hour ago"),
            (86_399, "23 hours ago"),
            (86_400, "1 day ago"),
            (30 * 86_400, "30 days ago"),
        ] {
            assert_eq!(ago(Duration::from_secs(seconds)), told);
        }
        assert_eq!(seen(Duration::from_secs(599)), "in the last ten minutes");
        assert_eq!(seen(Duration::from_secs(600)), "10 minutes ago");
    }
}
