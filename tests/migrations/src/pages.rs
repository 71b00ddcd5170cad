//! The shop's pages, which a move does not touch.

use std::fmt::Display;

use axum::response::Html;

/// The form to log in with. It has no `action`, so that browsers post it to the URL that it stands on, and besides a field for `next`
/// where that is given.
pub fn login(messages: impl IntoIterator<Item: Display>, next: Option<&str>) -> Html<String> {
    let next = next.map_or_else(String::new, |next| {
        format!(
            "<input type=\"hidden\" name=\"next\" value=\"{}\">",
            escape(next)
        )
    });
    page(
        messages,
        &format!(
            "<form method=\"post\">{next}<input name=\"name\"><input name=\"password\" type=\"password\">\
             <input name=\"remember\" type=\"checkbox\"><button>Log in</button></form>"
        ),
    )
}

/// The page of somebody who is logged in.
pub fn home(messages: impl IntoIterator<Item: Display>, name: &str) -> Html<String> {
    page(messages, &format!("Hello, {}", escape(name)))
}

/// What is in the cart.
pub fn cart(messages: impl IntoIterator<Item: Display>, items: &[String]) -> Html<String> {
    page(
        messages,
        &format!("In the cart: {}", escape(&items.join(", "))),
    )
}

fn page(messages: impl IntoIterator<Item: Display>, body: &str) -> Html<String> {
    let mut shown = String::new();
    for message in messages {
        shown += "<p>";
        shown += &escape(&message.to_string());
        shown += "</p>";
    }
    Html(format!(
        "<!doctype html><title>The shop</title>{shown}<main>{body}</main>"
    ))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}
