//! Holds back lists of comments that pages fetch, so that something can happen before they arrive.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use tokio::sync::{Notify, watch};

#[derive(Clone, Default)]
pub(crate) struct Gate {
    is_shut: watch::Sender<bool>,
    holds: Arc<Notify>,
}

impl Gate {
    pub(crate) fn shut(&self) {
        self.is_shut.send_replace(true);
    }

    /// Waits until a list is held back.
    pub(crate) async fn holds(&self) {
        self.holds.notified().await;
    }

    pub(crate) fn open(&self) {
        self.is_shut.send_replace(false);
    }

    /// The gate as a layer.
    pub(crate) async fn pass(State(gate): State<Self>, request: Request, next: Next) -> Response {
        let is_list =
            request.method() == Method::GET && request.uri().path().ends_with("/comments");
        let response = next.run(request).await;
        let mut is_shut = gate.is_shut.subscribe();
        if is_list && *is_shut.borrow() {
            gate.holds.notify_one();
            // The gate outlives the site.
            let _ = is_shut.wait_for(|is_shut| !is_shut).await;
        }
        response
    }
}
