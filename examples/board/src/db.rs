//! The database: one pool of connections, to SQLite or PostgreSQL.
//!
//! What is asked of it stands beside what it is about, in `users.rs`, `cards.rs`, `comments.rs` and `tokens.rs`. Both databases understand
//! the same statements, `$1` included; only the tables are made differently.

use std::time::Duration;

use sqlx::any::{AnyPoolOptions, install_default_drivers};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AnyPool, AssertSqlSafe, Error, SqlSafeStr as _};

/// The database. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Db {
    pub(crate) pool: AnyPool,
}

impl Db {
    /// Connects, and brings the tables up to date.
    ///
    /// # Errors
    ///
    /// If the database cannot be reached, or holds tables of a later version.
    pub async fn open(url: &str) -> Result<Self, Error> {
        install_default_drivers();
        let options = AnyPoolOptions::new().acquire_timeout(Duration::from_secs(5));
        let options = if url.contains(":memory:") {
            // Each connection would have a database of its own, which ends with it.
            options
                .max_connections(1)
                .idle_timeout(None)
                .max_lifetime(None)
                // Nor may it end when somebody leaves while it is tried out for their request: the pool gives up what it was trying.
                .test_before_acquire(false)
        } else {
            options.max_connections(8)
        };
        let is_sqlite = url.starts_with("sqlite:");
        let is_made = !url.contains("mode=") || url.contains("mode=rwc");
        if is_sqlite && is_made && !url.contains(":memory:") {
            make_private(url)?;
        }
        let pool = if is_sqlite && !url.contains("mode=") {
            let separator = if url.contains('?') { '&' } else { '?' };
            // The file is made where there is none.
            options
                .connect(&format!("{url}{separator}mode=rwc"))
                .await?
        } else {
            options.connect(url).await?
        };
        let tables = if is_sqlite {
            // Reading goes on while something is written.
            sqlx::query("PRAGMA journal_mode = WAL")
                .execute(&pool)
                .await?;
            include_str!("../migrations/sqlite/0001_board.sql")
        } else {
            include_str!("../migrations/postgres/0001_board.sql")
        };
        let turn = include_str!("../migrations/0002_turn.sql");
        let migrator = migrator([(1, "board", tables), (2, "turn", turn)]);
        migrator.run(&pool).await?;
        Ok(Self { pool })
    }

    /// Waits until nothing uses the database any more, and lets go of it.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Makes the file, where there is none, readable for its user alone: it holds hashes of passwords. What SQLite puts beside it is as private.
#[cfg(unix)]
fn make_private(url: &str) -> Result<(), Error> {
    use std::os::unix::fs::OpenOptionsExt as _;

    let options: sqlx::sqlite::SqliteConnectOptions = url.parse()?;
    let mut file = std::fs::OpenOptions::new();
    let file = file.create(true).append(true).mode(0o600);
    file.open(options.get_filename())?;
    Ok(())
}

/// Elsewhere the folder says who may read it.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps, reason = "as on Unix")]
fn make_private(_: &str) -> Result<(), Error> {
    Ok(())
}

/// Runs what has not been run yet, in order, and keeps a list of it in the database. The next change of the tables is another entry: one
/// that was released is never edited.
fn migrator<const N: usize>(steps: [(i64, &'static str, &'static str); N]) -> Migrator {
    let migrations = steps.map(|(version, name, sql)| {
        let sql = AssertSqlSafe(sql).into_sql_str();
        Migration::new(version, name.into(), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(migrations.into())
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use tokio::task::yield_now;

    use super::*;

    #[tokio::test]
    async fn a_database_in_memory_outlives_whoever_leaves_before_their_answer() {
        let db = Db::open("sqlite::memory:").await.unwrap();
        for _ in 0..20 {
            // The connection is given back behind the scenes.
            while db.pool.num_idle() == 0 {
                yield_now().await;
            }
            tokio::select! {
                biased;
                _ = db.count_cards() => {}
                () = ready(()) => {}
            }
            assert!(db.count_cards().await.is_ok());
        }
    }
}
