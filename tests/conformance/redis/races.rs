//! Many calls at once, and scripts that the server does not know.

use std::sync::Arc;

use muffin_session::Outcome::{Conflict, Done, Gone};
use muffin_session::{Record, RedisStore, Store as _};
use muffin_session_tests::redis_servers::ask;
use muffin_session_tests::servers;

use super::{key_of, moved, now, prefix, record, user};

fn store() -> Arc<RedisStore> {
    let store = RedisStore::connect_lazy(servers::url("REDIS_URL", "Redis")).unwrap();
    Arc::new(store.prefix(prefix()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: set REDIS_URL"]
async fn of_many_at_once_one_wins_each_round() {
    let (store, user, now) = (store(), user(), now());
    let key = key_of(user);
    let first = Record {
        version: 0,
        content: 0_u64.to_be_bytes().to_vec(),
        ..record(user, now)
    };
    assert!(store.create(key, first, now).await.unwrap());
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                loop {
                    let found = store.load(key, now).await.unwrap().unwrap();
                    let count = u64::from_be_bytes(found.content.as_slice().try_into().unwrap());
                    let next = Record {
                        version: found.version + 1,
                        content: (count + 1).to_be_bytes().to_vec(),
                        ..found
                    };
                    match store.update(key, found.version, next, now).await.unwrap() {
                        Done => return,
                        Conflict => {}
                        Gone => panic!("it is there"),
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let last = store.load(key, now).await.unwrap().unwrap();
    assert_eq!(last.content, 64_u64.to_be_bytes());
    assert_eq!(store.delete_all(user, None, now).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: set REDIS_URL"]
async fn no_session_slips_away_from_delete_all() {
    let store = store();
    for _ in 0..20 {
        let (user, now) = (user(), now());
        let mut tasks = Vec::new();
        for _ in 0..8 {
            let mut key = key_of(user);
            assert!(store.create(key, record(user, now), now).await.unwrap());
            let store = Arc::clone(&store);
            tasks.push(tokio::spawn(async move {
                loop {
                    let next = key_of(user);
                    match store
                        .rotate(moved(key, next, record(user, now)), now)
                        .await
                        .unwrap()
                    {
                        Done => key = next,
                        outcome => return outcome,
                    }
                }
            }));
        }
        assert_eq!(store.delete_all(user, None, now).await.unwrap(), 8);
        assert_eq!(store.list(user, now).await.unwrap(), []);
        for task in tasks {
            assert_eq!(task.await.unwrap(), Gone);
        }
        assert_eq!(store.list(user, now).await.unwrap(), []);
    }
}

#[tokio::test]
#[ignore = "needs Redis: set REDIS_URL"]
async fn scripts_that_the_server_has_forgotten_are_sent_again() {
    let (store, user, now) = (store(), user(), now());
    let forget = async || {
        let url = servers::url("REDIS_URL", "Redis");
        ask(&url, &["SCRIPT", "FLUSH"]).await.unwrap();
    };
    for _ in 0..3 {
        let (key, next) = (key_of(user), key_of(user));
        forget().await;
        assert!(store.create(key, record(user, now), now).await.unwrap());
        forget().await;
        assert_eq!(
            store.update(key, 1, record(user, now), now).await.unwrap(),
            Done
        );
        forget().await;
        let rotation = moved(key, next, record(user, now));
        assert_eq!(store.rotate(rotation, now).await.unwrap(), Done);
        forget().await;
        assert_eq!(store.delete(next, Some(1), now).await.unwrap(), Done);
        forget().await;
        assert_eq!(store.delete_all(user, None, now).await.unwrap(), 0);
    }
}
