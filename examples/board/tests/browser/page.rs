//! What a scene does with a page: clicks, fills in, waits for what is to be there, and looks at it.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use thirtyfour::extensions::query::ElementQuery;
use thirtyfour::prelude::*;

use crate::axe;
use crate::site::in_browser;

#[derive(Clone, Copy)]
pub(crate) enum Screen {
    Phone,
    Desktop,
}

/// The narrowest phones, and a desktop that is zoomed to 400 percent (WCAG 2.2, 1.4.10).
const NARROW: (u32, u32) = (320, 568);

impl Screen {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Desktop => "desktop",
        }
    }

    fn size(self) -> (u32, u32) {
        match self {
            Self::Phone => (390, 844),
            Self::Desktop => (1280, 800),
        }
    }
}

/// A browser on a site.
pub(crate) struct Page {
    pub(crate) driver: WebDriver,
    origin: String,
    scene: String,
    screen: Screen,
}

impl Page {
    pub(crate) fn new(driver: WebDriver, origin: String, scene: &str, screen: Screen) -> Self {
        Self {
            driver,
            origin,
            scene: scene.to_owned(),
            screen,
        }
    }

    /// Plays a scene on the same site, in another browser.
    pub(crate) async fn beside(
        &self,
        who: &str,
        play: impl AsyncFnOnce(Page) -> WebDriverResult<()>,
    ) {
        let scene = format!("{}-{who}", self.scene);
        in_browser(self.origin.clone(), &scene, self.screen, play).await;
    }

    pub(crate) async fn open(&self, path: &str) -> WebDriverResult<()> {
        self.driver.goto(format!("{}{path}", self.origin)).await
    }

    fn element(&self, css: &str) -> ElementQuery {
        // An element of the page before may go while it is looked at; the next glance sees the new page.
        self.driver.query(By::Css(css)).ignore_errors(true)
    }

    /// Waits until an element's text has this part.
    pub(crate) async fn shows(&self, css: &str, part: &'static str) -> WebDriverResult<()> {
        let has_part = move |text: &str| text.contains(part);
        self.element(css).with_text(has_part).first().await?;
        Ok(())
    }

    /// Waits until there is such an element.
    pub(crate) async fn has(&self, css: &str) -> WebDriverResult<()> {
        self.element(css).first().await?;
        Ok(())
    }

    /// Waits until something is true on the page, in JavaScript.
    pub(crate) async fn comes_true(&self, script: &str) -> WebDriverResult<()> {
        let wait = format!(
            "const [done] = arguments; \
             const look = () => ({script}) ? done(true) : setTimeout(look, 20); look();"
        );
        self.driver.execute_async(wait, Vec::new()).await?;
        Ok(())
    }

    pub(crate) async fn click(&self, css: &str) -> WebDriverResult<()> {
        self.element(css)
            .and_clickable()
            .first()
            .await?
            .click()
            .await
    }

    /// Types into the fields of a form, and sends it.
    pub(crate) async fn send(&self, form: &str, fields: &[(&str, &str)]) -> WebDriverResult<()> {
        for (name, text) in fields {
            let css = format!("{form} [name={name}]");
            let field = self.element(&css).and_clickable().first().await?;
            field.clear().await?;
            field.send_keys(*text).await?;
        }
        self.click(&format!("{form} button:not(.plain)")).await
    }

    pub(crate) async fn register(&self, name: &str, password: &str) -> WebDriverResult<()> {
        self.open("/register").await?;
        let form = [("name", name), ("password", password), ("again", password)];
        self.send("main form", &form).await?;
        self.shows("#notices", "Welcome").await
    }

    /// Adds a card, whose page is then there.
    pub(crate) async fn add_card(&self, title: &str) -> WebDriverResult<()> {
        self.open("/new").await?;
        let form = [
            ("title", title),
            ("details", "It squeaks.\nBoth of them do."),
        ];
        self.send("main form", &form).await?;
        self.shows("#notices", "The card is on the board.").await
    }

    /// Path and query of the page that is there.
    pub(crate) async fn location(&self) -> WebDriverResult<String> {
        let url = self.driver.current_url().await?;
        let path = url.as_str().strip_prefix(&self.origin);
        Ok(path.unwrap_or_default().to_owned())
    }

    pub(crate) async fn script(&self, script: &str) -> WebDriverResult<Value> {
        let answer = self.driver.execute(script, Vec::new()).await?;
        Ok(answer.json().clone())
    }

    /// Marks the page that is there, so that it can be told from one that was loaded anew.
    pub(crate) async fn mark(&self) -> WebDriverResult<()> {
        self.script("window.isMarked = true").await.map(drop)
    }

    /// Whether the page is still the one that was marked.
    pub(crate) async fn assert_marked(&self) -> WebDriverResult<()> {
        let is_marked = self.script("return window.isMarked === true").await?;
        assert_eq!(is_marked, json!(true), "the page was loaded again");
        Ok(())
    }

    /// Looks at the page by day and by night: takes pictures, has axe look for what is in people's way, and sees that nothing is wider
    /// than the narrowest screen.
    pub(crate) async fn look(&self, step: &str) -> WebDriverResult<()> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("board-screenshots");
        fs::create_dir_all(&folder).unwrap();
        self.resize(NARROW).await?;
        let width = "return document.documentElement.scrollWidth";
        let width = self.script(width).await?.as_u64();
        assert!(width <= Some(NARROW.0.into()), "{step} is {width:?} wide");
        for scheme in ["dark", "light"] {
            self.set_scheme(scheme).await?;
            let file = format!("{step}-{}-{scheme}.png", self.screen.name());
            self.driver.screenshot(&folder.join(file)).await?;
            self.driver.execute(&**axe::SCRIPT, Vec::new()).await?;
            let broken = self.driver.execute_async(axe::RUN, Vec::new()).await?;
            assert_eq!(*broken.json(), json!([]), "{step}, {scheme}");
        }
        Ok(())
    }

    pub(crate) async fn set_scheme(&self, scheme: &str) -> WebDriverResult<()> {
        self.resize(self.screen.size()).await?;
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        let features = json!({ "features": features });
        self.command("Emulation.setEmulatedMedia", features).await
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
