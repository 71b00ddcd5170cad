//! Users: who they are, what they may do, and how a session or a token becomes one.

use std::fmt;

use axum::extract::State;
use muffin_session::user_loader;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{Any, Error, FromRow, Row as _, Transaction};

use crate::db::Db;
use crate::error::AppError;
use crate::paging::{Page, Start};
use crate::tokens;
use crate::when::now;

/// Somebody who has registered. Not `Debug`, so that no hash can end up in a log.
#[derive(Clone)]
pub(crate) struct User {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) created_at: i64,
    password_hash: String,
}

/// What somebody may do: each role may do what those before it may.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    Member,
    Moderator,
    Admin,
}

impl Role {
    pub(crate) const ALL: [Self; 3] = [Self::Member, Self::Moderator, Self::Admin];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Moderator => "moderator",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl User {
    /// Whether the staff's pages are theirs.
    pub(crate) fn is_staff(&self) -> bool {
        self.role >= Role::Moderator
    }

    pub(crate) fn is_admin(&self) -> bool {
        self.role == Role::Admin
    }

    /// The stamp of this user's logins, too: a change of it ends all that went before.
    pub(crate) fn password_hash(&self) -> &str {
        &self.password_hash
    }
}

/// The user of a session. It is asked at most once a request, and so a role holds from the next request on.
#[user_loader(stamp = User::password_hash)]
pub(crate) async fn load_user(id: i64, State(db): State<Db>) -> Result<Option<User>, Error> {
    db.user(id).await
}

/// The user of a request that brings an API token.
#[user_loader]
pub(crate) async fn load_by_token(
    token: String,
    State(db): State<Db>,
) -> Result<Option<User>, Error> {
    db.user_of_token(&tokens::hash(&token)).await
}

impl Db {
    pub(crate) async fn user(&self, id: i64) -> Result<Option<User>, Error> {
        let query = sqlx::query_as("SELECT * FROM users WHERE id = $1");
        query.bind(id).fetch_optional(&self.pool).await
    }

    pub(crate) async fn user_named(&self, name: &str) -> Result<Option<User>, Error> {
        let query = sqlx::query_as("SELECT * FROM users WHERE name = $1");
        query.bind(name).fetch_optional(&self.pool).await
    }

    /// All admins and moderators. They are few, so that no number of new names hides one of them.
    pub(crate) async fn staff(&self) -> Result<Vec<User>, Error> {
        let query = sqlx::query_as(
            "SELECT * FROM users WHERE role <> 'member' \
             ORDER BY CASE role WHEN 'admin' THEN 0 ELSE 1 END, name",
        );
        query.fetch_all(&self.pool).await
    }

    /// Everybody else: who has registered last comes first.
    pub(crate) async fn members(&self, start: Start) -> Result<Page<User>, Error> {
        let rows = sqlx::query(
            "SELECT * FROM users WHERE role = 'member' AND id < $1 ORDER BY id DESC LIMIT $2",
        );
        let ids = sqlx::query_scalar(
            "SELECT id FROM users WHERE role = 'member' AND id >= $1 ORDER BY id LIMIT $2",
        );
        self.page(start, rows, ids).await
    }

    pub(crate) async fn count_users(&self) -> Result<i64, Error> {
        let query = sqlx::query_scalar("SELECT COUNT(*) FROM users");
        query.fetch_one(&self.pool).await
    }

    /// A transaction that counts users or admins: it waits until no other one does. In PostgreSQL, two admins who demote each other at
    /// the same moment would otherwise each be counted as the one who remains.
    async fn begin_in_turn(&self) -> Result<Transaction<'static, Any>, Error> {
        let mut transaction = self.pool.begin().await?;
        let wait = sqlx::query("UPDATE turn SET id = id");
        wait.execute(&mut *transaction).await?;
        Ok(transaction)
    }

