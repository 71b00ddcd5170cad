//! The program: how it starts, stops, and keeps what is on the board.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use board::settings::Settings;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout};

use crate::client::{Browser, Site, password_of, redirect};
use crate::tokens::make_token;
use crate::tour::tour;

/// A folder for one test, empty.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The program in a folder, with none of its settings.
fn board(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_board"));
    for setting in [
        "DATABASE_URL",
        "HOST",
        "PORT",
        "SESSION_SECRET",
        "SESSION_STORE",
        "TRUSTED_PROXIES",
    ] {
        command.env_remove(setting);
    }
    command.current_dir(folder).env("PORT", "0");
    command
}

/// A running program, ended with the test.
struct Running {
    child: Child,
    stdout: Lines<BufReader<ChildStdout>>,
    origin: String,
    greeting: String,
}

impl Running {
    async fn start(mut command: Command) -> Self {
        command.stdout(Stdio::piped());
        let mut command = tokio::process::Command::from(command);
        let mut child = command.kill_on_drop(true).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut greeting = String::new();
        while !greeting.ends_with("Stop with ctrl-c.\n") {
            let line = stdout.next_line().await.unwrap();
            let line = line.unwrap_or_else(|| panic!("it ended after {greeting:?}"));
            greeting += &line;
            greeting.push('\n');
        }
        let (_, port) = greeting.lines().next().unwrap().rsplit_once(':').unwrap();
        Self {
            child,
            stdout,
            origin: format!("http://127.0.0.1:{port}"),
            greeting,
        }
    }

    /// Sends it what ctrl-c sends, and waits until it has ended well.
    #[cfg(unix)]
    async fn stop(mut self) {
        let process = self.child.id().unwrap().to_string();
        let sent = Command::new("kill").args(["-INT", &process]).status();
        assert!(sent.unwrap().success());
        assert!(self.child.wait().await.unwrap().success());
        let mut rest = String::new();
        let stdout = self.stdout.get_mut();
        stdout.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "");
    }
}

#[tokio::test]
async fn everything_works_in_a_file() {
    let file = folder("tour").join("board.db");
    let settings = Settings::new(format!("sqlite:{}", file.display()), None);
    tour(&Site::start_with(&settings.unwrap()).await).await;
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_private_wherever_the_sessions_are() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = folder("private");
    let url = format!("sqlite:{}", folder.join("board.db").display());
    let settings = Settings::new(url, Some("memory:".to_owned()));
    let site = Site::start_with(&settings.unwrap()).await;
    site.register("ann").await;
    for file in fs::read_dir(&folder).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", file.file_name());
    }
}

#[cfg(unix)]
#[tokio::test]
async fn the_board_and_its_logins_outlive_a_restart() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = folder("restart");
    let with_secret = || {
        let mut command = board(&folder);
        command.env("SESSION_SECRET", "k4Jq2vX9sLw4RtY8zKb3NcM6hGd1FfAe");
        command
    };
    let first = Running::start(with_secret()).await;
    assert!(!first.greeting.contains("SESSION_SECRET"));
    let mut ann = Browser::on(first.origin.clone());
    let password = password_of("ann");
    let form = [
        ("name", "ann"),
        ("password", &*password),
        ("again", &*password),
    ];
    assert_eq!(redirect(&ann.post("/register", &form).await), "/");
    let card = ann.add_card("Fix the door").await;
    let token = make_token(&ann, "backup").await;
    first.stop().await;

    let second = Running::start(with_secret()).await;
    ann.origin = second.origin.clone();
    assert!(ann.is_logged_in().await);
    assert!(ann.page(&card).await.contains("Fix the door"));
    second.stop().await;

    // For its user alone, and with no secret in it.
    let mode = fs::metadata(folder.join("board.db")).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o600);
    let mut bytes = Vec::new();
    for file in fs::read_dir(&folder).unwrap() {
        bytes.extend(fs::read(file.unwrap().path()).unwrap());
    }
    let holds = |text: &str| {
        bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    assert!(holds("Fix the door"));
    assert!(!holds(&password) && !holds(&token));
}

#[tokio::test]
async fn without_a_secret_it_says_that_logins_end_with_it() {
    let running = Running::start({
        let mut command = board(&folder("greeting"));
        command.env("DATABASE_URL", "sqlite::memory:");
        command
    });
    let running = running.await;
    assert!(
        running
            .greeting
            .contains("The first to register is the admin.")
    );
    assert!(running.greeting.contains("export SESSION_SECRET="));
}

#[tokio::test]
async fn it_listens_where_it_is_told_to() {
    for (host, site) in [
        (None, "Board: http://localhost:"),
        (Some("0.0.0.0"), "Board: http://0.0.0.0:"),
    ] {
        let running = Running::start({
            let mut command = board(&folder("host"));
            command.env("DATABASE_URL", "sqlite::memory:");
            command.envs(host.map(|host| ("HOST", host)));
            command
        });
        let running = running.await;
        let greeting = &running.greeting;
        assert!(greeting.starts_with(site), "{greeting}");
        // Whoever opens it to others is told what browsers want then.
        let names_tls = greeting.contains("put a proxy with TLS in front");
        assert_eq!(names_tls, host.is_some(), "{greeting}");
        Browser::on(running.origin.clone()).page("/login").await;
    }
}

#[test]
fn without_a_secret_it_shares_nothing_with_other_processes() {
    let folder = folder("shared");
    for (name, url) in [
        ("SESSION_STORE", "postgres://localhost:1/board"),
        ("SESSION_STORE", "mysql://localhost:1/board"),
        #[cfg(feature = "redis")]
        ("SESSION_STORE", "redis://localhost:1"),
        #[cfg(feature = "postgres")]
        ("DATABASE_URL", "postgres://localhost:1/board"),
    ] {
        let mut command = board(&folder);
        command.env(name, url);
        let Output { status, stderr, .. } = command.output().unwrap();
        assert_eq!(status.code(), Some(1), "{name}={url}");
        let said = String::from_utf8(stderr).unwrap();
        let why = "board: SESSION_SECRET is not set, and with data or sessions on a server";
        assert!(said.starts_with(why), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn settings_that_do_not_do_are_named_in_a_line() {
    let folder = folder("settings");
    for (name, value, why) in [
        ("PORT", "many", "board: PORT must be a number"),
        ("HOST", "everywhere", "board: HOST must be an IP address"),
        (
            "TRUSTED_PROXIES",
            "10.0.0.0/8",
            "board: TRUSTED_PROXIES must be IP addresses",
        ),
        (
            "DATABASE_URL",
            "mysql://localhost/board",
            "board: DATABASE_URL must begin with sqlite:",
        ),
        (
            "DATABASE_URL",
            "sqlite:/no/such/folder/board.db",
            "board: the store of sessions cannot be used",
        ),
        ("SESSION_SECRET", "short", "board: the secret is not safe"),
        ("SESSION_STORE", "somewhere", "board: SESSION_STORE: "),
    ] {
        let mut command = board(&folder);
        command.env(name, value);
        let Output {
            status,
            stderr,
            stdout,
        } = command.output().unwrap();
        assert_eq!(status.code(), Some(1), "{name}={value}");
        let said = String::from_utf8(stderr).unwrap();
        assert!(said.starts_with(why), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(stdout.is_empty());
    }
}
