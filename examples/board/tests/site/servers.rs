//! The board with its data in PostgreSQL and its sessions in Redis, or both in PostgreSQL.
#![cfg(all(feature = "postgres", feature = "redis"))]

use std::env;

use board::settings::Settings;
use sqlx::any::install_default_drivers;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};

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
