//! A browser with a profile of its own, on a site that runs.

use std::fs;
use std::path::Path;

use muffin_session_tests::chromium::in_chromium;
use serde_json::json;
use thirtyfour::prelude::*;

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
    in_chromium(&profile, async |driver| {
        let page = Page {
            driver,
            origin,
            scene,
        };
        play(&page).await
    })
    .await;
}
