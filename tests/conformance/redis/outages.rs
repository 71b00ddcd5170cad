//! One server that fails, and comes back.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use muffin_session::Outcome::Done;
use muffin_session::{Record, RedisStore, Store};
use muffin_session_tests::proxy::Proxy;
use muffin_session_tests::redis_servers::{RedisServer, text, wait_for};

use super::{guest_key, key_of, moved, now, record, user};

#[tokio::test]
#[ignore = "needs the redis-server program"]
async fn a_restart_costs_nothing_but_its_time() {
    let mut server = RedisServer::start().await;
    let store = RedisStore::connect_lazy(server.url()).unwrap();
    let (key, now) = (guest_key(), now());
    assert!(store.create(key, record(None, now), now).await.unwrap());
    for power_failure in [false, true] {
        if power_failure {
            server.kill().await;
        } else {
            server.stop().await;
        }
        let error = store.load(key, now).await.unwrap_err();
        assert_eq!(error.to_string(), "connection refused");
        server.start_again().await;
        // No call is answered by what an earlier one has met.
        assert_eq!(store.load(key, now).await.unwrap(), Some(record(None, now)));
        let updated = store.update(key, 1, record(None, now), now).await.unwrap();
        assert_eq!(updated, Done);
    }
}

/// A connection that was closed while nobody used it is not found out by a call that fails.
#[tokio::test]
#[ignore = "needs the redis-server program"]
async fn a_closed_connection_is_replaced_before_it_is_used() {
    let mut server = RedisServer::start().await;
    let store = RedisStore::connect_lazy(server.url()).unwrap();
    let (key, now) = (guest_key(), now());
    assert!(store.create(key, record(None, now), now).await.unwrap());
    server.stop().await;
    server.start_again().await;
    assert_eq!(
        store.update(key, 1, record(None, now), now).await.unwrap(),
        Done
    );
}

/// A thousand calls at once make one connection, and if that fails, one attempt.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the redis-server program"]
async fn there_is_no_storm() {
    let mut server = RedisServer::start().await;
    let store = Arc::new(RedisStore::connect_lazy(server.url()).unwrap());
    let before = connections(&server).await;
    assert!(all_at_once(&store).await.iter().all(|is_there| *is_there));
    // Ours, the one that asks for the second time, and some more if the machine is slow.
    assert!(connections(&server).await - before < 10);
    server.stop().await;
    assert!(!all_at_once(&store).await.iter().any(|is_there| *is_there));
    server.start_again().await;
    wait_for("a call that comes through", async || {
        all_at_once(&store).await.iter().all(|is_there| *is_there)
    })
    .await;
    let clients = text(&server.command(&["CLIENT", "LIST"]).await.unwrap());
    assert!(clients.lines().count() < 10, "{clients}");
}

/// A server that closes each connection: however many wait, it is one attempt after the other.
#[tokio::test(flavor = "multi_thread")]
async fn attempts_are_counted_in_ones() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let attempts = Arc::new(AtomicU64::new(0));
    tokio::spawn({
        let attempts = Arc::clone(&attempts);
        async move {
            while listener.accept().await.is_ok() {
                attempts.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    let url = format!("redis://127.0.0.1:{port}");
    let store = Arc::new(RedisStore::connect_lazy(url).unwrap());
    assert!(!all_at_once(&store).await.iter().any(|is_there| *is_there));
    let attempts = attempts.load(Ordering::SeqCst);
    assert!((1..50).contains(&attempts), "{attempts} attempts");
}

async fn connections(server: &RedisServer) -> u64 {
    let info = text(&server.command(&["INFO", "stats"]).await.unwrap());
    let line = info
        .lines()
        .find_map(|line| line.strip_prefix("total_connections_received:"));
    line.unwrap().trim().parse().unwrap()
}

async fn all_at_once(store: &Arc<RedisStore>) -> Vec<bool> {
    let now = now();
    let calls: Vec<_> = (0..1_000)
        .map(|_| {
            let store = Arc::clone(store);
            tokio::spawn(async move { store.load(guest_key(), now).await.is_ok() })
        })
        .collect();
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.unwrap());
    }
    answers
}

/// The network swallows what is sent, and the caller gives up sooner than the store does. When the network is back, the old connection is as
/// dead as before: a new one has to be made.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the redis-server program"]
async fn a_connection_that_hangs_is_given_up() {
    let server = RedisServer::start().await;
    let proxy = Proxy::in_front_of(server.port()).await;
    let store = RedisStore::connect_lazy(format!("redis://127.0.0.1:{}", proxy.port())).unwrap();
    let (key, now) = (guest_key(), now());
    assert!(store.create(key, record(None, now), now).await.unwrap());
    proxy.swallow();
    let patience = Duration::from_millis(300);
    for _ in 0..5 {
        let call = tokio::time::timeout(patience, store.load(key, now)).await;
        assert!(!matches!(call, Ok(Ok(_))), "nothing comes through");
    }
    proxy.recover();
    let back = Instant::now();
    wait_for("a call that comes through", async || {
        matches!(
            tokio::time::timeout(patience, store.load(key, now)).await,
            Ok(Ok(Some(_)))
        )
    })
    .await;
    println!("back after {:?}", back.elapsed());
}

/// A server that hangs and goes on has executed what it was sent. Nobody is told otherwise, and nothing is done twice.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the redis-server program"]
async fn what_may_have_taken_place_is_an_error() {
    let server = RedisServer::start().await;
    let store = RedisStore::connect_lazy(server.url()).unwrap();
    let (key, user, now) = (guest_key(), user(), now());
    // The server knows the script.
    let renewed = guest_key();
    assert!(store.create(key, record(None, now), now).await.unwrap());
    assert_eq!(
        store
            .rotate(moved(key, renewed, record(None, now)), now)
            .await
            .unwrap(),
        Done
    );
    let key = renewed;
    server.freeze().await;
    let new = key_of(user);
    let error = store
        .rotate(moved(key, new, record(user, now)), now)
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "no answer in time");
    server.thaw().await;
    wait_for("the session under its new key", async || {
        matches!(store.load(new, now).await, Ok(Some(_)))
    })
    .await;
    assert_eq!(store.load(key, now).await.unwrap(), None);
}

