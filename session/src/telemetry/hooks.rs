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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::clock::Millis;
    use crate::telemetry::Told;

    #[test]
    fn each_gets_what_it_wants_in_order_and_whatever_others_do() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let mut hooks = Hooks::default();
        let note = |name: &'static str| {
            let told = told.clone();
            move |event: &SessionEvent| told.lock().unwrap().push((name, event.kind()))
        };
        hooks.push(|kind| kind == EventKind::Logout, note("logouts"));
        hooks.push(|_| true, |_| panic!("its own mistake"));
        hooks.push(|_| true, note("all"));
        for kind in [EventKind::Lost, EventKind::Logout] {
            hooks.run(&SessionEvent::new(kind, Millis(0), Told::default()));
        }
        let expected = [
            ("all", EventKind::Lost),
            ("logouts", EventKind::Logout),
            ("all", EventKind::Logout),
        ];
        assert_eq!(*told.lock().unwrap(), expected);
    }

    #[test]
    fn none_are_no_hooks_at_all() {
        assert!(Hooks::default().if_any().is_none());
    }
}
