//! A PostgreSQL server that belongs to one test, and that the test may stop and kill. It ends when it is dropped.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::process::{Child, Command};

use crate::redis_servers::{free_port, wait_for};

/// A database cluster of its own in a temporary folder, on a port of its own, with the durable defaults: `fsync` and
/// `synchronous_commit` are on.
///
/// The programs are looked for in the `PATH`, and where Debian puts them. They refuse to run as root: then the user `postgres` runs them.
pub struct PostgresServer {
    port: u16,
    programs: PathBuf,
    folder: PathBuf,
    arguments: Vec<String>,
    process: Option<Child>,
}

impl PostgresServer {
    /// Makes a cluster, and starts it. Its superuser is `postgres`, and nobody needs a password.
    ///
    /// # Panics
    ///
    /// If the programs are missing, or the server does not start.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same with more settings: `["max_connections=20"]`.
    ///
    /// # Panics
    ///
    /// If the programs are missing, or the server does not start.
    pub async fn start_with(settings: &[&str]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "muffin-session-postgres-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let mut server = Self {
            port: free_port(),
            programs: programs(),
            folder: std::env::temp_dir().join(name),
            arguments: settings
                .iter()
                .flat_map(|setting| ["-c".to_owned(), (*setting).to_owned()])
                .collect(),
            process: None,
        };
        let _ = std::fs::remove_dir_all(&server.folder);
        let made = server
            .program("initdb")
            .args(["--auth=trust", "--username=postgres", "--encoding=UTF8"])
            .args(["--no-locale", "--no-sync", "--pgdata"])
            .arg(&server.folder)
            .output()
            .await
            .expect("the program initdb");
        assert!(
            made.status.success(),
            "initdb: {}",
            String::from_utf8_lossy(&made.stderr)
        );
        server.start_again().await;
        server
    }

    /// Starts it after it has been stopped or killed: on the same port, with the same data.
    ///
    /// # Panics
    ///
    /// If it does not start, or does not answer.
    pub async fn start_again(&mut self) {
        assert!(self.process.is_none(), "the server runs already");
        let port = self.port.to_string();
        let process = self
            .program("postgres")
            .args(["-p", &port, "-h", "127.0.0.1", "-k", "", "-D"])
            .arg(&self.folder)
            .args(["-c", "fsync=on", "-c", "synchronous_commit=on"])
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the program postgres");
        self.process = Some(process);
        wait_for("PostgreSQL that answers", async || {
            let ended = self.process.as_mut().map(Child::try_wait);
            assert!(
                matches!(ended, Some(Ok(None))),
                "postgres has ended: {ended:?}"
            );
            self.answers().await
        })
        .await;
    }

    /// Ends it as an administrator does, with a "fast" shutdown: connections are closed, and what is open is undone. (`SIGTERM` would be a
    /// "smart" one, which waits until all clients have gone by themselves. Service managers send `SIGINT`.)
    ///
    /// # Panics
    ///
    /// If it does not run.
    pub async fn stop(&mut self) {
        signal("INT", &[self.id()]).await;
        self.wait().await;
    }

    /// Ends it as the kernel does when memory is short, with all that belongs to it.
    ///
    /// # Panics
    ///
    /// If it does not run.
    pub async fn kill(&mut self) {
        let id = self.id();
        let children = format!("/proc/{id}/task/{id}/children");
        let children = std::fs::read_to_string(children).unwrap_or_default();
        let mut all = vec![id];
        all.extend(
            children
                .split_whitespace()
                .filter_map(|id| id.parse::<u32>().ok()),
        );
        signal("KILL", &all).await;
        self.wait().await;
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its URL, for the superuser.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Whether it takes connections.
    async fn answers(&self) -> bool {
        let options: Result<PgConnectOptions, _> = self.url().parse();
        let options = options.expect("a URL");
        let connecting = tokio::time::timeout(Duration::from_secs(1), options.connect()).await;
        let Ok(Ok(connection)) = connecting else {
            return false;
        };
        let _ = connection.close().await;
        true
    }

    /// One of its programs, to be run as somebody who is not root.
    fn program(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        if !is_root() {
            return Command::new(program);
        }
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=postgres", "--regid=postgres", "--init-groups"])
            .arg("--")
            .arg(program)
            .current_dir("/");
        command
    }

    fn id(&self) -> u32 {
        let process = self.process.as_ref().and_then(Child::id);
        process.expect("a server that runs")
    }

    async fn wait(&mut self) {
        let mut process = self.process.take().expect("a server that runs");
        process.wait().await.expect("a process of our own");
    }
}

/// What it has started ends by itself when it is gone.
impl Drop for PostgresServer {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.start_kill();
            while matches!(process.try_wait(), Ok(None)) {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

async fn signal(signal: &str, processes: &[u32]) {
    let processes: Vec<_> = processes.iter().map(u32::to_string).collect();
    let command = format!("kill -{signal} {}", processes.join(" "));
    // A child that has ended meanwhile is no failure.
    let status = Command::new("sh").args(["-c", &command]).status().await;
    status.expect("a shell");
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// The folder with `initdb` and `postgres`.
fn programs() -> PathBuf {
    let in_path = std::env::var_os("PATH").unwrap_or_default();
    let debian = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let debian = debian.flatten().map(|version| version.path().join("bin"));
    let has_both = |folder: &PathBuf| {
        let has = |name: &str| Path::is_file(&folder.join(name));
        has("initdb") && has("postgres")
    };
    debian
        .chain(std::env::split_paths(&in_path))
        .find(has_both)
        .expect("this test needs PostgreSQL's server programs, initdb and postgres: install the package `postgresql` (its service need not run), or put their folder into the PATH")
}
