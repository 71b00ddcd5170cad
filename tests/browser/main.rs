//! The demo in a real browser: headless Chromium, driven from outside.
//!
//! Needs `chromium` and `chromedriver` on the path (Debian: `apt-get install chromium chromium-driver`), so these tests run with
//! `cargo test --test browser -- --include-ignored`. `CHROMEDRIVER` and `CHROMIUM` name other programs. Each leaves pictures of what it
//! saw in `tests/screenshots`.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod back_button;
mod page;
mod visitor;

use demo::team::DEMO_STAFF;
use demo::users::DEMO_USERS;
use serde_json::json;
use thirtyfour::prelude::*;

use page::{Page, in_browser, in_browser_with_store};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: install chromium and chromium-driver"]
async fn login_refuses_then_leads_back_and_greets_once() {
    in_browser("login", async |page: Page| {
        page.open("/").await?;
        page.shows("h1", "Nobody is logged in").await?;
        assert!(!page.has(".flash").await?, "nobody was refused");
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

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: install chromium and chromium-driver"]
async fn a_remembered_login_is_confirmed_before_the_password_is_changed() {
    in_browser("account", async |page: Page| {
        page.open("/account").await?;
        page.shows(".flash", "Log in to see this page.").await?;
        page.click("input[name=remember]").await?;
        page.picture("1-remember").await?;
        page.log_in("bob").await?;

        page.shows("h1", "Confirm your password").await?;
        assert_eq!(page.location().await?, "/confirm?next=%2Faccount");
        page.shows(".flash", "Welcome, bob!").await?;
        for cookie in page.driver.get_all_cookies().await? {
            let is_identity = cookie.name.starts_with("__Host-session.id");
            assert!(!is_identity || cookie.expiry.is_some(), "{}", cookie.name);
        }
        page.picture("2-confirm").await?;
        page.fill(&[("#password", "wrong")]).await?;
        page.shows(".flash.error", "That is not your password.")
            .await?;
        assert_eq!(page.status().await?, 401);
        assert_eq!(page.value("#password").await?, "");
        page.picture("3-refused").await?;
        let [_, bob] = DEMO_USERS;
        page.fill(&[("#password", bob.password)]).await?;
        page.shows("h1", "Account").await?;
        assert_eq!(page.location().await?, "/account");
        page.picture("4-account").await?;

        page.beside("account-elsewhere", async |elsewhere: Page| {
            elsewhere.open("/login").await?;
            elsewhere.log_in("bob").await?;
            elsewhere.shows("h1", "Dashboard").await?;

            let new = "rhubarb-and-cream";
            page.fill(&[("#password", new), ("#again", "rhubarb")])
                .await?;
            page.shows_part(".flash.error", "The two are not the same")
                .await?;
            assert_eq!(page.status().await?, 422);
            page.picture("5-not-the-same").await?;
            page.fill(&[("#password", new), ("#again", new)]).await?;
            page.shows_part(".flash", "Your password is changed")
                .await?;
            page.picture("6-changed").await?;

            elsewhere.driver.refresh().await?;
            elsewhere.shows("h1", "Log in").await?;
            elsewhere
                .shows(".flash", "Log in to see this page.")
                .await?;
            elsewhere.log_in("bob").await?;
            elsewhere
                .shows_part(".flash.error", "password is wrong")
                .await?;
            elsewhere.fill_login("bob", new).await?;
            elsewhere.shows("h1", "Dashboard").await
        })
        .await;
        page.open("/").await?;
        page.shows("h1", "Hello, bob").await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: install chromium and chromium-driver"]
async fn the_staff_area_has_logins_of_its_own() {
    in_browser("staff", async |page: Page| {
        page.open("/login").await?;
        page.log_in("bob").await?;
        page.shows("h1", "Dashboard").await?;
        page.open("/").await?;
        page.click("main a[href='/staff']").await?;
        page.shows("h1", "Log in as staff").await?;
        page.shows(".flash", "Log in as staff to see this page.")
            .await?;
        assert_eq!(page.location().await?, "/staff/login?next=%2Fstaff");
        page.picture("1-form").await?;
        page.log_in("bob").await?;
        page.shows(".flash.error", "The name or the password is wrong.")
            .await?;
        assert_eq!(page.status().await?, 401);
        page.picture("2-refused").await?;

        let [sam] = DEMO_STAFF;
        page.fill_login(sam.name, sam.password).await?;
        page.shows("h1", "Staff").await?;
        page.shows(".flash", "Welcome, sam!").await?;
        page.shows("#user", "sam").await?;
        page.shows("#visitor", "bob").await?;
        page.shows("#notes", "No notes yet").await?;
        assert_eq!(page.location().await?, "/staff");
        page.picture("3-overview").await?;
        page.click("nav a[href='/staff/users']").await?;
        page.shows("h1", "Users").await?;
        page.picture("4-users").await?;

        page.click(".who button").await?;
        page.shows(".flash", "You are logged out.").await?;
        assert_eq!(page.location().await?, "/staff/login");
        page.open("/staff").await?;
        page.shows("h1", "Log in as staff").await?;
        page.open("/").await?;
        page.shows("h1", "Hello, bob").await?;
        page.picture("5-still-bob").await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: install chromium and chromium-driver"]
async fn a_login_is_ended_from_another_browser() {
    in_browser_with_store("devices", async |page: Page| {
        page.open("/devices").await?;
        page.log_in("bob").await?;
        page.shows("h1", "Devices").await?;
        page.shows_part(".lead", "This is your only login").await?;
        page.shows_part(".devices h2", "on Linux this one").await?;
        page.picture("1-only-one").await?;

        page.beside("devices-elsewhere", async |elsewhere: Page| {
            elsewhere.open("/login").await?;
            elsewhere.log_in("bob").await?;
            elsewhere.shows("h1", "Dashboard").await?;

            page.driver.refresh().await?;
            page.shows_part(".lead", "You have 2 logins").await?;
            page.picture("2-two").await?;
            page.click(".devices button").await?;
            page.shows(".flash", "That login has ended.").await?;
            page.shows_part(".lead", "This is your only login").await?;
            page.picture("3-ended").await?;
            elsewhere.driver.refresh().await?;
            elsewhere.shows("h1", "Log in").await?;
            elsewhere
                .shows(".flash", "Log in to see this page.")
                .await?;

            // From the other one, with the keyboard alone.
            elsewhere.log_in("bob").await?;
            elsewhere.shows("h1", "Dashboard").await?;
            elsewhere.open("/devices").await?;
            elsewhere.shows_part(".lead", "You have 2 logins").await?;
            let mut presses = 0;
            while elsewhere.focused().await? != "Log out everywhere else" {
                elsewhere.press(Key::Tab).await?;
                presses += 1;
                assert!(presses < 20, "the keyboard does not reach it");
            }
            elsewhere.picture("4-focused").await?;
            elsewhere.press(Key::Enter).await?;
            elsewhere
                .shows(".flash", "You are logged out everywhere else.")
                .await?;
            page.open("/dashboard").await?;
            page.shows("h1", "Log in").await?;
            page.open("/").await?;
            page.shows("h1", "Nobody is logged in").await?;
            elsewhere.open("/").await?;
            elsewhere.shows("h1", "Hello, bob").await?;
            elsewhere.picture("5-home").await
        })
        .await;
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: install chromium and chromium-driver"]
async fn in_cookies_the_page_of_devices_says_what_to_set() {
    in_browser("devices-in-cookies", async |page: Page| {
        page.open("/devices").await?;
        page.log_in("bob").await?;
        page.shows_part(".lead", "once sessions are in a store")
            .await?;
        page.shows("main code", "SESSION_STORE=memory:").await?;
        assert!(!page.has("main button").await?);
        page.picture("1-hint").await
    })
    .await;
}
