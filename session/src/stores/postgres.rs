//! PostgreSQL: sessions in a table, for any number of servers.

use sqlx::error::DatabaseError;
use sqlx::postgres::{PgConnectOptions, PgPool, Postgres};

use super::sql::{Dialect, Sql, connect_lazy, store_of};
use crate::store::StoreError;

/// Sessions in a table of [PostgreSQL](https://www.postgresql.org), 12 or later.
///
/// For applications that have PostgreSQL anyway: any number of servers share the sessions, and they are as safe as the rest of the data. Each
/// request that has a session reads one row by its primary key.
///
/// ```no_run
/// use muffin_session::PostgresStore;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let store = PostgresStore::connect_lazy(&std::env::var("DATABASE_URL")?)?;
/// store.migrate().await?;
/// # Ok(()) }
/// ```
///
/// # What is lost when
///
/// With the server's defaults (`fsync` and `synchronous_commit` are on) nothing is lost: what has been answered is on the disk. With
/// `synchronous_commit = off`, which saves the wait for the disk at each write, the writes of the last half second or so are undone when the
/// server crashes: a session that was ended just before is there again. After a failover to a standby that is not synchronous, so are those
/// that had not reached it. Reading from a standby is not for sessions: a logout is seen late there.
///
/// # Vacuum
///
/// Each write makes a new version of the row. The table leaves room in its pages for them (`fillfactor = 80`), and putting a session off
/// touches no index, unless the five minutes change in which it expires: most updates then stay within their page ("HOT"), and PostgreSQL
/// cleans up by itself. What deleted sessions leave, autovacuum takes; the table asks for it after a twentieth of its rows. Where
/// transactions stay open for hours, it grows all the same.
///
/// Values of more than 2 kB are kept beside the table, which makes each write dearer: keep sessions small.
///
/// # Backups
///
/// A dump holds the sessions that are alive. What they say is readable in it; a cookie cannot be made from it. Where it is put back, sessions
/// that have been ended since then are there again: empty the table then, or leave it out (`pg_dump --exclude-table-data=muffin_sessions`).
///
/// # PgBouncer
///
/// Nothing depends on one statement being sent on the connection of another, but for the names of prepared statements. Where connections are
/// pooled by transaction, PgBouncer has to keep track of those: 1.21 or later, with `max_prepared_statements` of 20 or more. Older ones
/// work with `pool_mode = session`.
#[derive(Clone)]
pub struct PostgresStore(Sql<Postgres>);

store_of!(PostgresStore, "postgres");

impl PostgresStore {
    /// The SQL that makes the table (called `muffin_sessions`) and its indexes where they are missing, for an application's own migrator.
    pub const MIGRATION: &'static str =
        include_str!("../../migrations/postgres/0001_muffin_sessions.sql");

    /// Connects when the first session is asked for, so that an application starts without its database.
    ///
    /// The URL is `postgres://user:password@host:port/database`. Over a network, say `?sslmode=verify-full`: without it the connection is
    /// encrypted only if the server offers it, and the server is not asked who it is. A table in another schema than `public` is found with
    /// `?options[search_path]=schema`.
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
        // No number here is a float, and PgBouncer knows no such setting.
        let adapt = |options: PgConnectOptions| options.extra_float_digits(None);
        connect_lazy(url, adapt).map(Self::new)
    }

    /// Sessions in a database that the application has connected to, with sqlx 0.9.
    ///
    /// The pool's options are taken as they are: set an `acquire_timeout` of less than two seconds. A pool that others use too must not be
    /// given connections with open transactions. sqlx 0.9 does that where the future of a `begin` is dropped, say by a time limit: what the
    /// store writes on such a connection is lost. A pool for the sessions alone is safe from that.
    ///
    /// sqlx 0.9 waits without end for a connection that is given back while its statement is under way. If the network swallows as many as
    /// the pool has, nobody gets one any more: give the pool an `after_release` that pings within a time limit, as
    /// [`connect_lazy`](Self::connect_lazy) does.
    pub fn new(pool: PgPool) -> Self {
        Self(Sql::new(pool))
    }
}

impl Dialect for Postgres {
    const MIGRATION: &'static str = PostgresStore::MIGRATION;
    const QUOTE: &'static str = "\"";
    const BEGIN: &'static str = "BEGIN ISOLATION LEVEL READ COMMITTED";
    // A DELETE does not see rows that are added while it waits: what a rotation leaves under the old key is one. So both hold a lock of the
    // user, and a DELETE begins (and looks) after it has it.
    const LOCK: Option<&'static str> = Some("SELECT pg_advisory_xact_lock(?)");
    const ROTATE_LEAVING: Option<&'static str> = Some(
        "WITH moved AS ( \
             UPDATE \"muffin_sessions\" SET id = $1, user_key = $2, expires_at = $3, version = $4, content = $5 \
             FROM (SELECT pg_advisory_xact_lock_shared($9)) AS user_lock \
             WHERE id = $6 AND version = $7 AND expires_at > $8 \
             RETURNING 1 \
         ) \
         INSERT INTO \"muffin_sessions\" (id, user_key, expires_at, version, content) SELECT $10, $11, $12, $13, $14 FROM moved",
    );
    // Rows that somebody else is about to delete, in a sweep of another server, are left to them.
    const DELETE_EXPIRED: &'static str = "DELETE FROM \"muffin_sessions\" WHERE expires_at <= $1 AND id = ANY (ARRAY( \
         SELECT id FROM \"muffin_sessions\" WHERE expires_in <= $1 / 300000 AND expires_at <= $1 \
         ORDER BY expires_in LIMIT 500 FOR UPDATE SKIP LOCKED))";

    fn placeholder(index: usize) -> String {
        format!("${index}")
    }

    fn affected(result: &Self::QueryResult) -> u64 {
        result.rows_affected()
    }

    fn code(error: &dyn DatabaseError) -> String {
        format!("SQLSTATE {}", error.code().unwrap_or_default())
    }

    /// A serialization failure or a deadlock.
    fn is_undone(error: &dyn DatabaseError) -> bool {
        matches!(error.code().as_deref(), Some("40001" | "40P01"))
    }

    /// The server is shutting down, has crashed, is starting, or was told to end the session.
    fn is_hung_up(error: &dyn DatabaseError) -> bool {
        matches!(
            error.code().as_deref(),
            Some("57P01" | "57P02" | "57P03" | "57P05")
        )
    }

    fn is_table_missing(error: &dyn DatabaseError) -> bool {
        error.code().as_deref() == Some("42P01")
    }
}
