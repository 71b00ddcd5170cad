//! A request of the test's own through the session layer, held open: what is done in it is done as in a handler.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use http::StatusCode;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tower_service::Service as _;

use super::error::TestError;
use crate::layer::Sessions;
use crate::session::Session;

/// A request that has come as far as its handler.
pub(super) struct Inside {
    session: Session,
    /// Has the handler return.
    finish: Option<oneshot::Sender<()>>,
    answer: JoinHandle<Response>,
}

impl Inside {
    /// Sends a request through the layer, and waits until its handler has the session.
    pub(super) async fn open(sessions: &Sessions, request: Request) -> Result<Self, TestError> {
        let (hand_out, handed_out) = oneshot::channel();
        let (finish, finished) = oneshot::channel::<()>();
        // A handler may be called again and again; this one is not.
        let once = Arc::new(Mutex::new(Some((hand_out, finished))));
        let handler = move |session: Session| async move {
            let taken = once.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some((hand_out, finished)) = taken {
                // Whoever has lost interest in either is gone, and with them this request.
                let _ = hand_out.send(session);
                if finished.await.is_err() {
                    // The test has panicked or run out of time. A handler that does so saves nothing.
                    std::future::pending::<()>().await;
                }
            }
        };
        let mut router = Router::new().fallback(handler).layer(sessions.clone());
        // The handler is gone with the task: where the layer has answered without it, nobody waits for it.
        let answer = tokio::spawn(async move {
            match router.call(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            }
        });
        match handed_out.await {
            Ok(session) => Ok(Self {
                session,
                finish: Some(finish),
                answer,
            }),
            Err(_) => Err(match answer.await {
                Ok(response) => TestError::answered(response).await,
                Err(_) => TestError::died(),
            }),
        }
    }

    pub(super) fn session(&self) -> Session {
        self.session.clone()
    }

    /// Has the handler return, and the layer save and send what has changed.
    pub(super) async fn finish(mut self) -> Result<Response, TestError> {
        if let Some(finish) = self.finish.take() {
            // If it is gone, what is waited for says so.
            let _ = finish.send(());
        }
        match (&mut self.answer).await {
            Ok(response) if response.status() == StatusCode::OK => Ok(response),
            Ok(response) => Err(TestError::answered(response).await),
            Err(_) => Err(TestError::died()),
        }
    }

    /// Gives the request up: nothing of it is saved or sent.
    pub(super) fn give_up(self) {
        drop(self);
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.answer.abort();
    }
}
