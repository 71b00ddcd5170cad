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
        page.shows("#notices", "Welcome, ann!").await?;

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

/// Waits until this has the focus, and is not what had it before its place was filled anew.
async fn has_focus(page: &Page, id: &str) -> WebDriverResult<()> {
    page.comes_true(&format!("document.activeElement.id === '{id}'"))
        .await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium, and axe-core by npm"]
async fn the_focus_is_kept_while_others_are_busy() {
    on_new_site("focus", Screen::Desktop, async |page: Page| {
        page.register("ann", "blueberry and lemon").await?;
        page.add_card("Fix the door").await?;
        comment(&page, "First").await?;
        comment(&page, "Second").await?;
        page.beside("bob", async |bob: Page| {
            bob.register("bob", "oats and cinnamon").await?;
            bob.open("/cards/1").await?;
            comments(&page, &bob).await?;
            notes(&page, &bob).await
        })
        .await;
        Ok(())
    })
    .await;
}

async fn comment(page: &Page, text: &'static str) -> WebDriverResult<()> {
    page.send("#discussion form.panel", &[("text", text)])
        .await?;
    page.shows(".comments", text).await?;
    has_focus(page, "text").await
}

/// Buttons come anew with the comments that they stand at, and go with them.
async fn comments(page: &Page, bob: &Page) -> WebDriverResult<()> {
    tab_to(page, "delete-2").await?;
    comment(bob, "Third").await?;
    page.shows(".comments", "Third").await?;
    has_focus(page, "delete-2").await?;
    press(page, Key::Enter).await?;
    page.shows("#notices", "The comment is deleted.").await?;
    has_focus(page, "comments").await?;
    page.look("33-deleted").await?;
    press(page, Key::Tab).await?;
    has_focus(page, "delete-1").await?;
    press(page, Key::Tab).await?;
    has_focus(page, "delete-3").await?;
    bob.click("#delete-3").await?;
    page.shows("#news", "bob deleted a comment.").await?;
    has_focus(page, "comments").await
}

/// A note that has the focus stays when there is another one, and gives the focus back when it is closed.
async fn notes(page: &Page, bob: &Page) -> WebDriverResult<()> {
    tab_to(page, "Show it").await?;
    comment(bob, "Fourth").await?;
    page.shows("#news", "bob commented").await?;
    page.shows("#news", "bob deleted").await?;
    page.look("34-two-notes").await?;
    tab_to(page, "Close").await?;
    press(page, Key::Enter).await?;
    page.comes_true("document.activeElement.textContent === 'Show it'")
        .await?;
    page.comes_true("document.querySelectorAll('#news .note').length === 1")
        .await?;
    page.shows("#news", "bob commented").await?;
    tab_to(page, "Close").await?;
    press(page, Key::Enter).await?;
    page.comes_true("document.activeElement.textContent === 'Comment'")
        .await
}
