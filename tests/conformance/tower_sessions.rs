//! Stores made for tower-sessions: the whole contract in one process, and what is left of it in two.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod alone;
#[cfg(feature = "older-stores")]
mod older;
mod processes;
mod table;

use muffin_session::{Store, TowerSessionsStore, conformance};
use tower_sessions_core::SessionStore;
use tower_sessions_file_store::FileSessionStorage;
use tower_sessions_memory_store::MemoryStore;

use self::table::{Habit, Table};

async fn keeps_the_contract(store: impl SessionStore) {
    conformance::check(TowerSessionsStore::new(store)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract_with_each_habit_of_stores() {
    for habit in Habit::ALL {
        keeps_the_contract(Table::new(habit).process()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract_in_memory() {
    keeps_the_contract(MemoryStore::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes two minutes: that store reads its files byte by byte"]
async fn keeps_the_contract_in_files() {
    let name = format!("muffin-session-{}", unused_name());
    let folder = std::env::temp_dir().join(name);
    keeps_the_contract(FileSessionStorage::new_in_folder(folder.clone())).await;
    std::fs::remove_dir_all(folder).unwrap();
}

/// A name that nothing else has.
fn unused_name() -> String {
    tower_sessions_core::session::Id::default().to_string()
}

#[test]
fn a_clone_is_the_same_store_whatever_is_underneath() {
    fn is_store<S: Store + Clone>(_: &S) {}
    is_store(&TowerSessionsStore::new(MemoryStore::default()));
}
