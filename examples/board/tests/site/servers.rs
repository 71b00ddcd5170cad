//! The board with its data in PostgreSQL and its sessions in Redis, or both in PostgreSQL.
#![cfg(all(feature = "postgres", feature = "redis"))]

use std::env;
use std::time::Duration;

use board::settings::Settings;
use sqlx::any::install_default_drivers;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};
use tokio::time::{sleep, timeout};

use crate::client::Site;
use crate::tour::tour;

/// A database of its own, with a URL that leads there.
struct Database {
    server: String,
    name: String,
}

impl Database {
    async fn make(purpose: &str) -> Self {
        install_default_drivers();
        let database = Self {
            server: env::var("POSTGRES_URL").unwrap(),
            name: format!("board_{purpose}_{}", std::process::id()),
        };
        database.drop_it().await;
        database.run("CREATE DATABASE").await;
        database
    }

    fn url(&self) -> String {
        let (server, _) = self.server.rsplit_once('/').unwrap();
        format!("{server}/{}", self.name)
    }

    async fn drop_it(&self) {
        let connection = AnyConnection::connect(&self.server).await;
        let drop_it = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let query = sqlx::raw_sql(AssertSqlSafe(drop_it));
        query.execute(&mut connection.unwrap()).await.unwrap();
    }

    async fn run(&self, what: &str) {
        let connection = AnyConnection::connect(&self.server).await;
        let query = sqlx::raw_sql(AssertSqlSafe(format!("{what} {}", self.name)));
        query.execute(&mut connection.unwrap()).await.unwrap();
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: set POSTGRES_URL and REDIS_URL"]
async fn everything_works_in_postgresql_and_redis() {
    let database = Database::make("redis").await;
    let redis = env::var("REDIS_URL").unwrap();
    let redis = format!("{redis}?prefix={}:", database.name);
    let settings = Settings::new(database.url(), Some(redis)).unwrap();
    tour(&Site::start_with(&settings).await).await;
    database.drop_it().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: set POSTGRES_URL"]
async fn everything_works_in_postgresql_alone() {
    let database = Database::make("alone").await;
    let settings = Settings::new(database.url(), None).unwrap();
    tour(&Site::start_with(&settings).await).await;
    database.drop_it().await;
}

/// Waits until this many others wait for a lock.
async fn until_waiting(watcher: &mut AnyConnection, count: i64) {
    let waiting = "SELECT COUNT(*) FROM pg_stat_activity \
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while sqlx::query_scalar::<_, i64>(waiting)
        .fetch_one(&mut *watcher)
        .await
        .unwrap()
        < count
    {
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: set POSTGRES_URL"]
async fn a_demotion_ends_the_logins_of_whoever_was_promoted_in_the_same_moment() {
    let database = Database::make("crossing").await;
    let settings = Settings::new(database.url(), Some("memory:".to_owned()));
    let site = Site::start_with(&settings.unwrap()).await;
    let (ann, bob) = (site.register("ann").await, site.register("bob").await);

    // Another admin's promotion is under way, and the demotion by ann waits for it.
    let mut other = AnyConnection::connect(&database.url()).await.unwrap();
    let mut watcher = AnyConnection::connect(&database.url()).await.unwrap();
    let mut promotion = other.begin().await.unwrap();
    for statement in [
        "UPDATE turn SET id = id",
        "UPDATE users SET role = 'moderator' WHERE name = 'bob'",
    ] {
        let query = sqlx::raw_sql(statement);
        query.execute(&mut *promotion).await.unwrap();
    }
    let release = async {
        until_waiting(&mut watcher, 1).await;
        promotion.commit().await.unwrap();
    };
    let member = [("role", "member")];
    let both = async { tokio::join!(ann.post("/staff/users/2/role", &member), release) };
    timeout(Duration::from_secs(30), both).await.unwrap();
    assert!(!bob.is_logged_in().await);
    database.drop_it().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: set POSTGRES_URL"]
async fn two_admins_who_demote_each_other_leave_one() {
    let database = Database::make("admins").await;
    let settings = Settings::new(database.url(), Some("memory:".to_owned()));
    let site = Site::start_with(&settings.unwrap()).await;
    let (ann, bob) = (site.register("ann").await, site.register("bob").await);
    ann.post("/staff/users/2/role", &[("role", "admin")]).await;

    // Both are held up until both are under way.
    let mut holder = AnyConnection::connect(&database.url()).await.unwrap();
    let mut watcher = AnyConnection::connect(&database.url()).await.unwrap();
    let mut held = holder.begin().await.unwrap();
    let query = sqlx::raw_sql("SELECT id FROM users FOR UPDATE");
    query.execute(&mut *held).await.unwrap();
    let release = async {
        until_waiting(&mut watcher, 2).await;
        held.commit().await.unwrap();
    };
    let member = [("role", "member")];
    let all = async {
        tokio::join!(
            ann.post("/staff/users/2/role", &member),
            bob.post("/staff/users/1/role", &member),
            release,
        )
    };
    timeout(Duration::from_secs(30), all).await.unwrap();

    let admins = "SELECT COUNT(*) FROM users WHERE role = 'admin'";
    let admins: i64 = sqlx::query_scalar(admins)
        .fetch_one(&mut watcher)
        .await
        .unwrap();
    assert_eq!(admins, 1);
    database.drop_it().await;
}
