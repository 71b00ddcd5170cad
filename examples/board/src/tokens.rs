//! API tokens: made once, shown once, kept as hashes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::error::Unspecified;
use ring::rand::{SecureRandom as _, SystemRandom};
use sqlx::any::AnyRow;
use sqlx::{Error, FromRow, Row as _};

use crate::db::Db;
use crate::users::User;
use crate::when::now;

/// How many tokens somebody may have.
pub(crate) const MOST: i64 = 20;

/// A token, as its owner sees it later on.
pub(crate) struct Token {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) created_at: i64,
}

/// A new token. It says what it is for, so that those who search published code for secrets can tell.
pub(crate) fn generate() -> Result<String, Unspecified> {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes)?;
    Ok(format!("board_{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// What is kept of a token. It cannot be guessed, unlike a password, and so one round of SHA-256 is enough.
pub(crate) fn hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, token.as_bytes()))
}

impl Db {
    pub(crate) async fn tokens_of(&self, user: &User) -> Result<Vec<Token>, Error> {
        let query = sqlx::query_as("SELECT * FROM tokens WHERE user_id = $1 ORDER BY id");
        query.bind(user.id).fetch_all(&self.pool).await
    }

    /// Whether the token was added: not if there are too many.
    pub(crate) async fn add_token(
        &self,
        user: &User,
        name: &str,
        hash: &str,
    ) -> Result<bool, Error> {
        let query = sqlx::query(
            "INSERT INTO tokens (user_id, name, hash, created_at) SELECT $1, $2, $3, $4 \
             WHERE (SELECT COUNT(*) FROM tokens WHERE user_id = $1) < $5",
        );
        let query = query.bind(user.id).bind(name).bind(hash);
        let query = query.bind(now()).bind(MOST);
        Ok(query.execute(&self.pool).await?.rows_affected() == 1)
    }

    /// Whether there was such a token of this user.
    pub(crate) async fn revoke_token(&self, user: &User, id: i64) -> Result<bool, Error> {
        let query = sqlx::query("DELETE FROM tokens WHERE id = $1 AND user_id = $2");
        let query = query.bind(id).bind(user.id);
        Ok(query.execute(&self.pool).await?.rows_affected() == 1)
    }

    pub(crate) async fn user_of_token(&self, hash: &str) -> Result<Option<User>, Error> {
        let query = sqlx::query_as(
            "SELECT users.* FROM users JOIN tokens ON tokens.user_id = users.id WHERE tokens.hash = $1",
        );
        query.bind(hash).fetch_optional(&self.pool).await
    }
}

impl<'r> FromRow<'r, AnyRow> for Token {
    fn from_row(row: &'r AnyRow) -> Result<Self, Error> {
        Ok(Self {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            created_at: row.try_get("created_at")?,
        })
    }
}
