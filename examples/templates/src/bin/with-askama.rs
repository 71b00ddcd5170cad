//! The page with Askama: a page's struct has the session and the user, and its template asks the session itself.

use std::error::Error;

use askama::Template;
use axum::Router;
use axum::response::Html;
use axum::routing::get;
use muffin_session::{CurrentUser, Session};
use templates::{PageError, User};

#[derive(Template)]
#[template(path = "askama/home.html")]
struct Home {
    title: &'static str,
    /// For the layout: its messages are taken by the template, and by no page that shows none.
    session: Session,
    user: Option<User>,
}

async fn home(
    session: Session,
    user: Option<CurrentUser<User>>,
) -> Result<Html<String>, PageError> {
    let home = Home {
        title: "Home",
        session,
        user: user.map(|CurrentUser(user)| user),
    };
    Ok(Html(home.render()?))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    templates::serve(Router::new().route("/", get(home))).await
}
