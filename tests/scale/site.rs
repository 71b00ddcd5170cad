//! A store with so many sessions: how it is filled, and how its verbs are called.

use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use muffin_session::{Outcome, Record, RecordKey, Rotation, Store, StoreError, Timestamp};
use serde::Serialize;
use tokio::task::JoinSet;

use crate::figures::{Figure, Loads, OnProcessor, Stopwatch, Verb};
use crate::grounds::{self, Failure, Ground};
use crate::machine;
use crate::population::{Kind, MANY, Population, Random, SEVERAL, Session, before};
use crate::yardstick::Yardstick;

/// Calls of a verb in one round, at most.
const CALLS: usize = 5_000;
/// How long one verb is called in one round.
const BUDGET: Duration = Duration::from_millis(200);
/// How many sessions a sweep finds that have expired.
const EXPIRED: u32 = 10_000;
/// How many times user X's sessions are ended in one round.
const ENDED: u32 = 2;

/// A store at one size.
#[derive(Serialize)]
pub(crate) struct Site {
    pub(crate) sessions: u32,
    pub(crate) verbs: Vec<Figure>,
    pub(crate) loads: Vec<Loads>,
    /// How long it took to fill it.
    fill_seconds: f64,
    /// Bytes that it takes when it is full, and that it took when it was empty.
    pub(crate) bytes: u64,
    pub(crate) bytes_before: u64,
    /// Bytes that it takes after all rounds.
    pub(crate) bytes_after: Option<u64>,
    #[serde(skip)]
    place: Place,
}

/// Where the sessions are.
struct Place {
    ground: Box<dyn Ground>,
    store: Arc<dyn Store>,
    population: Population,
    random: Random,
    now: Timestamp,
    /// How many users X, and users whose sessions have expired, there have been.
    passers: u32,
    /// What the memory store is held against, once it has been looked at.
    yardstick: Option<Yardstick>,
}

impl Site {
    /// A store that is empty, with room for `most` sessions, or nothing if its server is not named.
    pub(crate) async fn open(
        name: &str,
        sessions: u32,
        most: u32,
        now: Timestamp,
    ) -> Result<Option<Self>, Failure> {
        let population = Population::new(sessions);
        let Some(ground) = grounds::open(name, most).await? else {
            return Ok(None);
        };
        Ok(Some(Self {
            sessions,
            verbs: Verb::ALL.map(Figure::new).into(),
            loads: Vec::new(),
            fill_seconds: 0.0,
            bytes: 0,
            bytes_before: ground.bytes().await?,
            bytes_after: None,
            place: Place {
                store: ground.store(),
                ground,
                population,
                random: Random::new(u64::from(sessions)),
                now,
                passers: 0,
                yardstick: None,
            },
        }))
    }

    /// Puts all sessions there.
    pub(crate) async fn fill(&mut self) -> Result<(), Failure> {
        let Place {
            ground,
            population,
            now,
            ..
        } = &self.place;
        let start = Instant::now();
        let mut sessions = population.sessions();
        loop {
            let rows: Vec<_> = sessions
                .by_ref()
                .take(ground.at_once())
                .map(|session| session.row(*now))
                .collect();
            if rows.is_empty() {
                break;
            }
            ground.put(rows, *now).await?;
        }
        ground.settle().await?;
        self.fill_seconds = start.elapsed().as_secs_f64();
        self.bytes = ground.bytes().await?;
        Ok(())
    }

    pub(crate) async fn about(&self) -> Result<Vec<String>, Failure> {
        self.place.ground.about().await
    }

    pub(crate) async fn clean(&self) -> Result<(), Failure> {
        self.place.ground.clean().await
    }

    pub(crate) async fn warm_up(&mut self) -> Result<(), Failure> {
        self.place.warm_up().await
    }

    /// Calls a verb again and again. After all of [`Verb::ALL`], there are as many sessions as before.
    pub(crate) async fn call(&mut self, verb: Verb) -> Result<(), Failure> {
        let calls = self.place.calls(verb).await?;
        for figure in &mut self.verbs {
            if figure.verb == verb {
                figure.note(&calls);
            }
        }
        Ok(())
    }

    pub(crate) async fn load(&mut self) -> Result<(), Failure> {
        self.loads.push(self.place.loads().await?);
        Ok(())
    }

    pub(crate) async fn settle(&mut self) -> Result<(), Failure> {
        self.place.ground.settle().await?;
        if self.place.ground.is_apart() {
            self.bytes_after = Some(self.place.ground.bytes().await?);
        }
        Ok(())
    }
}

impl Place {
    /// So that connections are there, and what is read often is near.
    async fn warm_up(&mut self) -> Result<(), Failure> {
        for _ in 0..500 {
            let session = self.any();
            self.load(session).await?;
        }
        Ok(())
    }

