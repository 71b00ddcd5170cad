//! MySQL and MariaDB: the suite, and what is particular to them.

use std::sync::Arc;
use std::time::Duration;

use muffin_session::{MySqlStore, RecordKey, Store, conformance};
use muffin_session_tests::servers;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlPool, MySqlPoolOptions};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use tokio::task::JoinSet;

use crate::sql::{self, Blocker, Leaving, NOW};

/// A database of one's own.
struct Database {
    name: String,
    options: MySqlConnectOptions,
    admin: MySqlPool,
}

impl Database {
    async fn new() -> Self {
        let url = servers::url("MYSQL_URL", "MySQL or MariaDB");
        let admin = MySqlPool::connect_lazy(&url).unwrap();
        let name = sql::name();
        let create = format!("CREATE DATABASE {name}");
        admin.execute(AssertSqlSafe(create)).await.unwrap();
        let options = url.parse::<MySqlConnectOptions>().unwrap().database(&name);
        Self {
            name,
            options,
            admin,
        }
    }

    /// A store with the pool that the library makes.
    async fn store(&self) -> MySqlStore {
        let mut url = servers::url("MYSQL_URL", "MySQL or MariaDB");
        let (server, _) = url.rsplit_once('/').unwrap();
        url = format!("{server}/{}", self.name);
        let store = MySqlStore::connect_lazy(&url).unwrap();
        store.migrate().await.unwrap();
        store
    }

    /// A store with an isolation level that is not the server's default.
    fn store_at(&self, level: &'static str) -> MySqlStore {
        let pool = MySqlPoolOptions::new().after_connect(move |connection, _| {
            Box::pin(async move {
                let set = format!("SET SESSION TRANSACTION ISOLATION LEVEL {level}");
                connection.execute(AssertSqlSafe(set)).await.map(drop)
            })
        });
        MySqlStore::new(pool.connect_lazy_with(self.options.clone()))
    }

    async fn drop(self) {
        let drop = format!("DROP DATABASE {}", self.name);
        self.admin.execute(AssertSqlSafe(drop)).await.unwrap();
    }
}

struct Holder<'a> {
    database: &'a Database,
    connection: MySqlConnection,
}

impl<'a> Holder<'a> {
    async fn new(database: &'a Database) -> Self {
        let connection = MySqlConnection::connect_with(&database.options)
            .await
            .unwrap();
        Self {
            database,
            connection,
        }
    }
}

impl Blocker for Holder<'_> {
    /// The row alone, so that whoever comes has its entries in the other indexes before it waits.
    async fn hold(&mut self, key: RecordKey) {
        let row: u64 = sqlx::query_scalar("SELECT row_id FROM muffin_sessions WHERE id = ?")
            .bind(&key.as_bytes()[..])
            .fetch_one(&mut self.connection)
            .await
            .unwrap();
        self.connection.execute("START TRANSACTION").await.unwrap();
        sqlx::query("SELECT 1 FROM muffin_sessions WHERE row_id = ? FOR UPDATE")
            .bind(row)
            .fetch_one(&mut self.connection)
            .await
            .unwrap();
    }

    async fn waiting(&mut self) -> i64 {
        let count = format!(
            "SELECT COUNT(*) FROM information_schema.innodb_trx AS t \
             JOIN information_schema.processlist AS p ON p.id = t.trx_mysql_thread_id \
             WHERE p.db = '{}' AND t.trx_state = 'LOCK WAIT'",
            self.database.name
        );
        sqlx::query_scalar(AssertSqlSafe(count))
            .fetch_one(&self.database.admin)
            .await
            .unwrap()
    }

    async fn let_go(&mut self) {
        self.connection.execute("COMMIT").await.unwrap();
    }
}

