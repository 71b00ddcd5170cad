//! A cluster: sessions that move from node to node, slots that do, and nodes that fail.

use std::sync::Arc;

use muffin_session::Outcome::{Done, Gone};
use muffin_session::{RecordKey, RedisStore, Store as _, UserKey};
use muffin_session_tests::redis_servers::{RedisCluster, text, texts, wait_for};
use redis::Value;

use super::{guest_key, key_of, moved, now, record, user};

/// The slot of a key, and the number of the node that has it.
async fn place(cluster: &RedisCluster, group: [u8; 8]) -> (String, usize) {
    let name = format!("{{{:016x}}}", u64::from_be_bytes(group));
    let slot = cluster.nodes[0]
        .command(&["CLUSTER", "KEYSLOT", &name])
        .await
        .unwrap();
    let slot = text(&slot);
    for (number, node) in cluster.nodes.iter().enumerate() {
        let count = node
            .command(&["CLUSTER", "GETKEYSINSLOT", &slot, "10"])
            .await;
        if matches!(count, Ok(Value::Array(keys)) if !keys.is_empty()) {
            return (slot, number);
        }
    }
    panic!("no node has a key of the slot {slot}");
}

/// One user's sessions stay together, and different users' are spread.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the redis-server program"]
async fn users_are_spread_over_the_nodes() {
    let cluster = RedisCluster::start().await;
    let store = RedisStore::cluster(cluster.urls()).unwrap();
    let now = now();
    let mut seen = [0; 3];
    for _ in 0..30 {
        let user = user();
        for _ in 0..3 {
            assert!(
                store
                    .create(key_of(user), record(user, now), now)
                    .await
                    .unwrap()
            );
        }
        assert_eq!(store.list(user, now).await.unwrap().len(), 3);
        seen[place(&cluster, user.group()).await.1] += 1;
    }
    assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
    for node in &cluster.nodes {
        let info = text(&node.command(&["INFO", "keyspace"]).await.unwrap());
        let field = |name: &str| {
            let rest = info.split_once(&format!("{name}=")).unwrap().1;
            rest.split([',', '\r']).next().unwrap().to_owned()
        };
        assert_eq!(
            field("keys"),
            field("expires"),
            "each key has a time to live"
        );
    }
}

/// From a guest to a user and from one user to another: each of the pairs lies on other nodes, or on one.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the redis-server program"]
async fn logins_move_from_node_to_node() {
    let cluster = RedisCluster::start().await;
    let store = RedisStore::cluster(cluster.urls()).unwrap();
    let now = now();
    for _ in 0..20 {
        let (guest, ann, ben) = (guest_key(), user(), user());
        let (anns, bens) = (key_of(ann), key_of(ben));
        assert!(store.create(guest, record(None, now), now).await.unwrap());
        let login = moved(guest, anns, record(ann, now));
        assert_eq!(store.rotate(login.clone(), now).await.unwrap(), Done);
        assert_eq!(store.rotate(login, now).await.unwrap(), Gone);
        assert_eq!(store.load(guest, now).await.unwrap(), None);
        let change = moved(anns, bens, record(ben, now));
        assert_eq!(store.rotate(change, now).await.unwrap(), Done);
        assert_eq!(store.list(ann, now).await.unwrap(), []);
        assert_eq!(
            store.list(ben, now).await.unwrap(),
            [(bens, record(ben, now))]
        );
    }
}

/// Four logins of one guest at once: one of them takes place.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the redis-server program"]
async fn of_several_logins_at_once_one_is_left() {
    let cluster = RedisCluster::start().await;
    let store = Arc::new(RedisStore::cluster(cluster.urls()).unwrap());
    let now = now();
    for _ in 0..20 {
        let guest = guest_key();
        assert!(store.create(guest, record(None, now), now).await.unwrap());
        let logins: Vec<(UserKey, RecordKey)> = (0..4)
            .map(|_| {
                let user = user();
                (user, key_of(user))
            })
            .collect();
        let tasks: Vec<_> = (logins.iter())
            .map(|&(user, key)| {
                let store = Arc::clone(&store);
                tokio::spawn(async move {
                    store
                        .rotate(moved(guest, key, record(user, now)), now)
                        .await
                        .unwrap()
                })
            })
            .collect();
        let mut done = 0;
        for task in tasks {
            done += usize::from(task.await.unwrap() == Done);
        }
        assert_eq!(done, 1);
        let mut alive = 0;
        for (user, _) in logins {
            alive += store.list(user, now).await.unwrap().len();
        }
        assert_eq!(alive, 1);
    }
}

