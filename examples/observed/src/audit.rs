//! The audit trail: a hook hands events to a task, which writes each as a line of JSON. In your application it writes them into a database.

use std::io::Write;
use std::net::SocketAddr;
use std::time::{Duration, UNIX_EPOCH};

use axum::extract::ConnectInfo;
use axum::http::Method;
use muffin_session::{EventKind, SessionEvent};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// How many events may wait for the task. Those beyond are in the log as missing: no request waits for the trail.
const WAITING: usize = 10_000;

/// Where the hook leaves events. Clones are the same trail; it ends when all are gone.
#[derive(Clone)]
pub struct Trail(mpsc::Sender<SessionEvent>);

impl Trail {
    /// A trail that is written there. The task ends with the trail, when everything is written.
    pub fn begin(writer: impl Write + Send + 'static) -> (Self, JoinHandle<()>) {
        let (sender, events) = mpsc::channel(WAITING);
        (Self(sender), tokio::spawn(write(events, writer)))
    }

    /// What the hook does: it must not wait.
    pub fn note(&self, event: &SessionEvent) {
        // Anybody can send cookies that do not count, or ask without one, as often as they like. Metrics count those.
        let is_anybody = match event.kind() {
            EventKind::Rejected(_) => true,
            EventKind::Refused(_) => event.user_id::<usize>().is_none(),
            _ => false,
        };
        if is_anybody {
            return;
        }
        if self.0.try_send(event.clone()).is_err() {
            tracing::error!(event = event.name(), "the audit trail misses an event");
        }
    }
}

async fn write(mut events: mpsc::Receiver<SessionEvent>, mut writer: impl Write) {
    while let Some(event) = events.recv().await {
        let line = format!("{}\n", entry(&event));
        let written = writer.write_all(line.as_bytes());
        if let Err(error) = written.and_then(|()| writer.flush()) {
            tracing::error!(%error, event = event.name(), "the audit trail misses an event");
        }
    }
}

/// An event as it is kept. JSON escapes the path, which a client has chosen.
fn entry(event: &SessionEvent) -> Value {
    let since = event.at().duration_since(UNIX_EPOCH);
    let peer = event.extension::<ConnectInfo<SocketAddr>>();
    json!({
        "at_ms": u64::try_from(since.unwrap_or(Duration::ZERO).as_millis()).ok(),
        "event": event.name(),
        "reason": event.reason(),
        "user": event.user_id::<usize>(),
        "method": event.method().map(Method::as_str),
        "path": event.path(),
        "peer": peer.map(|ConnectInfo(peer)| peer.ip()),
    })
}
