//! Comments: what is said about a card.

use axum::extract::State;
use muffin_session::CurrentUser;
use sqlx::any::AnyRow;
use sqlx::{Error, FromRow, Row as _};

use crate::app::Board;
use crate::cards::{Author, author};
use crate::db::Db;
use crate::error::AppError;
use crate::extract::Path;
use crate::paging::{Page, Start};
use crate::users::User;
use crate::when::now;

/// Something that was said about a card.
pub(crate) struct Comment {
    pub(crate) id: i64,
    pub(crate) card_id: i64,
    pub(crate) text: String,
    pub(crate) created_at: i64,
    /// Nobody, if they have left.
    pub(crate) author: Option<Author>,
}

impl Comment {
    pub(crate) fn is_of(&self, user: &User) -> bool {
        self.author
            .as_ref()
            .is_some_and(|author| author.id == user.id)
    }
}

/// Whether the comment in the path is the user's own.
pub(crate) async fn owns_comment(
    CurrentUser(user): CurrentUser<User>,
    Path(id): Path<i64>,
    State(board): State<Board>,
) -> Result<bool, AppError> {
    Ok(board.db.comment(id).await?.is_of(&user))
}

impl Db {
    /// What was said about a card: the newest page comes first, and on each page what was said first.
    pub(crate) async fn comments_of(
        &self,
        card: i64,
        start: Start,
    ) -> Result<Page<Comment>, Error> {
        let rows = sqlx::query(
            "SELECT comments.*, users.name AS author FROM comments \
             LEFT JOIN users ON users.id = comments.author_id \
             WHERE card_id = $1 AND comments.id < $2 ORDER BY comments.id DESC LIMIT $3",
        );
        let ids = sqlx::query_scalar(
            "SELECT id FROM comments WHERE card_id = $1 AND id >= $2 ORDER BY id LIMIT $3",
        );
        let page = self.page(start, rows.bind(card), ids.bind(card)).await;
        page.map(|mut page| {
            page.items.reverse();
            page
        })
    }

    pub(crate) async fn comment(&self, id: i64) -> Result<Comment, AppError> {
        let query = sqlx::query_as(
            "SELECT comments.*, users.name AS author FROM comments \
             LEFT JOIN users ON users.id = comments.author_id WHERE comments.id = $1",
        );
        let comment = query.bind(id).fetch_optional(&self.pool).await?;
        comment.ok_or(AppError::NotFound)
    }

    /// Whether the comment was added: not if the discussion has been closed, or the card is gone.
    pub(crate) async fn add_comment(
        &self,
        card: i64,
        author: &User,
        text: &str,
    ) -> Result<bool, Error> {
        let query = sqlx::query(
            "INSERT INTO comments (card_id, author_id, text, created_at) \
             SELECT id, $2, $3, $4 FROM cards WHERE id = $1 AND is_closed = 0",
        );
        let query = query.bind(card).bind(author.id).bind(text).bind(now());
        Ok(query.execute(&self.pool).await?.rows_affected() == 1)
    }

    pub(crate) async fn delete_comment(&self, id: i64) -> Result<(), Error> {
        let query = sqlx::query("DELETE FROM comments WHERE id = $1");
        query.bind(id).execute(&self.pool).await.map(drop)
    }
}

impl<'r> FromRow<'r, AnyRow> for Comment {
    fn from_row(row: &'r AnyRow) -> Result<Self, Error> {
        Ok(Self {
            id: row.try_get("id")?,
            card_id: row.try_get("card_id")?,
            text: row.try_get("text")?,
            created_at: row.try_get("created_at")?,
            author: author(row)?,
        })
    }
}
