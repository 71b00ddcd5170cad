//! What the SQL stores share. What the databases do differently stands in their files, as their [`Dialect`].

mod statements;
mod verbs;
mod failure;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod connect;
mod store_of;

use std::sync::Arc;
use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::{Database, Pool};
use tokio::sync::{Mutex, MutexGuard};

use crate::store::StoreError;
use statements::Statements;

#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(super) use connect::connect_lazy;
pub(super) use failure::store_error;
pub(super) use store_of::store_of;

/// What a database does differently from the others.
pub(super) trait Dialect: Database {
    /// Makes the table and its indexes, if they are missing.
    const MIGRATION: &'static str;
    /// What stands around a name.
    const QUOTE: &'static str;
    /// What stands for the nth value, counted from 1.
    fn placeholder(index: usize) -> String;
    /// Begins a transaction whose every statement sees what has been committed before the statement.
    const BEGIN: &'static str;
    /// Waits until nobody else holds the number, and holds it until the transaction ends. For databases in which a statement does not see
    /// rows that another one adds while it waits.
    const LOCK: Option<&'static str> = None;
    /// Moves a record and leaves another one in its place in one statement, under a shared [`Self::LOCK`] of the latter's user, if the
    /// database can.
    const ROTATE_LEAVING: Option<&'static str> = None;
    /// Removes [`verbs::BATCH`] records that have expired.
    const DELETE_EXPIRED: &'static str;
    /// Whether writers take turns in this process, instead of waiting for a lock of the database that lets some of them starve.
    const ONE_WRITER: bool = false;

    /// Rows that a statement found and changed.
    fn affected(result: &Self::QueryResult) -> u64;
    /// What the database calls an error.
    fn code(error: &dyn DatabaseError) -> String;
    /// Whether the database has undone a statement for another one's sake, so that it can be sent again.
    fn is_undone(error: &dyn DatabaseError) -> bool;
    /// Whether the database has ended the connection.
    fn is_hung_up(error: &dyn DatabaseError) -> bool;
    /// Whether the error says that the table is missing.
    fn is_table_missing(error: &dyn DatabaseError) -> bool;
}

/// How often a statement is sent that the database undoes for another one's sake.
const TRIES: u64 = 12;

/// How long a request waits for a connection: shorter than the sessions' own time limit, so that the log says what was missing.
pub(super) const ACQUIRE_TIMEOUT: Duration = Duration::from_millis(1_500);

/// Sessions in a table.
pub(super) struct Sql<DB: Dialect> {
    pool: Pool<DB>,
    statements: Arc<Statements>,
    writer: Option<Arc<Mutex<()>>>,
}

impl<DB: Dialect> Clone for Sql<DB> {
    fn clone(&self) -> Self {
        Self {
            pool: self.pool.clone(),
            statements: Arc::clone(&self.statements),
            writer: self.writer.clone(),
        }
    }
}

impl<DB: Dialect> Sql<DB> {
    pub(super) fn new(pool: Pool<DB>) -> Self {
        Self {
            pool,
            statements: Arc::new(Statements::of::<DB>(statements::TABLE)),
            writer: DB::ONE_WRITER.then(Arc::default),
        }
    }

    pub(super) fn table(mut self, name: &str) -> Result<Self, StoreError> {
        statements::check_table(name)?;
        self.statements = Arc::new(Statements::of::<DB>(name));
        Ok(self)
    }

    /// The turn to write, where writers take turns.
    async fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        match &self.writer {
            Some(writer) => Some(writer.lock().await),
            None => None,
        }
    }

    /// Runs a statement that changes something, again if the database has undone it for another one's sake.
    async fn write<T, F, Fut>(&self, statement: F) -> Result<T, StoreError>
    where
        F: Fn() -> Fut + Send,
        Fut: Future<Output = sqlx::Result<T>> + Send,
    {
        let mut tries = 1;
        loop {
            let turn = self.turn().await;
            let result = statement().await;
            drop(turn);
            match result {
                Err(sqlx::Error::Database(error))
                    if tries < TRIES && DB::is_undone(error.as_ref()) =>
                {
                    tokio::time::sleep(Duration::from_millis(tries)).await;
                    tries += 1;
                }
                other => return other.map_err(|error| store_error::<DB>(&error)),
            }
        }
    }

    /// Runs a statement that changes nothing, again on another connection if the one it was given turns out to be dead: all that are in the
    /// pool may be, after the server has restarted.
    async fn read<T, F, Fut>(&self, statement: F) -> Result<T, StoreError>
    where
        F: Fn() -> Fut + Send,
        Fut: Future<Output = sqlx::Result<T>> + Send,
    {
        let mut others = self.pool.options().get_max_connections();
        loop {
            let error = match statement().await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let is_dead = match &error {
                sqlx::Error::Io(_) => true,
                sqlx::Error::Database(error) => {
                    DB::is_hung_up(error.as_ref()) || DB::is_undone(error.as_ref())
                }
                _ => false,
            };
            if !is_dead || others == 0 {
                return Err(store_error::<DB>(&error));
            }
            others -= 1;
        }
    }
}
