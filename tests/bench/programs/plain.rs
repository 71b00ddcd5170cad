//! The pages of the README's program, without sessions.
use axum::response::{Html, Redirect};
use axum::{Form, Router, routing::get, routing::post};

async fn home() -> String {
    format!("Hello, {}", "Ann")
}

async fn admin() -> &'static str {
    "Admins only"
}

async fn login_page() -> Html<&'static str> {
    Html("<form method=post>0 for Ann, 1 for Bob: <input name=id><button>Log in</button></form>")
}

async fn login(form: Form<Who>) -> Redirect {
    Redirect::to(if form.id == 0 { "/admin" } else { "/" })
}

#[derive(serde::Deserialize)]
struct Who {
    id: usize,
}

async fn logout() -> Redirect {
    Redirect::to("/login")
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = Router::new()
        .route("/", get(home))
        .route("/admin", get(admin))
        .route("/login", get(login_page).post(login))
        .route("/logout", post(logout));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    Ok(axum::serve(listener, app).await?)
}
