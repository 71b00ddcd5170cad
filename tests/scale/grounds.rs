//! Where stores keep their sessions: how a place is filled fast, how large it is, and how it is left clean.

mod memory;
mod mysql;
mod postgres;
mod redis;
mod sqlite;

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;

use muffin_session::{Store, Timestamp};
use tokio::task::JoinSet;

use crate::population::Row;

pub(crate) type Failure = Box<dyn Error + Send + Sync>;
pub(crate) type Step<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;

/// The stores, in the order in which they are measured.
pub(crate) const NAMES: [&str; 5] = ["memory", "sqlite", "postgres", "mysql", "redis"];

/// How many records are created at once where there is no faster way.
const AT_ONCE: usize = 32;

/// One store with a place of its own.
pub(crate) trait Ground: Send + Sync {
    fn store(&self) -> Arc<dyn Store>;

    /// Puts records there, by the store's own verb or faster. `now` is before any of them expires.
    fn put(&self, rows: Vec<Row>, now: Timestamp) -> Step<'_, ()> {
        let store = self.store();
        Box::pin(async move { create(&store, rows, now).await })
    }

    /// How many records [`put`](Self::put) takes well while a store is filled.
    fn at_once(&self) -> usize {
        10_000
    }

    /// What the server would do by itself sooner or later, so that it does not do so while something is measured.
    fn settle(&self) -> Step<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    /// Bytes that all of it takes, on the disk or in memory.
    fn bytes(&self) -> Step<'_, u64>;

    /// Whether [`bytes`](Self::bytes) counts this place alone, also when others have been filled after it.
    fn is_apart(&self) -> bool {
        true
    }

    /// What has to be known of the server: its version, and when a write is safe.
    fn about(&self) -> Step<'_, Vec<String>>;

    /// Leaves nothing behind.
    fn clean(&self) -> Step<'_, ()>;
}

/// A place for a store of `most` sessions or fewer, or nothing if no server is named.
pub(crate) async fn open(name: &str, most: u32) -> Result<Option<Box<dyn Ground>>, Failure> {
    let url = |variable| std::env::var(variable).ok();
    Ok(match name {
        "memory" => Some(Box::new(memory::Memory::new(most))),
        "sqlite" => Some(Box::new(sqlite::File::new().await?)),
        "postgres" => match url("POSTGRES_URL") {
            Some(url) => Some(Box::new(postgres::Table::new(&url).await?)),
            None => None,
        },
        "mysql" => match url("MYSQL_URL") {
            Some(url) => Some(Box::new(mysql::Table::new(&url).await?)),
            None => None,
        },
        "redis" => match url("REDIS_URL") {
            Some(url) => Some(Box::new(redis::Database::new(&url).await?)),
            None => None,
        },
        other => return Err(format!("there is no store called {other}").into()),
    })
}

/// A name that no other run has.
fn name() -> String {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("the clock is past 1970")
        .as_nanos();
    format!("scale_{now:x}_{:x}", std::process::id())
}

/// Creates records, several at once.
async fn create(store: &Arc<dyn Store>, rows: Vec<Row>, now: Timestamp) -> Result<(), Failure> {
    let part = rows.len().div_ceil(AT_ONCE).max(1);
    let mut tasks = JoinSet::new();
    let mut rows = rows.into_iter();
    loop {
        let rows: Vec<_> = rows.by_ref().take(part).collect();
        if rows.is_empty() {
            break;
        }
        let store = Arc::clone(store);
        tasks.spawn(async move {
            for (key, record) in rows {
                let created = store.create(key, record, now).await;
                if !created.map_err(|error| error.to_string())? {
                    return Err("a key was taken".to_owned());
                }
            }
            Ok(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(())
}
