//! SQLite: the suite, in memory and in a file, and what is particular to it.

use std::path::PathBuf;
use std::sync::Arc;

use muffin_session::{SqliteStore, Store, conformance};
use tokio::task::JoinSet;

use crate::sql::{self, Leaving, NOW};

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(sql::name());
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("sessions.db")
    }

    async fn store(&self) -> SqliteStore {
        let store = SqliteStore::open(self.file()).await.unwrap();
        store.migrate().await.unwrap();
        store
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

async fn in_memory() -> SqliteStore {
    let store = SqliteStore::in_memory().await.unwrap();
    store.migrate().await.unwrap();
    store
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_keeps_the_contract() {
    conformance::check(in_memory().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_keeps_the_contract() {
    let folder = Folder::new();
    conformance::check(folder.store().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_away() {
    let folder = Folder::new();
    let store = Arc::new(folder.store().await);
    sql::nobody_gets_away(store.clone(), Leaving::Nothing).await;
    sql::nobody_gets_away(store, Leaving::Something).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_between_two_processes() {
    let folder = Folder::new();
    let stores: [Arc<dyn Store>; 2] = [
        Arc::new(folder.store().await),
        Arc::new(folder.store().await),
    ];
    sql::nothing_is_lost(&stores).await;
}

#[tokio::test]
async fn sweeps_make_room_and_numbers() {
    let store = in_memory().await;
    sql::a_sweep_takes_what_has_expired(&store).await;
    sql::an_expired_row_makes_room(&store).await;
    sql::numbers_come_back(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_processes_make_file_and_table_at_once() {
    let folder = Folder::new();
    let mut processes = JoinSet::new();
    for _ in 0..8 {
        let file = folder.file();
        processes.spawn(async move {
            let store = SqliteStore::open(file).await.unwrap();
            store.migrate().await.unwrap();
            store.migrate().await.unwrap();
            let (key, record) = (sql::key(), sql::record(None, 1));
            assert!(store.create(key, record.clone(), NOW).await.unwrap());
            assert_eq!(store.load(key, NOW).await.unwrap(), Some(record));
        });
    }
    while let Some(process) = processes.join_next().await {
        process.unwrap();
    }
}

#[tokio::test]
async fn sessions_outlive_the_process() {
    let folder = Folder::new();
    let (key, record) = (sql::key(), sql::record(Some(sql::user()), 1));
    let created = folder.store().await.create(key, record.clone(), NOW).await;
    assert!(created.unwrap());
    let loaded = folder.store().await.load(key, NOW).await.unwrap();
    assert_eq!(loaded, Some(record));
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_are_for_their_user_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = Folder::new();
    let store = folder.store().await;
    let created = store.create(sql::key(), sql::record(None, 1), NOW).await;
    assert!(created.unwrap());
    let mut files = 0;
    for file in std::fs::read_dir(&folder.0).unwrap() {
        let mode = file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        files += 1;
    }
    assert_eq!(files, 3, "the database, its log, and what readers share");
}

#[tokio::test]
async fn tables_have_plain_names_and_do_not_meet() {
    let store = in_memory().await;
    sql::refuses_tables(|name| store.clone().table(name));

    let other = store.clone().table("order").unwrap();
    other.migrate().await.unwrap();
    let (key, record) = (sql::key(), sql::record(None, 1));
    assert!(other.create(key, record.clone(), NOW).await.unwrap());
    assert_eq!(store.load(key, NOW).await.unwrap(), None);
    assert_eq!(other.load(key, NOW).await.unwrap(), Some(record));
}

#[tokio::test]
async fn errors_say_what_to_do_and_no_more() {
    let store = SqliteStore::in_memory().await.unwrap();
    let error = store.load(sql::key(), NOW).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the table of the sessions is missing (result code 1): call `migrate` on the store before it is used"
    );

    for path in ["", ":memory:"] {
        let error = SqliteStore::open(path).await.unwrap_err().to_string();
        assert!(error.contains("in_memory"), "{error}");
    }
    let nowhere = std::env::temp_dir().join(sql::name()).join("sessions.db");
    let error = SqliteStore::open(nowhere).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the database's file cannot be made or written (NotFound)"
    );

    let folder = Folder::new();
    std::fs::write(
        folder.file(),
        "no database at all, but long enough to be one".repeat(100),
    )
    .unwrap();
    let error = SqliteStore::open(folder.file()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the database refused a statement (result code 26)"
    );
}

#[tokio::test]
async fn sessions_have_their_table_made_whichever_store_the_settings_name() {
    let folder = Folder::new();
    let url = format!("sqlite:{}", folder.file().display());
    let store = muffin_session::store_from_url(&url).unwrap();
    let sessions = muffin_session_tests::bare_builder()
        .without_user_loader()
        .store(store)
        .build()
        .unwrap();
    assert!(sessions.sweep().await.is_err(), "there is no table");
    for _ in 0..2 {
        sessions.prepare_store().await.unwrap();
        assert_eq!(sessions.sweep().await.unwrap(), 0);
    }
}
