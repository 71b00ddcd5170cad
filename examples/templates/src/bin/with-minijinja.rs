//! The page with MiniJinja: `PageContext` tells a template who is logged in, and which messages wait.

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Html;
use axum::routing::get;
use minijinja::{Environment, context};
use muffin_session::PageContext;
use templates::{PageError, User};

type Templates = Arc<Environment<'static>>;

async fn home(
    page: PageContext<User>,
    State(templates): State<Templates>,
) -> Result<Html<String>, PageError> {
    let home = templates.get_template("home.html")?;
    Ok(Html(home.render(context! { title => "Home", ..page })?))
}

/// All templates, built into the program. MiniJinja escapes what their names say is HTML.
fn environment() -> Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    for (name, source) in [
        (
            "layout.html",
            include_str!("../../templates/minijinja/layout.html"),
        ),
        (
            "home.html",
            include_str!("../../templates/minijinja/home.html"),
        ),
    ] {
        environment.add_template(name, source)?;
    }
    Ok(environment)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let pages = Router::new().route("/", get(home));
    templates::serve(pages.with_state(Arc::new(environment()?))).await
}
