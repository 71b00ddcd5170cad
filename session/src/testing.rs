//! Help for an application's tests: visitors who are logged in without the form, their sessions and flashes, a clock to move, and who was
//! refused.
//!
//! ```
//! use axum::{Router, routing::get};
//! use muffin_session::testing::{ResponseExt as _, TestApp, TestClock, assert_refused};
//! use muffin_session::{CurrentUser, RefusalKind, Secret, Session, Sessions, login_required, user_loader};
//! # use std::time::Duration;
//!
//! #[derive(Clone)]
//! struct User { name: &'static str }
//!
//! #[user_loader]
//! async fn load_user(id: u64) -> Option<User> {
//!     (id == 1).then_some(User { name: "Ann" })
//! }
//!
//! #[login_required]
//! async fn dashboard(CurrentUser(user): CurrentUser<User>) -> String {
//!     format!("Hello, {}", user.name)
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let clock = TestClock::new();
//! let sessions = Sessions::builder(Secret::generate()?)
//!     .user_loader(load_user)
//!     .clock(clock.clone())
//!     .build()?;
//! let router = Router::new().route("/", get(dashboard)).layer(sessions.clone());
//! let app = TestApp::new(router, &sessions);
//!
//! let ann = app.login_as(1).await?;
//! assert_eq!(ann.get("/").await.text().await, "Hello, Ann");
//!
//! ann.session(async |session: Session| session.flash_with("success", "Saved")).await?;
//! ann.assert_flashed("success", "Saved").await;
//!
//! clock.advance(Duration::from_hours(25)); // a login lasts for 24 hours
//! assert_refused(&ann.get("/").await, RefusalKind::NotLoggedIn);
//! # Ok(())
//! # }
//! ```
//!
//! A visitor is a browser: what a page of the application would send is sent, so that forms pass the cross-site check, and what responses
//! set and remove is kept and gone. Logins are the real ones, made by the session layer: keys, names, stamps, claims, encryption and stores
//! are the application's. A visitor's [`cookie_header`](Visitor::cookie_header) serves everything else that sends requests, such as
//! `tower::ServiceExt::oneshot`, `axum-test` and `reqwest`.
//!
//! It all needs a tokio runtime, as `#[tokio::test]` gives. What goes wrong on the way, such as a store that cannot be reached, is an
//! error or a panic that says what the session layer has answered. No message shows a cookie.
//!
//! `docs/testing.md` in the repository has recipes.

mod clock;
mod app;
mod visitor;
mod session;
mod flashes;
mod browser;
mod jar;
mod inside;
mod error;
mod response;
mod refused;

pub use app::TestApp;
pub use clock::TestClock;
pub use error::TestError;
pub use refused::assert_refused;
pub use response::ResponseExt;
pub use visitor::Visitor;

pub(crate) use refused::note;
