//! Sessions, current user, guarded handlers and flash messages for [axum](https://docs.rs/axum), driven by attributes.
//!
//! ```no_run
//! use axum::response::Redirect;
//! use axum::routing::{get, post};
//! use axum::{Form, Router};
//! use muffin_session::{
//!     CurrentUser, Error, NextUrl, Secret, Session, Sessions, login_required, user_loader, user_pass,
//! };
//!
//! #[derive(Clone)]
//! struct User { name: String, is_admin: bool }
//!
//! #[user_loader]
//! async fn load_user(id: u64) -> Option<User> {
//!     (id == 1).then(|| User { name: "Ann".to_owned(), is_admin: true })
//! }
//!
//! #[login_required]
//! async fn dashboard(CurrentUser(user): CurrentUser<User>) -> String {
//!     format!("Hello, {}", user.name)
//! }
//!
//! #[user_pass(|user: &User| user.is_admin)]
//! async fn admin() -> &'static str { "Admins only" }
//!
//! async fn login(session: Session, next: NextUrl) -> Result<Redirect, Error> {
//!     // .. check the password ..
//!     session.login(1)?;
//!     session.flash("Welcome back")?;
//!     Ok(next.redirect_or("/"))
//! }
//!
//! async fn logout(session: Session) -> Redirect {
//!     session.logout();
//!     Redirect::to("/")
//! }
//!
//! let sessions = Sessions::builder(Secret::from_env("SESSION_SECRET")?)
//!     .login_url("/login")
//!     .user_loader(load_user)
//!     .build()?;
//! let app: Router = Router::new()
//!     .route("/", get(dashboard))
//!     .route("/admin", get(admin))
//!     .route("/login", post(login))
//!     .route("/logout", post(logout))
//!     .layer(sessions);
//! # drop(app);
//! # Ok::<(), muffin_session::ConfigError>(())
//! ```
//!
//! Everything is kept in signed cookies unless the builder is given a [store](Builder::store): no server, no disk. `docs/wire-format.md` in the
//! repository describes their bytes.
//!
//! # What cookies cannot do
//!
//! A store can, all of it:
//!
//! - A copy of the cookies works until the login's `lifetime` ends (24 hours unless set; a remembered login lasts as long as it was
//!   remembered for), except in the process that saw the logout, a login over it, or a renewal.
//! - Somebody can put an older copy of their own data back. What must not be undone belongs into a database; what grants or restricts
//!   belongs into the [claims](Login::claims) of the login, unless it is a restriction that is added later: that belongs into a database.
//! - Two requests at once that both change data: the last one wins.
//! - About 3,000 bytes of data fit.
//!
//! # Sessions in a store
//!
//! ```no_run
//! # #[cfg(feature = "sqlite")]
//! # async fn example(builder: muffin_session::Builder) -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//! use muffin_session::SqliteStore;
//!
//! let store = SqliteStore::open("sessions.db").await?;
//! store.migrate().await?;
//! let sessions = builder.store(store).build()?;
//! let sweeper = sessions.sweep_every(Duration::from_mins(5));
//! # sweeper.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! Cookies then say where the session is, and handlers stay as they are. Sessions may grow to 4 MiB, requests at once do not undo one another
//! ([`Session::update`], [`Session::commit`]), and logins end at once from anywhere ([`Session::all_sessions`],
//! [`Session::end_other_sessions`], [`Sessions::end_sessions_of`]). A [deny list](Builder::deny_list) is the step in between: sessions in
//! cookies, whose ends a store remembers. `docs/stores.md` in the repository says which store is for whom. A store of one's own
//! implements [`Store`].
//!
//! # Observing
//!
//! Logins, logouts, refusals, cookies that do not count and stores that fail are events of `tracing` with stable names, are told to hooks of
//! the application ([`Builder::on_event`] and its kin) for an audit trail, and are counted with the feature `metrics`.
//! `docs/observing.md` in the repository has them all.
//!
//! # Features
//!
//! None is on unless it is asked for.
//!
//! | feature | what it brings |
//! |---|---|
//! | `memory` | `MemoryStore`: this process's memory, bounded |
//! | `sqlite` | `SqliteStore`: a file |
//! | `postgres` | `PostgresStore` |
//! | `mysql` | `MySqlStore`: MySQL and MariaDB |
//! | `redis` | `RedisStore`: Redis and Valkey, one server, sentinels or a cluster |
//! | `tower-sessions` | `TowerSessionsStore`: any store that is made for tower-sessions |
//! | `minijinja` | `PageContext`: what templates of MiniJinja want to know of a request's session |
//! | `metrics` | counters and times for Prometheus and others, through the facade `metrics` |
//! | `test-util` | [`testing`]: logins, sessions, flashes and a clock for an application's tests; `conformance`: tests for a store of one's own |

