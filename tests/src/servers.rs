//! Where the servers are that tests need, and what those want that a test starts itself.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long a server may take until it does what it is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// The URL that an environment variable holds.
///
/// # Panics
///
/// If it is not set, with what to set.
pub fn url(variable: &str, server: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("this test needs {server}: set {variable} to the URL of a server where it may make and drop what it needs")
    })
}

/// Asks again and again.
///
/// # Panics
///
/// If it does not come true within half a minute.
pub async fn wait_for(what: &str, mut is_there: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !is_there().await {
        assert!(began.elapsed() < PATIENCE, "there is no {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A port that nobody listens on, below those which the system gives to outgoing connections: what is free here stays free until the
/// server has it. Processes that run side by side begin at different ones.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let process = u16::try_from(std::process::id() % 200).unwrap_or(0);
    loop {
        let next = NEXT.fetch_add(1, Ordering::Relaxed) % 18_000;
        let port = 12_000 + (process * 90 + next) % 18_000;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// A folder that is gone with whoever has it.
pub struct Folder(PathBuf);

impl Folder {
    /// An empty one for temporary files.
    ///
    /// # Panics
    ///
    /// If there is no room for it.
    pub fn new(purpose: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "muffin-session-{purpose}-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let folder = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder for temporary files");
        Self(folder)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
