//! A failover while sessions are written.

use std::time::{Duration, Instant};

use muffin_session::{RedisStore, Store as _};
use muffin_session_tests::redis_servers::{RedisSentinels, wait_for};

use super::{key_of, now, record, user};

async fn works(store: &RedisStore) -> bool {
    let (user, now) = (user(), now());
    let created = store.create(key_of(user), record(user, now), now).await;
    created.is_ok_and(|created| created)
        && store.list(user, now).await.is_ok_and(|all| all.len() == 1)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the redis-server program"]
async fn when_the_master_is_gone_the_next_one_is_found() {
    let mut servers = RedisSentinels::start().await;
    let store = RedisStore::sentinel(servers.urls(), "redis://mymaster/0").unwrap();
    let (user, now) = (user(), now());
    let key = key_of(user);
    assert!(store.create(key, record(user, now), now).await.unwrap());
    // What has not come to the replica is lost with the master: that is what Redis promises.
    let replica = RedisStore::connect_lazy(servers.servers[1].url()).unwrap();
    wait_for("the replica to have it", async || {
        matches!(replica.load(key, now).await, Ok(Some(_)))
    })
    .await;
    servers.servers[0].kill().await;
    assert!(!works(&store).await);
    servers.wait_for_promotion(1).await;
    let promoted = Instant::now();
    wait_for("a write at the new master", async || works(&store).await).await;
    println!(
        "the new master is found {:?} after its promotion",
        promoted.elapsed()
    );
    assert!(store.load(key, now).await.unwrap().is_some());
    // One sentinel less, and the old master is back as a replica: nothing is written to it.
    servers.sentinels[0].kill().await;
    servers.servers[0].start_again().await;
    assert!(works(&store).await);
}

/// The old master hangs instead of being gone: its connections stay open. Each caller is patient for less time than the store.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the redis-server program"]
async fn when_the_master_hangs_the_next_one_is_found() {
    let servers = RedisSentinels::start().await;
    let store = RedisStore::sentinel(servers.urls(), RedisSentinels::NAME).unwrap();
    assert!(works(&store).await);
    servers.servers[0].freeze().await;
    servers.wait_for_promotion(1).await;
    let promoted = Instant::now();
    let patience = Duration::from_millis(300);
    wait_for("a write at the new master", async || {
        matches!(
            tokio::time::timeout(patience, works(&store)).await,
            Ok(true)
        )
    })
    .await;
    println!(
        "the new master is found {:?} after its promotion",
        promoted.elapsed()
    );
    servers.servers[0].thaw().await;
    assert!(works(&store).await);
}

/// A master that is demoted answers READONLY: nothing has taken place, and the call finds the new one by itself.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the redis-server program"]
async fn a_failover_on_purpose_is_followed() {
    let servers = RedisSentinels::start().await;
    let store = RedisStore::sentinel(servers.urls(), RedisSentinels::NAME).unwrap();
    assert!(works(&store).await);
    let failover = ["SENTINEL", "FAILOVER", RedisSentinels::NAME];
    servers.sentinels[0].command(&failover).await.unwrap();
    servers.wait_for_promotion(1).await;
    let promoted = Instant::now();
    wait_for("a write at the new master", async || works(&store).await).await;
    println!(
        "the new master is found {:?} after its promotion",
        promoted.elapsed()
    );
    wait_for("an old master that is a replica", async || {
        let role = servers.servers[0].command(&["ROLE"]).await;
        role.is_ok_and(|role| muffin_session_tests::redis_servers::texts(&role)[0] == "slave")
    })
    .await;
    wait_for("a write after all that", async || works(&store).await).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the redis-server program"]
async fn a_name_that_no_sentinel_knows_is_an_error() {
    let servers = RedisSentinels::start().await;
    let store = RedisStore::sentinel(servers.urls(), "another").unwrap();
    let (user, now) = (user(), now());
    let error = store.list(user, now).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the sentinels know no master of that name"
    );
}
