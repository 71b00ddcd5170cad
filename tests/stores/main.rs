//! Sessions in a store: what is promised there and nowhere else. The store is a map in memory that is watched; whether other stores do
//! what it does is for the conformance suite to say.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

// The promises' application does more than these tests ask of it.
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../promises/app.rs"]
mod app;

mod at_once;
mod denied;
mod deny_list;
mod ended_elsewhere;
mod gated;
mod gone;
mod leaks;
mod merging;
mod moves;
mod moving;
mod odd_orders;
mod outages;
mod robust;
mod rolling;
mod round_trips;
mod sweeping;

use app::{App, at};
use muffin_session::Builder;
use muffin_session_tests::watched::Watched;

/// An application whose sessions are in a watched store.
async fn app() -> (App, Watched) {
    app_with(|builder| builder).await
}

/// With more options.
async fn app_with(options: impl FnOnce(Builder) -> Builder) -> (App, Watched) {
    let store = Watched::default();
    (app_on(&store, options).await, store)
}

/// On a store that is there: another process of the same application, say.
async fn app_on(store: &Watched, options: impl FnOnce(Builder) -> Builder) -> App {
    let store = store.clone();
    App::on(options(muffin_session_tests::bare_builder().store(store))).await
}
