//! PostgreSQL: restarts, connections that hang, and connections that others have.

use std::sync::Arc;
use std::time::Instant;

use muffin_session::{PostgresStore, RecordKey, Store as _, Timestamp};
use muffin_session_tests::Site;
use muffin_session_tests::postgres_server::PostgresServer;
use muffin_session_tests::proxy::Proxy;
use muffin_session_tests::redis_servers::wait_for;
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Executor as _};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::outage::{AWAY, Outage};
use crate::site;
use crate::{LIMIT, alone};

/// The connections that the server has when others take them all, and those of them that are for administrators, of whom one is there.
const MOST_CONNECTIONS: usize = 20;
const KEPT_FOR_ADMINISTRATORS: usize = 3;

/// The pool's connections, each of which is made once more if it fails, and one for each look at a store that hangs.
const MOST_ATTEMPTS: u64 = 40;

async fn serve(url: &str) -> Site {
    let store = PostgresStore::connect_lazy(url).unwrap();
    store.migrate().await.unwrap();
    site::serve(store).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL's server programs"]
async fn a_restart_loses_nothing() {
    let _alone = alone().await;
    let mut server = PostgresServer::start().await;
    let site = serve(&server.url()).await;
    for (name, killed) in [("PostgreSQL, stopped", false), ("PostgreSQL, killed", true)] {
        let fail = async || {
            if killed {
                server.kill().await;
            } else {
                server.stop().await;
            }
        };
        let mut outage = Outage::begin(name, &site, fail).await;
        outage.refused().await;
        outage.hung_up_on(server.port()).await;
        outage.assert_no_storm(MOST_ATTEMPTS);
        outage.end(async || server.start_again().await).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL's server programs"]
async fn connections_that_hang_are_given_up() {
    let _alone = alone().await;
    let server = PostgresServer::start().await;
    let proxy = Proxy::in_front_of(server.port()).await;
    let url = format!("postgres://postgres@127.0.0.1:{}/postgres", proxy.port());
    let site = serve(&url).await;
    for (name, time) in [
        ("PostgreSQL, the network swallows for a while", 2 * AWAY),
        ("PostgreSQL, the network swallows shortly", AWAY / 2),
    ] {
        let mut outage = Outage::begin(name, &site, async || proxy.swallow()).await;
        outage.hangs(time, || proxy.connections()).await;
        if time > AWAY {
            outage.assert_no_storm(MOST_ATTEMPTS);
        }
        outage.end(async || proxy.recover()).await;
    }
}

/// As many calls as the pool has connections are under way when the network fails: none of their connections keeps its place in the pool.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL's server programs"]
async fn connections_that_hang_all_at_once_leave_room_for_others() {
    let _alone = alone().await;
    let server = PostgresServer::start().await;
    let proxy = Proxy::in_front_of(server.port()).await;
    let url = format!("postgres://postgres@127.0.0.1:{}/postgres", proxy.port());
    let store = Arc::new(PostgresStore::connect_lazy(&url).unwrap());
    store.migrate().await.unwrap();
    let (key, now) = (RecordKey::from_bytes([1; 32]), Timestamp::from_millis(1));

    let mut holder = PgConnection::connect(&server.url()).await.unwrap();
    holder
        .execute("BEGIN; LOCK TABLE muffin_sessions")
        .await
        .unwrap();
    let mut calls = JoinSet::new();
    for _ in 0..10 {
        let store = store.clone();
        calls.spawn(async move { timeout(LIMIT, store.load(key, now)).await });
    }
    let mut admin = PgConnection::connect(&server.url()).await.unwrap();
    wait_for("ten calls that wait", async || {
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
        let waiting: i64 = sqlx::query_scalar(waiting)
            .fetch_one(&mut admin)
            .await
            .unwrap();
        waiting == 10
    })
    .await;
    proxy.swallow();
    while let Some(call) = calls.join_next().await {
        assert!(call.unwrap().is_err(), "it takes too long");
    }
    proxy.recover();
    holder.execute("COMMIT").await.unwrap();
    let back = Instant::now();
    let loaded = timeout(2 * LIMIT, store.load(key, now)).await;
    assert!(matches!(loaded, Ok(Ok(None))), "{loaded:?}");
    println!(
        "\nPostgreSQL, all connections swallowed at once: well after {:?}",
        back.elapsed()
    );
}

/// Others take all connections that the server has to give, those of the application too.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL's server programs"]
async fn connections_that_others_have_are_waited_for_in_vain() {
    let _alone = alone().await;
    let settings = [
        format!("max_connections={MOST_CONNECTIONS}"),
        format!("superuser_reserved_connections={KEPT_FOR_ADMINISTRATORS}"),
    ];
    let server = PostgresServer::start_with(&settings.each_ref().map(String::as_str)).await;
    let mut admin = PgConnection::connect(&server.url()).await.unwrap();
    admin
        .execute("CREATE ROLE shop LOGIN; GRANT CREATE ON SCHEMA public TO shop")
        .await
        .unwrap();
    let proxy = Proxy::in_front_of(server.port()).await;
    let shop = |port: u16, name: &str| {
        format!("postgres://shop@127.0.0.1:{port}/postgres?application_name={name}")
    };
    let site = serve(&shop(proxy.port(), "sessions")).await;
    let others = shop(server.port(), "others");
    let mut theirs = Vec::new();
    // What is freed has to be taken at once: the site would like to have it, too. A connection that it has begun to make
    // is one that others do not get, whether the server lists it already or not.
    let take_all = async || {
        wait_for("no connection left", async || {
            for _ in 0..100 {
                while let Ok(connection) = PgConnection::connect(&others).await {
                    theirs.push(connection);
                }
                if theirs.len() == MOST_CONNECTIONS - KEPT_FOR_ADMINISTRATORS - 1 {
                    return true;
                }
                admin
                    .execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sessions'")
                    .await
                    .unwrap();
            }
            false
        })
        .await;
    };
    let mut outage = Outage::begin("PostgreSQL, too many connections", &site, take_all).await;
    outage.hangs(2 * AWAY, || proxy.connections()).await;
    // Ten calls at most wait at a time, and each tries less and less often.
    outage.assert_no_storm(250);
    outage
        .end(async || {
            for connection in theirs {
                connection.close().await.unwrap();
            }
        })
        .await;
}
