//! The demo as several processes behind one store, as behind a load balancer.

use std::env;

#[cfg(feature = "servers")]
use servers::{Prefix, Table};

use crate::browser::{Browser, redirect};
use crate::running::{Running, demo};

const SECRET: &str = "q7T0c2vYVb1hJm8rWk3sXz5dNf6gLp9a";

/// Another process with the same secret and store.
fn start(store: &str) -> (Running, Browser) {
    let mut command = demo();
    command.env("SESSION_SECRET", SECRET);
    let running = Running::start(command.env("SESSION_STORE", store));
    assert!(running.greeting.contains("Sessions are in a store: "));
    let browser = Browser::on(format!("http://127.0.0.1:{}", running.port()));
    (running, browser)
}

/// What has to hold of two processes, whatever the store.
async fn two_are_one(store: &str) {
    let (first_process, first) = start(store);
    let (second_process, elsewhere) = start(store);
    // The same browser, whose requests go now here, now there.
    let second = elsewhere.with_cookies_of(&first);

    // A login in one is seen in the other, and a note that is written in one.
    first.keep_note("As a guest").await;
    assert!(second.page("/notes").await.contains("As a guest"));
    second.log_in("bob").await;
    assert!(first.page("/").await.contains("Hello, bob"));
    first.keep_note("Buy oats").await;
    second.keep_note("Ask Ann").await;
    for page in [first.page("/notes").await, second.page("/notes").await] {
        for note in ["As a guest", "Buy oats", "Ask Ann"] {
            assert!(page.contains(note), "{note}: {page}");
        }
    }

    // Both know of each other's logins, and end them.
    let other_browser = elsewhere;
    other_browser.log_in("bob").await;
    for page in [first.page("/devices").await, second.page("/devices").await] {
        assert!(page.contains("You have 2 logins"), "{page}");
    }
    let ended = first.post("/devices/end-others", &[]).await;
    assert_eq!(redirect(&ended), "/devices");
    let refused = other_browser.get("/dashboard").await;
    assert_eq!(redirect(&refused), "/login?next=%2Fdashboard");
    assert!(second.page("/").await.contains("Hello, bob"));

    // A process that is killed takes nothing with it that it has answered for.
    first.keep_note("At the last moment").await;
    drop(first_process);
    let page = second.page("/notes").await;
    for note in ["As a guest", "Buy oats", "Ask Ann", "At the last moment"] {
        assert!(page.contains(note), "{note}: {page}");
    }
    let (_third_process, third) = start(store);
    let third = third.with_cookies_of(&first);
    assert!(third.page("/notes").await.contains("At the last moment"));

    // A logout in one ends it in the other, for a copy of the cookies too.
    let cookies = third.cookies();
    third.post("/logout", &[]).await;
    assert!(second.page("/").await.contains("Nobody is logged in"));
    let refused = second.get_with("/dashboard", &cookies).await;
    assert_eq!(redirect(&refused), "/login?next=%2Fdashboard");

    // One that is asked to stop does so in good order, its sweeper included.
    let (status, rest) = second_process.interrupt();
    assert!(status.success(), "{status}");
    assert_eq!(rest, "");
}

#[tokio::test]
async fn two_processes_with_one_sqlite_file_are_one_site() {
    let folder = env::temp_dir().join(format!("muffin-demo-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join("sessions.db");
    two_are_one(&format!("sqlite:{}", file.display())).await;
    std::fs::remove_dir_all(&folder).unwrap();
}

#[cfg(feature = "servers")]
#[tokio::test]
#[ignore = "needs PostgreSQL: set POSTGRES_URL"]
async fn two_processes_with_one_table_in_postgresql_are_one_site() {
    let table = Table::new();
    two_are_one(&table.url()).await;
}

#[cfg(feature = "servers")]
#[tokio::test]
#[ignore = "needs Redis: set REDIS_URL"]
async fn two_processes_with_one_redis_are_one_site() {
    let prefix = Prefix::new();
    two_are_one(&prefix.url()).await;
}

#[cfg(feature = "servers")]
mod servers {
    //! Names of a test's own on a server, and what is left under them removed at its end.

    use std::time::{SystemTime, UNIX_EPOCH};
    use std::{env, process, thread};

    use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

    fn server(variable: &str) -> String {
        env::var(variable).unwrap_or_else(|_| panic!("set {variable} to the URL of a server"))
    }

    fn with(url: &str, parameter: &str) -> String {
        let sign = if url.contains('?') { '&' } else { '?' };
        format!("{url}{sign}{parameter}")
    }

    fn own_name() -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        format!("demo_{}_{}", process::id(), now.as_nanos())
    }

    /// A table.
    pub(super) struct Table {
        server: String,
        name: String,
    }

    impl Table {
        pub(super) fn new() -> Self {
            Self {
                server: server("POSTGRES_URL"),
                name: own_name(),
            }
        }

        pub(super) fn url(&self) -> String {
            with(&self.server, &format!("table={}", self.name))
        }
    }

    impl Drop for Table {
        fn drop(&mut self) {
            let drop_table = async || {
                let mut connection = PgConnection::connect(&self.server).await.unwrap();
                let statement = format!("DROP TABLE IF EXISTS {}", self.name);
                connection.execute(AssertSqlSafe(statement)).await.unwrap();
            };
            // The test's own runtime cannot wait here.
            let wait = || {
                tokio::runtime::Runtime::new()
                    .unwrap()
                    .block_on(drop_table());
            };
            thread::scope(|scope| scope.spawn(wait).join().unwrap());
        }
    }

    /// What keys begin with.
    pub(super) struct Prefix {
        server: String,
        name: String,
    }

    impl Prefix {
        pub(super) fn new() -> Self {
            Self {
                server: server("REDIS_URL"),
                name: own_name(),
            }
        }

        pub(super) fn url(&self) -> String {
            with(&self.server, &format!("prefix={}:", self.name))
        }
    }

    impl Drop for Prefix {
        fn drop(&mut self) {
            let client = redis::Client::open(&*self.server).unwrap();
            let mut connection = client.get_connection().unwrap();
            let pattern = format!("{}:*", self.name);
            let mut scan = redis::cmd("SCAN");
            let keys = scan.cursor_arg(0).arg("MATCH").arg(pattern).clone();
            let keys: Vec<String> = keys
                .iter(&mut connection)
                .unwrap()
                .map(Result::unwrap)
                .collect();
            for key in keys {
                redis::cmd("DEL").arg(key).exec(&mut connection).unwrap();
            }
        }
    }
}
