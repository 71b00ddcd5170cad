//! A walk through all pages, with everything that can be done on them.

use thirtyfour::prelude::*;

use crate::page::{Page, Screen};
use crate::site::on_new_site;

const ANNS: &str = "blueberry and lemon";
const BOBS: &str = "oats and cinnamon";
const NEW: &str = "rhubarb and cream";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium, and axe-core by npm"]
async fn all_pages_on_a_phone() {
    on_new_site("phone", Screen::Phone, walk).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium, and axe-core by npm"]
async fn all_pages_on_a_desktop() {
    on_new_site("desktop", Screen::Desktop, walk).await;
}

async fn walk(page: Page) -> WebDriverResult<()> {
    guest(&page).await?;
    card(&page).await?;
    page.beside("bob", async |bob: Page| {
        bob.register("bob", BOBS).await?;
        together(&page, &bob).await?;
        roles(&page, &bob).await?;
        devices(&page, &bob).await
    })
    .await;
    deletion(&page).await?;
    tokens(&page).await?;
    password(&page).await?;
    leave(&page).await
}

async fn guest(page: &Page) -> WebDriverResult<()> {
    page.open("/").await?;
    page.shows("main", "to add cards and to comment").await?;
    page.look("01-guest").await?;
    page.open("/nowhere").await?;
    page.look("02-not-found").await?;
    page.open("/account").await?;
    page.shows("#messages", "Log in first, please.").await?;
    page.look("03-login").await?;
    page.send("main form", &[("name", "ann"), ("password", ANNS)])
        .await?;
    page.shows("#problem", "The name or the password is wrong.")
        .await?;
    page.look("04-login-refused").await?;
    page.click("main p a[href='/register']").await?;
    let form = [("name", "ann"), ("password", "short"), ("again", "short")];
    page.send("main form", &form).await?;
    page.shows("#problem", "too short").await?;
    page.look("05-register-refused").await?;
    page.register("ann", ANNS).await?;
    page.look("06-welcome").await
}

async fn card(page: &Page) -> WebDriverResult<()> {
    for title in [
        "Water the plants",
        "Buy oats, lemons and everything else that the cake wants",
        "Fix the door",
    ] {
        page.click("nav a[href='/']").await?;
        page.click("main a[href='/new']").await?;
        page.shows("h1", "New card").await?;
        page.send(
            "main form",
            &[
                ("title", title),
                ("details", "It squeaks.\nBoth of them do."),
            ],
        )
        .await?;
        page.shows("#messages", "The card is on the board.").await?;
    }
    page.look("07-card").await?;

    // Edited in its place: given up, refused, and done.
    page.click("#card a[href$='/edit']").await?;
    page.shows("#card h1", "Edit the card").await?;
    page.click("#card a.quiet").await?;
    page.shows("article h1", "Fix the door").await?;
    page.mark().await?;
    page.click("#card a[href$='/edit']").await?;
    page.comes_true("document.activeElement.id === 'title'")
        .await?;
    page.look("08-edit").await?;
    page.send("#card", &[("title", "  ")]).await?;
    page.shows("#problem", "Give the card a title.").await?;
    page.look("09-edit-refused").await?;
    page.send("#card", &[("title", "Fix both doors")]).await?;
    page.shows("article h1", "Fix both doors").await?;
    page.shows("#messages", "The card is saved.").await?;
    page.comes_true("document.activeElement.tagName === 'H1'")
        .await?;

    // A comment, and a move.
    page.send(
        "#discussion form.panel",
        &[("text", "Which oil do we have?")],
    )
    .await?;
    page.shows(".comments li", "Which oil do we have?").await?;
    page.comes_true("document.activeElement.id === 'text'")
        .await?;
    page.click("#move-3-doing").await?;
    page.shows("article .badge", "Doing").await?;
    page.assert_marked().await?;
    page.look("10-commented").await
}

/// What one does, the other sees without loading the page again.
async fn together(page: &Page, bob: &Page) -> WebDriverResult<()> {
    bob.look("11-members-board").await?;
    bob.mark().await?;
    page.open("/").await?;
    page.mark().await?;
    page.click("#move-2-done").await?;
    page.shows("section[aria-labelledby=column-done]", "Buy oats")
        .await?;
    page.comes_true("document.activeElement.id === 'card-2'")
        .await?;
    page.shows("#messages", "is in Done now.").await?;
    bob.shows("section[aria-labelledby=column-done]", "Buy oats")
        .await?;
    bob.shows("#news", "ann moved").await?;
    bob.assert_marked().await?;
    page.assert_marked().await?;
    page.look("12-board").await?;
    bob.look("13-news").await?;

    bob.click("#news a").await?;
    bob.shows("h1", "Buy oats").await?;
    page.open("/cards/2").await?;
    page.mark().await?;
    bob.send(
        "#discussion form.panel",
        &[("text", "Done? I have seen no lemons.")],
    )
    .await?;
    page.shows(".comments li", "no lemons").await?;
    page.shows("#news", "bob commented").await?;
    page.click(".comments button").await?;
    page.shows("#comments", "Nobody has said anything yet.")
        .await?;
    bob.shows("#comments", "Nobody has said anything yet.")
        .await?;
    page.assert_marked().await
}

async fn roles(page: &Page, bob: &Page) -> WebDriverResult<()> {
    bob.open("/staff").await?;
    bob.shows("h1", "Forbidden").await?;
    bob.look("14-forbidden").await?;
    page.click("nav a[href='/staff']").await?;
    page.shows("h1", "Staff").await?;
    page.look("15-staff").await?;
    page.click("main a[href='/staff/users']").await?;
    page.shows("h1", "People").await?;
    page.look("16-people").await?;
    page.click("#role-2 option[value=moderator]").await?;
    page.click("form[action='/staff/users/2/role'] button")
        .await?;
    page.shows("#messages", "bob: moderator.").await?;
    bob.open("/cards/1").await?;
    bob.look("17-moderators-card").await?;
    bob.click("form[action$='/closed'] button").await?;
    bob.shows("#discussion", "This discussion is closed.")
        .await?;
    bob.look("18-closed").await?;
    bob.open("/staff").await?;
    bob.shows("main", "Water the plants").await?;
    bob.click("main a[href='/cards/1']").await?;
    bob.click("form[action$='/closed'] button").await?;
    bob.shows("#messages", "The discussion is open again.")
        .await?;
    bob.has("#discussion form.panel").await?;
    page.open("/staff/users").await?;
    page.click("#role-2 option[value=member]").await?;
    page.click("form[action='/staff/users/2/role'] button")
        .await?;
    page.shows("#messages", "bob: member.").await?;
    bob.shows("#news", "Your login has ended.").await?;
    bob.look("19-ended").await
}

/// The second browser is the first one's owner's, now.
async fn devices(page: &Page, elsewhere: &Page) -> WebDriverResult<()> {
    log_in_again(elsewhere).await?;
    page.click("nav .me").await?;
    page.shows("h1", "ann").await?;
    page.look("20-account").await?;
    page.click("main a[href='/account/devices']").await?;
    page.shows(".lead", "and elsewhere").await?;
    page.look("21-devices").await?;
    page.click(".rows form button").await?;
    page.shows("#messages", "You are logged out there.").await?;
    elsewhere.shows("#news", "Your login has ended.").await?;
    log_in_again(elsewhere).await?;
    page.open("/account/devices").await?;
    page.click("form[action$='/end-others'] button").await?;
    page.shows("#messages", "You are logged out everywhere else.")
        .await?;
    page.shows(".lead", "and nowhere else").await?;
    elsewhere.shows("#news", "Your login has ended.").await?;
    elsewhere.open("/account").await?;
    elsewhere.shows("h1", "Log in").await
}

/// By the link in the note that says that the login has ended.
async fn log_in_again(page: &Page) -> WebDriverResult<()> {
    page.click("#news a").await?;
    page.send("main form", &[("name", "ann"), ("password", ANNS)])
        .await?;
    page.shows("#messages", "Welcome, ann!").await
}

async fn deletion(page: &Page) -> WebDriverResult<()> {
    page.add_card("A mistake").await?;
    page.click("summary").await?;
    page.look("35-delete-card").await?;
    page.click("form[action$='/delete'] button").await?;
    page.shows("#messages", "The card is deleted.").await?;
    page.shows("section[aria-labelledby=column-open]", "Water the plants")
        .await
}

async fn tokens(page: &Page) -> WebDriverResult<()> {
    page.open("/account/tokens").await?;
    page.send("main form.panel", &[("name", "Backup")]).await?;
    page.has("#token[value^=board_]").await?;
    page.look("22-token").await?;
    page.click("form[action$='/revoke'] button").await?;
    page.shows("#messages", "The token is revoked.").await
}

async fn password(page: &Page) -> WebDriverResult<()> {
    page.open("/account").await?;
    let form = [("current", ANNS), ("password", NEW), ("again", NEW)];
    page.send("main form", &form).await?;
    page.shows("#messages", "Your password is changed").await?;
    page.click("header form button").await?;
    page.shows("#messages", "You are logged out.").await?;
    page.open("/login").await?;
    page.click("[name=remember]").await?;
    page.send("main form", &[("name", "ann"), ("password", NEW)])
        .await?;
    page.shows("#messages", "Welcome, ann!").await
}

async fn leave(page: &Page) -> WebDriverResult<()> {
    page.open("/account/delete").await?;
    page.shows("h1", "Confirm your password").await?;
    assert_eq!(page.location().await?, "/confirm?next=%2Faccount%2Fdelete");
    page.look("23-confirm").await?;
    page.send("main form", &[("password", ANNS)]).await?;
    page.shows("#problem", "That is not your password.").await?;
    page.look("25-confirm-refused").await?;
    page.send("main form", &[("password", NEW)]).await?;
    page.shows("h1", "Delete your account").await?;
    page.look("24-delete").await?;
    page.click("main form a.quiet").await?;
    page.shows("h1", "ann").await?;
    page.click("main a[href='/account/delete']").await?;
    page.click("main form button").await?;
    page.shows("[role=alert] .error", "Error: You are the only admin")
        .await?;
    page.look("26-only-admin").await?;
    page.open("/staff/users").await?;
    page.click("#role-2 option[value=admin]").await?;
    page.click("form[action='/staff/users/2/role'] button")
        .await?;
    page.shows("#messages", "bob: admin.").await?;
    page.open("/account/delete").await?;
    page.click("main form button").await?;
    page.shows("#messages", "Your account is deleted.").await?;
    page.open("/cards/3").await?;
    page.shows("article", "somebody who left").await
}
