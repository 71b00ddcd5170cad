//! Every shape of a user loader.
#![deny(warnings, missing_docs, missing_debug_implementations)]

use std::fmt;

use axum::extract::{Extension, FromRef, State};
use axum::http::HeaderMap;
use muffin_session::{UserLoader, user_loader};
use serde::Deserialize;
use tracing::instrument;

#[derive(Clone, Debug)]
struct User(#[allow(dead_code)] String);

#[derive(Clone, Debug)]
struct Db;

#[derive(Clone, Debug)]
struct App {
    db: Db,
}

impl FromRef<App> for Db {
    fn from_ref(app: &App) -> Db {
        app.db.clone()
    }
}

#[derive(Debug)]
struct DbError;

impl fmt::Display for DbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the database is away")
    }
}

impl std::error::Error for DbError {}

impl Db {
    async fn user(&self, id: u64) -> Result<Option<User>, DbError> {
        match id {
            0 => Err(DbError),
            _ => Ok(Some(User(id.to_string()))),
        }
    }
}

#[user_loader]
fn sync(id: u64) -> Option<User> {
    (id == 1).then(|| User(id.to_string()))
}

#[user_loader]
fn sync_with_state(id: u64, State(db): State<Db>) -> Result<Option<User>, DbError> {
    drop(db);
    Ok(Some(User(id.to_string())))
}

#[user_loader]
async fn with_state(id: u64, State(db): State<Db>) -> Result<Option<User>, DbError> {
    db.user(id).await
}

#[user_loader]
async fn with_several(
    id: u64,
    State(db): State<Db>,
    headers: HeaderMap,
    more_headers: HeaderMap,
    Extension(mut number): Extension<u64>,
) -> Result<Option<User>, DbError> {
    number += u64::try_from(headers.len() + more_headers.len()).unwrap_or_default();
    db.user(id + number).await
}

type Loaded = Result<Option<User>, Box<dyn std::error::Error + Send + Sync>>;

#[user_loader]
async fn alias(id: u64, State(db): State<Db>) -> Loaded {
    Ok(db.user(id).await?)
}

#[derive(Deserialize)]
struct Id {
    tenant: u32,
    user: u64,
}

#[user_loader]
#[instrument(skip(user))]
async fn taken_apart(Id { tenant, user }: Id) -> Option<User> {
    Some(User(format!("{tenant}/{user}")))
}

/// With everything that can be said about a function.
#[doc = "And more."]
#[user_loader(crate = ::muffin_session)]
#[allow(clippy::no_effect_underscore_binding)]
#[cfg(all())]
#[instrument]
pub(crate) async fn r#loop(r#type: String) -> Option<User> {
    let _unused = 7;
    Some(User(r#type))
}

/// A loader that calls itself.
#[user_loader]
fn counting(id: u64) -> Option<User> {
    if id > 100 {
        counting(id - 100)
    } else {
        Some(User(id.to_string()))
    }
}

fn is_loader<S>(loader: impl UserLoader<S, User = User> + Copy + fmt::Debug) {
    let _ = loader;
}

fn main() {
    #[user_loader]
    fn in_a_function(id: u64) -> Option<User> {
        Some(User(id.to_string()))
    }

    is_loader::<()>(sync);
    is_loader::<App>(sync);
    is_loader::<Db>(sync_with_state);
    is_loader::<App>(with_state);
    is_loader::<App>(with_several);
    is_loader::<App>(alias);
    is_loader::<()>(taken_apart);
    is_loader::<()>(r#loop);
    is_loader::<()>(counting);
    is_loader::<()>(in_a_function);
}
