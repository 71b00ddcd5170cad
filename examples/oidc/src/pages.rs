//! The pages.

use maud::{DOCTYPE, Markup, html};
use muffin_session::Session;

use crate::accounts::User;

pub(crate) fn home(session: &Session, user: Option<&User>) -> Markup {
    frame(
        session,
        user,
        "Home",
        &html! {
            @match user {
                Some(user) => {
                    h1 { "Hello, " (user.name) }
                    p.lead { "You came by way of your provider." }
                    p { a.button href="/account" { "Your account" } }
                }
                None => {
                    h1 { "Nobody is logged in" }
                    p.lead { "This site keeps no passwords: somebody else says who you are." }
                }
            }
        },
    )
}

pub(crate) fn login(session: &Session, user: Option<&User>) -> Markup {
    frame(
        session,
        user,
        "Log in",
        &html! {
            h1 { "Log in" }
            @if let Some(user) = user {
                p.lead { "You are logged in as " b { (user.name) } ". To be somebody else, log in again." }
            }
            form.card.narrow method="post" {
                button { "Log in with your provider" }
            }
        },
    )
}

pub(crate) fn account(session: &Session, user: &User) -> Markup {
    frame(
        session,
        Some(user),
        "Account",
        &html! {
            h1 { "Account" }
            dl.card {
                dt { "Name" } dd #name { (user.name) }
                dt { "Address" } dd #email { (user.email.as_deref().unwrap_or("none that is verified")) }
            }
            form.below method="post" action="/logout/provider" {
                button.quiet { "Log out at the provider too" }
            }
        },
    )
}

fn frame(session: &Session, user: Option<&User>, title: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " – OpenID Connect" }
                link rel="stylesheet" href="/style.css";
            }
            body {
                header {
                    a.brand href="/" { "OpenID Connect" }
                    @if let Some(user) = user {
                        form.who method="post" action="/logout" {
                            a #user href="/account" { (user.name) }
                            button.quiet { "Log out" }
                        }
                    } @else {
                        div.who { a.button href="/login" { "Log in" } }
                    }
                }
                main {
                    @for flash in session.get_flashed_messages() {
                        p.flash.error[flash.category == "error"] role="status" { (flash.message) }
                    }
                    (content)
                }
            }
        }
    }
}
