//! The way to the provider and back in Chromium: that it sends the cookies along, and lets the forms lead there.

#![allow(clippy::unwrap_used, reason = "these are tests")]

#[path = "../../passkeys/tests/page/mod.rs"]
mod page;
#[path = "site/provider.rs"]
mod provider;
#[path = "site/running.rs"]
mod running;

use provider::{Mood, Provider};
use running::site;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: install chromium and chromium-driver"]
async fn cookies_come_back_from_another_site_by_redirect_and_by_form() {
    let provider = Provider::start().await;
    let origin = site(&provider.origin).await;
    page::visit(origin, "oidc", async |page| {
        page.open("/account").await?;
        page.shows(".flash", "Log in to see this page.").await?;
        page.picture("1-login").await?;
        page.click("main button").await?;
        page.shows("h1", "Account").await?;
        page.shows(".flash", "Welcome, Ann!").await?;
        assert_eq!(page.location().await?, "/account");
        page.picture("2-account").await?;

        page.click("main button").await?;
        page.shows("h1", "Nobody is logged in").await?;
        page.shows(".flash", "You are logged out.").await?;

        provider.changes_its_key();
        provider.is_in(Mood {
            form_post: true,
            ..Mood::default()
        });
        page.open("/account").await?;
        page.shows("h1", "Log in").await?;
        page.click("main button").await?;
        page.shows("h1", "Account").await?;
        page.shows("#email", "ann@example.com").await?;
        page.click(".who button").await?;
        page.shows(".flash", "You are logged out here.").await?;

        provider.is_in(Mood {
            denies: true,
            ..Mood::default()
        });
        page.open("/login").await?;
        page.click("main button").await?;
        page.shows(".flash.error", "The provider did not log you in.")
            .await?;
        page.picture("3-refused").await
    })
    .await;
}
