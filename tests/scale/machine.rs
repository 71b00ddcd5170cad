//! What Linux says of the machine and of this process. Elsewhere it says nothing.

use std::fs::read_to_string;

use serde_json::{Value, json};

/// What a reader of the figures has to know.
pub(crate) fn about() -> Value {
    let cpu = field("/proc/cpuinfo", "model name").unwrap_or_default();
    let system = read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    json!({
        "cpu": cpu,
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "memory": kibibytes("/proc/meminfo", "MemTotal"),
        "kernel": system.trim(),
    })
}

/// Bytes of this process that are in memory.
pub(crate) fn resident() -> Option<u64> {
    kibibytes("/proc/self/status", "VmRSS")
}

/// Nanoseconds that this thread has been on a processor.
pub(crate) fn on_processor() -> Option<u64> {
    let text = read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok()
}

/// How many processes want a processor, over the last minute.
pub(crate) fn load() -> Option<f64> {
    let text = read_to_string("/proc/loadavg").ok()?;
    text.split(' ').next()?.parse().ok()
}

fn kibibytes(path: &str, name: &str) -> Option<u64> {
    let number = field(path, name)?;
    let kibibytes: u64 = number.strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}

fn field(path: &str, name: &str) -> Option<String> {
    let text = read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