    /// The new user, or nobody if the name is taken. The first one of all becomes the admin.
    pub(crate) async fn add_user(&self, name: &str, hash: &str) -> Result<Option<User>, Error> {
        let query = sqlx::query_as(
            "INSERT INTO users (name, role, password_hash, created_at) \
             SELECT $1, CASE WHEN EXISTS (SELECT 1 FROM users) THEN 'member' ELSE 'admin' END, $2, $3 \
             WHERE true ON CONFLICT (name) DO NOTHING RETURNING *",
        );
        let query = query.bind(name).bind(hash).bind(now());
        let mut transaction = self.begin_in_turn().await?;
        let user = query.fetch_optional(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(user)
    }

    /// The user with the new password, or nobody if the password has changed since they were read: whoever wants this may then have been
    /// logged out by that. Their tokens go with the old password: who knew it may have made one.
    pub(crate) async fn change_password(
        &self,
        user: &User,
        hash: &str,
    ) -> Result<Option<User>, Error> {
        let query = sqlx::query_as(
            "UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2 RETURNING *",
        );
        let query = query.bind(user.id).bind(&user.password_hash).bind(hash);
        let mut transaction = self.pool.begin().await?;
        let changed = query.fetch_optional(&mut *transaction).await?;
        if changed.is_some() {
            let revoke = sqlx::query("DELETE FROM tokens WHERE user_id = $1").bind(user.id);
            revoke.execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(changed)
    }

    /// The user with the role that was changed, as it was before, or nobody if it was not changed: the last admin remains one. What was
    /// read any earlier may have changed since, by another admin.
    pub(crate) async fn change_role(&self, id: i64, role: Role) -> Result<Option<User>, AppError> {
        let before = sqlx::query_as("SELECT * FROM users WHERE id = $1").bind(id);
        let query = sqlx::query(
            "UPDATE users SET role = $2 WHERE id = $1 AND (role <> 'admin' OR $2 = 'admin' \
             OR (SELECT COUNT(*) FROM users WHERE role = 'admin') > 1)",
        );
        let query = query.bind(id).bind(role.as_str());
        let mut transaction = self.begin_in_turn().await?;
        let before: Option<User> = before.fetch_optional(&mut *transaction).await?;
        let before = before.ok_or(AppError::NotFound)?;
        let done = query.execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok((done.rows_affected() == 1).then_some(before))
    }

    /// Whether the user was deleted: the last admin is not.
    pub(crate) async fn delete_user(&self, id: i64) -> Result<bool, Error> {
        let query = sqlx::query(
            "DELETE FROM users WHERE id = $1 AND (role <> 'admin' \
             OR (SELECT COUNT(*) FROM users WHERE role = 'admin') > 1)",
        );
        let mut transaction = self.begin_in_turn().await?;
        let done = query.bind(id).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(done.rows_affected() == 1)
    }
}

impl<'r> FromRow<'r, AnyRow> for User {
    fn from_row(row: &'r AnyRow) -> Result<Self, Error> {
        Ok(Self {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            role: one_of(row, "role", Role::ALL, Role::as_str)?,
            created_at: row.try_get("created_at")?,
            password_hash: row.try_get("password_hash")?,
        })
    }
}

/// The one of these values whose text stands in a column.
pub(crate) fn one_of<T: Copy>(
    row: &AnyRow,
    column: &str,
    values: impl IntoIterator<Item = T>,
    text_of: impl Fn(T) -> &'static str,
) -> Result<T, Error> {
    let text: String = row.try_get(column)?;
    let mut values = values.into_iter();
    let found = values.find(|&value| text_of(value) == text);
    found.ok_or_else(|| Error::ColumnDecode {
        index: column.to_owned(),
        source: "it is none of the known values".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_member_is_out_of_reach() {
        let db = Db::open("sqlite::memory:").await.unwrap();
        for number in 0..=150 {
            let name = format!("user{number}");
            db.add_user(&name, "no hash").await.unwrap().unwrap();
        }
        let mut members = Vec::new();
        let mut next = Some(Start::default());
        while let Some(start) = next {
            let page = db.members(start).await.unwrap();
            members.extend(page.items.into_iter().map(|user| user.id));
            next = page.older;
        }
        // The first is the admin.
        assert_eq!(members, (2..=151).rev().collect::<Vec<_>>());
        assert_eq!(db.staff().await.unwrap()[0].id, 1);
        assert_eq!(db.count_users().await.unwrap(), 151);
    }

    #[tokio::test]
    async fn a_change_of_a_role_says_what_it_was_just_before() {
        let db = Db::open("sqlite::memory:").await.unwrap();
        let ann = db.add_user("ann", "no hash").await.unwrap().unwrap();
        let bob = db.add_user("bob", "no hash").await.unwrap().unwrap();
        for (from, to) in [
            (Role::Member, Role::Admin),
            (Role::Admin, Role::Moderator),
            (Role::Moderator, Role::Member),
        ] {
            let before = db.change_role(bob.id, to).await.unwrap().unwrap();
            assert_eq!((&*before.name, before.role), ("bob", from));
        }
        // The last admin remains one, and nobody has no role.
        let refused = db.change_role(ann.id, Role::Member).await.unwrap();
        assert!(refused.is_none());
        let nobody = db.change_role(99, Role::Admin).await;
        assert!(matches!(nobody, Err(AppError::NotFound)));
    }
}
