//! What stands around a page's content: the navigation, who is logged in, the waiting messages.

use maud::{DOCTYPE, Markup, html};
use muffin_session::{Flash, SessionOf};

use crate::team::Staff;
use crate::visitor::Visitor;

/// A part of the site with a navigation and a login of its own.
struct Area {
    name: &'static str,
    home: &'static str,
    /// The pages that the navigation leads to.
    pages: &'static [(&'static str, &'static str)],
    login: &'static str,
    logout: &'static str,
    /// Where the name of who is logged in leads.
    account: Option<&'static str>,
}

const SITE: Area = Area {
    name: "Muffin demo",
    home: "/",
    pages: &[
        ("/", "Home"),
        ("/dashboard", "Dashboard"),
        ("/admin", "Admin"),
        ("/notes", "Notes"),
        ("/session", "Session"),
    ],
    login: "/login",
    logout: "/logout",
    account: Some("/account"),
};

const STAFF: Area = Area {
    name: "Muffin staff",
    home: "/staff",
    pages: &[
        ("/staff", "Overview"),
        ("/staff/users", "Users"),
        ("/", "Back to the site"),
    ],
    login: "/staff/login",
    logout: "/staff/logout",
    account: None,
};

/// What stands around a page's content.
pub(super) struct Frame<'a> {
    area: &'static Area,
    title: &'a str,
    /// Which link of the navigation is this page's own.
    path: &'a str,
    /// The name of who is logged in.
    who: Option<&'a str>,
    flashes: Vec<Flash>,
}

impl<'a> Frame<'a> {
    /// The frame for a visitor. It shows the waiting messages, and so they count as read.
    pub(super) fn of(visitor: &'a Visitor, title: &'a str, path: &'a str) -> Self {
        Self {
            area: &SITE,
            title,
            path,
            who: visitor.user().map(|user| user.name.as_str()),
            flashes: visitor.session.get_flashed_messages(),
        }
    }

    /// The frame of the staff area, with the messages that wait there.
    pub(super) fn of_staff(
        session: &SessionOf<Staff>,
        staff: Option<&'a Staff>,
        title: &'a str,
        path: &'a str,
    ) -> Self {
        Self {
            area: &STAFF,
            title,
            path,
            who: staff.map(|staff| staff.name.as_str()),
            flashes: session.get_flashed_messages(),
        }
    }

    /// A frame that needs no session.
    pub(super) fn bare(title: &'a str) -> Self {
        Self {
            area: &SITE,
            title,
            path: "",
            who: None,
            flashes: Vec::new(),
        }
    }

    pub(super) fn around(self, content: &Markup) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) " – " (self.area.name) }
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
        let current = |path: &str| (path == self.path).then_some("page");
        html! {
            header {
                a.brand href=(self.area.home) {
                    img src="/icon.svg" alt="" width="32" height="32";
                    (self.area.name)
                }
                nav aria-label="Pages" {
                    ul {
                        @for (path, name) in self.area.pages {
                            li {
                                a href=(path) aria-current=[current(path)] { (name) }
                            }
                        }
                    }
                }
                @if let Some(name) = self.who {
                    form.who method="post" action=(self.area.logout) {
                        span {
                            span.sr { "Logged in as " }
                            @match self.area.account {
                                Some(account) => a #user href=(account) aria-current=[current(account)] { (name) },
                                None => b #user { (name) },
                            }
                        }
                        button.quiet { "Log out" }
                    }
                } @else if self.path != self.area.login {
                    div.who {
                        a.button href=(self.area.login) { "Log in" }
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
