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
                    p.lead { "No password was typed, and none can be stolen." }
                    p { a.button href="/passkeys" { "Your passkeys" } }
                }
                None => {
                    h1 { "Nobody is logged in" }
                    p.lead { "This site keeps no passwords: a key on your device says who you are." }
                    p { a.button href="/login" { "Log in" } }
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
            div.columns {
                form #login.card data-passkey="get" action="/login" {
                    h2 { "With a passkey" }
                    (problem())
                    button { "Log in with a passkey" }
                }
                form #register.card data-passkey="create" action="/register" {
                    h2 { "For the first time" }
                    (problem())
                    label for="name" { "Your name" }
                    input #name name="name" required maxlength="40" autocomplete="username";
                    button.quiet { "Create an account" }
                }
            }
        },
    )
}

pub(crate) fn confirm(session: &Session, user: &User) -> Markup {
    frame(
        session,
        Some(user),
        "Confirm that it is you",
        &html! {
            h1 { "Confirm that it is you" }
            p.lead { "You logged in a while ago, and what comes next is sensitive." }
            form #confirm.card.narrow data-passkey="get" action="/confirm" {
                (problem())
                button { "Confirm with a passkey" }
            }
        },
    )
}

pub(crate) fn keys(session: &Session, user: &User) -> Markup {
    frame(
        session,
        Some(user),
        "Passkeys",
        &html! {
            h1 { "Passkeys" }
            p.lead { "Each of them logs you in. Have one on a second device, and remove those of devices that you have lost." }
            ul.devices {
                @for key in &user.keys {
                    li.card {
                        div { h2 { "Passkey " (key.number) } }
                        form method="post" action={ "/passkeys/" (key.number) "/remove" } {
                            button.quiet aria-label={ "Remove passkey " (key.number) } { "Remove" }
                        }
                    }
                }
            }
            form #add.below data-passkey="create" action="/passkeys" {
                (problem())
                button { "Add a passkey" }
            }
        },
    )
}

/// Where the script says what went wrong.
fn problem() -> Markup {
    html! { p.flash.error role="alert" hidden {} }
}

fn frame(session: &Session, user: Option<&User>, title: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " – Passkeys" }
                link rel="stylesheet" href="/style.css";
                script src="/passkeys.js" type="module" {}
            }
            body {
                header {
                    a.brand href="/" { "Passkeys" }
                    @if let Some(user) = user {
                        form.who method="post" action="/logout" {
                            a #user href="/passkeys" { (user.name) }
                            button.quiet { "Log out" }
                        }
                    } @else {
                        div.who { a.button href="/login" { "Log in" } }
                    }
                }
                main {
                    noscript { p.flash.error { "Passkeys need the script of this page." } }
                    @for flash in session.get_flashed_messages() {
                        p.flash.error[flash.category == "error"] role="status" { (flash.message) }
                    }
                    (content)
                }
            }
        }
    }
}
