//! A browser on a site of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use board::app::app;
use board::client::TrustedProxies;
use board::settings::Settings;
use muffin_session::Secret;
use muffin_session_tests::chromium::in_chromium;
use thirtyfour::prelude::*;
use tokio::net::TcpListener;

use crate::page::{Page, Screen};

/// Plays a scene on a new site with everything in memory.
pub(crate) async fn on_new_site(
    scene: &str,
    screen: Screen,
    play: impl AsyncFnOnce(Page) -> WebDriverResult<()>,
) {
    let settings = Settings::new("sqlite::memory:".to_owned(), None).unwrap();
    let (db, store) = settings.open().await.unwrap();
    let site = app(
        &Secret::generate().unwrap(),
        db,
        store,
        TrustedProxies::default(),
    )
    .unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let service = site
        .router
        .into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(axum::serve(listener, service).into_future());
    in_browser(origin, scene, screen, play).await;
}

/// Plays a scene in a browser that nobody has used yet.
pub(crate) async fn in_browser(
    origin: String,
    scene: &str,
    screen: Screen,
    play: impl AsyncFnOnce(Page) -> WebDriverResult<()>,
) {
    let profile = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("board-{scene}"));
    in_chromium(&profile, async |driver| {
        let page = Page::new(driver, origin, scene, screen);
        page.set_scheme("light").await?;
        play(page).await
    })
    .await;
}
