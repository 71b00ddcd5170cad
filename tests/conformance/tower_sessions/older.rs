//! A store that is made for tower-sessions 0.14, in the wrapper that `docs/tower-sessions-stores.md` gives.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tower_sessions_core::SessionStore;
use tower_sessions_core::session::{Id, Record};
use tower_sessions_core::session_store::{Error, Result};
use tower_sessions_core_0_14 as old;
use tower_sessions_redis_store::RedisStore;
use tower_sessions_redis_store::fred::prelude::{ClientLike as _, Config, Pool};

use super::keeps_the_contract;

/// A store of version 0.14 as one of version 0.15.
#[derive(Debug)]
struct Older<S>(S);

#[async_trait]
impl<S: old::SessionStore> SessionStore for Older<S> {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let mut older = to_older(record);
        self.0.create(&mut older).await.map_err(newer_error)?;
        // The store may have drawn another id.
        record.id = Id(older.id.0);
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        self.0.save(&to_older(record)).await.map_err(newer_error)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let older = self.0.load(&old::session::Id(id.0)).await;
        Ok(older.map_err(newer_error)?.map(|older| Record {
            id: Id(older.id.0),
            data: older.data,
            expiry_date: older.expiry_date,
        }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let id = old::session::Id(id.0);
        self.0.delete(&id).await.map_err(newer_error)
    }
}

fn to_older(record: &Record) -> old::session::Record {
    old::session::Record {
        id: old::session::Id(record.id.0),
        data: record.data.clone(),
        expiry_date: record.expiry_date,
    }
}

fn newer_error(error: old::session_store::Error) -> Error {
    match error {
        old::session_store::Error::Encode(reason) => Error::Encode(reason),
        old::session_store::Error::Decode(reason) => Error::Decode(reason),
        old::session_store::Error::Backend(reason) => Error::Backend(reason),
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: set REDIS_URL"]
async fn keeps_the_contract_in_redis() {
    let url = std::env::var("REDIS_URL").expect("set REDIS_URL, as in redis://127.0.0.1:6379");
    let pool = Pool::new(Config::from_url(&url).unwrap(), None, None, None, 4).unwrap();
    let connections = pool.connect();
    pool.wait_for_connect().await.unwrap();
    let store = RedisStore::new(pool.clone());
    let made = Arc::new(Mutex::new(HashSet::new()));
    keeps_the_contract(Older(Remembering(store.clone(), Arc::clone(&made)))).await;
    // Lists of sessions, and marks of what has ended, would be there for a day.
    let made: Vec<_> = made.lock().unwrap().drain().collect();
    for id in made {
        old::SessionStore::delete(&store, &id).await.unwrap();
    }
    pool.quit().await.unwrap();
    connections.await.unwrap().unwrap();
}

/// Remembers what it has made, so that the test can clean up.
#[derive(Debug)]
struct Remembering<S>(S, Arc<Mutex<HashSet<old::session::Id>>>);

#[async_trait]
impl<S: old::SessionStore> old::SessionStore for Remembering<S> {
    async fn create(&self, record: &mut old::session::Record) -> old::session_store::Result<()> {
        let created = self.0.create(record).await;
        self.1.lock().unwrap().insert(record.id);
        created
    }

    async fn save(&self, record: &old::session::Record) -> old::session_store::Result<()> {
        self.0.save(record).await
    }

    async fn load(
        &self,
        id: &old::session::Id,
    ) -> old::session_store::Result<Option<old::session::Record>> {
        self.0.load(id).await
    }

    async fn delete(&self, id: &old::session::Id) -> old::session_store::Result<()> {
        self.0.delete(id).await
    }
}
