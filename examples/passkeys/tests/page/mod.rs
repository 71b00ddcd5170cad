//! A browser that is driven: Chromium, with a profile of its own, on a site that runs.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use thirtyfour::extensions::query::ElementPollerWithTimeout;
use thirtyfour::prelude::*;

/// How long a page may take to show what it should. Passing tests never wait for it.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often a page is looked at meanwhile.
const GLANCE: Duration = Duration::from_millis(20);

/// A browser on a site.
pub(crate) struct Page {
    pub(crate) driver: WebDriver,
    origin: String,
    scene: &'static str,
}

impl Page {
    pub(crate) async fn open(&self, path: &str) -> WebDriverResult<()> {
        self.driver.goto(format!("{}{path}", self.origin)).await
    }

    /// Waits until an element has exactly this text.
    pub(crate) async fn shows(&self, css: &str, text: &str) -> WebDriverResult<()> {
        // An element of the page before may go while it is looked at; the next glance sees the new page.
        let element = self.driver.query(By::Css(css)).ignore_errors(true);
        element.with_text(text.to_owned()).first().await?;
        Ok(())
    }

    pub(crate) async fn click(&self, css: &str) -> WebDriverResult<()> {
        self.driver.find(By::Css(css)).await?.click().await
    }

    /// Path and query of the page that is there.
    pub(crate) async fn location(&self) -> WebDriverResult<String> {
        let url = self.driver.current_url().await?;
        let path = url.as_str().strip_prefix(&self.origin);
        Ok(path
            .unwrap_or_else(|| panic!("left the site: {url}"))
            .to_owned())
    }

    /// Takes a picture on a phone and on a desktop. On neither may the page be wider than the screen.
    pub(crate) async fn picture(&self, step: &str) -> WebDriverResult<()> {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/screenshots"));
        fs::create_dir_all(folder).unwrap();
        for (screen, width, height) in [("phone", 390, 844), ("desktop", 1200, 800)] {
            let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
            let cdp = self.driver.cdp();
            cdp.send_raw("Emulation.setDeviceMetricsOverride", size)
                .await?;
            let measure = "return document.documentElement.scrollWidth";
            let answer = self.driver.execute(measure, Vec::new()).await?;
            assert!(
                answer.json().as_u64() <= Some(width),
                "{step}: {} on {screen}",
                answer.json()
            );
            let file = format!("{}-{step}-{screen}.png", self.scene);
            self.driver.screenshot(&folder.join(file)).await?;
        }
        Ok(())
    }
}

/// Plays a scene in a fresh browser.
pub(crate) async fn visit(
    origin: String,
    scene: &'static str,
    play: impl AsyncFnOnce(&Page) -> WebDriverResult<()>,
) {
    let profile = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("browser-{scene}"));
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
        "--disable-quic",
        "--no-first-run",
        "--no-proxy-server",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        &format!("--user-data-dir={}", profile.display()),
    ] {
        browser.add_arg(flag).unwrap();
    }
    let program = DriverProgram::start();
    let driver = WebDriver::builder(&program.url, browser)
        .poller(Arc::new(ElementPollerWithTimeout::new(PATIENCE, GLANCE)))
        .await
        .unwrap();
    let played = driver
        .run_and_quit(async |driver| {
            let page = Page {
                driver,
                origin,
                scene,
            };
            play(&page).await
        })
        .await;
    if let Err(error) = played {
        panic!("{scene}: {error}");
    }
    fs::remove_dir_all(&profile).unwrap();
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
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        let port = loop {
            let start = said.len();
            let read = stdout.read_line(&mut said).unwrap();
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
