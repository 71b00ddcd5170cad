//! MySQL and MariaDB: sessions in a table, for any number of servers.

use sqlx::error::DatabaseError;
use sqlx::mysql::{MySql, MySqlDatabaseError, MySqlPool};

use super::sql::{Dialect, Sql, connect_lazy, store_of};
use crate::store::StoreError;

/// Sessions in an InnoDB table of [MySQL](https://www.mysql.com) 5.7 or later, or [MariaDB](https://mariadb.org) 10.2 or later.
///
/// For applications that have such a database anyway: any number of servers share the sessions, and they are as safe as the rest of the data.
/// Each request that has a session reads one row by a unique index.
///
/// ```no_run
/// use muffin_session::MySqlStore;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let store = MySqlStore::connect_lazy(&std::env::var("DATABASE_URL")?)?;
/// store.migrate().await?;
/// # Ok(()) }
/// ```
///
/// # What is lost when
///
/// With the server's defaults (`innodb_flush_log_at_trx_commit = 1`) nothing is lost: what has been answered is on the disk. With 2, the
/// writes of the last second are undone when the machine crashes, with 0 also when the server does: a session that was ended just before is
/// there again. After a failover to a replica, so are those that had not reached it. Reading from a replica is not for sessions: a logout is
/// seen late there.
///
/// Content is limited by `max_allowed_packet` (16 MiB in MariaDB, 64 MiB in MySQL 8).
///
/// # Purge
///
/// InnoDB keeps the old versions of rows, and deleted ones, until its purge threads remove them, and they cannot while a transaction is
/// open that could still see them. Where transactions stay open for hours, the undo log grows and looking up sessions becomes slower;
/// `SHOW ENGINE INNODB STATUS` shows it as the length of the history list. The table's file does not shrink when sessions are deleted: the
/// room is used again.
///
/// # Backups
///
/// A dump holds the sessions that are alive. What they say is readable in it; a cookie cannot be made from it. Where it is put back, sessions
/// that have been ended since then are there again: empty the table then, or leave it out (`mysqldump --ignore-table=..`).
#[derive(Clone)]
pub struct MySqlStore(Sql<MySql>);

store_of!(MySqlStore, "mysql");

impl MySqlStore {
    /// The SQL that makes the table (called `muffin_sessions`) with its indexes where it is missing, for an application's own migrator.
    pub const MIGRATION: &'static str =
        include_str!("../../migrations/mysql/0001_muffin_sessions.sql");

    /// Connects when the first session is asked for, so that an application starts without its database.
    ///
    /// The URL is `mysql://user:password@host:port/database`. Over a network, say `?ssl-mode=VERIFY_IDENTITY`: without it the connection is
    /// encrypted only if the server offers it, and the server is not asked who it is. Users whose passwords are checked with
    /// `caching_sha2_password`, the default of MySQL 8, can log in over TLS or a socket alone.
    ///
    /// Up to ten connections are made. A request waits for one for a second and a half. A connection that has rested is asked whether it is
    /// alive before it is relied on, so that after a restart of the server, requests go on as soon as it is back. Others make a pool and give
    /// it to [`new`](Self::new).
    ///
    /// # Errors
    ///
    /// If the URL is none. The error does not say what stands in it.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn connect_lazy(url: &str) -> Result<Self, StoreError> {
        connect_lazy(url, |options| options).map(Self::new)
    }

    /// Sessions in a database that the application has connected to, with sqlx 0.9. Any isolation level will do.
    ///
    /// The pool's options are taken as they are: set an `acquire_timeout` of less than two seconds. A pool that others use too must not be
    /// given connections with open transactions. sqlx 0.9 does that where the future of a `begin` is dropped, say by a time limit: what the
    /// store writes on such a connection is lost. A pool for the sessions alone is safe from that.
    ///
    /// sqlx 0.9 waits without end for a connection that is given back while its statement is under way. If the network swallows as many as
    /// the pool has, nobody gets one any more: give the pool an `after_release` that pings within a time limit, as
    /// [`connect_lazy`](Self::connect_lazy) does.
    pub fn new(pool: MySqlPool) -> Self {
        Self(Sql::new(pool))
    }
}

impl Dialect for MySql {
    const MIGRATION: &'static str = MySqlStore::MIGRATION;
    const QUOTE: &'static str = "`";
    const BEGIN: &'static str = "START TRANSACTION";
    const DELETE_EXPIRED: &'static str =
        "DELETE FROM \"muffin_sessions\" WHERE expires_at <= ? ORDER BY expires_at LIMIT 500";

    fn placeholder(_: usize) -> String {
        "?".to_owned()
    }

    fn affected(result: &Self::QueryResult) -> u64 {
        result.rows_affected()
    }

    fn code(error: &dyn DatabaseError) -> String {
        let state = error.code().unwrap_or_default();
        format!("error {}, SQLSTATE {state}", number(error))
    }

    /// A deadlock, or a record that has changed since the transaction began.
    fn is_undone(error: &dyn DatabaseError) -> bool {
        matches!(number(error), 1213 | 1020)
    }

    /// The server is shutting down, the connection was killed, or has rested for too long.
    fn is_hung_up(error: &dyn DatabaseError) -> bool {
        matches!(number(error), 1053 | 1927 | 4031)
    }

    fn is_table_missing(error: &dyn DatabaseError) -> bool {
        number(error) == 1146
    }
}

fn number(error: &dyn DatabaseError) -> u16 {
    let error = error.try_downcast_ref::<MySqlDatabaseError>();
    error.map_or(0, MySqlDatabaseError::number)
}
