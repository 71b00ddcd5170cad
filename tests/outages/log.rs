//! What the log says of a store that fails.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, Once};

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Keeps what is logged from now on.
pub(crate) fn keep() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::ERROR)
            .with_ansi(false)
            .with_writer(|| Writer)
            .finish();
        tracing::subscriber::set_global_default(subscriber).unwrap();
    });
}

/// How often which reasons have been given since the last time.
pub(crate) fn take() -> BTreeMap<String, usize> {
    let lines = std::mem::take(&mut *LINES.lock().unwrap());
    let lines = String::from_utf8(lines).unwrap();
    let mut reasons = BTreeMap::new();
    for line in lines.lines().filter(|line| line.contains("muffin_session")) {
        let (_, reason) = line.split_once("reason=").unwrap_or(("", line));
        *reasons.entry(reason.to_owned()).or_default() += 1;
    }
    reasons
}

struct Writer;

impl io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
