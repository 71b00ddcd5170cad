//! The builder's hooks: functions of the application that are told what happens to sessions.

use crate::builder::Builder;
use crate::telemetry::{EventKind, RejectedFor, SessionEvent};

/// # Hooks
///
/// Each may be given several times, and all are called, in the order in which they were given. They are called where a request is
/// answered, and it waits for them: keep them short, and hand work on to a task. Nothing is locked while they run. One that panics
/// is in the log, and changes nothing: neither the request nor the other hooks notice. (Where panics abort, the process ends, as always.)
///
/// They are told what has taken place: a login, renewal or logout once a store has saved it and the response is about to leave. What
/// a request begins and undoes again has not taken place. `docs/observing.md` in the repository says more.
impl Builder {
    /// A function that is told everything that happens to sessions, for an audit trail. Default: none.
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use muffin_session::{Secret, SessionEvent, Sessions};
    ///
    /// let (trail, events) = mpsc::sync_channel::<SessionEvent>(10_000);
    /// let sessions = Sessions::builder(Secret::generate()?)
    ///     .without_user_loader()
    ///     .on_event(move |event| {
    ///         // Nobody waits: what does not fit is lost, and should be counted.
    ///         let _ = trail.try_send(event.clone());
    ///     })
    ///     .build()?;
    /// std::thread::spawn(move || {
    ///     for event in events {
    ///         let who: Option<u64> = event.user_id();
    ///         println!("{:?} {} {who:?} {:?}", event.at(), event.name(), event.path());
    ///     }
    /// });
    /// # drop(sessions);
    /// # Ok::<(), muffin_session::ConfigError>(())
    /// ```
    pub fn on_event(self, hook: impl Fn(&SessionEvent) + Send + Sync + 'static) -> Self {
        self.hook(|_| true, hook)
    }

    /// A function that is told of logins: [`EventKind::Login`]. Default: none.
    pub fn on_login(self, hook: impl Fn(&SessionEvent) + Send + Sync + 'static) -> Self {
        self.hook(|kind| matches!(kind, EventKind::Login { .. }), hook)
    }

    /// A function that is told of logouts, and of sessions that were ended by something else: [`EventKind::Logout`], [`EventKind::Ended`].
    /// Default: none. What it ends itself is told to it too: to log people out everywhere, look for `Logout` alone.
    pub fn on_logout(self, hook: impl Fn(&SessionEvent) + Send + Sync + 'static) -> Self {
        self.hook(
            |kind| matches!(kind, EventKind::Logout | EventKind::Ended { .. }),
            hook,
        )
    }

    /// A function that is told which requests were not let pass, and why: [`EventKind::Refused`]. Default: none.
    pub fn on_refused(self, hook: impl Fn(&SessionEvent) + Send + Sync + 'static) -> Self {
        self.hook(|kind| matches!(kind, EventKind::Refused(_)), hook)
    }

    /// A function that is told of logins whose time is over, at each request that still shows one: [`EventKind::Rejected`] for
    /// [`RejectedFor::Lifetime`] and [`RejectedFor::Idle`]. Default: none.
    pub fn on_expired(self, hook: impl Fn(&SessionEvent) + Send + Sync + 'static) -> Self {
        self.hook(|kind| kind.name() == "session.expired", hook)
    }

    /// A function that is told of identity cookies that do not verify: [`EventKind::Rejected`] for [`RejectedFor::Forged`]. Default: none.
    pub fn on_forged(self, hook: impl Fn(&SessionEvent) + Send + Sync + 'static) -> Self {
        self.hook(
            |kind| kind == EventKind::Rejected(RejectedFor::Forged),
            hook,
        )
    }

    fn hook(
        mut self,
        wants: fn(EventKind) -> bool,
        call: impl Fn(&SessionEvent) + Send + Sync + 'static,
    ) -> Self {
        self.hooks.push(wants, call);
        self
    }
}
