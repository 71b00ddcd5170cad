//! API tokens: made once, shown once, kept as hashes, and worth nothing after a while.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::error::Unspecified;
use ring::rand::{SecureRandom as _, SystemRandom};
use sqlx::any::AnyRow;
use sqlx::{Error, FromRow, Row as _};

use crate::db::Db;
use crate::error::AppError;
use crate::users::User;
use crate::when::{DAY, now};

/// How many tokens somebody may have.
const MOST: i64 = 20;

/// How many days a token is good for: one that was forgotten somewhere does not open an account for ever.
pub(crate) const DAYS: i64 = 90;

/// A token, as its owner sees it later on.
pub(crate) struct Token {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) created_at: i64,
    pub(crate) expires_at: i64,
}

impl Token {
    pub(crate) fn has_ended(&self) -> bool {
        self.expires_at <= now()
    }
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
    ///
    /// It is refused if the password has changed since the user was read. Such a change revokes all tokens, and whoever is logged out by
    /// it is not to be left with one that was made in the same moment.
    pub(crate) async fn add_token(
        &self,
        user: &User,
        name: &str,
        hash: &str,
    ) -> Result<bool, AppError> {
        let created_at = now();
        let query = sqlx::query(
            "INSERT INTO tokens (user_id, name, hash, created_at, expires_at) SELECT $1, $2, $3, $4, $5 \
             WHERE (SELECT COUNT(*) FROM tokens WHERE user_id = $1) < $6",
        );
        let query = query.bind(user.id).bind(name).bind(hash);
        let query = query.bind(created_at).bind(created_at + DAYS * DAY);
        let query = query.bind(MOST);
        let mut transaction = self.pool.begin().await?;
        // Whoever else counts this user's tokens, or changes the password, waits here.
        let wait = sqlx::query("UPDATE users SET role = role WHERE id = $1 AND password_hash = $2");
        let wait = wait.bind(user.id).bind(user.password_hash());
        if wait.execute(&mut *transaction).await?.rows_affected() != 1 {
            return Err(muffin_session::Error::Ended.into());
        }
        // Those that have ended take no room.
        let clear = sqlx::query("DELETE FROM tokens WHERE user_id = $1 AND expires_at <= $2");
        let clear = clear.bind(user.id).bind(created_at);
        clear.execute(&mut *transaction).await?;
        let done = query.execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    /// Whether there was such a token of this user.
    pub(crate) async fn revoke_token(&self, user: &User, id: i64) -> Result<bool, Error> {
        let query = sqlx::query("DELETE FROM tokens WHERE id = $1 AND user_id = $2");
        let query = query.bind(id).bind(user.id);
        Ok(query.execute(&self.pool).await?.rows_affected() == 1)
    }

    /// Whose token it is: nobody's, once it has ended.
    pub(crate) async fn user_of_token(&self, hash: &str) -> Result<Option<User>, Error> {
        let query = sqlx::query_as(
            "SELECT users.* FROM users JOIN tokens ON tokens.user_id = users.id \
             WHERE tokens.hash = $1 AND tokens.expires_at > $2",
        );
        let query = query.bind(hash).bind(now());
        query.fetch_optional(&self.pool).await
    }
}

impl<'r> FromRow<'r, AnyRow> for Token {
    fn from_row(row: &'r AnyRow) -> Result<Self, Error> {
        Ok(Self {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            created_at: row.try_get("created_at")?,
            expires_at: row.try_get("expires_at")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use muffin_session::Error::Ended;

    use super::*;

    async fn ann_on_a_board() -> (Db, User) {
        let db = Db::open("sqlite::memory:").await.unwrap();
        let ann = db.add_user("ann", "a hash").await.unwrap().unwrap();
        (db, ann)
    }

    /// Sets the time at which all tokens end.
    async fn end_at(db: &Db, time: i64) {
        let query = sqlx::query("UPDATE tokens SET expires_at = $1").bind(time);
        query.execute(&db.pool).await.unwrap();
    }

    #[tokio::test]
    async fn a_token_ends() {
        let (db, ann) = ann_on_a_board().await;
        assert!(db.add_token(&ann, "backup", "one").await.unwrap());
        assert!(db.user_of_token("one").await.unwrap().is_some());
        let [token] = &db.tokens_of(&ann).await.unwrap()[..] else {
            panic!("there is one");
        };
        assert_eq!(token.expires_at, token.created_at + 90 * 86_400);
        assert!(!token.has_ended());

        end_at(&db, now()).await;
        assert!(db.user_of_token("one").await.unwrap().is_none());
        assert!(db.tokens_of(&ann).await.unwrap()[0].has_ended());
    }

    #[tokio::test]
    async fn tokens_that_have_ended_take_no_room() {
        let (db, ann) = ann_on_a_board().await;
        for number in 0..MOST {
            let hash = number.to_string();
            assert!(db.add_token(&ann, "backup", &hash).await.unwrap());
        }
        assert!(!db.add_token(&ann, "backup", "more").await.unwrap());
        end_at(&db, now()).await;
        assert!(db.add_token(&ann, "backup", "more").await.unwrap());
        assert_eq!(db.tokens_of(&ann).await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn no_token_is_made_with_a_password_that_was_changed_meanwhile() {
        let (db, ann) = ann_on_a_board().await;
        // Whoever has taken the session over has come past the guard, and then the password is changed.
        assert!(db.add_token(&ann, "before", "before").await.unwrap());
        let changed = db.change_password(&ann, "another hash").await.unwrap();
        let refused = db.add_token(&ann, "after", "after").await;
        assert!(matches!(refused, Err(AppError::Session(Ended))));
        assert!(db.tokens_of(&ann).await.unwrap().is_empty());
        let ann = changed.unwrap();
        assert!(db.add_token(&ann, "after", "after").await.unwrap());
    }
}
