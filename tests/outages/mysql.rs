//! MySQL and MariaDB: connections that hang.

use muffin_session::MySqlStore;
use muffin_session_tests::proxy::Proxy;
use muffin_session_tests::servers;
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};

use crate::alone;
use crate::outage::{AWAY, Outage};
use crate::site;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL or MariaDB: set MYSQL_URL"]
async fn connections_that_hang_are_given_up() {
    let _alone = alone().await;
    let direct = servers::url("MYSQL_URL", "MySQL or MariaDB");
    let mut through = url::Url::parse(&direct).unwrap();
    // The proxy reaches ports of this machine alone.
    assert!(matches!(
        through.host_str(),
        Some("127.0.0.1" | "localhost")
    ));
    let proxy = Proxy::in_front_of(through.port().unwrap_or(3306)).await;
    through.set_host(Some("127.0.0.1")).unwrap();
    through.set_port(Some(proxy.port())).unwrap();
    let table = format!("muffin_outage_{}", std::process::id());
    let store = MySqlStore::connect_lazy(through.as_str())
        .unwrap()
        .table(&table)
        .unwrap();
    store.migrate().await.unwrap();
    let site = site::serve(store).await;

    for (name, time) in [
        ("MariaDB, the network swallows for a while", 2 * AWAY),
        ("MariaDB, the network swallows shortly", AWAY / 2),
    ] {
        let mut outage = Outage::begin(name, &site, async || proxy.swallow()).await;
        outage.hangs(time, || proxy.connections()).await;
        if time > AWAY {
            outage.assert_no_storm(40);
        }
        outage.end(async || proxy.recover()).await;
    }

    let mut admin = MySqlConnection::connect(&direct).await.unwrap();
    let drop = format!("DROP TABLE {table}");
    admin.execute(AssertSqlSafe(drop)).await.unwrap();
}
