//! What goes wrong below a test, such as a store that fails, is said where the test stands.

use muffin_session::testing::{TestApp, Visitor};
use muffin_session_tests::bare_builder;
use muffin_session_tests::watched::{Mood, Watched};

use crate::{app_with, panic_message_of};

/// An application with a store, and somebody who is logged in.
async fn with_store() -> (TestApp, Visitor, Watched) {
    let store = Watched::default();
    let app = app_with(bare_builder().store(store.clone()));
    let ann = app.login_as(1).await.unwrap();
    (app, ann, store)
}

#[tokio::test]
async fn a_login_that_a_store_does_not_take_is_an_error() {
    let (app, _, store) = with_store().await;
    for (mood, expected) in [
        (Mood::Down, "the session layer answered 503"),
        (Mood::ReadOnly, "the session layer answered 503"),
        (Mood::Panics, "the session layer answered 500"),
    ] {
        store.set(mood);
        let error = app.login_as(1).await.unwrap_err().to_string();
        assert!(error.starts_with(expected), "{mood:?}: {error}");
        assert!(error.ends_with("(the log says why)"), "{mood:?}: {error}");
    }
    store.set(Mood::Well);
    app.login_as(1).await.unwrap();
}

#[tokio::test]
async fn a_session_that_a_store_does_not_give_is_a_panic_that_says_where() {
    let (_, ann, store) = with_store().await;
    store.set(Mood::Down);
    let (reader, other) = (ann.clone(), ann);
    let read = async move { reader.session(async |session| session.len()).await };
    let seen = async move { other.flashes().await };
    for message in [panic_message_of(read).await, panic_message_of(seen).await] {
        let expected = "the session layer answered 503 Service Unavailable: Sessions cannot be reached just now";
        assert!(message.contains(expected), "{message}");
        assert!(message.contains("failures.rs:"), "{message}");
    }
}

#[tokio::test]
async fn a_session_that_a_store_does_not_save_is_a_panic_and_changes_nothing() {
    let (_, ann, store) = with_store().await;
    store.set(Mood::ReadOnly);
    let cookies = ann.cookie_header();
    let writer = ann.clone();
    let write = async move {
        let written = writer.session(async |session| session.insert("k", "v"));
        written.await
    };
    let message = panic_message_of(write).await;
    assert!(message.contains("answered 503"), "{message}");
    assert!(ann.cookie_header() == cookies);
    store.set(Mood::Well);
    assert!(ann.session(async |session| session.is_empty()).await);
}

#[tokio::test]
async fn a_store_that_panics_while_it_reads_is_said_too() {
    let (_, ann, store) = with_store().await;
    store.set(Mood::Panics);
    let message = panic_message_of(async move { ann.flashes().await }).await;
    assert!(
        message.contains("something that it called has panicked"),
        "{message}"
    );
}
