//! Chromium, driven by the program that comes with it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use thirtyfour::ChromeCapabilities;
use thirtyfour::extensions::query::ElementPollerWithTimeout;
use thirtyfour::prelude::*;

/// How long a page may take to show what it should. Passing tests never wait for it.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a page is looked at meanwhile.
const GLANCE: Duration = Duration::from_millis(20);

/// Plays in a browser that nobody has used yet, whose profile is kept in this folder until it ends.
///
/// # Panics
///
/// If no browser can be had, and with the folder's name if what is played fails.
pub async fn in_chromium(profile: &Path, play: impl AsyncFnOnce(WebDriver) -> WebDriverResult<()>) {
    if profile.exists() {
        fs::remove_dir_all(profile).expect("a profile that nobody uses");
    }
    let program = DriverProgram::start();
    let driver = WebDriver::builder(&program.url, capabilities(profile))
        .poller(Arc::new(ElementPollerWithTimeout::new(PATIENCE, GLANCE)))
        .await
        .expect("a browser");
    let played = driver.run_and_quit(async |driver| {
        let played = play(driver.clone()).await;
        if played.is_err() {
            say_what_is_there(&driver).await;
        }
        played
    });
    if let Err(error) = played.await {
        panic!("{}: {error}", profile.display());
    }
    fs::remove_dir_all(profile).expect("a profile that nobody uses");
}

#[allow(clippy::print_stderr, reason = "it is shown with a test that fails")]
async fn say_what_is_there(driver: &WebDriver) {
    let url = driver.current_url().await;
    let url = url.map_or_else(|error| error.to_string(), String::from);
    let body = async { driver.find(By::Tag("body")).await?.text().await };
    let body = body.await.unwrap_or_else(|error| error.to_string());
    eprintln!("{url} shows:\n{body}");
}

fn capabilities(profile: &Path) -> ChromeCapabilities {
    let mut browser = ChromeCapabilities::new();
    if let Ok(chromium) = std::env::var("CHROMIUM") {
        browser.set_binary(&chromium).expect("a path");
    }
    for flag in [
        "--headless",
        // Containers and root have no sandbox of their own; the only site visited is ours.
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-quic",
        "--no-first-run",
        "--no-proxy-server",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        &format!("--user-data-dir={}", profile.display()),
    ] {
        browser.add_arg(flag).expect("a flag");
    }
    browser
}

/// The program that drives browsers, ended with the test.
struct DriverProgram {
    child: Child,
    /// Kept open, so that the program can go on writing.
    _stdout: BufReader<ChildStdout>,
    url: String,
}

impl DriverProgram {
    /// Starts it on a free port.
    fn start() -> Self {
        let program = std::env::var("CHROMEDRIVER").unwrap_or_else(|_| "chromedriver".to_owned());
        let mut child = Command::new(&program)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{program} does not start: {error}"));
        let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut said = String::new();
        let port = loop {
            let start = said.len();
            let read = stdout.read_line(&mut said).expect("text");
            assert_ne!(read, 0, "{program} ended after {said:?}");
            if let Some((_, port)) = said[start..].split_once("started successfully on port ") {
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

impl Drop for DriverProgram {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
