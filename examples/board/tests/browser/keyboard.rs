//! The board by keyboard alone.

use thirtyfour::prelude::*;

use crate::page::{Page, Screen};
use crate::site::on_new_site;

/// Types into whatever has the focus.
async fn press(page: &Page, keys: impl Into<TypingData>) -> WebDriverResult<()> {
    let focused = page.driver.active_element().await?;
    focused.send_keys(keys).await
}

/// Goes on with the tabulator until what has the focus has this text, or this id.
async fn tab_to(page: &Page, goal: &str) -> WebDriverResult<()> {
    for _ in 0..40 {
        press(page, Key::Tab).await?;
        let focused = page.driver.active_element().await?;
        // Not what is seen of it: some things come into sight by and by.
        let text = focused.prop("textContent").await?;
        if text.as_deref() == Some(goal) || focused.id().await?.as_deref() == Some(goal) {
            return Ok(());
        }
    }
    panic!("the keyboard does not reach {goal:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium, and axe-core by npm"]
async fn the_keyboard_reaches_everything() {
    on_new_site("keyboard", Screen::Desktop, async |page: Page| {
        page.open("/").await?;
        tab_to(&page, "Skip to the content").await?;
        page.look("30-skip-link").await?;
        press(&page, Key::Enter).await?;
        tab_to(&page, "register").await?;
        press(&page, Key::Enter).await?;
        page.shows("h1", "Register").await?;
        // The first field has the focus.
        press(&page, "ann").await?;
        for field in ["password", "again"] {
            tab_to(&page, field).await?;
            press(&page, "blueberry and lemon").await?;
        }
        press(&page, Key::Enter).await?;
        page.shows("#messages", "Welcome, ann!").await?;

        tab_to(&page, "New card").await?;
        press(&page, Key::Enter).await?;
        page.shows("h1", "New card").await?;
        press(&page, "Fix the door").await?;
        tab_to(&page, "Add the card").await?;
        press(&page, Key::Enter).await?;
        page.shows("h1", "Fix the door").await?;
        tab_to(&page, "move-1-doing").await?;
        press(&page, Key::Enter).await?;
        page.shows("article .badge", "Doing").await?;
        // The focus has stayed near, and goes on from there.
        page.comes_true("document.activeElement.tagName === 'H1'")
            .await?;
        tab_to(&page, "Edit").await?;
        page.look("31-focus").await?;
        press(&page, Key::Enter).await?;
        page.comes_true("document.activeElement.id === 'title'")
            .await?;
        press(&page, " and the window").await?;
        press(&page, Key::Enter).await?;
        page.shows("article h1", "and the window").await?;
        tab_to(&page, "text").await?;
        press(&page, "Done by tonight").await?;
        tab_to(&page, "Comment").await?;
        press(&page, Key::Enter).await?;
        page.shows(".comments", "Done by tonight").await
    })
    .await;
}
