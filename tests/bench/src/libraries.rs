//! The same application with each library, as its documentation says to write it, with its defaults.

mod axum_extra;
mod axum_login;
mod axum_session;
mod one_cookie;
mod ours;
mod plain;
mod tower_cookies;
mod tower_sessions;

use crate::case::{Case, Workload};

/// What ours is called in tables.
pub(crate) const OURS: &str = "muffin-session";

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
    for (library, app) in [
        ("tower-sessions, memory", tower_sessions::in_memory()),
        ("tower-sessions, signed", tower_sessions::signed()),
        ("axum-login", axum_login::app()),
        ("axum_session", axum_session::app().await),
        ("axum-extra, signed", axum_extra::signed()),
        ("axum-extra, private", axum_extra::private()),
        ("tower-cookies, signed", tower_cookies::app()),
    ] {
        cases.extend(Case::all(library, app).await);
    }
    cases
}
