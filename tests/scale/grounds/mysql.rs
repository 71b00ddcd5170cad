//! A table of MySQL or MariaDB.

use std::sync::Arc;

use muffin_session::{MySqlStore, Store, Timestamp};
use sqlx::mysql::{MySql, MySqlPool};
use sqlx::{AssertSqlSafe, Executor as _, QueryBuilder};

use super::{Failure, Ground, Step, name};
use crate::population::Row;

/// Rows that one statement inserts: about half a megabyte.
const ROWS: usize = 1_000;

const SETTINGS: [&str; 6] = [
    "innodb_flush_log_at_trx_commit",
    "innodb_flush_method",
    "innodb_doublewrite",
    "innodb_buffer_pool_size",
    "log_bin",
    "sync_binlog",
];

pub(super) struct Table {
    name: String,
    pool: MySqlPool,
    store: Arc<MySqlStore>,
}

impl Table {
    pub(super) async fn new(url: &str) -> Result<Self, Failure> {
        let name = name();
        let store = MySqlStore::connect_lazy(url)?.table(&name)?;
        // The driver's futures are large.
        Box::pin(store.migrate()).await?;
        Ok(Self {
            pool: MySqlPool::connect_lazy(url)?,
            store: Arc::new(store),
            name,
        })
    }

    async fn put_all(&self, rows: Vec<Row>) -> Result<(), Failure> {
        let mut transaction = Box::pin(self.pool.begin()).await?;
        for rows in rows.chunks(ROWS) {
            let mut insert = QueryBuilder::<MySql>::new(format!(
                "INSERT INTO {} (id, user_key, expires_at, version, content) ",
                self.name
            ));
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

    async fn run(&self, statement: String) -> Result<(), Failure> {
        self.pool.execute(AssertSqlSafe(statement)).await?;
        Ok(())
    }
}

impl Ground for Table {
    fn store(&self) -> Arc<dyn Store> {
        self.store.clone()
    }

    fn put(&self, rows: Vec<Row>, _: Timestamp) -> Step<'_, ()> {
        Box::pin(self.put_all(rows))
    }

    fn settle(&self) -> Step<'_, ()> {
        Box::pin(async { self.run(format!("ANALYZE TABLE {}", self.name)).await })
    }

    /// Of the table with its indexes, as the server estimates it.
    fn bytes(&self) -> Step<'_, u64> {
        Box::pin(async {
            let bytes: u64 = sqlx::query_scalar(
                "SELECT CAST(data_length + index_length AS UNSIGNED) FROM information_schema.tables \
                 WHERE table_schema = DATABASE() AND table_name = ?",
            )
            .bind(&self.name)
            .fetch_one(&self.pool)
            .await?;
            Ok(bytes)
        })
    }

    fn about(&self) -> Step<'_, Vec<String>> {
        Box::pin(async {
            let version: String = sqlx::query_scalar("SELECT version()")
                .fetch_one(&self.pool)
                .await?;
            let mut about = vec![format!("MySQL or MariaDB {version}")];
            for name in SETTINGS {
                let value = format!("SELECT CAST(@@{name} AS CHAR)");
                let value: String = sqlx::query_scalar(AssertSqlSafe(value))
                    .fetch_one(&self.pool)
                    .await?;
                about.push(format!("{name} = {value}"));
            }
            Ok(about)
        })
    }

    fn clean(&self) -> Step<'_, ()> {
        Box::pin(async { self.run(format!("DROP TABLE {}", self.name)).await })
    }
}
