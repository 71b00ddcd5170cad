//! The verbs of a store, as steps at the servers.

use redis::Value;

use super::failure::{Failure, Kind};
use super::place::Place;
use super::record::{self, field, group_name, number};
use super::request::{CREATE, DELETE, DELETE_ALL, ROTATE, Request, Script, UPDATE};
use crate::store::{Outcome, Record, RecordKey, Rotation, Timestamp, UserKey};

/// What a script answers: the numbers at the beginning of `common.lua`.
#[derive(Clone, Copy)]
enum Verdict {
    Gone,
    Done,
    Conflict,
    Taken,
}

pub(super) struct Verbs {
    pub(super) place: Place,
    pub(super) prefix: String,
}

impl Verbs {
    pub(super) async fn load(
        &self,
        key: RecordKey,
        now: Timestamp,
    ) -> Result<Option<Record>, Failure> {
        let request = Request::read("HGET", self.name(key.group())).arg(field(&key));
        match self.place.run(key.group(), &request).await? {
            Value::Nil => Ok(None),
            Value::BulkString(bytes) => {
                Ok(Some(record::read(&bytes)?).filter(|record| now < record.expires_at))
            }
            _ => Err(Failure::unexpected()),
        }
    }

    pub(super) async fn create(
        &self,
        key: RecordKey,
        record: Record,
        now: Timestamp,
    ) -> Result<bool, Failure> {
        let request = (self.script(&CREATE, key.group(), now))
            .arg(field(&key))
            .arg(record::write(&record))
            .arg(record::ttl(&record, now));
        match self.judged(key.group(), &request).await? {
            Verdict::Done => Ok(true),
            Verdict::Taken => Ok(false),
            Verdict::Gone | Verdict::Conflict => Err(Failure::unexpected()),
        }
    }

    pub(super) async fn update(
        &self,
        key: RecordKey,
        expected: u64,
        record: Record,
        now: Timestamp,
    ) -> Result<Outcome, Failure> {
        let request = (self.script(&UPDATE, key.group(), now))
            .arg(field(&key))
            .arg(number(expected))
            .arg(record::write(&record))
            .arg(record::ttl(&record, now));
        outcome(self.judged(key.group(), &request).await?)
    }

    pub(super) async fn delete(
        &self,
        key: RecordKey,
        expected: Option<u64>,
        now: Timestamp,
    ) -> Result<Outcome, Failure> {
        let expected = expected.map_or(Vec::new(), |version| number(version).to_vec());
        let request = (self.script(&DELETE, key.group(), now))
            .arg(field(&key))
            .arg(expected);
        outcome(self.judged(key.group(), &request).await?)
    }

    pub(super) async fn list(
        &self,
        user: UserKey,
        now: Timestamp,
    ) -> Result<Vec<(RecordKey, Record)>, Failure> {
        let group = user.group();
        let request = Request::read("HGETALL", self.name(group));
        let Value::Array(fields) = self.place.run(group, &request).await? else {
            return Err(Failure::unexpected());
        };
        let mut records = record::read_group(group, &fields)?;
        records.retain(|(_, record)| record.user == Some(user) && now < record.expires_at);
        Ok(records)
    }

    pub(super) async fn delete_all(
        &self,
        user: UserKey,
        except: Option<RecordKey>,
        now: Timestamp,
    ) -> Result<u64, Failure> {
        let group = user.group();
        // A key of another group is nothing that could be spared here.
        let except = except.filter(|key| key.group() == group);
        let except = except.map_or(Vec::new(), |key| field(&key).to_vec());
        let request = (self.script(&DELETE_ALL, group, now))
            .arg(user.as_bytes().as_slice())
            .arg(except);
        match self.place.run(group, &request).await? {
            Value::Int(-1) => Err(record::unreadable()),
            Value::Int(count) => u64::try_from(count).map_err(|_| Failure::unexpected()),
            _ => Err(Failure::unexpected()),
        }
    }

