//! Removing what is over from a store that does not do so by itself.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::config::Config;
use crate::error::Error;
use crate::layer::Sessions;

/// Removes records whose time is over, every now and then. Given by [`Sessions::sweep_every`].
///
/// It goes on until it is [stopped](Self::stop) or dropped.
#[must_use = "a sweeper that is dropped stops"]
#[derive(Debug)]
pub struct Sweeper {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Sweeper {
    /// Stops it, and waits until what it is at is done.
    pub async fn stop(self) {
        drop(self.stop);
        // A sweep that has panicked has stopped as well.
        let _ = self.task.await;
    }
}

impl Sessions {
    /// Has records removed whose time is over, every so often: at first now. Redis sees to it by itself; databases and memory do not.
    ///
    /// What is over does not count, swept or not: sweeping frees room. Several processes may sweep one store.
    ///
    /// ```no_run
    /// # async fn serve(sessions: muffin_session::Sessions) {
    /// use std::time::Duration;
    ///
    /// let sweeper = sessions.sweep_every(Duration::from_mins(5));
    /// // .. serve, until it is time to stop ..
    /// sweeper.stop().await;
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn sweep_every(&self, period: Duration) -> Sweeper {
        let (stop, mut stopped) = oneshot::channel();
        let config = self.config.clone();
        let task = tokio::spawn(async move {
            loop {
                // A failure is in the log, and there is another time.
                let _ = sweep(&config).await;
                if timeout(period, &mut stopped).await.is_ok() {
                    return;
                }
            }
        });
        Sweeper { stop, task }
    }

    /// Removes records whose time is over, once: for whoever has a scheduler. How many there were.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub async fn sweep(&self) -> Result<u64, Error> {
        sweep(&self.config).await
    }
}

async fn sweep(config: &Arc<Config>) -> Result<u64, Error> {
    let stores = [&config.store, &config.deny_list, &config.moving_from];
    let mut removed = 0;
    for store in stores.into_iter().flatten() {
        removed += store.sweep(config.now()).await?;
    }
    if removed > 0 {
        tracing::debug!(target: "muffin_session", removed, "removed what was over");
    }
    Ok(removed)
}
