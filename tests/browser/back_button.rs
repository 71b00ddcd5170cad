//! The back button. Chromium keeps pages as they were left, also those that say `no-store`, and shows them again without asking. It
//! forgets those when the site's cookies change, and whoever logs out changes them.

use serde_json::{Value, json};
use thirtyfour::prelude::*;

use crate::page::{Page, in_browser, in_browser_with_store};

/// Marks the page that is there: one that comes back as it was left still says so.
async fn mark(page: &Page) -> WebDriverResult<()> {
    let mark = "addEventListener('pageshow', event => { window.came = event.persisted ? 'kept' : 'anew' })";
    page.script(mark).await.map(drop)
}

/// How the page came that is there, and by which kind of navigation.
async fn came(page: &Page) -> WebDriverResult<Value> {
    let script =
        "return [window.came ?? 'anew', performance.getEntriesByType('navigation')[0].type]";
    page.script(script).await
}

/// Logs bob in, and shows that the browser would bring the guarded page back as it was left: what follows is about something.
async fn log_in_and_leave_a_page(page: &Page) -> WebDriverResult<()> {
    page.open("/login").await?;
    page.log_in("bob").await?;
    page.shows("h1", "Dashboard").await?;
    mark(page).await?;
    page.click("nav a[href='/notes']").await?;
    page.shows("h1", "Notes").await?;
    page.driver.back().await?;
    page.shows("h1", "Dashboard").await?;
    assert_eq!(came(page).await?, json!(["kept", "navigate"]));
    Ok(())
}

/// Goes back, and is asked to log in, by a page that came from the site.
async fn back_is_the_login_page(page: &Page) -> WebDriverResult<()> {
    page.driver.back().await?;
    page.shows("h1", "Log in").await?;
    assert_eq!(page.location().await?, "/login?next=%2Fdashboard");
    assert_eq!(came(page).await?, json!(["anew", "back_forward"]));
    let source = page.driver.source().await?;
    assert!(!source.contains("Only people who are logged in"));
    Ok(())
}

async fn logout_here(page: Page) -> WebDriverResult<()> {
    log_in_and_leave_a_page(&page).await?;
    page.click(".who button").await?;
    page.shows(".flash", "You are logged out.").await?;
    back_is_the_login_page(&page).await
}

async fn logout_in_another_tab(page: Page) -> WebDriverResult<()> {
    log_in_and_leave_a_page(&page).await?;
    page.open("/style.css").await?;
    let here = page.driver.window().await?;
    let there = page.driver.new_tab().await?;
    page.driver.switch_to_window(there).await?;
    page.open("/").await?;
    page.click(".who button").await?;
    page.shows(".flash", "You are logged out.").await?;
    page.driver.switch_to_window(here).await?;
    back_is_the_login_page(&page).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: install chromium and chromium-driver"]
async fn what_the_browser_has_kept_is_gone_with_a_logout() {
    in_browser("back", logout_here).await;
    in_browser_with_store("back-in-a-store", logout_here).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: install chromium and chromium-driver"]
async fn what_a_tab_has_kept_is_gone_with_a_logout_in_another() {
    in_browser("back-tabs", logout_in_another_tab).await;
    in_browser_with_store("back-tabs-in-a-store", logout_in_another_tab).await;
}

/// Ends bob's login from another browser.
async fn end_from_elsewhere(page: &Page) {
    page.beside("back-elsewhere", async |elsewhere: Page| {
        elsewhere.open("/devices").await?;
        elsewhere.log_in("bob").await?;
        elsewhere.shows("h1", "Devices").await?;
        elsewhere.click("form.everywhere button").await?;
        elsewhere
            .shows(".flash", "You are logged out everywhere else.")
            .await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: install chromium and chromium-driver"]
async fn what_the_browser_has_kept_is_gone_when_a_guard_asks_to_log_in_again() {
    in_browser_with_store("back-asked-again", async |page: Page| {
        log_in_and_leave_a_page(&page).await?;
        end_from_elsewhere(&page).await;
        // The message that asks to log in is in a cookie.
        page.open("/dashboard?again").await?;
        page.shows(".flash", "Log in to see this page.").await?;
        back_is_the_login_page(&page).await
    })
    .await;
}

/// An end that no cookie of this browser tells it of is a limit, and `docs/caches.md` has a way around it.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: install chromium and chromium-driver"]
async fn what_the_browser_has_kept_outlives_an_end_from_elsewhere_unless_it_loads_itself_anew() {
    in_browser_with_store("back-anew", async |page: Page| {
        log_in_and_leave_a_page(&page).await?;
        end_from_elsewhere(&page).await;
        page.open("/").await?;
        page.shows("h1", "Nobody is logged in").await?;
        page.driver.back().await?;
        page.shows("h1", "Dashboard").await?;
        assert_eq!(came(&page).await?, json!(["kept", "navigate"]));

        let docs = include_str!("../../docs/caches.md");
        let (_, script) = docs.split_once("<script>").unwrap();
        let (script, _) = script.split_once("</script>").unwrap();
        page.script(script).await?;
        page.open("/").await?;
        page.shows("h1", "Nobody is logged in").await?;
        page.driver.back().await?;
        page.shows("h1", "Log in").await?;
        assert_eq!(page.location().await?, "/login?next=%2Fdashboard");
        Ok(())
    })
    .await;
}
