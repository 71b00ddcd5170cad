//! Which flashes wait for a visitor.

use std::fmt::Write as _;
use std::future::Future;
use std::panic::Location;

use super::visitor::Visitor;
use crate::flash::Flash;
use crate::session::Session;

impl Visitor {
    /// The messages that the next page would show, oldest first. They go on waiting for it.
    ///
    /// # Panics
    ///
    /// If the session layer answers with an error, as it does where a store cannot be reached.
    #[track_caller]
    pub fn flashes(&self) -> impl Future<Output = Vec<Flash>> + Send {
        let caller = Location::caller();
        async move {
            self.peek(Session::get_flashed_messages)
                .await
                .unwrap_or_else(|error| panic!("{caller}: {error}"))
        }
    }

    /// Asserts that a message of a category waits for the next page: [`Session::flash`](crate::Session::flash) gives the category
    /// `"message"`. It goes on waiting.
    ///
    /// # Panics
    ///
    /// If it does not wait: with those that do. As [`flashes`](Self::flashes).
    #[track_caller]
    pub fn assert_flashed(&self, category: &str, message: &str) -> impl Future<Output = ()> + Send {
        let caller = Location::caller();
        let flashes = self.flashes();
        async move {
            let flashes = flashes.await;
            let is_there = flashes
                .iter()
                .any(|flash| flash.category == category && flash.message == message);
            assert!(
                is_there,
                "{caller}: no flash [{category}] {message:?} waits for the next page{}",
                listed(&flashes)
            );
        }
    }
}

fn listed(flashes: &[Flash]) -> String {
    let mut text = String::from(if flashes.is_empty() {
        ", and no other"
    } else {
        ", but"
    });
    for flash in flashes {
        // Writing to a string does not fail.
        let _ = write!(text, " [{}] {:?}", flash.category, flash.message);
    }
    text
}