const LEVELS: [&str; 3] = ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL or MariaDB: set MYSQL_URL"]
async fn keeps_the_contract() {
    let database = Database::new().await;
    conformance::check(database.store().await).await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL or MariaDB: set MYSQL_URL"]
async fn nobody_gets_away() {
    let database = Database::new().await;
    database.store().await;
    for level in LEVELS {
        let store = Arc::new(database.store_at(level));
        sql::nobody_gets_away(store.clone(), Leaving::Nothing).await;
        sql::nobody_gets_away(store, Leaving::Something).await;
    }
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL or MariaDB: set MYSQL_URL"]
async fn nobody_gets_away_in_either_order() {
    let database = Database::new().await;
    database.store().await;
    for level in LEVELS {
        let store = Arc::new(database.store_at(level));
        let holder = Holder::new(&database).await;
        sql::nobody_gets_away_in_either_order(store, holder).await;
    }
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL or MariaDB: set MYSQL_URL"]
async fn nothing_is_lost() {
    let database = Database::new().await;
    let mut stores: Vec<Arc<dyn Store>> = vec![Arc::new(database.store().await)];
    for level in LEVELS {
        stores.push(Arc::new(database.store_at(level)));
    }
    sql::nothing_is_lost(&stores).await;
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs MySQL or MariaDB: set MYSQL_URL"]
async fn sweeps_make_room_and_numbers() {
    let database = Database::new().await;
    let store = database.store().await;
    sql::a_sweep_takes_what_has_expired(&store).await;
    sql::an_expired_row_makes_room(&store).await;
    sql::numbers_come_back(&store).await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL or MariaDB: set MYSQL_URL"]
async fn several_processes_make_the_table_at_once() {
    let database = Database::new().await;
    let mut processes = JoinSet::new();
    for _ in 0..8 {
        let store = database.store_at(LEVELS[1]);
        processes.spawn(async move {
            store.migrate().await.unwrap();
            store.migrate().await.unwrap();
        });
    }
    while let Some(process) = processes.join_next().await {
        process.unwrap();
    }
    database.drop().await;
}

/// As after a restart of the server: each connection in the pool is dead.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL or MariaDB: set MYSQL_URL"]
async fn dead_connections_fail_no_request() {
    let database = Database::new().await;
    let store = Arc::new(database.store().await);
    let stores: [Arc<dyn Store>; 1] = [store.clone()];
    sql::nothing_is_lost(&stores).await;

    // Reading: on whatever connection.
    assert!(kill(&database).await > 1);
    let mut requests = JoinSet::new();
    for _ in 0..64 {
        let store = store.clone();
        requests.spawn(async move { store.load(sql::key(), NOW).await.unwrap() });
    }
    while let Some(request) = requests.join_next().await {
        assert_eq!(request.unwrap(), None);
    }

    // Writing: on connections that have rested.
    assert!(kill(&database).await >= 1);
    tokio::time::sleep(Duration::from_millis(150)).await;
    sql::nothing_is_lost(&stores).await;
    database.drop().await;
}

async fn kill(database: &Database) -> usize {
    let ids: Vec<i64> = sqlx::query_scalar(
        "SELECT CAST(id AS SIGNED) FROM information_schema.processlist WHERE db = ?",
    )
    .bind(&database.name)
    .fetch_all(&database.admin)
    .await
    .unwrap();
    for id in &ids {
        let kill = format!("KILL CONNECTION {id}");
        database.admin.execute(AssertSqlSafe(kill)).await.unwrap();
    }
    ids.len()
}

#[tokio::test]
#[ignore = "needs MySQL or MariaDB: set MYSQL_URL"]
async fn errors_say_what_to_do_and_no_more() {
    let database = Database::new().await;
    let store = database.store_at(LEVELS[0]);
    let error = store.load(sql::key(), NOW).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the table of the sessions is missing (error 1146, SQLSTATE 42S02): call `migrate` on the store before it is used"
    );
    database.drop().await;
}

#[tokio::test]
async fn urls_that_are_none_are_refused_without_a_password() {
    for url in [
        "",
        "hunter2",
        "postgres://root:hunter2@127.0.0.1/test",
        "mysql://root:hunter2@127.0.0.1:port/test",
        "mysql://root@127.0.0.1/test?ssl-mode=hunter2",
        "mysql://root:hunter2%ff@127.0.0.1/test",
    ] {
        let error = MySqlStore::connect_lazy(url).unwrap_err().to_string();
        assert!(error.contains("mysql://"), "{url}: {error}");
        assert!(!error.contains("hunter2"), "{url}: {error}");
    }
}

#[tokio::test]
async fn tables_have_plain_names() {
    sql::refuses_tables(|name| MySqlStore::connect_lazy("mariadb://127.0.0.1/test")?.table(name));
}
