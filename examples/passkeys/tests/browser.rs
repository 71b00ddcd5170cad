//! Passkeys in Chromium, with authenticators that the browser plays.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod page;

use std::net::Ipv4Addr;
use std::time::Duration;

use muffin_session::{Secret, Sessions};
use muffin_session_tests::TestClock;
use page::{Page, visit};
use passkeys::app::app;
use serde_json::json;
use thirtyfour::prelude::*;
use tokio::net::TcpListener;

/// A device that can make passkeys, and whose owner touches it at once, if they are to.
struct Device {
    id: String,
}

impl Device {
    async fn plug_in(page: &Page, transport: &str) -> WebDriverResult<Self> {
        let options = json!({ "options": {
            "protocol": "ctap2",
            "transport": transport,
            "hasResidentKey": true,
            "hasUserVerification": true,
            "isUserVerified": true,
        } });
        let cdp = page.driver.cdp();
        let added = cdp.send_raw("WebAuthn.addVirtualAuthenticator", options);
        let id = added.await?["authenticatorId"].as_str().unwrap().to_owned();
        Ok(Self { id })
    }

    /// Whether its owner touches it when it asks.
    async fn is_at_hand(&self, page: &Page, enabled: bool) -> WebDriverResult<()> {
        let state = json!({ "authenticatorId": self.id, "enabled": enabled });
        let cdp = page.driver.cdp();
        cdp.send_raw("WebAuthn.setAutomaticPresenceSimulation", state)
            .await
            .map(drop)
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: install chromium and chromium-driver"]
async fn passkeys_register_log_in_confirm_and_end() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let clock = TestClock::new();
    let builder = Sessions::builder(Secret::generate().unwrap()).clock(clock.reader());
    let router = app(builder, &origin).unwrap();
    tokio::spawn(axum::serve(listener, router).into_future());

    visit(origin, "passkeys", async |page| {
        page.driver
            .cdp()
            .send_raw("WebAuthn.enable", json!({}))
            .await?;
        let phone = Device::plug_in(page, "internal").await?;

        // The page that was asked for is there after the registration.
        page.open("/passkeys").await?;
        page.shows(".flash[role=status]", "Log in to see this page.")
            .await?;
        assert_eq!(page.location().await?, "/login?next=%2Fpasskeys");
        page.picture("1-login").await?;
        let name = page.driver.find(By::Css("#name")).await?;
        name.send_keys("Ann").await?;
        page.click("#register button").await?;
        page.shows("h1", "Passkeys").await?;
        page.shows(".flash[role=status]", "Welcome, Ann!").await?;
        page.shows(".devices h2", "Passkey 1").await?;
        page.picture("2-registered").await?;

        page.click(".who button").await?;
        page.shows(".flash[role=status]", "You are logged out.")
            .await?;
        page.open("/login").await?;
        page.click("#login button").await?;
        page.shows("h1", "Hello, Ann").await?;

        // What is sensitive wants the passkey again, once the login is no longer fresh.
        clock.advance(Duration::from_mins(11));
        page.open("/passkeys").await?;
        page.shows("h1", "Confirm that it is you").await?;
        assert_eq!(page.location().await?, "/confirm?next=%2Fpasskeys");
        page.picture("3-confirm").await?;
        page.click("#confirm button").await?;
        page.shows("h1", "Passkeys").await?;

        // A device that has a passkey makes no second one; another device does.
        page.click("#add button").await?;
        page.shows(
            "#add [role=alert]",
            "This device has a passkey for you already.",
        )
        .await?;
        phone.is_at_hand(page, false).await?;
        let stick = Device::plug_in(page, "usb").await?;
        page.click("#add button").await?;
        page.shows(".flash[role=status]", "The passkey is added.")
            .await?;
        page.picture("4-two").await?;

        page.click("button[aria-label='Remove passkey 1']").await?;
        page.shows(
            ".flash[role=status]",
            "The passkey is removed, and your other logins have ended.",
        )
        .await?;
        page.shows(".devices h2", "Passkey 2").await?;
        page.click("button[aria-label='Remove passkey 2']").await?;
        page.shows(
            ".flash[role=status]",
            "That is your only passkey. Add another one first.",
        )
        .await?;

        page.click(".who button").await?;
        page.shows("h1", "Nobody is logged in").await?;
        page.open("/login").await?;
        stick.is_at_hand(page, false).await?;
        phone.is_at_hand(page, true).await?;
        page.click("#login button").await?;
        page.shows("#login [role=alert]", "That passkey does not count here.")
            .await?;
        page.picture("5-removed").await?;
        phone.is_at_hand(page, false).await?;
        stick.is_at_hand(page, true).await?;
        page.click("#login button").await?;
        page.shows("h1", "Hello, Ann").await
    })
    .await;
}
