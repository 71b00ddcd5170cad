//! The log of one thread: each event of the library with its name, its level and its fields.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level, Metadata, Subscriber};

/// One event.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) level: Level,
    pub(crate) fields: BTreeMap<&'static str, String>,
}

impl Entry {
    /// The value of a field, or nothing.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

/// The log, as long as it is there.
pub(crate) struct Log {
    entries: Entries,
    _guard: DefaultGuard,
}

#[derive(Clone, Default)]
struct Entries(Arc<Mutex<Vec<Entry>>>);

impl Log {
    pub(crate) fn begin() -> Self {
        let entries = Entries::default();
        let guard = muffin_session_tests::listening::listen(entries.clone());
        Self {
            entries,
            _guard: guard,
        }
    }

    /// Everything since the last time.
    pub(crate) fn all(&self) -> Vec<Entry> {
        std::mem::take(&mut *self.entries.0.lock().unwrap())
    }

    /// Events with names since the last time.
    pub(crate) fn named(&self) -> Vec<Entry> {
        let mut entries = self.all();
        entries.retain(|entry| entry.name.starts_with("session."));
        entries
    }

    /// Names of events since the last time.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.named().iter().map(|entry| entry.name).collect()
    }
}

impl Subscriber for Entries {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("muffin_session") && metadata.is_event()
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.0.lock().unwrap().push(Entry {
            name: event.metadata().name(),
            level: *event.metadata().level(),
            fields: fields.0,
        });
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}
