//! The same application with each library, as its documentation says to write it, with its defaults.

mod axum_extra;
mod axum_login;
mod axum_session;
mod one_cookie;
pub(crate) mod ours;
pub(crate) mod plain;
mod tower_cookies;
mod tower_sessions;

use axum::Router;
use muffin_session::MemoryStore;

use crate::case::{Case, Workload};

/// What ours is called in tables.
pub(crate) const OURS: &str = "muffin-session";

/// What an application without sessions is called.
pub(crate) const PLAIN: &str = "plain";

/// Those that ours is compared with.
pub(crate) const PEERS: [&str; 7] = [
    "tower-sessions, memory",
    "tower-sessions, signed",
    "axum-login",
    "axum_session",
    "axum-extra, signed",
    "axum-extra, private",
    "tower-cookies, signed",
];

/// The application with one of these libraries, if it is one.
pub(crate) async fn app(library: &str) -> Option<Router> {
    Some(match library {
        PLAIN => plain::app(),
        OURS => ours::app(),
        "tower-sessions, memory" => tower_sessions::in_memory(),
        "tower-sessions, signed" => tower_sessions::signed(),
        "axum-login" => axum_login::app(),
        "axum_session" => axum_session::app().await,
        "axum-extra, signed" => axum_extra::signed(),
        "axum-extra, private" => axum_extra::private(),
        "tower-cookies, signed" => tower_cookies::app(),
        _ => return None,
    })
}

/// The cases of all libraries, and those of the plain application beside ours.
pub(crate) async fn cases() -> Vec<Case> {
    let ours = Case::all(OURS, ours::app()).await;
    let plain = plain::app();
    let mut cases: Vec<_> = Workload::ALL
        .iter()
        .zip(&ours)
        .map(|(&workload, ours)| Case::plain(workload, &plain, ours))
        .collect();
    cases.extend(ours);
    for library in PEERS {
        let app = app(library).await.expect("a peer has an application");
        cases.extend(Case::all(library, app).await);
    }
    cases
}

/// Those whose costs may grow in a way of their own: of ours, sessions in cookies and in memory.
pub(crate) async fn growing() -> Vec<(&'static str, Router)> {
    let mut apps = vec![(OURS, ours::app())];
    apps.extend(in_memory().await);
    apps.extend(signing());
    apps
}

/// The peers that sign, or encrypt, with one key.
pub(crate) fn signing() -> [(&'static str, Router); 3] {
    [
        ("axum-extra, signed", axum_extra::signed()),
        ("axum-extra, private", axum_extra::private()),
        ("tower-cookies, signed", tower_cookies::app()),
    ]
}

/// Those that keep sessions in this process's memory, without a bound that a benchmark meets.
pub(crate) async fn in_memory() -> [(&'static str, Router); 3] {
    let ours = MemoryStore::new()
        .max_guest_sessions(2_000_000)
        .max_guest_bytes(4 << 30);
    [
        ("muffin-session, memory", ours::in_memory(ours)),
        ("tower-sessions, memory", tower_sessions::in_memory()),
        ("axum_session", axum_session::app().await),
    ]
}
