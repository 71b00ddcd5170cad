//! The board when the connection is slow, or lost for a while.

use thirtyfour::prelude::*;

use crate::page::{Page, Screen};
use crate::site::{in_browser, new_site};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium, and axe-core by npm"]
async fn a_login_that_ends_while_the_connection_is_down_is_told_afterwards() {
    let site = new_site().await;
    let play = async |page: Page| -> WebDriverResult<()> {
        page.register("ann", "blueberry and lemon").await?;
        site.line.cut().await;
        // Nobody hears of it now.
        site.sessions.end_sessions_of(1).await.unwrap();
        site.line.mend();
        page.shows("#news [role=status]", "Your login has ended.")
            .await?;
        page.has("#news a[href='/login']").await
    };
    in_browser(site.line.origin(), "connection", Screen::Desktop, play).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium, and axe-core by npm"]
async fn what_happens_while_the_connection_is_down_is_shown_afterwards() {
    let site = new_site().await;
    let play = async |page: Page| -> WebDriverResult<()> {
        page.register("ann", "blueberry and lemon").await?;
        page.add_card("Fix the door").await?;
        // By a line of his own.
        let near = async |bob: Page| -> WebDriverResult<()> {
            bob.register("bob", "oats and cinnamon").await?;
            // As short as can be: the longer it is down, the longer the page waits before it tries again.
            site.line.cut().await;
            post(&bob, "/cards/1/comments", "Meanwhile").await
        };
        in_browser(site.origin.clone(), "lost-bob", Screen::Desktop, near).await;
        site.line.mend();
        page.shows(".comments", "Meanwhile").await
    };
    in_browser(site.line.origin(), "lost", Screen::Desktop, play).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium, and axe-core by npm"]
async fn what_cannot_be_sent_is_said_to_be_an_error() {
    let site = new_site().await;
    let play = async |page: Page| -> WebDriverResult<()> {
        page.register("ann", "blueberry and lemon").await?;
        page.add_card("Fix the door").await?;
        site.line.cut().await;
        page.send("#discussion form.panel", &[("text", "Which one?")])
            .await?;
        page.shows(
            "#news [role=alert] .error",
            "Error: The board does not answer.",
        )
        .await?;
        page.look("32-no-connection").await?;
        site.line.mend();
        // What was written is still there.
        page.click("#news button").await?;
        page.click("#discussion form.panel button").await?;
        page.shows(".comments li", "Which one?").await
    };
    in_browser(site.line.origin(), "send-error", Screen::Phone, play).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium, and axe-core by npm"]
async fn what_happens_while_the_page_fetches_news_is_not_missed() {
    let site = new_site().await;
    let play = async |page: Page| -> WebDriverResult<()> {
        page.register("ann", "blueberry and lemon").await?;
        page.add_card("Fix the door").await?;
        page.beside("bob", async |bob: Page| {
            bob.register("bob", "oats and cinnamon").await?;
            post(&bob, "/cards/1/comments", "The first").await?;
            page.shows(".comments", "The first").await?;
            site.gate.shut();
            post(&bob, "/comments/1/delete", "").await?;
            site.gate.holds().await;
            page.shows("#news", "bob deleted a comment.").await?;
            post(&bob, "/cards/1/comments", "The second").await?;
            page.shows("#news", "bob commented").await?;
            site.gate.open();
            page.shows(".comments", "The second").await
        })
        .await;
        Ok(())
    };
    in_browser(site.line.origin(), "slow", Screen::Desktop, play).await;
}

/// Sends a form from a page that shows no comments.
async fn post(page: &Page, path: &str, text: &str) -> WebDriverResult<()> {
    let form = format!("{{ method: 'POST', body: new URLSearchParams({{ text: '{text}' }}) }}");
    let script = format!("return fetch('{path}', {form}).then(({{ ok }}) => ok)");
    assert_eq!(page.script(&script).await?, true);
    Ok(())
}
