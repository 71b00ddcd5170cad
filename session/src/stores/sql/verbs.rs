//! The verbs, for every database: one statement each wherever that can be.

use sqlx::{ColumnIndex, Database, Decode, Encode, Executor, IntoArguments, Row, SqlStr, Type};

use super::failure::is_taken;
use super::{Dialect, Sql};
use crate::store::{Outcome, Record, RecordKey, Rotation, StoreError, Timestamp, UserKey};

/// Records that a sweep removes at once: few enough to hold no lock for long. The dialects' statements say the same number.
pub(super) const BATCH: u64 = 500;

/// Held while the table is made, so that two processes do not make it at once.
const MIGRATION_LOCK: i64 = i64::from_be_bytes(*b"muffin_s");

/// What became of a record that was to be moved.
#[derive(PartialEq)]
enum Move {
    Done,
    /// There is none, or it has another version.
    NotThere,
    /// The new key has a record.
    Taken,
}

impl<DB: Dialect> Sql<DB>
where
    DB::Arguments: IntoArguments<DB>,
    [u8]: Type<DB>,
    usize: ColumnIndex<DB::Row>,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    for<'q> &'q [u8]: Encode<'q, DB>,
    for<'q> Option<&'q [u8]>: Encode<'q, DB>,
    for<'q> Vec<u8>: Decode<'q, DB> + Type<DB>,
    for<'q> Option<Vec<u8>>: Decode<'q, DB>,
    for<'q> i64: Encode<'q, DB> + Decode<'q, DB> + Type<DB>,
    for<'q> Option<i64>: Encode<'q, DB>,
{
    pub(in crate::stores) async fn migrate(&self) -> Result<(), StoreError> {
        self.write(|| {
            let this = self.clone();
            whole(async move {
                let mut transaction = this.pool.begin_with(DB::BEGIN).await?;
                this.lock(&mut transaction, MIGRATION_LOCK).await?;
                let migration = sqlx::raw_sql(this.statements.migration.clone());
                transaction.execute(migration).await?;
                transaction.commit().await
            })
        })
        .await
    }

    /// Binds a row: its key, and the record's columns.
    fn bind_row<'q>(query: Query<'q, DB>, key: RecordKey, record: &'q Record) -> Query<'q, DB> {
        query
            .bind(&key.as_bytes()[..])
            .bind(record.user.as_ref().map(|user| &user.as_bytes()[..]))
            .bind(record.expires_at.as_i64())
            .bind(record.version.cast_signed())
            .bind(&record.content[..])
    }

    /// Binds what moves a record.
    fn bind_rotation<'q>(
        statement: &SqlStr,
        rotation: &'q Rotation,
        now: Timestamp,
    ) -> Query<'q, DB> {
        Self::bind_row(query(statement), rotation.new, &rotation.record)
            .bind(&rotation.old.as_bytes()[..])
            .bind(rotation.expected.cast_signed())
            .bind(now.as_i64())
    }

    /// Takes [`Dialect::LOCK`] until the transaction ends.
    async fn lock(&self, transaction: &mut DB::Connection, number: i64) -> sqlx::Result<()> {
        if let Some(lock) = &self.statements.lock {
            let lock = query(lock).bind(number);
            lock.execute(&mut *transaction).await?;
        }
        Ok(())
    }

    pub(in crate::stores) async fn load(
        &self,
        key: RecordKey,
        now: Timestamp,
    ) -> Result<Option<Record>, StoreError> {
        self.read(|| async {
            let row = query(&self.statements.load)
                .bind(&key.as_bytes()[..])
                .bind(now.as_i64())
                .fetch_optional(&self.pool)
                .await?;
            row.map(|row| record_of(&row, 0)).transpose()
        })
        .await
    }

    pub(in crate::stores) async fn create(
        &self,
        key: RecordKey,
        record: &Record,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        if self.insert(key, record).await? {
            return Ok(true);
        }
        self.make_room(key, now).await?;
        self.insert(key, record).await
    }

    /// Puts a record under a key, unless a row is there, whether it has expired or not.
    async fn insert(&self, key: RecordKey, record: &Record) -> Result<bool, StoreError> {
        self.write(|| async {
            let insert = Self::bind_row(query(&self.statements.insert), key, record);
            match insert.execute(&self.pool).await {
                Ok(_) => Ok(true),
                Err(error) if is_taken(&error) => Ok(false),
                Err(error) => Err(error),
            }
        })
        .await
    }

    /// Removes what has expired under a key. Whether there was something.
    async fn make_room(&self, key: RecordKey, now: Timestamp) -> Result<bool, StoreError> {
        self.write(|| async {
            let delete = query(&self.statements.make_room)
                .bind(&key.as_bytes()[..])
                .bind(now.as_i64());
            let result = delete.execute(&self.pool).await?;
            Ok(DB::affected(&result) > 0)
        })
        .await
    }

    pub(in crate::stores) async fn update(
        &self,
        key: RecordKey,
        expected: u64,
        record: &Record,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let affected = self
            .write(|| async {
                let update = query(&self.statements.update)
                    .bind(record.expires_at.as_i64())
                    .bind(record.version.cast_signed())
                    .bind(&record.content[..])
                    .bind(&key.as_bytes()[..])
                    .bind(expected.cast_signed())
                    .bind(now.as_i64());
                Ok(DB::affected(&update.execute(&self.pool).await?))
            })
            .await?;
        if affected > 0 {
            return Ok(Outcome::Done);
        }
        self.why_not(key, now).await
    }

    /// Why a record was not there with the version expected.
    async fn why_not(&self, key: RecordKey, now: Timestamp) -> Result<Outcome, StoreError> {
        self.read(|| async {
            let row = query(&self.statements.version)
                .bind(&key.as_bytes()[..])
                .bind(now.as_i64())
                .fetch_optional(&self.pool)
                .await?;
            Ok(match row {
                Some(_) => Outcome::Conflict,
                None => Outcome::Gone,
            })
        })
        .await
    }

    pub(in crate::stores) async fn rotate(
        &self,
        rotation: &Rotation,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let mut became = self.move_record(rotation, now).await?;
        if became == Move::Taken && self.make_room(rotation.new, now).await? {
            became = self.move_record(rotation, now).await?;
        }
        match became {
            Move::Done => Ok(Outcome::Done),
            Move::NotThere => self.why_not(rotation.old, now).await,
            Move::Taken => Err(StoreError::new("the new key of a session has a record")),
        }
    }

    /// Moves a record by changing its key, not by a new row in place of the old one: whoever deletes the sessions of a user meanwhile waits
    /// for the row, and then deletes it whatever its key has become.
    async fn move_record(&self, rotation: &Rotation, now: Timestamp) -> Result<Move, StoreError> {
        self.write(|| async {
            let moved = match (&rotation.left, &self.statements.rotate_leaving) {
                (None, _) => {
                    let rotate = Self::bind_rotation(&self.statements.rotate, rotation, now);
                    rotate.execute(&self.pool).await
                }
                (Some(left), Some(rotate_leaving)) => {
                    let user = left.user.map(|user| lock_of(&user));
                    let rotate = Self::bind_rotation(rotate_leaving, rotation, now).bind(user);
                    let rotate = Self::bind_row(rotate, rotation.old, left);
                    rotate.execute(&self.pool).await
                }
                (Some(left), None) => {
                    let (this, rotation, left) = (self.clone(), rotation.clone(), left.clone());
                    whole(this.move_and_leave(rotation, left, now)).await
                }
            };
            match moved {
                Ok(result) if DB::affected(&result) > 0 => Ok(Move::Done),
                Ok(_) => Ok(Move::NotThere),
                Err(error) if is_taken(&error) => Ok(Move::Taken),
                Err(error) => Err(error),
            }
        })
        .await
    }

    async fn move_and_leave(
        self,
        rotation: Rotation,
        left: Record,
        now: Timestamp,
    ) -> sqlx::Result<DB::QueryResult> {
        let mut transaction = self.pool.begin_with(DB::BEGIN).await?;
        let moved = Self::bind_rotation(&self.statements.rotate, &rotation, now)
            .execute(&mut *transaction)
            .await?;
        if DB::affected(&moved) > 0 {
            Self::bind_row(query(&self.statements.insert), rotation.old, &left)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(moved)
    }

    pub(in crate::stores) async fn delete(
        &self,
        key: RecordKey,
        expected: Option<u64>,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let affected = self
            .write(|| async {
                let delete = match expected {
                    Some(expected) => {
                        query(&self.statements.delete_version).bind(expected.cast_signed())
                    }
                    None => query(&self.statements.delete),
                };
                let delete = delete.bind(&key.as_bytes()[..]).bind(now.as_i64());
                Ok(DB::affected(&delete.execute(&self.pool).await?))
            })
            .await?;
        match expected {
            _ if affected > 0 => Ok(Outcome::Done),
            Some(_) => self.why_not(key, now).await,
            None => Ok(Outcome::Gone),
        }
    }

    pub(in crate::stores) async fn list(
        &self,
        user: UserKey,
        now: Timestamp,
    ) -> Result<Vec<(RecordKey, Record)>, StoreError> {
        self.read(|| async {
            let rows = query(&self.statements.list)
                .bind(&user.as_bytes()[..])
                .bind(now.as_i64())
                .fetch_all(&self.pool)
                .await?;
            let records = rows.iter().map(|row| {
                let key = RecordKey::from_bytes(key_bytes(&row.try_get::<Vec<u8>, _>(0)?)?);
                Ok((key, record_of(row, 1)?))
            });
            records.collect()
        })
        .await
    }

    pub(in crate::stores) async fn delete_all(
        &self,
        user: UserKey,
        except: Option<RecordKey>,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.write(|| async {
            let deleted = if self.statements.lock.is_some() {
                whole(self.clone().lock_and_delete_all(user, except, now)).await?
            } else {
                let delete = self.delete_all_query(user, except, now);
                delete.execute(&self.pool).await?
            };
            Ok(DB::affected(&deleted))
        })
        .await
    }

    fn delete_all_query(
        &self,
        user: UserKey,
        except: Option<RecordKey>,
        now: Timestamp,
    ) -> Query<'static, DB> {
        // Nobody's key is empty.
        let except = except.as_ref().map_or(&[][..], |key| &key.as_bytes()[..]);
        query(&self.statements.delete_all)
            .bind(&user.as_bytes()[..])
            .bind(except)
            .bind(now.as_i64())
    }

    async fn lock_and_delete_all(
        self,
        user: UserKey,
        except: Option<RecordKey>,
        now: Timestamp,
    ) -> sqlx::Result<DB::QueryResult> {
        let mut transaction = self.pool.begin_with(DB::BEGIN).await?;
        self.lock(&mut transaction, lock_of(&user)).await?;
        let delete = self.delete_all_query(user, except, now);
        let deleted = delete.execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(deleted)
    }

    /// Goes on in batches until one is not full. What has been removed stays removed if it is given up in between.
    pub(in crate::stores) async fn delete_expired(
        &self,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut deleted = 0;
        loop {
            let batch = self
                .write(|| async {
                    let delete = query(&self.statements.delete_expired).bind(now.as_i64());
                    Ok(DB::affected(&delete.execute(&self.pool).await?))
                })
                .await?;
            deleted += batch;
            if batch < BATCH {
                return Ok(deleted);
            }
        }
    }
}

