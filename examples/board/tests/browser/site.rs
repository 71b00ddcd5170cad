//! A browser on a site of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use axum::middleware::from_fn_with_state;
use board::app::app;
use board::client::TrustedProxies;
use board::settings::Settings;
use muffin_session::{Secret, Sessions};
use muffin_session_tests::chromium::in_chromium;
use thirtyfour::prelude::*;
use tokio::net::TcpListener;

use crate::gate::Gate;
use crate::line::Line;
use crate::page::{Page, Screen};

/// A new site with everything in memory, at the end of a line.
pub(crate) struct Site {
    pub(crate) sessions: Sessions,
    /// Where it is without the line.
    pub(crate) origin: String,
    pub(crate) line: Line,
    pub(crate) gate: Gate,
}

/// Starts a site.
pub(crate) async fn new_site() -> Site {
    let settings = Settings::new("sqlite::memory:".to_owned(), None).unwrap();
    let (db, store) = settings.open().await.unwrap();
    let secret = Secret::generate().unwrap();
    let site = app(&secret, db, store, TrustedProxies::default()).unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let line = Line::to(address).await;
    let gate = Gate::default();
    let service = site
        .router
        .layer(from_fn_with_state(gate.clone(), Gate::pass))
        .into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(axum::serve(listener, service).into_future());
    Site {
        sessions: site.sessions,
        origin: format!("http://localhost:{}", address.port()),
        line,
        gate,
    }
}

/// Plays a scene on a new site.
pub(crate) async fn on_new_site(
    scene: &str,
    screen: Screen,
    play: impl AsyncFnOnce(Page) -> WebDriverResult<()>,
) {
    let site = new_site().await;
    in_browser(site.line.origin(), scene, screen, play).await;
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
