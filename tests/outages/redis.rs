//! Redis: restarts with and without a disk, and connections that hang.

use std::time::Instant;

use muffin_session::RedisStore;
use muffin_session_tests::proxy::Proxy;
use muffin_session_tests::redis_servers::RedisServer;

use crate::alone;
use crate::outage::{AWAY, Outage};
use crate::site::{self, NOBODY};

/// Redis tries once each 100 milliseconds, and the attempts that come out badly are no more.
const MOST_ATTEMPTS: u64 = 20;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the redis-server program"]
async fn a_restart_loses_nothing_that_was_on_the_disk() {
    let _alone = alone().await;
    let mut server = RedisServer::start().await;
    let site = site::serve(RedisStore::connect_lazy(server.url()).unwrap()).await;
    for (name, killed) in [("Redis, stopped", false), ("Redis, killed", true)] {
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
#[ignore = "needs the redis-server program"]
async fn a_connection_that_hangs_is_given_up() {
    let _alone = alone().await;
    let server = RedisServer::start().await;
    let proxy = Proxy::in_front_of(server.port()).await;
    let url = format!("redis://127.0.0.1:{}", proxy.port());
    let site = site::serve(RedisStore::connect_lazy(url).unwrap()).await;
    for (name, time) in [
        ("Redis, the network swallows for a while", 2 * AWAY),
        ("Redis, the network swallows shortly", AWAY / 2),
    ] {
        let mut outage = Outage::begin(name, &site, async || proxy.swallow()).await;
        outage.hangs(time, || proxy.connections()).await;
        if time > AWAY {
            outage.assert_no_storm(MOST_ATTEMPTS);
        }
        outage.end(async || proxy.recover()).await;
    }
}

/// What the server was sent meanwhile is done when it goes on, on whichever connection it came.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the redis-server program"]
async fn a_server_that_hangs_goes_on() {
    let _alone = alone().await;
    let server = RedisServer::start().await;
    let proxy = Proxy::in_front_of(server.port()).await;
    let url = format!("redis://127.0.0.1:{}", proxy.port());
    let site = site::serve(RedisStore::connect_lazy(url).unwrap()).await;
    let mut outage = Outage::begin("Redis, frozen", &site, async || server.freeze().await).await;
    outage.hangs(2 * AWAY, || proxy.connections()).await;
    outage.assert_no_storm(MOST_ATTEMPTS);
    outage.end(async || server.thaw().await).await;
}

/// With the defaults, Redis keeps what it had when it was last told to save, or did so by itself.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the redis-server program"]
async fn a_kill_with_the_defaults_takes_all_back_to_the_last_snapshot() {
    let _alone = alone().await;
    let mut server = RedisServer::start_forgetful().await;
    let site = site::serve(RedisStore::connect_lazy(server.url()).unwrap()).await;
    let (early, leaving, late) = (site.browser(), site.browser(), site.browser());
    for (browser, user) in [(&early, 1), (&leaving, 2)] {
        assert_eq!(
            browser.post(&format!("/login?n={user}")).await.status(),
            200
        );
    }
    let thief = leaving.stolen();

    // A stop writes a snapshot: nothing is lost.
    server.stop().await;
    server.start_again().await;
    assert_eq!(
        (early.text("/me").await, thief.text("/me").await),
        ("1".into(), "2".into())
    );

    // A kill does not: who came is gone, and who left is back.
    assert_eq!(late.post("/login?n=3").await.status(), 200);
    assert_eq!(leaving.post("/logout").await.status(), 200);
    assert_eq!(
        (late.text("/me").await, thief.text("/me").await),
        ("3".into(), NOBODY.into())
    );
    server.kill().await;
    server.start_again().await;
    let back = Instant::now();
    assert_eq!(early.text("/me").await, "1");
    assert_eq!(late.text("/me").await, NOBODY, "the login is lost");
    assert_eq!(thief.text("/me").await, "2", "and so is the logout");

    // Nobody is worse off than that.
    assert_eq!(late.post("/login?n=3").await.status(), 200);
    assert_eq!(late.text("/me").await, "3");
    println!(
        "\nRedis with its defaults, killed: back at its last snapshot, and well after {:?}",
        back.elapsed()
    );
}
