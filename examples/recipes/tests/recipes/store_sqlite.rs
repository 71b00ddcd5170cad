//! Devices, which outlive the process.

use std::path::PathBuf;
use std::{env, fs, process};

use crate::running::{Running, SECRET, redirect};

/// A folder for the file and those that SQLite puts beside it, gone with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let folder = env::temp_dir().join(format!("recipe-store-sqlite-{}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn devices_outlive_the_process_and_are_logged_out_from_each_other() {
    let folder = Folder::new();
    let file = folder.0.join("sessions.db");
    let program = env!("CARGO_BIN_EXE_store_sqlite");
    let settings = [
        ("SESSIONS_FILE", file.to_str().unwrap()),
        ("SESSION_SECRET", SECRET),
    ];
    let site = Running::start(program, &settings);
    let (phone, laptop, bob) = (site.browser(), site.browser(), site.browser());
    phone.done("/login/ann/phone").await;
    laptop.done("/login/ann/laptop").await;
    bob.done("/login/bob/tablet").await;

    drop(site);
    let site = Running::start(program, &settings);
    let (phone, laptop, bob) = (phone.at(&site), laptop.at(&site), bob.at(&site));
    let devices = phone.text("/devices").await;
    assert_eq!(devices.lines().count(), 2, "{devices}");
    let line_of = |what: &str| devices.lines().find(|line| line.ends_with(what)).unwrap();
    line_of(" phone, this one: true");
    let (id, _) = line_of(" laptop, this one: false").split_once(' ').unwrap();

    // It is nobody else's to end.
    bob.post(&format!("/devices/{id}/end")).await;
    laptop.text("/devices").await;
    let ended = phone.post(&format!("/devices/{id}/end")).await;
    assert_eq!(redirect(&ended), "/devices");
    let refused = laptop.get("/devices").await;
    assert_eq!(redirect(&refused), "/login?next=%2Fdevices");
    assert_eq!(phone.text("/devices").await.lines().count(), 1);
}
