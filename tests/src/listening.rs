//! The log of one thread, with nothing missing.

use std::sync::LazyLock;

use tracing::dispatcher::Dispatch;
use tracing::subscriber::{DefaultGuard, NoSubscriber, Subscriber, set_default};

/// Has this thread's log go to a subscriber, as long as the guard is there.
///
/// While there is one subscriber alone, `tracing` asks the thread that first comes by a line whether anybody listens, and remembers the
/// answer for all: another test's thread, which has none, would silence the line for this one. So there are two.
pub fn listen(subscriber: impl Subscriber + Send + Sync + 'static) -> DefaultGuard {
    static SECOND: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::new()));
    LazyLock::force(&SECOND);
    set_default(subscriber)
}
