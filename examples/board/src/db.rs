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
        } else {
            options.max_connections(8)
        };
        let is_sqlite = url.starts_with("sqlite:");
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
        migrator([(1, "board", tables)]).run(&pool).await?;
        Ok(Self { pool })
    }

    /// Waits until nothing uses the database any more, and lets go of it.
    pub async fn close(&self) {
        self.pool.close().await;
    }
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
