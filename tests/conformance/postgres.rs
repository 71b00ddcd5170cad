//! PostgreSQL: the suite, and what is particular to it.

use std::sync::Arc;
use std::time::Duration;

use muffin_session::{Outcome, PostgresStore, Record, RecordKey, Store, conformance};
use muffin_session_tests::servers;
use sqlx::postgres::{PgConnection, PgPool};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use tokio::task::JoinSet;

use crate::sql::{self, Blocker, Leaving, NOW};

/// A table of one's own, and connections that can be told from others by their application's name, which is the same.
struct Table {
    name: String,
    url: String,
    admin: PgPool,
}

impl Table {
    fn new() -> Self {
        let url = servers::url("POSTGRES_URL", "PostgreSQL");
        let admin = PgPool::connect_lazy(&url).unwrap();
        let name = sql::name();
        Self { name, url, admin }
    }

    /// A store with a pool of its own, whose connections have other settings.
    fn store_with(&self, settings: &str) -> PostgresStore {
        let sign = if self.url.contains('?') { '&' } else { '?' };
        let url = format!("{}{sign}application_name={}{settings}", self.url, self.name);
        PostgresStore::connect_lazy(&url)
            .unwrap()
            .table(&self.name)
            .unwrap()
    }

    async fn store(&self) -> PostgresStore {
        let store = self.store_with("");
        store.migrate().await.unwrap();
        store
    }

    async fn number(&self, statement: String) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(statement))
            .fetch_one(&self.admin)
            .await
            .unwrap()
    }

    async fn drop(self) {
        let drop = format!("DROP TABLE IF EXISTS {}", self.name);
        self.admin.execute(AssertSqlSafe(drop)).await.unwrap();
    }
}

struct Holder<'a> {
    table: &'a Table,
    connection: PgConnection,
}

