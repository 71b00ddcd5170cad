//! A database of Redis: of each server's sixteen, one that is empty, so that the number of its keys is the number of sessions.

use std::sync::Arc;

use muffin_session::{RedisStore, Store};
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands as _, InfoDict, cmd};

use super::{Failure, Ground, Step, name};

const SETTINGS: [&str; 5] = [
    "appendonly",
    "appendfsync",
    "save",
    "maxmemory",
    "maxmemory-policy",
];

pub(super) struct Database {
    prefix: String,
    connection: MultiplexedConnection,
    store: Arc<RedisStore>,
    /// What the server used before.
    used: u64,
}

impl Database {
    pub(super) async fn new(url: &str) -> Result<Self, Failure> {
        let server = match url.rsplit_once('/') {
            Some((server, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => server,
            _ => url,
        };
        for number in (1..16).rev() {
            let url = format!("{server}/{number}");
            let client = redis::Client::open(url.as_str())?;
            let mut connection = client.get_multiplexed_async_connection().await?;
            let keys: u64 = cmd("DBSIZE").query_async(&mut connection).await?;
            if keys > 0 {
                continue;
            }
            let prefix = format!("{}:", name());
            // The next one that is looked for must not find this one empty.
            let _: () = connection.set(format!("{prefix}taken"), "").await?;
            return Ok(Self {
                store: Arc::new(RedisStore::connect_lazy(&url)?.prefix(&prefix)?),
                used: used(&mut connection).await?,
                prefix,
                connection,
            });
        }
        Err("no database of the Redis server is empty".into())
    }

    /// Removes our keys alone, should somebody else have come meanwhile.
    async fn remove(&self) -> Result<(), Failure> {
        let mut connection = self.connection.clone();
        let pattern = format!("{}*", self.prefix);
        let mut cursor: u64 = 0;
        loop {
            let (next, keys): (u64, Vec<String>) = cmd("SCAN")
                .arg(cursor)
                .arg(&["MATCH", &pattern, "COUNT", "2000"])
                .query_async(&mut connection)
                .await?;
            if !keys.is_empty() {
                let _: u64 = connection.unlink(keys).await?;
            }
            cursor = next;
            if cursor == 0 {
                return Ok(());
            }
        }
    }
}

async fn used(connection: &mut MultiplexedConnection) -> Result<u64, Failure> {
    let info: InfoDict = cmd("INFO").arg("memory").query_async(connection).await?;
    info.get("used_memory")
        .ok_or_else(|| "the server does not tell its memory".into())
}

impl Ground for Database {
    fn store(&self) -> Arc<dyn Store> {
        self.store.clone()
    }

    /// What the server uses more than before. Whatever else it does at the time counts too.
    fn bytes(&self) -> Step<'_, u64> {
        Box::pin(async {
            let now = used(&mut self.connection.clone()).await?;
            Ok(now.saturating_sub(self.used))
        })
    }

    /// The other sizes are at the same server.
    fn is_apart(&self) -> bool {
        false
    }

    fn about(&self) -> Step<'_, Vec<String>> {
        Box::pin(async {
            let mut connection = self.connection.clone();
            let info: InfoDict = cmd("INFO")
                .arg("server")
                .query_async(&mut connection)
                .await?;
            let version: String = info.get("redis_version").unwrap_or_default();
            let mut about = vec![format!("Redis {version}")];
            for name in SETTINGS {
                let (_, value): (String, String) = cmd("CONFIG")
                    .arg("GET")
                    .arg(name)
                    .query_async(&mut connection)
                    .await?;
                about.push(format!("{name} = {value:?}"));
            }
            Ok(about)
        })
    }

    fn clean(&self) -> Step<'_, ()> {
        Box::pin(self.remove())
    }
}
