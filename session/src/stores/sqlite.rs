//! SQLite: sessions in a file.

use std::path::Path;
use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::sqlite::{
    Sqlite, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};

use super::sql::{ACQUIRE_TIMEOUT, Dialect, Sql, store_error, store_of};
use crate::store::StoreError;

/// Sessions in a file, in a table of [SQLite](https://sqlite.org).
///
/// For an application that runs on one server, as one process or several: nothing has to be installed or watched. Reading goes on while
/// something is written; writers take turns, and only now and then one waits for the disk. The file must be on a disk of the server, not on a
/// network file system, whose locks SQLite cannot rely on.
///
/// ```
/// use muffin_session::SqliteStore;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), muffin_session::StoreError> {
/// # let folder = std::env::temp_dir().join(format!("muffin-session-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("sessions.db");
/// let store = SqliteStore::open(path).await?;
/// store.migrate().await?;
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok(()) }
/// ```
///
/// # What is lost when
///
/// [`open`](Self::open) sets `journal_mode = WAL` and `synchronous = NORMAL`. Nothing is lost when the process ends, however it ends. When the
/// machine loses power or its system crashes, the writes of the last moments may be undone, all of them from some point on: a session that
/// was ended just before may be there again. With `synchronous = FULL` in a pool of one's own ([`new`](Self::new)) they are not, and each
/// write waits for the disk.
///
/// # The file
///
/// It holds what applications keep in sessions, but nothing that could be put into a cookie: whoever reads it can not take a session over.
/// On Unix [`open`](Self::open) makes it readable for its user alone. Beside it lie `-wal` and `-shm`, which belong to it. A backup (`VACUUM
/// INTO`, never a copy of a file in use) holds the sessions that were alive: where it is put back, sessions that have been ended since then
/// are there again. Delete the rows of the table then.
///
/// Room that is free again is used again, but the file does not shrink by itself: `VACUUM` does that, and stops writers meanwhile.
#[derive(Clone)]
pub struct SqliteStore(Sql<Sqlite>);

store_of!(SqliteStore, "sqlite");

impl SqliteStore {
    /// The SQL that makes the table (called `muffin_sessions`) and its indexes where they are missing, for an application's own migrator.
    pub const MIGRATION: &'static str =
        include_str!("../../migrations/sqlite/0001_muffin_sessions.sql");

    /// Opens a file, and makes it where there is none.
    ///
    /// Up to eight requests are served at once, one of which may write. Where another process writes, or whatever else holds the file's
    /// lock, a writer waits for a second and a half.
    ///
    /// # Errors
    ///
    /// If the file cannot be made or opened, or is no database.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        make_private(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(ACQUIRE_TIMEOUT);
        let pool = SqlitePoolOptions::new()
            .max_connections(8)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            // There is no line that could be dead.
            .test_before_acquire(false);
        let mut pauses = 0;
        loop {
            match pool.clone().connect_with(options.clone()).await {
                Ok(pool) => return Ok(Self::new(pool)),
                // To switch a new file to WAL, SQLite takes a lock for which it does not wait: another process may be about to do the same.
                Err(error) if pauses < 100 && is_busy(&error) => {
                    pauses += 1;
                    tokio::time::sleep(Duration::from_millis(15)).await;
                }
                Err(error) => return Err(store_error::<Sqlite>(&error)),
            }
        }
    }

    /// A database in memory, for tests: all is lost when the store and its clones are dropped. Its table is to be
    /// [made](Self::migrate), as in a file.
    ///
    /// # Errors
    ///
    /// If the database cannot be made.
    pub async fn in_memory() -> Result<Self, StoreError> {
        // Each connection has a database of its own, and it ends with its connection.
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(false)
            .connect_with(SqliteConnectOptions::new().in_memory(true))
            .await;
        pool.map(Self::new)
            .map_err(|error| store_error::<Sqlite>(&error))
    }

    /// Sessions in a database that the application has opened, with sqlx 0.9, for itself too.
    ///
    /// The pool's options are taken as they are. Set `journal_mode` to WAL and a `busy_timeout`, so that neither readers nor writers fail
    /// where somebody else writes: the store's own writers take turns, but those of the application know nothing of that.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use muffin_session::SqliteStore;
    /// use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool};
    ///
    /// let options = SqliteConnectOptions::new().filename("app.db").journal_mode(SqliteJournalMode::Wal);
    /// let store = SqliteStore::new(SqlitePool::connect_with(options).await?);
    /// # Ok(()) }
    /// ```
    pub fn new(pool: SqlitePool) -> Self {
        Self(Sql::new(pool))
    }
}

/// `SQLITE_BUSY`, for whatever reason: the low byte of the code tells.
fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.and_then(|code| code.parse::<u32>().ok())
        .is_some_and(|code| code & 0xff == 5)
}

/// Makes the file for its user alone, if there is none. SQLite gives the files beside it the same rights.
fn make_private(path: &Path) -> Result<(), StoreError> {
    // SQLite would take these for databases in memory, another one for each connection.
    if path.as_os_str().is_empty() || path.as_os_str() == ":memory:" {
        return Err(StoreError::new(
            "SQLite needs the path of a file: for a database in memory there is `SqliteStore::in_memory`",
        ));
    }
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) => Err(StoreError::new(format_args!(
            "the database's file cannot be made or written ({:?})",
            error.kind()
        ))),
    }
}

impl Dialect for Sqlite {
    const MIGRATION: &'static str = SqliteStore::MIGRATION;
    const QUOTE: &'static str = "\"";
    // A transaction that begins by reading, and finds another writer when it comes to write, could not go on.
    const BEGIN: &'static str = "BEGIN IMMEDIATE";
    const ONE_WRITER: bool = true;
    const DELETE_EXPIRED: &'static str = "DELETE FROM \"muffin_sessions\" WHERE id IN ( \
         SELECT id FROM \"muffin_sessions\" WHERE expires_at <= ? LIMIT 500)";

    fn placeholder(_: usize) -> String {
        "?".to_owned()
    }

    fn affected(result: &Self::QueryResult) -> u64 {
        result.rows_affected()
    }

    fn code(error: &dyn DatabaseError) -> String {
        format!("result code {}", error.code().unwrap_or_default())
    }

    /// `SQLITE_BUSY_SNAPSHOT`: what the statement had begun to read is outdated.
    fn is_undone(error: &dyn DatabaseError) -> bool {
        error.code().as_deref() == Some("517")
    }

    fn is_hung_up(_: &dyn DatabaseError) -> bool {
        false
    }

    /// `SQLITE_ERROR` stands for all sorts of mistakes in a statement.
    fn is_table_missing(error: &dyn DatabaseError) -> bool {
        error.code().as_deref() == Some("1") && error.message().starts_with("no such table")
    }
}
