//! Redis: the conformance suite, what is kept in the server, and servers that fail.

#![allow(clippy::unwrap_used, reason = "what the tests share is tests as well")]

mod cluster;
mod keys;
mod outages;
mod races;
mod sentinels;
mod tls;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use muffin_session::{Record, RecordKey, RedisStore, Rotation, Timestamp, UserKey, conformance};
use muffin_session_tests::redis_servers::{RedisCluster, RedisSentinels, RedisServer};
use muffin_session_tests::servers;

const HOUR: u64 = 3_600_000;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: set REDIS_URL"]
async fn a_server_keeps_the_contract() {
    let store = RedisStore::connect_lazy(servers::url("REDIS_URL", "Redis")).unwrap();
    conformance::check(store.prefix(prefix()).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the redis-server program"]
async fn a_master_with_sentinels_keeps_the_contract() {
    let servers = RedisSentinels::start().await;
    conformance::check(RedisStore::sentinel(servers.urls(), RedisSentinels::NAME).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the redis-server program"]
async fn a_cluster_keeps_the_contract() {
    let cluster = RedisCluster::start().await;
    // One node suffices to find the others.
    conformance::check(RedisStore::cluster(&cluster.urls()[..1]).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the redis-server program"]
async fn a_unix_socket_does_as_well() {
    let server = RedisServer::start_with(&["--unixsocket", "redis.sock"]).await;
    let path = server.folder().join("redis.sock");
    let url = format!("unix://{}", path.display());
    conformance::check(RedisStore::connect_lazy(url).unwrap()).await;
}

#[test]
fn what_cannot_be_used_is_refused_before_anything_starts() {
    assert!(RedisStore::connect_lazy("postgres://localhost").is_err());
    assert!(RedisStore::cluster(Vec::<String>::new()).is_err());
    assert!(RedisStore::cluster(["redis://localhost/1"]).is_err());
    assert!(RedisStore::cluster(["unix:///run/redis.sock"]).is_err());
    assert!(RedisStore::sentinel(Vec::<String>::new(), "mymaster").is_err());
    let store = || RedisStore::connect_lazy("redis://localhost").unwrap();
    for prefix in ["", "{", "a{b}", "}", "a b", "a\n", &"a".repeat(65)] {
        assert!(store().prefix(prefix).is_err(), "{prefix:?}");
    }
    assert!(store().trusting("no certificate").is_err());
    let shown = format!(
        "{:?}",
        RedisStore::connect_lazy("redis://:hunter2@localhost").unwrap()
    );
    assert!(!shown.contains("hunter2"), "{shown}");
}

/// A prefix that no other test has.
fn prefix() -> String {
    format!("test-{:016x}:", random())
}

fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_millis(u64::try_from(since_epoch.as_millis()).unwrap())
}

fn after(now: Timestamp, millis: u64) -> Timestamp {
    Timestamp::from_millis(now.as_millis() + millis)
}

/// Another number each time.
fn random() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let mixed = now().as_millis() ^ (u64::from(std::process::id()) << 40) ^ (count << 24);
    mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn user() -> UserKey {
    UserKey::from_bytes(bytes(random()))
}

/// Another user of the same group.
fn neighbour(user: UserKey) -> UserKey {
    UserKey::from_bytes(in_group(user.group()))
}

fn key_of(user: UserKey) -> RecordKey {
    RecordKey::from_bytes(in_group(user.group()))
}

fn guest_key() -> RecordKey {
    RecordKey::from_bytes(bytes(random()))
}

fn in_group(group: [u8; 8]) -> [u8; 32] {
    let mut bytes = bytes(random());
    bytes[..8].copy_from_slice(&group);
    bytes
}

fn bytes(number: u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (at, part) in bytes.chunks_mut(8).enumerate() {
        part.copy_from_slice(
            &number
                .rotate_left(u32::try_from(at).unwrap() * 13)
                .to_be_bytes(),
        );
    }
    bytes
}

/// A record of version 1 that is there for an hour.
fn record(user: impl Into<Option<UserKey>>, now: Timestamp) -> Record {
    Record {
        user: user.into(),
        expires_at: after(now, HOUR),
        version: 1,
        content: b"content".to_vec(),
    }
}

fn moved(old: RecordKey, new: RecordKey, record: Record) -> Rotation {
    Rotation {
        old,
        expected: 1,
        left: None,
        new,
        record,
    }
}
