//! The program of `docs/start.md` as it is after its last step: users are in a database.

use argon2::Argon2;
use argon2::password_hash::{self, PasswordHasher, PasswordVerifier};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, Redirect};
use axum::routing::get;
use axum::{Form, Router};
use muffin_session::{
    CurrentUser, NextUrl, Secret, Session, Sessions, login_required, user_loader, user_pass,
};
use serde::Deserialize;
use sqlx::SqlitePool;
use tokio::task::spawn_blocking;

type AnyError = Box<dyn std::error::Error + Send + Sync>;

#[derive(Clone)]
pub(super) struct User {
    name: String,
}

#[user_loader]
pub(super) async fn load_user(
    id: i64,
    State(db): State<SqlitePool>,
) -> Result<Option<User>, sqlx::Error> {
    let query = sqlx::query_as("SELECT name FROM users WHERE id = ?").bind(id);
    let found: Option<(String,)> = query.fetch_optional(&db).await?;
    Ok(found.map(|(name,)| User { name }))
}

async fn home(user: Option<CurrentUser<User>>, session: Session) -> String {
    let mut page = String::new();
    for message in session.get_flashed_messages() {
        page += &format!("* {message}\n");
    }
    page += &match user {
        Some(CurrentUser(user)) => format!("Hello, {}!", user.name),
        None => "Hello, stranger! Log in at /login.".to_owned(),
    };
    page
}

async fn login_page(session: Session) -> Html<String> {
    let mut page = String::new();
    for message in session.get_flashed_messages() {
        // Texts of this program: what people have written has to be escaped, as templates do.
        page += &format!("<p>{message}</p>");
    }
    page += "<form method=post>
        <input name=name placeholder=Name required>
        <input name=password type=password placeholder=Password required>
        <button>Log in</button>
    </form>";
    Html(page)
}

#[derive(Deserialize)]
struct Credentials {
    name: String,
    password: String,
}

async fn login(
    State(db): State<SqlitePool>,
    session: Session,
    next: NextUrl,
    Form(form): Form<Credentials>,
) -> axum::response::Result<Redirect> {
    let Some(id) = who(&db, form).await.map_err(failed)? else {
        session.flash_with("error", "There is no such name with that password")?;
        return Ok(Redirect::to(&next.append_to("/login")));
    };
    session.login(id)?; // an i64, as the loader takes it
    session.flash("You are logged in")?;
    Ok(next.redirect_or("/"))
}

/// The id of the user who has this name and password.
async fn who(db: &SqlitePool, form: Credentials) -> Result<Option<i64>, AnyError> {
    let query = sqlx::query_as("SELECT id, password FROM users WHERE name = ?").bind(form.name);
    let found: Option<(i64, String)> = query.fetch_optional(db).await?;
    let Some((id, kept)) = found else {
        hash(form.password).await?; // so that the time it takes does not say which names there are
        return Ok(None);
    };
    let compare = move || Argon2::default().verify_password(form.password.as_bytes(), &*kept);
    match spawn_blocking(compare).await? {
        Ok(()) => Ok(Some(id)),
        Err(password_hash::Error::PasswordInvalid) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What is kept of a password. Argon2 takes its time on purpose, so it has a thread where it holds nobody up.
async fn hash(password: String) -> Result<String, AnyError> {
    let hash = move || Argon2::default().hash_password(password.as_bytes());
    Ok(spawn_blocking(hash).await??.to_string())
}

fn failed(error: AnyError) -> StatusCode {
    tracing::error!(error, "a login could not be looked at");
    StatusCode::INTERNAL_SERVER_ERROR
}

#[login_required]
async fn notes(CurrentUser(user): CurrentUser<User>) -> String {
    format!("The notes of {}", user.name)
}

#[user_pass(|user: &User| user.name == "Ann")]
async fn admin() -> &'static str {
    "Only Ann sees this"
}

async fn logout_page() -> Html<&'static str> {
    Html("<form method=post><button>Log out</button></form>")
}

async fn logout(session: Session) -> Result<Redirect, muffin_session::Error> {
    session.logout();
    session.flash("You are logged out")?;
    Ok(Redirect::to("/"))
}

/// The database, with Ann and Bob in it. An application has a page where people register.
pub(super) async fn open(url: &str) -> Result<SqlitePool, AnyError> {
    let db = SqlitePool::connect(url).await?;
    // AUTOINCREMENT: the id of a user who is gone is never another's.
    let table = "CREATE TABLE IF NOT EXISTS users (
        id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, password TEXT NOT NULL
    )";
    sqlx::query(table).execute(&db).await?;
    for (name, password) in [("Ann", "muffin"), ("Bob", "bagel")] {
        let kept = hash(password.to_owned()).await?;
        let insert = sqlx::query("INSERT OR IGNORE INTO users (name, password) VALUES (?, ?)");
        insert.bind(name).bind(kept).execute(&db).await?;
    }
    Ok(db)
}

pub(super) fn app(sessions: Sessions, db: SqlitePool) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/login", get(login_page).post(login))
        .route("/notes", get(notes))
        .route("/admin", get(admin))
        .route("/logout", get(logout_page).post(logout))
        .with_state(db)
        .layer(sessions) // after the routes: it covers those that are there
}

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    tracing_subscriber::fmt::init();
    let db = open("sqlite:users.db?mode=rwc").await?;
    let sessions = Sessions::builder(Secret::from_env("SESSION_SECRET")?)
        .user_loader_with_state(load_user, db.clone())
        .build()?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!("Open http://localhost:3000");
    axum::serve(listener, app(sessions, db)).await?;
    Ok(())
}
