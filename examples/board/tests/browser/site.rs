//! A browser, driven by the program that comes with it, on a site of its own.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use board::app::app;
use board::settings::Settings;
use muffin_session::Secret;
use thirtyfour::extensions::query::ElementPollerWithTimeout;
use thirtyfour::prelude::*;
use tokio::net::TcpListener;

use crate::page::{Page, Screen};

/// How long a page may take to show what it should. Passing tests never wait for it.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a page is looked at meanwhile.
const GLANCE: Duration = Duration::from_millis(20);

/// Plays a scene on a new site with everything in memory.
pub(crate) async fn on_new_site(
    scene: &str,
    screen: Screen,
    play: impl AsyncFnOnce(Page) -> WebDriverResult<()>,
) {
    let settings = Settings::new("sqlite::memory:".to_owned(), None).unwrap();
    let (db, store) = settings.open().await.unwrap();
    let site = app(&Secret::generate().unwrap(), db, store).unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let service = site
        .router
        .into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(axum::serve(listener, service).into_future());
    in_browser(origin, scene, screen, play).await;
}

/// Plays a scene in a browser that nobody has used yet.
pub(crate) async fn in_browser(
    origin: String,
    scene: &str,
    screen: Screen,
    play: impl AsyncFnOnce(Page) -> WebDriverResult<()>,
) {
    let profile = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("board-{scene}"));
    if profile.exists() {
        fs::remove_dir_all(&profile).unwrap();
    }
    let mut browser = DesiredCapabilities::chrome();
    if let Ok(chromium) = std::env::var("CHROMIUM") {
        browser.set_binary(&chromium).unwrap();
    }
    for flag in [
        "--headless",
        // Containers and root have no sandbox of their own; the only site visited is ours.
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--no-proxy-server",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        &format!("--user-data-dir={}", profile.display()),
    ] {
        browser.add_arg(flag).unwrap();
    }
    let program = Program::start();
    let driver = WebDriver::builder(&program.url, browser)
        .poller(Arc::new(ElementPollerWithTimeout::new(PATIENCE, GLANCE)))
        .await
        .unwrap();
    let played = driver
        .run_and_quit(async |driver| {
            let page = Page::new(driver, origin, scene, screen);
            page.set_scheme("light").await?;
            play(page).await
        })
        .await;
    if let Err(error) = played {
        panic!("{scene}: {error}");
    }
    fs::remove_dir_all(&profile).unwrap();
}

/// The program that drives the browser, ended with the test.
struct Program {
    child: Child,
    /// Kept open, so that the program can go on writing.
    _stdout: BufReader<ChildStdout>,
    url: String,
}

impl Program {
    /// Starts it on a free port.
    fn start() -> Self {
        let name = std::env::var("CHROMEDRIVER").unwrap_or_else(|_| "chromedriver".to_owned());
        let mut command = Command::new(&name);
        command.arg("--port=0").stdout(Stdio::piped());
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let port = loop {
            let mut line = String::new();
            let read = stdout.read_line(&mut line).unwrap();
            assert_ne!(read, 0, "{name} ended at once");
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                break port.trim_end().trim_end_matches('.').to_owned();
            }
        };
        Self {
            child,
            _stdout: stdout,
            url: format!("http://127.0.0.1:{port}"),
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
