//! The demo in a real browser: headless Chromium, driven from outside.
//!
//! Needs `chromium` and `chromedriver` on the path (Debian: `apt-get install chromium chromium-driver`), so these tests run with
//! `cargo test --test browser -- --include-ignored`. `CHROMEDRIVER` and `CHROMIUM` name other programs. Each leaves pictures of what it
//! saw in `tests/screenshots`.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use demo::app::app;
use demo::users::{DEMO_USERS, Users};
use muffin_session::Secret;
use serde_json::{Value, json};
use thirtyfour::common::cookie::SameSite;
use thirtyfour::extensions::query::{ElementPollerWithTimeout, ElementQuery};
use thirtyfour::prelude::*;
use tokio::net::TcpListener;

/// How long a page may take to show what it should. Passing tests never wait for it.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often a page is looked at meanwhile.
const GLANCE: Duration = Duration::from_millis(20);

const DESKTOP: (u32, u32) = (1200, 800);
const PHONE: (u32, u32) = (390, 844);
/// The narrowest phones, and a desktop zoomed to 400 percent.
const NARROW: (u32, u32) = (320, 568);

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: install chromium and chromium-driver"]
async fn login_refuses_then_leads_back_and_greets_once() {
    in_browser("login", async |page: Page| {
        page.open("/dashboard").await?;
        page.shows("h1", "Log in").await?;
        assert_eq!(page.location().await?, "/login?next=%2Fdashboard");
        page.picture("1-form").await?;

        page.fill_login("bob", "wrong").await?;
        page.shows(".flash.error", "The name or the password is wrong.")
            .await?;
        assert_eq!(page.status().await?, 401);
        assert_eq!(page.value("#name").await?, "bob");
        assert_eq!(page.value("#password").await?, "");
        page.picture("2-refused").await?;

        page.log_in("bob").await?;
        page.shows("h1", "Dashboard").await?;
        page.shows(".flash", "Welcome, bob!").await?;
        assert_eq!(page.location().await?, "/dashboard");
        page.picture("3-dashboard").await?;

        page.driver.refresh().await?;
        page.shows("h1", "Dashboard").await?;
        assert!(!page.has(".flash").await?, "the welcome came back");
        page.open("/").await?;
        page.shows("h1", "Hello, bob").await?;
        page.picture("4-home").await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: install chromium and chromium-driver"]
async fn admin_refuses_bob_and_lets_ann_in() {
    in_browser("admin", async |page: Page| {
        page.open("/admin").await?;
        page.shows("h1", "Log in").await?;
        page.log_in("bob").await?;
        page.shows("h1", "This page is for admins").await?;
        assert_eq!(page.status().await?, 403);
        assert_eq!(page.location().await?, "/admin");
        page.picture("1-refused").await?;

        page.click("main a[href='/login']").await?;
        page.shows("h1", "Log in").await?;
        page.picture("2-somebody-else").await?;
        page.log_in("ann").await?;
        page.shows(".flash", "Welcome, ann!").await?;
        page.click("nav a[href='/admin']").await?;
        page.shows("h1", "Admin").await?;
        assert_eq!(page.status().await?, 200);
        page.picture("3-allowed").await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: install chromium and chromium-driver"]
async fn notes_outlive_reloads_and_logins_and_none_is_lost() {
    in_browser("notes", async |page: Page| {
        page.open("/notes").await?;
        page.keep_note("Buy oats").await?;
        page.shows("#kept", "One note").await?;
        page.click(".who a").await?;
        page.shows("h1", "Log in").await?;
        page.log_in("bob").await?;
        page.shows("h1", "Dashboard").await?;

        page.open("/notes").await?;
        page.shows("#note-1", "Buy oats").await?;
        page.keep_note("Ask <b>Ann</b> about the oven & the tins")
            .await?;
        page.shows("#note-2", "Ask <b>Ann</b> about the oven & the tins")
            .await?;
        page.picture("1-kept").await?;
        page.driver.refresh().await?;
        page.shows("#kept", "2 notes").await?;
        page.shows("#note-1", "Buy oats").await?;
        assert!(!page.has(".flash").await?, "the message came back");

        page.click("li:has(#note-1) button").await?;
        page.shows(".flash", "The note is deleted.").await?;
        page.shows("#kept", "One note").await?;
        assert!(!page.has("#note-1").await?);

        let long = "A very long recipe. ".repeat(300);
        let write = "document.querySelector('#text').value = arguments[0]";
        page.driver.execute(write, vec![json!(long)]).await?;
        page.click("main form.card button").await?;
        page.shows_part(".flash.error", "There is no room for this note")
            .await?;
        assert_eq!(page.status().await?, 413);
        assert_eq!(page.value("#text").await?, long);
        page.shows("#note-2", "Ask <b>Ann</b> about the oven & the tins")
            .await?;
        page.picture("2-no-room").await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: install chromium and chromium-driver"]
async fn after_logout_the_back_button_shows_no_guarded_page() {
    in_browser("logout", async |page: Page| {
        page.open("/login").await?;
        page.log_in("bob").await?;
        page.shows("h1", "Dashboard").await?;
        page.click(".who button").await?;
        page.shows(".flash", "You are logged out.").await?;
        page.shows("h1", "Nobody is logged in").await?;
        page.picture("1-logged-out").await?;

        page.driver.back().await?;
        page.shows("h1", "Log in").await?;
        assert_eq!(page.location().await?, "/login?next=%2Fdashboard");
        let source = page.driver.source().await?;
        assert!(!source.contains("Only people who are logged in"));
        page.picture("2-back").await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: install chromium and chromium-driver"]
async fn the_browser_keeps_every_cookie_out_of_reach() {
    in_browser("cookies", async |page: Page| {
        page.open("/notes").await?;
        page.keep_note("Buy oats").await?;
        assert_eq!(page.cookie_kinds().await?, ["guest"]);

        page.open("/login").await?;
        page.log_in("bob").await?;
        page.shows("h1", "Dashboard").await?;
        assert_eq!(page.cookie_kinds().await?, ["data", "id"]);
        let seen = page.script("return document.cookie").await?;
        assert_eq!(seen, json!(""), "scripts can read cookies");

        page.click(".who button").await?;
        page.shows(".flash", "You are logged out.").await?;
        assert_eq!(page.cookie_kinds().await?, ["out"]);
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: install chromium and chromium-driver"]
async fn the_keyboard_reaches_everything() {
    in_browser("keyboard", async |page: Page| {
        page.open("/").await?;
        page.shows("h1", "Nobody is logged in").await?;
        page.press(Key::Tab).await?;
        assert_eq!(page.focused().await?, "Skip to the content");
        page.picture("1-skip").await?;
        page.press(Key::Enter).await?;
        page.press(Key::Tab).await?;
        assert_eq!(page.focused().await?, "log in as one of two demo users");
        page.press(Key::Enter).await?;

        // The first field has the focus, so that a name can be typed at once.
        page.shows("h1", "Log in").await?;
        let [ann, _] = DEMO_USERS;
        page.press(ann.name).await?;
        page.press(Key::Tab).await?;
        page.press(ann.password).await?;
        page.picture("2-typed").await?;
        page.press(Key::Enter).await?;
        page.shows(".flash", "Welcome, ann!").await
    })
    .await;
}

/// Hashing passwords is made to take long, so the tests share the result.
static USERS: LazyLock<Users> = LazyLock::new(|| Users::demo().unwrap());

/// A browser on a site of its own.
struct Page {
    driver: WebDriver,
    origin: String,
    scene: &'static str,
}

impl Page {
    async fn open(&self, path: &str) -> WebDriverResult<()> {
        self.driver.goto(format!("{}{path}", self.origin)).await
    }

    /// Waits until an element has exactly this text.
    async fn shows(&self, css: &str, text: &str) -> WebDriverResult<()> {
        self.element(css).with_text(text.to_owned()).first().await?;
        Ok(())
    }

    /// Waits until an element's text has this part.
    async fn shows_part(&self, css: &str, part: &'static str) -> WebDriverResult<()> {
        let has_part = move |text: &str| text.contains(part);
        self.element(css).with_text(has_part).first().await?;
        Ok(())
    }

    fn element(&self, css: &str) -> ElementQuery {
        // An element of the page before may go while it is looked at; the next glance sees the new page.
        self.driver.query(By::Css(css)).ignore_errors(true)
    }

    /// Whether the page that is there has such an element.
    async fn has(&self, css: &str) -> WebDriverResult<bool> {
        self.driver.query(By::Css(css)).nowait().exists().await
    }

    async fn click(&self, css: &str) -> WebDriverResult<()> {
        self.driver.find(By::Css(css)).await?.click().await
    }

    async fn value(&self, css: &str) -> WebDriverResult<String> {
        let field = self.driver.find(By::Css(css)).await?;
        Ok(field.value().await?.unwrap_or_default())
    }

    /// Types into whatever has the focus.
    async fn press(&self, keys: impl Into<TypingData>) -> WebDriverResult<()> {
        let focused = self.driver.active_element().await?;
        focused.send_keys(keys).await
    }

    /// The text of what has the focus.
    async fn focused(&self) -> WebDriverResult<String> {
        self.driver.active_element().await?.text().await
    }

    async fn fill_login(&self, name: &str, password: &str) -> WebDriverResult<()> {
        for (field, text) in [("#name", name), ("#password", password)] {
            let field = self.driver.find(By::Css(field)).await?;
            field.clear().await?;
            field.send_keys(text).await?;
        }
        self.click("main form button").await
    }

    async fn log_in(&self, name: &str) -> WebDriverResult<()> {
        let user = DEMO_USERS.iter().find(|user| user.name == name).unwrap();
        self.fill_login(name, user.password).await
    }

    async fn keep_note(&self, text: &str) -> WebDriverResult<()> {
        self.driver
            .find(By::Css("#text"))
            .await?
            .send_keys(text)
            .await?;
        self.click("main form.card button").await?;
        self.shows(".flash", "The note is kept.").await
    }

    /// Path and query of the page that is there.
    async fn location(&self) -> WebDriverResult<String> {
        let url = self.driver.current_url().await?;
        let path = url.as_str().strip_prefix(&self.origin);
        Ok(path
            .unwrap_or_else(|| panic!("left the site: {url}"))
            .to_owned())
    }

    /// The status that the page came with.
    async fn status(&self) -> WebDriverResult<Value> {
        self.script("return performance.getEntriesByType('navigation')[0].responseStatus")
            .await
    }

    async fn script(&self, script: &str) -> WebDriverResult<Value> {
        let answer = self.driver.execute(script, Vec::new()).await?;
        Ok(answer.json().clone())
    }

    /// The kinds of cookies that the browser keeps, sorted: each for this host alone, over secure channels, unseen by scripts.
    async fn cookie_kinds(&self) -> WebDriverResult<Vec<String>> {
        let mut kinds = Vec::new();
        for cookie in self.driver.get_all_cookies().await? {
            let name = &cookie.name;
            assert_eq!(cookie.secure, Some(true), "{name}");
            assert_eq!(cookie.http_only, Some(true), "{name}");
            assert_eq!(cookie.same_site, Some(SameSite::Lax), "{name}");
            assert_eq!(cookie.path.as_deref(), Some("/"), "{name}");
            assert_eq!(cookie.domain.as_deref(), Some("localhost"), "{name}");
            let kind = name.strip_prefix("__Host-session.");
            let kind = kind.unwrap_or_else(|| panic!("a cookie of another name: {name}"));
            kinds.push(kind.split('.').next().unwrap_or_default().to_owned());
        }
        kinds.sort();
        Ok(kinds)
    }

    /// Takes pictures on a desktop and on a phone, by day and by night. On no screen may the page be wider than the screen.
    async fn picture(&self, step: &str) -> WebDriverResult<()> {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/screenshots"));
        fs::create_dir_all(folder).unwrap();
        for (screen, size) in [("narrow", NARROW), ("phone", PHONE), ("desktop", DESKTOP)] {
            self.resize(size).await?;
            let width = self
                .script("return document.documentElement.scrollWidth")
                .await?;
            assert!(
                width.as_u64() <= Some(size.0.into()),
                "{step}: {width} on {screen}"
            );
            if size == NARROW {
                continue;
            }
            for scheme in ["dark", "light"] {
                let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
                self.command(
                    "Emulation.setEmulatedMedia",
                    json!({ "features": features }),
                )
                .await?;
                let file = format!("{}-{step}-{screen}-{scheme}.png", self.scene);
                self.driver.screenshot(&folder.join(file)).await?;
            }
        }
        Ok(())
    }

    async fn resize(&self, (width, height): (u32, u32)) -> WebDriverResult<()> {
        let screen = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.command("Emulation.setDeviceMetricsOverride", screen)
            .await
    }

    async fn command(&self, name: &str, parameters: Value) -> WebDriverResult<()> {
        self.driver.cdp().send_raw(name, parameters).await.map(drop)
    }
}

/// Plays a scene in a fresh browser on a fresh site.
async fn in_browser(scene: &'static str, play: impl AsyncFnOnce(Page) -> WebDriverResult<()>) {
    let site = app(Secret::generate().unwrap(), USERS.clone()).unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(axum::serve(listener, site).into_future());

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
    let driver_program = DriverProgram::start();
    let driver = WebDriver::builder(&driver_program.url, browser)
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
            page.resize(DESKTOP).await?;
            play(page).await
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
