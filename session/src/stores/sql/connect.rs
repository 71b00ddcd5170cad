//! The pool that is made of a URL.

use std::time::Duration;

use sqlx::pool::PoolOptions;
use sqlx::{Connection, Database, Pool};

use super::ACQUIRE_TIMEOUT;
use crate::store::StoreError;

/// For how long a connection is trusted after its last use. One that has rested for longer is asked whether it is alive before a request
/// relies on it.
const TRUSTED: Duration = Duration::from_millis(100);

/// How long a connection that has rested may take to say that it is alive: after that another one is taken. If the network has swallowed
/// it, it says nothing, and others of the pool are as silent.
const RESTING: Duration = Duration::from_millis(250);

/// How long a connection that comes back to the pool may take to say that it is alive. If its statement was given up, it says so only
/// once that is finished; if the network has swallowed it, never.
const RETURNING: Duration = Duration::from_millis(500);

/// Whether a connection answers in time.
async fn answers<C: Connection>(connection: &mut C, within: Duration) -> sqlx::Result<()> {
    (tokio::time::timeout(within, connection.ping()).await)
        .unwrap_or_else(|_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()))
}

/// A pool that connects when the first connection is needed.
pub(in crate::stores) fn connect_lazy<DB: Database>(
    url: &str,
    adapt: impl FnOnce(Options<DB>) -> Options<DB>,
) -> Result<Pool<DB>, StoreError> {
    let schemes = DB::URL_SCHEMES;
    let is_ours = |scheme: &&str| {
        url.strip_prefix(*scheme)
            .is_some_and(|rest| rest.starts_with("://"))
    };
    if !schemes.iter().any(is_ours) {
        return Err(StoreError::new(format_args!(
            "the database's URL must begin with {}://",
            schemes.join(":// or ")
        )));
    }
    // What the parser says may quote the password.
    let options = url.parse().map_err(|_| {
        StoreError::new(format_args!(
            "the database's URL is none: it must look like {}://user:password@host/database, with everything but letters, digits and -._~ percent-encoded in the password",
            schemes[0]
        ))
    })?;
    Ok(PoolOptions::new()
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .before_acquire(|connection: &mut DB::Connection, since| {
            Box::pin(async move {
                if since.idle_for >= TRUSTED {
                    answers(connection, RESTING).await?;
                }
                Ok(true)
            })
        })
        // The pool itself waits for that without end, and the place of the connection is taken as long.
        .after_release(|connection: &mut DB::Connection, _| {
            Box::pin(async move {
                answers(connection, RETURNING).await?;
                Ok(true)
            })
        })
        .connect_lazy_with(adapt(options)))
}

type Options<DB> = <<DB as Database>::Connection as Connection>::Options;
