//! What every page with a header can do: show the waiting messages.

use maud::{DOCTYPE, Markup, html};
use muffin_session::Session;

/// Reading the messages needs no `await`, so a template can do it. Each is shown once.
pub(crate) async fn common_page(session: Session) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head { title { "A page" } }
            body {
                header {
                    @for flash in session.get_flashed_messages() {
                        p class=(flash.category) { (flash.message) }
                    }
                }
                main { "Other content" }
            }
        }
    }
}
