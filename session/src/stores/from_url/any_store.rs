//! Whichever store a URL has named.

use std::fmt;

use crate::store::{
    Outcome, Record, RecordKey, Rotation, Store, StoreError, StoreFuture, Timestamp, UserKey,
};

/// Whichever store a URL has named: see [`store_from_url`](crate::store_from_url). Clones are the same store, with the same connections.
#[derive(Clone)]
#[must_use]
pub struct AnyStore(Kind);

#[derive(Clone)]
enum Kind {
    #[cfg(feature = "memory")]
    Memory(crate::MemoryStore),
    #[cfg(feature = "sqlite")]
    Sqlite(std::sync::Arc<SqliteFile>),
    #[cfg(feature = "postgres")]
    Postgres(crate::PostgresStore),
    #[cfg(feature = "mysql")]
    MySql(crate::MySqlStore),
    #[cfg(feature = "redis")]
    Redis(std::sync::Arc<crate::RedisStore>),
}

impl AnyStore {
    /// Makes the table and its indexes in a SQL database, if they are missing. With other stores there is nothing to do.
    ///
    /// Call it at start: several processes may do so at once. An application that is not allowed to make tables leaves it out, and has
    /// what the store's `MIGRATION` says done for it.
    ///
    /// # Errors
    ///
    /// If the database does not answer, or refuses to make the table.
    #[allow(
        clippy::unused_async,
        reason = "with the features of some databases it waits"
    )]
    pub async fn migrate(&self) -> Result<(), StoreError> {
        match self.0 {
            #[cfg(feature = "memory")]
            Kind::Memory(_) => Ok(()),
            #[cfg(feature = "sqlite")]
            Kind::Sqlite(ref file) => file.store().await?.migrate().await,
            #[cfg(feature = "postgres")]
            Kind::Postgres(ref store) => store.migrate().await,
            #[cfg(feature = "mysql")]
            Kind::MySql(ref store) => store.migrate().await,
            #[cfg(feature = "redis")]
            Kind::Redis(_) => Ok(()),
        }
    }

    #[cfg(feature = "memory")]
    pub(super) fn memory(store: crate::MemoryStore) -> Self {
        Self(Kind::Memory(store))
    }

    #[cfg(feature = "sqlite")]
    pub(super) fn sqlite(path: std::path::PathBuf, table: Option<String>) -> Self {
        Self(Kind::Sqlite(std::sync::Arc::new(SqliteFile {
            path,
            table,
            store: tokio::sync::OnceCell::new(),
        })))
    }

    #[cfg(feature = "postgres")]
    pub(super) fn postgres(store: crate::PostgresStore) -> Self {
        Self(Kind::Postgres(store))
    }

    #[cfg(feature = "mysql")]
    pub(super) fn mysql(store: crate::MySqlStore) -> Self {
        Self(Kind::MySql(store))
    }

    #[cfg(feature = "redis")]
    pub(super) fn redis(store: crate::RedisStore) -> Self {
        Self(Kind::Redis(std::sync::Arc::new(store)))
    }

    /// The store itself, opened if that is still to be done.
    #[allow(clippy::unused_async, reason = "with SQLite it waits")]
    async fn store(&self) -> Result<&dyn Store, StoreError> {
        match self.0 {
            #[cfg(feature = "memory")]
            Kind::Memory(ref store) => Ok(store),
            #[cfg(feature = "sqlite")]
            Kind::Sqlite(ref file) => Ok(file.store().await?),
            #[cfg(feature = "postgres")]
            Kind::Postgres(ref store) => Ok(store),
            #[cfg(feature = "mysql")]
            Kind::MySql(ref store) => Ok(store),
            #[cfg(feature = "redis")]
            Kind::Redis(ref store) => Ok(store),
        }
    }
}

/// A file that is opened when it is first needed, and tried again as long as it cannot be.
#[cfg(feature = "sqlite")]
struct SqliteFile {
    path: std::path::PathBuf,
    table: Option<String>,
    store: tokio::sync::OnceCell<crate::SqliteStore>,
}

#[cfg(feature = "sqlite")]
impl SqliteFile {
    async fn store(&self) -> Result<&crate::SqliteStore, StoreError> {
        let open = async || {
            let store = crate::SqliteStore::open(&self.path).await?;
            match &self.table {
                Some(table) => store.table(table),
                None => Ok(store),
            }
        };
        self.store.get_or_try_init(open).await
    }
}

/// Its name alone: no address, and no password.
impl fmt::Debug for AnyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AnyStore").field(&self.name()).finish()
    }
}

impl Store for AnyStore {
    fn prepare(&self) -> StoreFuture<'_, ()> {
        Box::pin(self.migrate())
    }

    fn name(&self) -> &'static str {
        match self.0 {
            #[cfg(feature = "memory")]
            Kind::Memory(ref store) => store.name(),
            #[cfg(feature = "sqlite")]
            Kind::Sqlite(_) => "sqlite",
            #[cfg(feature = "postgres")]
            Kind::Postgres(ref store) => store.name(),
            #[cfg(feature = "mysql")]
            Kind::MySql(ref store) => store.name(),
            #[cfg(feature = "redis")]
            Kind::Redis(ref store) => store.name(),
        }
    }

    fn load(&self, key: RecordKey, now: Timestamp) -> StoreFuture<'_, Option<Record>> {
        Box::pin(async move { self.store().await?.load(key, now).await })
    }

    fn create(&self, key: RecordKey, record: Record, now: Timestamp) -> StoreFuture<'_, bool> {
        Box::pin(async move { self.store().await?.create(key, record, now).await })
    }

    fn update(
        &self,
        key: RecordKey,
        expected: u64,
        record: Record,
        now: Timestamp,
    ) -> StoreFuture<'_, Outcome> {
        Box::pin(async move {
            let store = self.store().await?;
            store.update(key, expected, record, now).await
        })
    }

    fn rotate(&self, rotation: Rotation, now: Timestamp) -> StoreFuture<'_, Outcome> {
        Box::pin(async move { self.store().await?.rotate(rotation, now).await })
    }

    fn delete(
        &self,
        key: RecordKey,
        expected: Option<u64>,
        now: Timestamp,
    ) -> StoreFuture<'_, Outcome> {
        Box::pin(async move { self.store().await?.delete(key, expected, now).await })
    }

    fn list(&self, user: UserKey, now: Timestamp) -> StoreFuture<'_, Vec<(RecordKey, Record)>> {
        Box::pin(async move { self.store().await?.list(user, now).await })
    }

    fn delete_all(
        &self,
        user: UserKey,
        except: Option<RecordKey>,
        now: Timestamp,
    ) -> StoreFuture<'_, u64> {
        Box::pin(async move { self.store().await?.delete_all(user, except, now).await })
    }

    fn delete_expired(&self, now: Timestamp) -> StoreFuture<'_, u64> {
        Box::pin(async move { self.store().await?.delete_expired(now).await })
    }
}
