//! A page that talks JSON with its server, which refuses it with problem documents (RFC 9457).
//!
//! `cargo run -p recipes --bin spa_json`, then <http://localhost:3000>, or with curl:
//! ```console
//! $ curl -c jar --json '{"name": "bob"}' localhost:3000/login            # ann is the admin
//! $ curl -b jar -i -H "Accept: application/json" localhost:3000/stats    # 403
//! ```
use axum::{Json, Router, response::Html, routing::get, routing::post};
use muffin_session::{self as muffin, CurrentUser, Secret, Session, Sessions};

const PAGE: &str = r#"<!doctype html><html lang=en><meta charset=utf-8><title>JSON</title>
<button id=ann>Ann</button> <button id=bob>Bob</button> <button id=stats>Statistics</button>
<pre></pre><script type=module>
const show = async answer => document.querySelector("pre").textContent = await answer.text();
const headers = {"content-type": "application/json"};
const login = name => fetch("/login", {method: "POST", headers, body: JSON.stringify({name})}).then(() => fetch("/me"));
ann.onclick = bob.onclick = async ({target}) => show(await login(target.id));
stats.onclick = async () => show(await fetch("/stats"));
show(await fetch("/me"));
</script>"#;

#[derive(Clone, serde::Serialize, serde::Deserialize)]
struct User {
    name: String,
}

#[muffin::user_loader]
async fn load_user(name: String) -> Option<User> {
    Some(User { name }) // in your application a query
}

#[muffin::login_required]
async fn me(CurrentUser(user): CurrentUser<User>) -> Json<User> {
    Json(user)
}

#[muffin::user_pass(|user: &User| user.name == "ann")]
async fn stats() {}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt::init();
    let secret = Secret::from_env("SESSION_SECRET").or_else(|error| {
        tracing::warn!("for development, a secret that ends with the process: {error}");
        Secret::generate()
    })?;
    // After a look at the password, in your application.
    let login = async |session: Session, user: Json<User>| session.login(&user.name);
    let app = Router::new()
        .route("/", get(Html(PAGE)))
        .route("/login", post(login))
        .route("/me", get(me))
        .route("/stats", get(stats))
        .layer(Sessions::builder(secret).user_loader(load_user).build()?);
    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    tracing::info!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}
