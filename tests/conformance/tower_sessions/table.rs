//! A store for tower-sessions in this process's memory, with the habits that such stores have. Each handle of it is a process of its own,
//! and can be stopped before any of its calls.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use muffin_session::TowerSessionsStore;
use tokio::sync::oneshot;
use tower_sessions_core::SessionStore;
use tower_sessions_core::session::{Id, Record};
use tower_sessions_core::session_store::{Error, Result};

/// What stores do where the trait leaves it to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Habit {
    /// `create` draws another id if there is a record, in one step; `save` makes records.
    Draws,
    /// The same, and `save` does nothing if there is no record.
    SavesWhatIsThere,
    /// `create` fails if there is a record, and `save` fails if there is none.
    Fails,
    /// `create` puts the record in place of the one that is there.
    Overwrites,
}

impl Habit {
    pub(crate) const ALL: [Self; 4] = [
        Self::Draws,
        Self::SavesWhatIsThere,
        Self::Fails,
        Self::Overwrites,
    ];
    /// Those whose `create` finds out that there is a record.
    pub(crate) const THAT_TELL: [Self; 3] = [Self::Draws, Self::SavesWhatIsThere, Self::Fails];
}

/// What all processes see.
#[derive(Debug)]
pub(crate) struct Table {
    habit: Habit,
    pub(crate) rows: Mutex<HashMap<Id, Record>>,
}

impl Table {
    pub(crate) fn new(habit: Habit) -> Arc<Self> {
        Arc::new(Self {
            habit,
            rows: Mutex::default(),
        })
    }

    pub(crate) fn process(self: &Arc<Self>) -> Process {
        Process {
            table: Arc::clone(self),
            calls: Arc::default(),
        }
    }
}

/// A connection to the table. Clones are of the same process.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    table: Arc<Table>,
    calls: Arc<Mutex<Calls>>,
}

#[derive(Debug, Default)]
struct Calls {
    made: usize,
    stop: Option<(usize, oneshot::Sender<()>, oneshot::Receiver<()>)>,
}

/// A process that stops before one of its calls.
pub(crate) struct Stop {
    arrived: oneshot::Receiver<()>,
    go: oneshot::Sender<()>,
}

impl Stop {
    /// Waits until it has. Whether it has: it may have come to its end before.
    pub(crate) async fn arrived(&mut self) -> bool {
        (&mut self.arrived).await.is_ok()
    }

    /// Lets it go on.
    pub(crate) fn go(self) {
        // It may be at its end.
        let _ = self.go.send(());
    }
}

impl Process {
    pub(crate) fn store(&self) -> TowerSessionsStore<Self> {
        TowerSessionsStore::new(self.clone())
    }

    /// Stops before the call of this number, counted from now.
    pub(crate) fn stop_before(&self, number: usize) -> Stop {
        let (arrive, arrived) = oneshot::channel();
        let (go, gone) = oneshot::channel();
        let mut calls = self.calls.lock().unwrap();
        calls.stop = Some((calls.made + number, arrive, gone));
        Stop { arrived, go }
    }

    /// Nothing stops it any more: who waits for it to arrive is told.
    pub(crate) fn is_at_its_end(&self) {
        self.calls.lock().unwrap().stop = None;
    }

    /// How many calls there were.
    pub(crate) fn calls(&self) -> usize {
        self.calls.lock().unwrap().made
    }

    async fn call(&self) {
        let stop = {
            let mut calls = self.calls.lock().unwrap();
            let number = calls.made;
            calls.made += 1;
            calls.stop.take_if(|(at, ..)| *at == number)
        };
        if let Some((_, arrive, gone)) = stop {
            let _ = arrive.send(());
            // If the sender is gone, the test is over.
            let _ = gone.await;
        }
    }
}

#[async_trait]
impl SessionStore for Process {
    async fn create(&self, record: &mut Record) -> Result<()> {
        self.call().await;
        let mut rows = self.table.rows.lock().unwrap();
        if rows.contains_key(&record.id) {
            match self.table.habit {
                Habit::Overwrites => {}
                Habit::Draws | Habit::SavesWhatIsThere => record.id = Id::default(),
                Habit::Fails => return Err(Error::Backend("postgres://me:secret@db".to_owned())),
            }
        }
        rows.insert(record.id, record.clone());
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        self.call().await;
        let mut rows = self.table.rows.lock().unwrap();
        if !rows.contains_key(&record.id) {
            match self.table.habit {
                Habit::Draws | Habit::Overwrites => {}
                Habit::SavesWhatIsThere => return Ok(()),
                Habit::Fails => return Err(Error::Backend("there is no file".to_owned())),
            }
        }
        rows.insert(record.id, record.clone());
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        self.call().await;
        let rows = self.table.rows.lock().unwrap();
        let is_active = |record: &&Record| record.expiry_date > std::time::SystemTime::now();
        Ok(rows.get(id).filter(is_active).cloned())
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.call().await;
        self.table.rows.lock().unwrap().remove(id);
        Ok(())
    }
}
