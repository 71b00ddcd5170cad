//! Cards: what is on the board, and whose it is.

use axum::extract::State;
use muffin_session::CurrentUser;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{Error, FromRow, Row as _};

use crate::app::Board;
use crate::db::Db;
use crate::error::AppError;
use crate::extract::Path;
use crate::paging::{Page, Start};
use crate::users::{User, one_of};
use crate::when::now;

/// A card, with what the board shows of it.
pub(crate) struct Card {
    pub(crate) id: i64,
    pub(crate) title: String,
    pub(crate) details: String,
    pub(crate) status: Status,
    /// Whether nobody may comment any more.
    pub(crate) is_closed: bool,
    pub(crate) created_at: i64,
    /// Nobody, if they have left.
    pub(crate) author: Option<Author>,
    pub(crate) comments: i64,
}

/// Who wrote something.
pub(crate) struct Author {
    pub(crate) id: i64,
    pub(crate) name: String,
}

/// The board's columns.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    Open,
    Doing,
    Done,
}

impl Status {
    pub(crate) const ALL: [Self; 3] = [Self::Open, Self::Doing, Self::Done];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Doing => "doing",
            Self::Done => "done",
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Open => "Open",
            Self::Doing => "Doing",
            Self::Done => "Done",
        }
    }
}

/// What somebody writes on a card.
#[derive(Clone, Default, Deserialize)]
pub(crate) struct Draft {
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) details: String,
}

impl Draft {
    /// What is wrong with it.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        match self.title.trim().chars().count() {
            0 => Some("Give the card a title."),
            101.. => Some("The title is too long: take at most 100 characters."),
            _ if self.details.chars().count() > 5_000 => {
                Some("The details are too long: take at most 5,000 characters.")
            }
            _ => None,
        }
    }
}

impl Card {
    pub(crate) fn is_of(&self, user: &User) -> bool {
        self.author
            .as_ref()
            .is_some_and(|author| author.id == user.id)
    }
}

/// The checker behind `#[user_pass(owns_card)]`: whether the card in the path is the user's own.
pub(crate) async fn owns_card(
    CurrentUser(user): CurrentUser<User>,
    Path(id): Path<i64>,
    State(board): State<Board>,
) -> Result<bool, AppError> {
    Ok(board.db.card(id).await?.is_of(&user))
}

/// All that is read of a card.
macro_rules! select_cards {
    ($rest:literal) => {
        concat!(
            "SELECT cards.*, users.name AS author, ",
            "(SELECT COUNT(*) FROM comments WHERE card_id = cards.id) AS comments ",
            "FROM cards LEFT JOIN users ON users.id = cards.author_id ",
            $rest
        )
    };
}

impl Db {
    pub(crate) async fn cards(&self, start: Start) -> Result<Page<Card>, Error> {
        let rows = select_cards!("WHERE cards.id < $1 ORDER BY cards.id DESC LIMIT $2");
        let ids = "SELECT id FROM cards WHERE id >= $1 ORDER BY id LIMIT $2";
        let ids = sqlx::query_scalar(ids);
        self.page(start, sqlx::query(rows), ids).await
    }

    /// Those whose discussion is closed.
    pub(crate) async fn closed_cards(&self, start: Start) -> Result<Page<Card>, Error> {
        let rows =
            select_cards!("WHERE is_closed <> 0 AND cards.id < $1 ORDER BY cards.id DESC LIMIT $2");
        let ids = "SELECT id FROM cards WHERE is_closed <> 0 AND id >= $1 ORDER BY id LIMIT $2";
        let ids = sqlx::query_scalar(ids);
        self.page(start, sqlx::query(rows), ids).await
    }

    /// How many cards there are in each column, whatever page is shown.
    pub(crate) async fn count_cards(&self) -> Result<[(Status, i64); 3], Error> {
        let query = sqlx::query_as(
            "SELECT COUNT(CASE WHEN status = 'open' THEN 1 END), \
             COUNT(CASE WHEN status = 'doing' THEN 1 END), \
             COUNT(CASE WHEN status = 'done' THEN 1 END) FROM cards",
        );
        let (open, doing, done) = query.fetch_one(&self.pool).await?;
        let [is_open, is_doing, is_done] = Status::ALL;
        Ok([(is_open, open), (is_doing, doing), (is_done, done)])
    }

    pub(crate) async fn card(&self, id: i64) -> Result<Card, AppError> {
        let query = sqlx::query_as(select_cards!("WHERE cards.id = $1"));
        let card = query.bind(id).fetch_optional(&self.pool).await?;
        card.ok_or(AppError::NotFound)
    }

    pub(crate) async fn add_card(&self, author: &User, draft: &Draft) -> Result<i64, Error> {
        let query = sqlx::query_scalar(
            "INSERT INTO cards (author_id, title, details, status, created_at) \
             VALUES ($1, $2, $3, 'open', $4) RETURNING id",
        );
        let query = query.bind(author.id).bind(draft.title.trim());
        let query = query.bind(draft.details.trim()).bind(now());
        query.fetch_one(&self.pool).await
    }

    pub(crate) async fn edit_card(&self, id: i64, draft: &Draft) -> Result<(), AppError> {
        let query = sqlx::query("UPDATE cards SET title = $2, details = $3 WHERE id = $1");
        let query = query.bind(id).bind(draft.title.trim());
        let done = query.bind(draft.details.trim()).execute(&self.pool).await?;
        one_row(done.rows_affected())
    }

    pub(crate) async fn move_card(&self, id: i64, status: Status) -> Result<(), AppError> {
        let query = sqlx::query("UPDATE cards SET status = $2 WHERE id = $1");
        let query = query.bind(id).bind(status.as_str());
        one_row(query.execute(&self.pool).await?.rows_affected())
    }

    /// Closes the discussion of a card, or opens it again.
    pub(crate) async fn close_card(&self, id: i64, is_closed: bool) -> Result<(), AppError> {
        let query = sqlx::query("UPDATE cards SET is_closed = $2 WHERE id = $1");
        let query = query.bind(id).bind(i64::from(is_closed));
        one_row(query.execute(&self.pool).await?.rows_affected())
    }

    pub(crate) async fn delete_card(&self, id: i64) -> Result<(), AppError> {
        let query = sqlx::query("DELETE FROM cards WHERE id = $1");
        one_row(query.bind(id).execute(&self.pool).await?.rows_affected())
    }
}

/// Whatever a statement was about has to be there still.
pub(crate) fn one_row(affected: u64) -> Result<(), AppError> {
    (affected == 1).then_some(()).ok_or(AppError::NotFound)
}

/// The author of a card or a comment, from the columns `author_id` and `author`.
pub(crate) fn author(row: &AnyRow) -> Result<Option<Author>, Error> {
    let id: Option<i64> = row.try_get("author_id")?;
    let name: Option<String> = row.try_get("author")?;
    Ok(id.zip(name).map(|(id, name)| Author { id, name }))
}

impl<'r> FromRow<'r, AnyRow> for Card {
    fn from_row(row: &'r AnyRow) -> Result<Self, Error> {
        Ok(Self {
            id: row.try_get("id")?,
            title: row.try_get("title")?,
            details: row.try_get("details")?,
            status: one_of(row, "status", Status::ALL, Status::as_str)?,
            is_closed: row.try_get::<i64, _>("is_closed")? != 0,
            created_at: row.try_get("created_at")?,
            author: author(row)?,
            comments: row.try_get("comments")?,
        })
    }
}