    pub(super) async fn rotate(
        &self,
        rotation: Rotation,
        now: Timestamp,
    ) -> Result<Outcome, Failure> {
        let (from, to) = (rotation.old.group(), rotation.new.group());
        if !self.place.has_together(from, to) {
            return self.rotate_apart(rotation, now).await;
        }
        let Rotation {
            old,
            expected,
            left,
            new,
            record,
        } = rotation;
        let (left, left_ttl) = left.map_or((Vec::new(), String::new()), |left| {
            (record::write(&left), record::ttl(&left, now))
        });
        let keys = [self.name(from), self.name(to)];
        let request = Request::script(&ROTATE, keys)
            .arg(number(now.as_millis()))
            .arg(field(&old))
            .arg(number(expected))
            .arg(left)
            .arg(left_ttl)
            .arg(field(&new))
            .arg(record::write(&record))
            .arg(record::ttl(&record, now));
        outcome(self.judged(from, &request).await?)
    }

    /// Two nodes of a cluster have no step in common. Whose session it is decides what comes first: see [`Store::rotate`].
    ///
    /// [`Store::rotate`]: crate::Store::rotate
    async fn rotate_apart(&self, rotation: Rotation, now: Timestamp) -> Result<Outcome, Failure> {
        let Some(old) = self.load(rotation.old, now).await? else {
            return Ok(Outcome::Gone);
        };
        if old.version != rotation.expected {
            return Ok(Outcome::Conflict);
        }
        let Rotation {
            old: from,
            expected,
            left,
            new,
            record,
        } = rotation;
        if old.user.is_some() {
            if self.load(new, now).await?.is_some() {
                return Err(taken());
            }
            let outcome = self.leave(from, expected, left, now).await?;
            if outcome == Outcome::Done && !self.create(new, record, now).await? {
                return Err(taken());
            }
            return Ok(outcome);
        }
        let version = record.version;
        if !self.create(new, record, now).await? {
            return Err(taken());
        }
        let outcome = self.leave(from, expected, left, now).await;
        if !matches!(outcome, Ok(Outcome::Done)) {
            // Nobody has been told the new key, so that nobody misses what was under it.
            self.delete(new, Some(version), now).await?;
        }
        outcome
    }

    /// What becomes of the old key.
    async fn leave(
        &self,
        old: RecordKey,
        expected: u64,
        left: Option<Record>,
        now: Timestamp,
    ) -> Result<Outcome, Failure> {
        match left {
            Some(left) => self.update(old, expected, left, now).await,
            None => self.delete(old, Some(expected), now).await,
        }
    }

    fn script(&self, script: &'static Script, group: [u8; 8], now: Timestamp) -> Request {
        Request::script(script, [self.name(group)]).arg(number(now.as_millis()))
    }

    async fn judged(&self, group: [u8; 8], request: &Request) -> Result<Verdict, Failure> {
        match self.place.run(group, request).await? {
            Value::Int(0) => Ok(Verdict::Gone),
            Value::Int(1) => Ok(Verdict::Done),
            Value::Int(2) => Ok(Verdict::Conflict),
            Value::Int(3) => Ok(Verdict::Taken),
            Value::Int(4) => Err(record::unreadable()),
            _ => Err(Failure::unexpected()),
        }
    }

    fn name(&self, group: [u8; 8]) -> String {
        group_name(&self.prefix, group)
    }
}

fn outcome(verdict: Verdict) -> Result<Outcome, Failure> {
    match verdict {
        Verdict::Done => Ok(Outcome::Done),
        Verdict::Conflict => Ok(Outcome::Conflict),
        Verdict::Gone => Ok(Outcome::Gone),
        Verdict::Taken => Err(taken()),
    }
}

/// Keys are hashes of random numbers, so that this is a rotation that has taken place already, or a fault.
fn taken() -> Failure {
    Failure::new(Kind::Refused, "the new key has a record")
}
