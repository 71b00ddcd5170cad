//! The application's hooks: functions that are told what has happened.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::event::{EventKind, SessionEvent};

type Call = Box<dyn Fn(&SessionEvent) + Send + Sync>;

/// The hooks that the builder was given, in that order.
#[derive(Default)]
pub(crate) struct Hooks(Vec<Hook>);

struct Hook {
    /// Which events it is for.
    wants: fn(EventKind) -> bool,
    call: Call,
}

impl Hooks {
    pub(crate) fn push(
        &mut self,
        wants: fn(EventKind) -> bool,
        call: impl Fn(&SessionEvent) + Send + Sync + 'static,
    ) {
        self.0.push(Hook {
            wants,
            call: Box::new(call),
        });
    }

    /// These hooks, if there are any.
    pub(crate) fn if_any(self) -> Option<Self> {
        (!self.0.is_empty()).then_some(self)
    }

    /// Tells each of them. One that panics must not take away from the request what has happened, nor the event from those after it.
    pub(super) fn run(&self, event: &SessionEvent) {
        let wanted = self.0.iter().filter(|hook| (hook.wants)(event.kind()));
        for hook in wanted {
            if catch_unwind(AssertUnwindSafe(|| (hook.call)(event))).is_err() {
                tracing::error!(target: "muffin_session", event = event.name(), "a hook has panicked: nothing else is changed by it");
            }
        }
    }
}