/// A slot on its way, and after it has arrived: the nodes say ASK, TRYAGAIN and MOVED.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the redis-server program"]
async fn a_slot_that_moves_is_followed() {
    let cluster = RedisCluster::start().await;
    let store = RedisStore::cluster(cluster.urls()).unwrap();
    let (user, now) = (user(), now());
    let key = key_of(user);
    assert!(store.create(key, record(user, now), now).await.unwrap());
    let (slot, from) = place(&cluster, user.group()).await;
    let to = (from + 1) % 3;
    let mut ids = Vec::new();
    for node in &cluster.nodes {
        ids.push(text(&node.command(&["CLUSTER", "MYID"]).await.unwrap()));
    }
    let set_slot = async |node: usize, what: &[&str]| {
        let command = [&["CLUSTER", "SETSLOT", &slot], what].concat();
        cluster.nodes[node].command(&command).await.unwrap();
    };
    set_slot(to, &["IMPORTING", &ids[from]]).await;
    set_slot(from, &["MIGRATING", &ids[to]]).await;
    assert!(store.load(key, now).await.unwrap().is_some());
    let name = format!("session:{{{:016x}}}", u64::from_be_bytes(user.group()));
    let port = cluster.nodes[to].port().to_string();
    let migrate = ["MIGRATE", "127.0.0.1", &port, &name, "0", "5000"];
    cluster.nodes[from].command(&migrate).await.unwrap();
    // The key is there already, and the slot is not.
    assert!(store.load(key, now).await.unwrap().is_some());
    assert_eq!(
        store.update(key, 1, record(user, now), now).await.unwrap(),
        Done
    );
    let next = key_of(user);
    assert_eq!(
        store
            .rotate(moved(key, next, record(user, now)), now)
            .await
            .unwrap(),
        Done
    );
    for node in [to, from, (to + 1) % 3] {
        set_slot(node, &["NODE", &ids[to]]).await;
    }
    assert!(store.load(next, now).await.unwrap().is_some());
    assert_eq!(store.delete_all(user, None, now).await.unwrap(), 1);
}

/// A node that is gone takes its own sessions along, and no others; when it is back, so are they.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the redis-server program"]
async fn a_node_that_fails_is_missed_by_its_own_users_alone() {
    let mut cluster = RedisCluster::start_with(0, &["--cluster-require-full-coverage", "no"]).await;
    let store = RedisStore::cluster(cluster.urls()).unwrap();
    let now = now();
    let mut keys: [Vec<RecordKey>; 3] = Default::default();
    for _ in 0..30 {
        let user = user();
        let key = key_of(user);
        assert!(store.create(key, record(user, now), now).await.unwrap());
        keys[place(&cluster, user.group()).await.1].push(key);
    }
    cluster.nodes[1].kill().await;
    for key in keys[0].iter().chain(&keys[2]) {
        assert!(store.load(*key, now).await.unwrap().is_some());
    }
    assert!(store.load(keys[1][0], now).await.is_err());
    cluster.nodes[1].start_again().await;
    wait_for("the node's sessions", async || {
        store.load(keys[1][0], now).await.is_ok()
    })
    .await;
    for key in &keys[1] {
        assert!(store.load(*key, now).await.unwrap().is_some());
        assert_eq!(store.delete(*key, Some(1), now).await.unwrap(), Done);
    }
}

/// A replica takes its master's place, and is found.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the redis-server program"]
async fn a_replica_that_is_promoted_is_found() {
    let mut cluster = RedisCluster::start_with(1, &[]).await;
    let store = RedisStore::cluster(cluster.urls()).unwrap();
    let (user, now) = (user(), now());
    let key = key_of(user);
    assert!(store.create(key, record(user, now), now).await.unwrap());
    let (slot, _) = place(&cluster, user.group()).await;
    let role = async |node: usize| {
        texts(&cluster.nodes[node].command(&["ROLE"]).await.unwrap())[0].clone()
    };
    let mut master = None;
    wait_for("a replica that has the session", async || {
        let mut copies = 0;
        for (number, node) in cluster.nodes.iter().enumerate() {
            let keys = node
                .command(&["CLUSTER", "GETKEYSINSLOT", &slot, "10"])
                .await;
            if texts(&keys.unwrap()).len() == 1 {
                copies += 1;
                if role(number).await == "master" {
                    master = Some(number);
                }
            }
        }
        copies == 2
    })
    .await;
    cluster.nodes[master.unwrap()].kill().await;
    assert!(store.load(key, now).await.is_err());
    wait_for("the session at another node", async || {
        store.load(key, now).await.is_ok()
    })
    .await;
    assert_eq!(store.load(key, now).await.unwrap(), Some(record(user, now)));
    assert_eq!(
        store.update(key, 1, record(user, now), now).await.unwrap(),
        Done
    );
}
