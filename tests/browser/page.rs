//! A browser on a site of its own, and what a scene does with it.

use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;

use demo::app::app;
use demo::people::People;
use demo::users::DEMO_USERS;
use muffin_session::{AnyStore, Secret, store_from_url};
use muffin_session_tests::chromium::in_chromium;
use serde_json::{Value, json};
use thirtyfour::common::cookie::SameSite;
use thirtyfour::extensions::query::ElementQuery;
use thirtyfour::prelude::*;
use tokio::net::TcpListener;

pub(crate) const DESKTOP: (u32, u32) = (1200, 800);
const PHONE: (u32, u32) = (390, 844);
/// The narrowest phones, and a desktop zoomed to 400 percent.
const NARROW: (u32, u32) = (320, 568);

/// A browser on a site of its own.
pub(crate) struct Page {
    pub(crate) driver: WebDriver,
    pub(crate) origin: String,
    scene: &'static str,
}

impl Page {
    pub(crate) async fn open(&self, path: &str) -> WebDriverResult<()> {
        self.driver.goto(format!("{}{path}", self.origin)).await
    }

    /// Waits until an element has exactly this text.
    pub(crate) async fn shows(&self, css: &str, text: &str) -> WebDriverResult<()> {
        self.element(css).with_text(text.to_owned()).first().await?;
        Ok(())
    }

    /// Waits until an element's text has this part.
    pub(crate) async fn shows_part(&self, css: &str, part: &'static str) -> WebDriverResult<()> {
        let has_part = move |text: &str| text.contains(part);
        self.element(css).with_text(has_part).first().await?;
        Ok(())
    }

    pub(crate) fn element(&self, css: &str) -> ElementQuery {
        // An element of the page before may go while it is looked at; the next glance sees the new page.
        self.driver.query(By::Css(css)).ignore_errors(true)
    }

    /// Whether the page that is there has such an element.
    pub(crate) async fn has(&self, css: &str) -> WebDriverResult<bool> {
        self.driver.query(By::Css(css)).nowait().exists().await
    }

    pub(crate) async fn click(&self, css: &str) -> WebDriverResult<()> {
        self.driver.find(By::Css(css)).await?.click().await
    }

    pub(crate) async fn value(&self, css: &str) -> WebDriverResult<String> {
        let field = self.driver.find(By::Css(css)).await?;
        Ok(field.value().await?.unwrap_or_default())
    }

    /// Types into whatever has the focus.
    pub(crate) async fn press(&self, keys: impl Into<TypingData>) -> WebDriverResult<()> {
        let focused = self.driver.active_element().await?;
        focused.send_keys(keys).await
    }

    /// The text of what has the focus.
    pub(crate) async fn focused(&self) -> WebDriverResult<String> {
        self.driver.active_element().await?.text().await
    }

    pub(crate) async fn fill_login(&self, name: &str, password: &str) -> WebDriverResult<()> {
        self.fill(&[("#name", name), ("#password", password)]).await
    }

    /// Fills the page's form in, and sends it.
    pub(crate) async fn fill(&self, fields: &[(&str, &str)]) -> WebDriverResult<()> {
        for &(field, text) in fields {
            let field = self.driver.find(By::Css(field)).await?;
            field.clear().await?;
            field.send_keys(text).await?;
        }
        self.click("main form button").await
    }

    pub(crate) async fn log_in(&self, name: &str) -> WebDriverResult<()> {
        let user = DEMO_USERS.iter().find(|user| user.name == name).unwrap();
        self.fill_login(name, user.password).await
    }

    pub(crate) async fn keep_note(&self, text: &str) -> WebDriverResult<()> {
        self.driver
            .find(By::Css("#text"))
            .await?
            .send_keys(text)
            .await?;
        self.click("main form.card button").await?;
        self.shows(".flash", "The note is kept.").await
    }

    /// Path and query of the page that is there.
    pub(crate) async fn location(&self) -> WebDriverResult<String> {
        let url = self.driver.current_url().await?;
        let path = url.as_str().strip_prefix(&self.origin);
        Ok(path
            .unwrap_or_else(|| panic!("left the site: {url}"))
            .to_owned())
    }

    /// The status that the page came with.
    pub(crate) async fn status(&self) -> WebDriverResult<Value> {
        self.script("return performance.getEntriesByType('navigation')[0].responseStatus")
            .await
    }

    pub(crate) async fn script(&self, script: &str) -> WebDriverResult<Value> {
        let answer = self.driver.execute(script, Vec::new()).await?;
        Ok(answer.json().clone())
    }

    /// The kinds of cookies that the browser keeps, sorted: each for this host alone, over secure channels, unseen by scripts.
    pub(crate) async fn cookie_kinds(&self) -> WebDriverResult<Vec<String>> {
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
    pub(crate) async fn picture(&self, step: &str) -> WebDriverResult<()> {
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

    pub(crate) async fn resize(&self, (width, height): (u32, u32)) -> WebDriverResult<()> {
        let screen = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.command("Emulation.setDeviceMetricsOverride", screen)
            .await
    }

    /// Plays a scene on the same site, in another browser with a profile of its own.
    pub(crate) async fn beside(
        &self,
        scene: &'static str,
        play: impl AsyncFnOnce(Page) -> WebDriverResult<()>,
    ) {
        visit(self.origin.clone(), scene, play).await;
    }

    pub(crate) async fn command(&self, name: &str, parameters: Value) -> WebDriverResult<()> {
        self.driver.cdp().send_raw(name, parameters).await.map(drop)
    }
}

/// Plays a scene in a fresh browser on a fresh site.
pub(crate) async fn in_browser(
    scene: &'static str,
    play: impl AsyncFnOnce(Page) -> WebDriverResult<()>,
) {
    play_on(None, scene, play).await;
}

/// As [`in_browser`], on a site that keeps sessions in a store.
pub(crate) async fn in_browser_with_store(
    scene: &'static str,
    play: impl AsyncFnOnce(Page) -> WebDriverResult<()>,
) {
    let store = store_from_url("memory:").unwrap();
    play_on(Some(store), scene, play).await;
}

async fn play_on(
    store: Option<AnyStore>,
    scene: &'static str,
    play: impl AsyncFnOnce(Page) -> WebDriverResult<()>,
) {
    let people = People::demo().unwrap();
    let site = app(&Secret::generate().unwrap(), people, store.as_ref()).unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(axum::serve(listener, site.router).into_future());
    visit(origin, scene, play).await;
}

/// Plays a scene in a fresh browser on a site that runs.
pub(crate) async fn visit(
    origin: String,
    scene: &'static str,
    play: impl AsyncFnOnce(Page) -> WebDriverResult<()>,
) {
    let profile = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("browser-{scene}"));
    in_chromium(&profile, async |driver| {
        let page = Page {
            driver,
            origin,
            scene,
        };
        page.resize(DESKTOP).await?;
        play(page).await
    })
    .await;
}