#![cfg_attr(docsrs, feature(doc_cfg))]

// The rooms, in the order in which a request walks through them. First what is settled before the first request:
mod builder;
mod builder_stores;
mod builder_hooks;
mod from_env;
mod validate;
mod config_error;
mod config;
mod secret;
mod keys;
mod keyring;
mod shared_keys;
mod rotation;
mod clock;

// In: from the request's cookies to a session.
mod layer;
mod cross_site;
mod tokens;
mod as_read;
mod attached;
mod session;
mod load;
mod found;
mod cookie_header;
mod cookie_names;
mod seal;
mod wire;
mod signs;
mod standing;
mod ended;
mod state;
mod data;
mod json;
mod changes;

// Where sessions are that no cookie holds.
mod from_store;
mod moving;
mod handle;
mod record;
mod denials;
mod store_calls;
mod store;
mod stores;
#[cfg(feature = "test-util")]
pub mod conformance;

// The guard, and the user.
mod attributes;
mod guard;
mod guard_layer;
mod guest_ids;
mod checker;
mod combinators;
mod user;
mod loader;
mod stamp;
mod current_user;
mod session_of;
mod auth;
mod refusal;
mod problem;
mod location;
mod next_url;

// What is told of all this: to the log, to hooks, and as metrics.
mod telemetry;

// What handlers do.
mod login;
mod login_terms;
mod identity;
mod fresh;
mod in_session;
mod flash;
#[cfg(feature = "minijinja")]
mod templates;
mod still_valid;
mod revoke;
mod error;

// Out: from what has changed to the store, and to the response's cookies.
mod saving;
mod save;
mod ending;
mod deny_list;
mod sweeper;
mod prepare;
mod commit;
mod set_cookies;
mod set_flashes;
mod foreign;
mod cache;

// Help for an application's tests.
#[cfg(feature = "test-util")]
pub mod testing;

#[cfg(test)]
mod wire_vectors;
#[cfg(test)]
mod record_vectors;

#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use attributes::{login_required, user_loader, user_pass};
pub use auth::Auth;
pub use builder::Builder;
pub use checker::{Checker, CheckerAnswer};
pub use clock::Clock;
pub use config_error::ConfigError;
pub use cookie_names::SameSite;
pub use current_user::CurrentUser;
pub use error::Error;
pub use flash::Flash;
pub use guard_layer::{GuardLayer, GuardService};
pub use in_session::{InSession, SessionValue};
pub use layer::{ResponseFuture, SessionService, Sessions};
pub use loader::{LoadError, LoaderOutput, UserLoader};
pub use location::{IntoLocation, Location};
pub use login_terms::Login;
pub use muffin_session_macros::SessionValue;
pub use next_url::NextUrl;
pub use refusal::{Refusal, RefusalKind};
pub use revoke::UserSession;
pub use rotation::{KeyId, KeyUse, Keys};
pub use secret::{Secret, Secrets};
pub use session::Session;
pub use session_of::SessionOf;
pub use store::{
    Outcome, Record, RecordKey, Rotation, Store, StoreError, StoreFuture, Timestamp, UserKey,
};
#[cfg(feature = "memory")]
pub use stores::MemoryStore;
#[cfg(feature = "mysql")]
pub use stores::MySqlStore;
#[cfg(feature = "postgres")]
pub use stores::PostgresStore;
#[cfg(feature = "redis")]
pub use stores::RedisStore;
#[cfg(feature = "sqlite")]
pub use stores::SqliteStore;
#[cfg(feature = "tower-sessions")]
pub use stores::TowerSessionsStore;
pub use stores::{AnyStore, store_from_url};
pub use sweeper::Sweeper;
pub use telemetry::{EndedBy, EventKind, RefusedFor, RejectedFor, SessionEvent};
#[cfg(feature = "minijinja")]
pub use templates::{NoUser, PageContext};
