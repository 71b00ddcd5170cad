//! Sessions in MySQL or MariaDB, and an admin who throws somebody out.
//!
//! `cargo run -p recipes --features mysql --bin store_mysql`, then:
//! ```console
//! $ curl -c ann -X POST localhost:3000/login/ann       # the admin
//! $ curl -c bob -X POST localhost:3000/login/bob
//! $ curl -b ann -X POST localhost:3000/users/bob/end   # ends bob's logins, in every process
//! $ curl -b bob -i localhost:3000/
//! ```
//! Processes with the same `SESSION_SECRET` and `MYSQL_URL` are one site.
use axum::extract::{Path, State};
use axum::{Router, routing::get, routing::post};
use muffin_session::{CurrentUser, Error, MySqlStore, Secret, Session, Sessions};
use muffin_session::{login_required, user_loader, user_pass};

#[derive(Clone)]
struct User(String);

#[user_loader]
async fn load_user(name: String) -> Option<User> {
    Some(User(name)) // in your application a query
}

#[login_required]
async fn home(CurrentUser(user): CurrentUser<User>) -> String {
    format!("Hello, {}\n", user.0)
}

#[user_pass(|user: &User| user.0 == "ann")]
async fn end(State(sessions): State<Sessions>, Path(name): Path<String>) -> Result<(), Error> {
    sessions.end_sessions_of(name).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt::init();
    let secret = Secret::from_env("SESSION_SECRET").or_else(|error| {
        tracing::warn!("for development, a secret that ends with the process: {error}");
        Secret::generate()
    })?;
    let url = std::env::var("MYSQL_URL");
    let url = url.unwrap_or_else(|_| "mysql://root@127.0.0.1/test".to_owned());
    let builder = Sessions::builder(secret).user_loader(load_user);
    let sessions = builder.store(MySqlStore::connect_lazy(&url)?).build()?;
    sessions.prepare_store().await?; // makes the table, unless it is there
    let _sweeper = sessions.sweep_every(std::time::Duration::from_mins(5)); // removes what is over
    // After a look at the password, in your application.
    let login = async |session: Session, Path(name): Path<String>| session.login(name);
    let app = Router::new()
        .route("/", get(home))
        .route("/login/{name}", post(login))
        .route("/users/{name}/end", post(end))
        .with_state(sessions.clone())
        .layer(sessions);
    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    tracing::info!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}