/// The call is a task: it ends as it would have, also if nobody waits for it.
#[tokio::test]
#[ignore = "needs the redis-server program"]
async fn a_dropped_call_does_not_spoil_the_connection() {
    let server = RedisServer::start().await;
    let store = RedisStore::connect_lazy(server.url()).unwrap();
    let now = now();
    let before = connections(&server).await;
    for round in 0..200_u64 {
        let content = vec![7; 10_000];
        let record = Record {
            content,
            ..record(None, now)
        };
        let call = store.create(guest_key(), record, now);
        let _ = tokio::time::timeout(Duration::from_micros(round * 5), call).await;
    }
    assert_eq!(store.load(guest_key(), now).await.unwrap(), None);
    assert!(connections(&server).await - before < 10);
}

#[tokio::test]
#[ignore = "needs the redis-server program"]
async fn errors_are_short_and_harmless() {
    let server = RedisServer::start_with(&["--requirepass", "hunter2"]).await;
    let (key, now) = (guest_key(), now());
    let wrong = format!("redis://:wrong-password@127.0.0.1:{}", server.port());
    let error = RedisStore::connect_lazy(wrong)
        .unwrap()
        .load(key, now)
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "authentication failed");
    let error = RedisStore::connect_lazy(server.url())
        .unwrap()
        .load(key, now)
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "the server answered NOAUTH");
    let right = format!("redis://:hunter2@127.0.0.1:{}", server.port());
    let store = RedisStore::connect_lazy(&right).unwrap();
    assert!(store.create(key, record(None, now), now).await.unwrap());
    let twice = RedisStore::connect_lazy(format!("{right}/99")).unwrap();
    assert!(twice.load(key, now).await.is_err());
}

/// With the rights that the documentation names, and no others.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the redis-server program"]
async fn few_rights_suffice() {
    let server = RedisServer::start().await;
    let rights = "ACL SETUSER shop on >secret resetkeys ~session:* resetchannels -@all \
                  +eval +evalsha +hget +hgetall +hset +hdel +hlen +pttl +pexpire";
    server
        .command(&rights.split_whitespace().collect::<Vec<_>>())
        .await
        .unwrap();
    let url = format!("redis://shop:secret@127.0.0.1:{}", server.port());
    muffin_session::conformance::check(RedisStore::connect_lazy(&url).unwrap()).await;
    let elsewhere = RedisStore::connect_lazy(url)
        .unwrap()
        .prefix("other:")
        .unwrap();
    let error = elsewhere.load(guest_key(), now()).await.unwrap_err();
    assert_eq!(error.to_string(), "the server answered NOPERM");
}

/// Memory that is full is an error for what would need more, and for nothing else.
#[tokio::test]
#[ignore = "needs the redis-server program"]
async fn full_memory_ends_no_session() {
    let server = RedisServer::start_with(&["--maxmemory-policy", "noeviction"]).await;
    let store = RedisStore::connect_lazy(server.url()).unwrap();
    let (user, now) = (user(), now());
    let (key, new) = (key_of(user), key_of(user));
    assert!(store.create(key, record(user, now), now).await.unwrap());
    server
        .command(&["CONFIG", "SET", "maxmemory", "1"])
        .await
        .unwrap();
    for error in [
        store.create(new, record(user, now), now).await.unwrap_err(),
        store
            .update(key, 1, record(user, now), now)
            .await
            .unwrap_err(),
        store
            .rotate(moved(key, new, record(user, now)), now)
            .await
            .unwrap_err(),
    ] {
        assert_eq!(error.to_string(), "the server answered OOM");
    }
    assert_eq!(
        store.list(user, now).await.unwrap(),
        [(key, record(user, now))]
    );
    assert_eq!(store.delete_all(user, None, now).await.unwrap(), 1);
}

/// Whoever lets the server evict sessions reads of it in the log, once.
#[tokio::test]
#[ignore = "needs the redis-server program"]
async fn eviction_is_warned_of() {
    for (policy, wanted) in [("allkeys-lru", 1), ("volatile-ttl", 1), ("noeviction", 0)] {
        let arguments = ["--maxmemory", "100mb", "--maxmemory-policy", policy];
        let server = RedisServer::start_with(&arguments).await;
        let log = Arc::new(Log::default());
        let subscriber = tracing_subscriber::fmt()
            .with_writer(Arc::clone(&log))
            .finish();
        let _guard = muffin_session_tests::listening::listen(subscriber);
        let store = RedisStore::connect_lazy(server.url()).unwrap();
        for _ in 0..20 {
            // Each call is answered after what the first connection was used for before it.
            assert_eq!(store.load(guest_key(), now()).await.unwrap(), None);
        }
        let said = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        let lines = said
            .lines()
            .filter(|line| line.contains("muffin_session") && line.contains(policy));
        assert_eq!(lines.count(), wanted, "{policy}: {said}");
    }
}

#[derive(Default)]
struct Log(Mutex<Vec<u8>>);

impl std::io::Write for &Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