    /// One of those whose owner has no other session.
    fn any(&mut self) -> Session {
        let index = self.random.index(self.population.alone.len());
        self.population.alone[index]
    }

    async fn load(&self, session: Session) -> Result<Record, Failure> {
        let record = self.store.load(session.key(), self.now).await?;
        record.ok_or_else(|| "a session is missing".into())
    }

    async fn calls(&mut self, verb: Verb) -> Result<Vec<u64>, Failure> {
        let mut watch = Stopwatch::new(CALLS, BUDGET);
        match verb {
            Verb::LoadHit => self.load_hit(&mut watch).await?,
            Verb::LoadMiss => self.load_miss(&mut watch).await?,
            Verb::Create => self.create(&mut watch).await?,
            Verb::Update => self.update(&mut watch, Outcome::Done).await?,
            Verb::Conflict => self.update(&mut watch, Outcome::Conflict).await?,
            Verb::Rotate => self.rotate(&mut watch).await?,
            Verb::Delete => self.delete(&mut watch).await?,
            Verb::List => self.list(&mut watch).await?,
            Verb::DeleteAll => self.delete_all(&mut watch).await?,
            Verb::DeleteExpired => self.delete_expired(&mut watch).await?,
            Verb::Yardstick => self.yardstick(&mut watch).await,
        }
        Ok(watch.calls())
    }

    async fn load_hit(&mut self, watch: &mut Stopwatch) -> Result<(), Failure> {
        while watch.goes_on() {
            let key = self.any().key();
            let found = watch.time(self.store.load(key, self.now)).await?;
            expect(found.is_some(), "a session is missing")?;
        }
        Ok(())
    }

    async fn load_miss(&mut self, watch: &mut Stopwatch) -> Result<(), Failure> {
        while watch.goes_on() {
            let key = self.population.newcomer().key();
            let found = watch.time(self.store.load(key, self.now)).await?;
            expect(found.is_none(), "a session is there that nobody made")?;
        }
        Ok(())
    }

    async fn create(&mut self, watch: &mut Stopwatch) -> Result<(), Failure> {
        while watch.goes_on() {
            let session = self.population.newcomer();
            let (key, record) = session.row(self.now);
            let created = watch.time(self.store.create(key, record, self.now)).await?;
            expect(created, "a key was taken")?;
            self.population.alone.push(session);
        }
        Ok(())
    }

    /// As requests do it: each has loaded what it changes.
    async fn update(&mut self, watch: &mut Stopwatch, outcome: Outcome) -> Result<(), Failure> {
        while watch.goes_on() {
            let session = self.any();
            let mut record = self.load(session).await?;
            let loaded = record.version;
            record.version = self.random.next();
            record.expires_at = Timestamp::from_millis(record.expires_at.as_millis() + 1_000);
            let expected = match outcome {
                Outcome::Conflict => record.version,
                _ => loaded,
            };
            let update = self.store.update(session.key(), expected, record, self.now);
            expect(watch.time(update).await? == outcome, "an update went wrong")?;
        }
        Ok(())
    }

    async fn rotate(&mut self, watch: &mut Stopwatch) -> Result<(), Failure> {
        while watch.goes_on() {
            let index = self.random.index(self.population.alone.len());
            let session = self.population.alone[index];
            let record = self.load(session).await?;
            let rotation = Rotation {
                old: session.key(),
                expected: record.version,
                left: None,
                new: session.next().key(),
                record: Record {
                    version: self.random.next(),
                    ..record
                },
            };
            let outcome = watch.time(self.store.rotate(rotation, self.now)).await?;
            expect(outcome == Outcome::Done, "a rotation went wrong")?;
            self.population.alone[index] = session.next();
        }
        Ok(())
    }

    /// As many as have been created.
    async fn delete(&mut self, watch: &mut Stopwatch) -> Result<(), Failure> {
        while self.population.surplus() > 0 {
            let index = self.random.index(self.population.alone.len());
            let session = self.population.alone.swap_remove(index);
            let version = self.load(session).await?.version;
            let delete = (self.store).delete(session.key(), Some(version), self.now);
            expect(
                watch.time(delete).await? == Outcome::Done,
                "a session is missing",
            )?;
        }
        Ok(())
    }

    async fn list(&mut self, watch: &mut Stopwatch) -> Result<(), Failure> {
        while watch.goes_on() {
            let number = self.random.below(u64::from(self.population.several));
            let number = u32::try_from(number).expect("less than a u32");
            let user = Population::one_of_several(number, 0).user();
            let user = user.ok_or("somebody with several sessions is a user")?;
            let listed = watch.time(self.store.list(user, self.now)).await?;
            expect(listed.len() == SEVERAL as usize, "a list is not complete")?;
        }
        Ok(())
    }

