//! A file of SQLite.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use muffin_session::{SqliteStore, Store, Timestamp};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, QueryBuilder, Sqlite, SqliteConnection};
use tokio::sync::Mutex;

use super::{Failure, Ground, Step, name};
use crate::population::Row;

/// Rows that one statement inserts: each has five values, of which a statement takes 32,766.
const ROWS: usize = 500;

pub(super) struct File {
    folder: PathBuf,
    store: Arc<SqliteStore>,
    filler: Mutex<SqliteConnection>,
}

impl File {
    pub(super) async fn new() -> Result<Self, Failure> {
        let folder = std::env::temp_dir().join(name());
        std::fs::create_dir(&folder)?;
        let path = folder.join("sessions.db");
        let store = SqliteStore::open(&path).await?;
        store.migrate().await?;
        let filler = SqliteConnectOptions::new()
            .filename(&path)
            // Of what the filler alone keeps in memory: 400 MB, so that nothing has to be written before a transaction ends.
            .pragma("cache_size", "-400000")
            .connect()
            .await?;
        Ok(Self {
            folder,
            store: Arc::new(store),
            filler: Mutex::new(filler),
        })
    }

    async fn put_all(&self, rows: Vec<Row>) -> Result<(), Failure> {
        let mut filler = self.filler.lock().await;
        let mut transaction = filler.begin().await?;
        for rows in rows.chunks(ROWS) {
            let mut insert = QueryBuilder::<Sqlite>::new(
                "INSERT INTO muffin_sessions (id, user_key, expires_at, version, content) ",
            );
            insert.push_values(rows, |mut values, (key, record)| {
                values
                    .push_bind(&key.as_bytes()[..])
                    .push_bind(record.user.as_ref().map(|user| &user.as_bytes()[..]))
                    .push_bind(record.expires_at.as_i64())
                    .push_bind(record.version.cast_signed())
                    .push_bind(&record.content[..]);
            });
            insert.build().execute(&mut *transaction).await?;
        }
        Ok(transaction.commit().await?)
    }

    async fn pragma(&self, name: &'static str) -> Result<String, Failure> {
        let mut filler = self.filler.lock().await;
        let statement = match name {
            "version" => "SELECT sqlite_version()",
            _ => "SELECT journal_mode FROM pragma_journal_mode",
        };
        Ok(sqlx::query_scalar(statement)
            .fetch_one(&mut *filler)
            .await?)
    }
}

impl Ground for File {
    fn store(&self) -> Arc<dyn Store> {
        self.store.clone()
    }

    fn put(&self, rows: Vec<Row>, _: Timestamp) -> Step<'_, ()> {
        Box::pin(self.put_all(rows))
    }

    /// Keys are random, so that each transaction changes most pages of three indexes. Few transactions write them a few times only.
    fn at_once(&self) -> usize {
        200_000
    }

    fn settle(&self) -> Step<'_, ()> {
        Box::pin(async {
            let mut filler = self.filler.lock().await;
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
                .fetch_all(&mut *filler)
                .await?;
            Ok(())
        })
    }

    /// Of the file, its log and its index.
    fn bytes(&self) -> Step<'_, u64> {
        Box::pin(async { Ok(size(&self.folder)?) })
    }

    fn about(&self) -> Step<'_, Vec<String>> {
        Box::pin(async {
            Ok(vec![
                format!("SQLite {}", self.pragma("version").await?),
                format!("journal_mode = {}", self.pragma("journal").await?),
                "synchronous = NORMAL".to_owned(),
                "cache_size = -2000 (2 MB a connection)".to_owned(),
            ])
        })
    }

    fn clean(&self) -> Step<'_, ()> {
        Box::pin(async { Ok(std::fs::remove_dir_all(&self.folder)?) })
    }
}

fn size(folder: &Path) -> std::io::Result<u64> {
    let mut bytes = 0;
    for file in std::fs::read_dir(folder)? {
        bytes += file?.metadata()?.len();
    }
    Ok(bytes)
}
