//! This process's memory.

use std::sync::Arc;

use muffin_session::{MemoryStore, Store};

use super::{Ground, Step};
use crate::machine;

/// Bytes that the store reckons for a session of the population, and a few more.
const A_SESSION: usize = 600;

pub(super) struct Memory {
    store: Arc<MemoryStore>,
}

impl Memory {
    /// Bounds that nothing reaches, the same for each size, since how many locks there are follows from them. With bounds that the sessions
    /// just fit into, the luck of how keys spread would end some.
    pub(super) fn new(most: u32) -> Self {
        let sessions = most as usize + 50_000;
        let store = MemoryStore::new()
            .max_sessions(sessions * 5 / 4)
            .max_bytes(sessions * A_SESSION)
            .max_guest_sessions(sessions / 5)
            .max_guest_bytes(sessions * A_SESSION / 5);
        Self {
            store: Arc::new(store),
        }
    }
}

impl Ground for Memory {
    fn store(&self) -> Arc<dyn Store> {
        self.store.clone()
    }

    /// Of the whole process.
    fn bytes(&self) -> Step<'_, u64> {
        Box::pin(async {
            machine::resident().ok_or_else(|| "the process's memory cannot be told here".into())
        })
    }

    /// Whatever else is in the process counts too.
    fn is_apart(&self) -> bool {
        false
    }

    fn about(&self) -> Step<'_, Vec<String>> {
        Box::pin(async { Ok(vec!["in this process; lost when it ends".to_owned()]) })
    }

    fn clean(&self) -> Step<'_, ()> {
        Box::pin(async { Ok(()) })
    }
}
