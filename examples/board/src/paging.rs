//! Lists in pages, the newest first.
//!
//! A page begins before an id, and not after a number of rows: what is added meanwhile moves nothing from one page to the next, and the
//! database reads little more than what is shown.

use serde::Deserialize;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::{Query, QueryScalar};
use sqlx::{Any, Error, FromRow, Row as _};

use crate::db::Db;

/// How many there are on a page, and how many are read to see whether there are more.
const SIZE: usize = 100;
const LIMIT: i64 = 101;

/// Where a page begins, as a query says it: right before the one with this id, or with the newest of all.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Deserialize)]
pub(crate) struct Start {
    before: Option<i64>,
}

impl Start {
    /// The path with this page's query.
    pub(crate) fn on(self, path: &str) -> String {
        match self.before {
            Some(id) => format!("{path}?before={id}"),
            None => path.to_owned(),
        }
    }

    pub(crate) fn is_newest(self) -> bool {
        self.before.is_none()
    }
}

/// Some of a list, and where the pages on both sides of it begin, if there are any.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) start: Start,
    pub(crate) older: Option<Start>,
    pub(crate) newer: Option<Start>,
}

impl Db {
    /// Reads a page with two queries, which are given an id and a number of rows as their last arguments: `rows` finds what is older than
    /// that id, the newest first, and `ids` the ids from that one on, the oldest first.
    pub(crate) async fn page<T>(
        &self,
        start: Start,
        rows: Query<'_, Any, AnyArguments>,
        ids: QueryScalar<'_, Any, i64, AnyArguments>,
    ) -> Result<Page<T>, Error>
    where
        T: for<'r> FromRow<'r, AnyRow>,
    {
        let before = start.before.unwrap_or(i64::MAX);
        // One more than is shown says whether that is all.
        let rows = rows.bind(before).bind(LIMIT).fetch_all(&self.pool).await?;
        let shown = &rows[..rows.len().min(SIZE)];
        let last: Option<i64> = shown.last().map(|row| row.try_get("id")).transpose()?;
        let newer = match start.before {
            Some(before) => {
                let ids = ids.bind(before).bind(LIMIT).fetch_all(&self.pool).await?;
                // The newer page ends right before this one; where nothing is beyond it, it is the newest.
                (!ids.is_empty()).then(|| Start {
                    before: ids.get(SIZE).copied(),
                })
            }
            None => None,
        };
        Ok(Page {
            items: shown.iter().map(T::from_row).collect::<Result<_, _>>()?,
            start,
            older: last
                .filter(|_| rows.len() > SIZE)
                .map(|id| Start { before: Some(id) }),
            newer,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comments::Comment;
    use crate::users::User;

    /// A card with this many comments.
    async fn discussed(comments: usize) -> (Db, User, i64) {
        let db = Db::open("sqlite::memory:").await.unwrap();
        let ann = db.add_user("ann", "no hash").await.unwrap().unwrap();
        let draft = crate::cards::Draft {
            title: "Much to say".to_owned(),
            ..crate::cards::Draft::default()
        };
        let card = db.add_card(&ann, &draft).await.unwrap();
        for number in 1..=comments {
            let text = number.to_string();
            assert!(db.add_comment(card, &ann, &text).await.unwrap());
        }
        (db, ann, card)
    }

    fn texts(page: &Page<Comment>) -> Vec<usize> {
        let texts = page.items.iter().map(|comment| comment.text.parse());
        texts.collect::<Result<_, _>>().unwrap()
    }

    #[tokio::test]
    async fn everything_is_on_some_page_and_the_way_back_is_the_same() {
        let (db, _, card) = discussed(2 * SIZE + 50).await;
        let newest = db.comments_of(card, Start::default()).await.unwrap();
        assert_eq!(newest.newer, None);
        let second = db.comments_of(card, newest.older.unwrap()).await.unwrap();
        let oldest = db.comments_of(card, second.older.unwrap()).await.unwrap();
        assert_eq!(oldest.older, None);
        let all = [&oldest, &second, &newest].map(texts).concat();
        assert_eq!(all, (1..=2 * SIZE + 50).collect::<Vec<_>>());

        assert_eq!(oldest.newer, newest.older);
        assert_eq!(second.newer, Some(Start::default()));
    }

    #[tokio::test]
    async fn a_page_that_is_just_full_is_the_only_one() {
        let (db, ann, card) = discussed(SIZE).await;
        let page = db.comments_of(card, Start::default()).await.unwrap();
        assert_eq!(page.items.len(), SIZE);
        assert_eq!((page.older, page.newer), (None, None));

        assert!(db.add_comment(card, &ann, "0").await.unwrap());
        let page = db.comments_of(card, Start::default()).await.unwrap();
        let older = db.comments_of(card, page.older.unwrap()).await.unwrap();
        assert_eq!(texts(&older), [1]);
    }

    #[tokio::test]
    async fn what_is_added_meanwhile_moves_nothing() {
        let (db, ann, card) = discussed(SIZE + 1).await;
        let newest = db.comments_of(card, Start::default()).await.unwrap();
        let older = newest.older.unwrap();
        assert!(db.add_comment(card, &ann, "0").await.unwrap());
        let older = db.comments_of(card, older).await.unwrap();
        assert_eq!(texts(&older), [1]);
    }

    #[tokio::test]
    async fn a_page_beyond_the_last_is_empty_and_leads_back() {
        let (db, _, card) = discussed(3).await;
        let nowhere = Start { before: Some(0) };
        let page = db.comments_of(card, nowhere).await.unwrap();
        assert!(page.items.is_empty());
        assert_eq!((page.older, page.newer), (None, Some(Start::default())));
    }
}
