//! Errors of the databases, in words that may stand in a log: kinds and codes, never values, keys or addresses.

use sqlx::Error;

use super::{ACQUIRE_TIMEOUT, Dialect};
use crate::store::StoreError;

/// Whether a statement failed since the key has a row already.
pub(super) fn is_taken(error: &Error) -> bool {
    error
        .as_database_error()
        .is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

pub(in crate::stores) fn store_error<DB: Dialect>(error: &Error) -> StoreError {
    match error {
        Error::Database(error) => {
            let code = DB::code(error.as_ref());
            if DB::is_table_missing(error.as_ref()) {
                StoreError::new(format_args!(
                    "the table of the sessions is missing ({code}): call `migrate` on the store before it is used"
                ))
            } else if DB::is_undone(error.as_ref()) {
                StoreError::new(format_args!(
                    "the database undid a statement again and again, for the sake of others ({code})"
                ))
            } else {
                StoreError::new(format_args!("the database refused a statement ({code})"))
            }
        }
        Error::Io(error) => StoreError::new(format_args!(
            "the connection to the database failed ({:?})",
            error.kind()
        )),
        Error::Tls(_) => StoreError::new("the database could not be reached over TLS"),
        Error::PoolTimedOut => StoreError::new(format_args!(
            "no connection to the database was free or could be made in time ({ACQUIRE_TIMEOUT:?} unless the pool says otherwise)"
        )),
        Error::PoolClosed => StoreError::new("the pool of connections is closed"),
        Error::Configuration(_) => StoreError::new("the way to the database is not set up right"),
        Error::ColumnDecode { .. } | Error::Decode(_) | Error::ColumnNotFound(_) => {
            StoreError::new("a row does not hold what a session's does")
        }
        Error::Protocol(_) => StoreError::new(
            "what answers at the database's address hung up, or does not speak as the database does",
        ),
        Error::WorkerCrashed => StoreError::new("what works on the database has ended"),
        _ => StoreError::new("the database's answer was not understood"),
    }
}