/// Runs a transaction to its end, also if nobody waits for it any more. One whose future is dropped while it begins would stay open, on a
/// connection that goes back to the pool: what others write on it would never be committed.
async fn whole<T: Send + 'static>(
    transaction: impl Future<Output = sqlx::Result<T>> + Send + 'static,
) -> sqlx::Result<T> {
    let ended = tokio::spawn(transaction).await;
    // It is not aborted, so that it ends otherwise only where it panics or the runtime shuts down.
    ended.unwrap_or(Err(sqlx::Error::WorkerCrashed))
}

type Query<'q, DB> = sqlx::query::Query<'q, DB, <DB as Database>::Arguments>;

fn query<'q, DB: Database>(statement: &SqlStr) -> Query<'q, DB> {
    sqlx::query(statement.clone())
}

/// What is locked for a user: a part of a hash, so that hardly two users share it.
fn lock_of(user: &UserKey) -> i64 {
    i64::from_be_bytes(user.group())
}

/// The columns of a record that are selected from the one with this index on.
fn record_of<R>(row: &R, first: usize) -> sqlx::Result<Record>
where
    R: Row,
    usize: ColumnIndex<R>,
    for<'r> Option<Vec<u8>>: Decode<'r, R::Database>,
    for<'r> Vec<u8>: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> i64: Decode<'r, R::Database> + Type<R::Database>,
{
    let user: Option<Vec<u8>> = row.try_get(first)?;
    let expires_at: i64 = row.try_get(first + 1)?;
    let version: i64 = row.try_get(first + 2)?;
    Ok(Record {
        user: match user {
            Some(user) => Some(UserKey::from_bytes(key_bytes(&user)?)),
            None => None,
        },
        // A time before the epoch is none of ours, and over.
        expires_at: Timestamp::from_millis(u64::try_from(expires_at).unwrap_or(0)),
        version: version.cast_unsigned(),
        content: row.try_get(first + 3)?,
    })
}

fn key_bytes(bytes: &[u8]) -> sqlx::Result<[u8; RecordKey::LEN]> {
    let key = bytes.try_into();
    key.map_err(|_| sqlx::Error::Decode("a key is not 32 bytes".into()))
}
