//! A table of PostgreSQL.

use std::fmt::Write as _;
use std::sync::Arc;

use muffin_session::{PostgresStore, Store, Timestamp};
use sqlx::postgres::{PgPool, PgPoolCopyExt as _};
use sqlx::{AssertSqlSafe, Executor as _};

use super::{Failure, Ground, Step, name};
use crate::population::Row;

const SETTINGS: [&str; 6] = [
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "shared_buffers",
    "max_wal_size",
    "autovacuum",
];

pub(super) struct Table {
    name: String,
    pool: PgPool,
    store: Arc<PostgresStore>,
}

impl Table {
    pub(super) async fn new(url: &str) -> Result<Self, Failure> {
        let name = name();
        let store = PostgresStore::connect_lazy(url)?.table(&name)?;
        store.migrate().await?;
        Ok(Self {
            pool: PgPool::connect_lazy(url)?,
            store: Arc::new(store),
            name,
        })
    }

    async fn copy(&self, rows: Vec<Row>) -> Result<(), Failure> {
        let copy = format!(
            "COPY {} (id, user_key, expires_at, version, content) FROM STDIN",
            self.name
        );
        let mut text = String::with_capacity(rows.len() * 640);
        for (key, record) in &rows {
            push_bytes(&mut text, key.as_bytes());
            match &record.user {
                Some(user) => push_bytes(&mut text, user.as_bytes()),
                None => text.push_str("\\N\t"),
            }
            let (expires_at, version) = (record.expires_at.as_i64(), record.version.cast_signed());
            write!(text, "{expires_at}\t{version}\t")?;
            push_bytes(&mut text, &record.content);
            text.pop();
            text.push('\n');
        }
        let mut copy = self.pool.copy_in_raw(&copy).await?;
        copy.send(text.into_bytes()).await?;
        copy.finish().await?;
        Ok(())
    }

    async fn run(&self, statement: String) -> Result<(), Failure> {
        self.pool.execute(AssertSqlSafe(statement)).await?;
        Ok(())
    }
}

/// As text that COPY reads, and a tab.
fn push_bytes(text: &mut String, bytes: &[u8]) {
    text.push_str("\\\\x");
    for byte in bytes {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.push('\t');
}

impl Ground for Table {
    fn store(&self) -> Arc<dyn Store> {
        self.store.clone()
    }

    fn put(&self, rows: Vec<Row>, _: Timestamp) -> Step<'_, ()> {
        Box::pin(self.copy(rows))
    }

    /// What autovacuum does, which may be off.
    fn settle(&self) -> Step<'_, ()> {
        Box::pin(async { self.run(format!("VACUUM ANALYZE {}", self.name)).await })
    }

    /// Of the table with its indexes.
    fn bytes(&self) -> Step<'_, u64> {
        Box::pin(async {
            let bytes: i64 = sqlx::query_scalar("SELECT pg_total_relation_size($1::regclass)")
                .bind(&self.name)
                .fetch_one(&self.pool)
                .await?;
            Ok(bytes.cast_unsigned())
        })
    }

    fn about(&self) -> Step<'_, Vec<String>> {
        Box::pin(async {
            let mut about = Vec::new();
            for name in ["server_version"].into_iter().chain(SETTINGS) {
                let value: String = sqlx::query_scalar("SELECT current_setting($1)")
                    .bind(name)
                    .fetch_one(&self.pool)
                    .await?;
                about.push(match name {
                    "server_version" => format!("PostgreSQL {value}"),
                    name => format!("{name} = {value}"),
                });
            }
            Ok(about)
        })
    }

    fn clean(&self) -> Step<'_, ()> {
        Box::pin(async { self.run(format!("DROP TABLE {}", self.name)).await })
    }
}