impl Blocker for Holder<'_> {
    async fn hold(&mut self, key: RecordKey) {
        self.connection.execute("BEGIN").await.unwrap();
        let hold = format!("SELECT 1 FROM {} WHERE id = $1 FOR UPDATE", self.table.name);
        let hold = sqlx::query(AssertSqlSafe(hold)).bind(&key.as_bytes()[..]);
        assert!(
            hold.fetch_optional(&mut self.connection)
                .await
                .unwrap()
                .is_some()
        );
    }

    async fn waiting(&mut self) -> i64 {
        let count = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = '{}' AND wait_event_type = 'Lock'",
            self.table.name
        );
        self.table.number(count).await
    }

    async fn let_go(&mut self) {
        self.connection.execute("COMMIT").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: set POSTGRES_URL"]
async fn keeps_the_contract() {
    let table = Table::new();
    conformance::check(table.store().await).await;
    table.drop().await;
}

/// Whatever the database's default is: what is undone for another one's sake is sent again.
const LEVELS: [&str; 3] = [
    "",
    "&options[default_transaction_isolation]=repeatable%20read",
    "&options[default_transaction_isolation]=serializable",
];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: set POSTGRES_URL"]
async fn nobody_gets_away() {
    let table = Table::new();
    table.store().await;
    for level in LEVELS {
        let store = Arc::new(table.store_with(level));
        sql::nobody_gets_away(store.clone(), Leaving::Nothing).await;
        sql::nobody_gets_away(store, Leaving::Something).await;
    }
    table.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: set POSTGRES_URL"]
async fn nobody_gets_away_in_either_order() {
    let table = Table::new();
    let store = Arc::new(table.store().await);
    let connection = PgConnection::connect(&table.url).await.unwrap();
    let holder = Holder {
        table: &table,
        connection,
    };
    sql::nobody_gets_away_in_either_order(store, holder).await;
    table.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: set POSTGRES_URL"]
async fn nothing_is_lost() {
    let table = Table::new();
    let stores: [Arc<dyn Store>; 2] =
        [Arc::new(table.store().await), Arc::new(table.store().await)];
    sql::nothing_is_lost(&stores).await;
    let serializable: Arc<dyn Store> = Arc::new(table.store_with(LEVELS[2]));
    sql::nothing_is_lost(&[serializable]).await;
    table.drop().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: set POSTGRES_URL"]
async fn sweeps_make_room_and_numbers() {
    let table = Table::new();
    let store = table.store().await;
    sql::a_sweep_takes_what_has_expired(&store).await;
    sql::an_expired_row_makes_room(&store).await;
    sql::numbers_come_back(&store).await;
    table.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: set POSTGRES_URL"]
async fn several_processes_make_the_table_at_once() {
    let table = Table::new();
    let mut processes = JoinSet::new();
    for _ in 0..8 {
        let store = table.store_with("");
        processes.spawn(async move {
            store.migrate().await.unwrap();
            store.migrate().await.unwrap();
        });
    }
    while let Some(process) = processes.join_next().await {
        process.unwrap();
    }
    table.drop().await;
}

/// A session that is put off by some seconds at each request must not need a vacuum.
#[tokio::test]
#[ignore = "needs PostgreSQL: set POSTGRES_URL"]
async fn updates_stay_within_their_page() {
    let table = Table::new();
    let store = table.store().await;
    let (key, first) = (sql::key(), sql::record(Some(sql::user()), 1));
    assert!(store.create(key, first.clone(), NOW).await.unwrap());
    // Five minutes that begin here.
    let begin = first.expires_at.as_millis().next_multiple_of(300_000);
    for version in 1..=100 {
        let record = Record {
            version: version + 1,
            expires_at: muffin_session::Timestamp::from_millis(begin + 1_000 * version),
            ..first.clone()
        };
        let updated = store.update(key, version, record, NOW).await.unwrap();
        assert_eq!(updated, Outcome::Done);
    }

    // The server counts with some delay.
    let statistics = |column: &str| {
        format!(
            "SELECT {column} FROM pg_stat_user_tables WHERE relname = '{}'",
            table.name
        )
    };
    for _ in 0..1_000 {
        if table.number(statistics("n_tup_upd")).await == 100 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(table.number(statistics("n_tup_upd")).await, 100);
    // The first one moved it into these five minutes, and a page that is full while others look at old rows is left.
    assert!(table.number(statistics("n_tup_hot_upd")).await >= 80);
    table.drop().await;
}

/// As after a restart of the server: each connection in the pool is dead.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: set POSTGRES_URL"]
async fn dead_connections_fail_no_request() {
    let table = Table::new();
    let store = Arc::new(table.store().await);
    let stores: [Arc<dyn Store>; 1] = [store.clone()];
    sql::nothing_is_lost(&stores).await;
    let kill = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = '{}'",
        table.name
    );

    // Reading: on whatever connection.
    assert!(table.number(kill.clone()).await > 1);
    let mut requests = JoinSet::new();
    for _ in 0..64 {
        let store = store.clone();
        requests.spawn(async move { store.load(sql::key(), NOW).await.unwrap() });
    }
    while let Some(request) = requests.join_next().await {
        assert_eq!(request.unwrap(), None);
    }

    // Writing: on connections that have rested.
    assert!(table.number(kill).await >= 1);
    tokio::time::sleep(Duration::from_millis(150)).await;
    sql::nothing_is_lost(&stores).await;
    table.drop().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: set POSTGRES_URL"]
async fn errors_say_what_to_do_and_no_more() {
    let table = Table::new();
    let store = table.store_with("");
    let error = store.load(sql::key(), NOW).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the table of the sessions is missing (SQLSTATE 42P01): call `migrate` on the store before it is used"
    );
}

#[tokio::test]
async fn urls_that_are_none_are_refused_without_a_password() {
    for url in [
        "",
        "hunter2",
        "mysql://root:hunter2@127.0.0.1/test",
        "postgres://root:hunter2@127.0.0.1:port/test",
        "postgres://root:hunter2@[::1/test",
        "postgres://root@127.0.0.1/test?sslmode=hunter2",
        "postgres://root:hunter2%ff@127.0.0.1/test",
    ] {
        let error = PostgresStore::connect_lazy(url).unwrap_err().to_string();
        assert!(error.contains("postgres://"), "{url}: {error}");
        assert!(!error.contains("hunter2"), "{url}: {error}");
    }
}

#[tokio::test]
async fn tables_have_plain_names() {
    sql::refuses_tables(|name| {
        PostgresStore::connect_lazy("postgresql://127.0.0.1/test")?.table(name)
    });
}

/// Nobody listens on that port.
#[tokio::test]
async fn a_server_that_is_away_is_an_error_without_an_address() {
    let store = PostgresStore::connect_lazy("postgres://root:hunter2@127.0.0.1:1/test").unwrap();
    let error = store.load(sql::key(), NOW).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "no connection to the database was free or could be made in time (1.5s unless the pool says otherwise)"
    );
    assert_eq!(format!("{store:?}"), "PostgresStore { .. }");
}
