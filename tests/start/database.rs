//! Where the last step of `docs/start.md` has its users.

use axum::extract::State;
use muffin_session::{ConfigError, Secret, Sessions, user_loader};
use sqlx::SqlitePool;

#[derive(Clone)]
pub(super) struct User {
    pub(super) name: String,
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

pub(super) fn sessions(secret: Secret, db: SqlitePool) -> Result<Sessions, ConfigError> {
    Sessions::builder(secret)
        .user_loader_with_state(load_user, db)
        .build()
}