    /// Also puts what [`Self::delete_expired`] finds: the sessions of the users X are spread among them, as they would be if they had been
    /// made over time.
    async fn delete_all(&mut self, watch: &mut Stopwatch) -> Result<(), Failure> {
        let users = self.passers..self.passers + ENDED;
        let many = users
            .clone()
            .flat_map(|owner| (0..MANY).map(move |nth| Session::new(Kind::Many, owner, nth)));
        let mut sessions: Vec<_> = many.collect();
        if self.is_swept() {
            let first = self.passers * EXPIRED;
            let expired = first..first + EXPIRED;
            sessions.extend(expired.map(|owner| Session::new(Kind::Expired, owner, 0)));
        }
        self.passers += ENDED;
        self.random.shuffle(&mut sessions);
        let rows = sessions.into_iter().map(|session| session.row(self.now));
        self.ground.put(rows.collect(), before(self.now)).await?;
        for owner in users {
            let user = Session::new(Kind::Many, owner, 0).user();
            let user = user.ok_or("somebody with many sessions is a user")?;
            let ended = watch.time(self.store.delete_all(user, None, self.now));
            expect(
                ended.await? == u64::from(MANY),
                "a session of X's is missing",
            )?;
        }
        Ok(())
    }

    async fn delete_expired(&mut self, watch: &mut Stopwatch) -> Result<(), Failure> {
        if self.is_swept() {
            let removed = watch.time(self.store.delete_expired(self.now)).await?;
            expect(removed == u64::from(EXPIRED), "a sweep was not complete")?;
        }
        Ok(())
    }

    async fn yardstick(&mut self, watch: &mut Stopwatch) {
        if self.is_here() {
            // Rotated or not: as many as there are in the store.
            let yardstick = self
                .yardstick
                .get_or_insert_with(|| Yardstick::new(&self.population.alone, self.now));
            // Making it takes a while.
            *watch = Stopwatch::new(CALLS, BUDGET);
            yardstick.load(watch, &mut self.random).await;
        }
    }

    fn is_here(&self) -> bool {
        self.store.name() == "memory"
    }

    /// Redis needs no sweep.
    fn is_swept(&self) -> bool {
        self.store.name() != "redis"
    }

    async fn loads(&mut self) -> Result<Loads, Failure> {
        let mut keys: Vec<_> = self
            .population
            .alone
            .iter()
            .map(|session| session.key())
            .collect();
        self.random.shuffle(&mut keys);
        let keys: Arc<[_]> = keys.into();
        // Each begins elsewhere: what has just been loaded is near.
        let (first, second) = (self.random.index(keys.len()), self.random.index(keys.len()));
        let one = loads_by(1, first, &self.store, &keys, self.now).await?;
        let two = loads_by(2, second, &self.store, &keys, self.now).await?;
        Ok(Loads {
            one: one.1,
            two: two.1,
            on_processor: (one.0.zip(two.0))
                .filter(|_| self.is_here())
                .map(|(one, two)| OnProcessor { one, two }),
        })
    }
}

/// How many loads a second on a processor gives, if that is known, and how many a second gives, by so many tasks. The
/// first begins `from` one of the keys.
async fn loads_by(
    tasks: usize,
    from: usize,
    store: &Arc<dyn Store>,
    keys: &Arc<[RecordKey]>,
    now: Timestamp,
) -> Result<(Option<f64>, f64), Failure> {
    let start = Arc::new(Barrier::new(tasks));
    let mut loading = JoinSet::new();
    for task in 0..tasks {
        let (store, keys, start) = (Arc::clone(store), Arc::clone(keys), Arc::clone(&start));
        loading.spawn(async move {
            // Blocks a worker, of which there are as many as tasks: so no two tasks share one.
            start.wait();
            let mut keys = keys.iter().cycle().skip(from + keys.len() / tasks * task);
            let (busy, clock) = (machine::on_processor(), Instant::now());
            let mut loads = 0_u32;
            while !loads.is_multiple_of(16) || clock.elapsed() < BUDGET {
                let Some(key) = keys.next() else { break };
                store.load(*key, now).await?;
                loads += 1;
            }
            let a_second = f64::from(loads) / clock.elapsed().as_secs_f64();
            let busy = machine::on_processor()
                .zip(busy)
                .map(|(end, start)| end - start);
            Ok::<_, StoreError>((busy, loads, a_second))
        });
    }
    let (mut busy, mut loads, mut a_second) = (Some(0), 0, 0.0);
    while let Some(done) = loading.join_next().await {
        let (by_this, loads_of_this, a_second_of_this) = done??;
        busy = busy.zip(by_this).map(|(sum, more)| sum + more);
        loads += loads_of_this;
        a_second += a_second_of_this;
    }
    let on_processor =
        busy.map(|busy: u64| f64::from(loads) / Duration::from_nanos(busy).as_secs_f64());
    Ok((on_processor, a_second))
}

fn expect(is_so: bool, otherwise: &'static str) -> Result<(), Failure> {
    if is_so { Ok(()) } else { Err(otherwise.into()) }
}
