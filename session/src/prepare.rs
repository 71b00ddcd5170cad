//! Making what a store needs before it can be used.

use crate::error::Error;
use crate::layer::Sessions;

impl Sessions {
    /// Has the stores make what they need, such as their tables: once, before the application serves. What is there stays as it is, and
    /// several processes may do it at once.
    ///
    /// It is what `migrate()` on a store does, also where the store was named by the environment. An application that is not allowed to make
    /// tables leaves it out.
    ///
    /// ```no_run
    /// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
    /// use muffin_session::Sessions;
    ///
    /// let sessions = Sessions::from_env()?.without_user_loader().build()?;
    /// sessions.prepare_store().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Store`]: the log says why.
    pub async fn prepare_store(&self) -> Result<(), Error> {
        let config = &self.config;
        let stores = [&config.store, &config.deny_list, &config.moving_from];
        for store in stores.into_iter().flatten() {
            store.prepare(config.now()).await?;
        }
        Ok(())
    }
}
