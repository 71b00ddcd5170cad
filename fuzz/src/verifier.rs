//! The second implementation of the wire format, as a process that answers questions: `tests/wire_format.py --serve`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{LazyLock, Mutex};

use serde_json::Value;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/wire_format.py");

struct Verifier {
    _process: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
}

static VERIFIER: LazyLock<Mutex<Verifier>> = LazyLock::new(|| {
    let mut process = Command::new("python3")
        .args([SCRIPT, "--serve"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the second implementation needs python3");
    Mutex::new(Verifier {
        asks: process.stdin.take().expect("it is piped"),
        answers: BufReader::new(process.stdout.take().expect("it is piped")),
        _process: process,
    })
});

/// The answers to these questions, in their order.
///
/// # Panics
///
/// If the process has ended.
pub fn ask(questions: Vec<Value>) -> Vec<Value> {
    let mut verifier = VERIFIER.lock().expect("no other thread");
    let line = Value::Array(questions).to_string() + "\n";
    verifier
        .asks
        .write_all(line.as_bytes())
        .expect("it listens");
    let mut answers = String::new();
    verifier
        .answers
        .read_line(&mut answers)
        .expect("it answers");
    serde_json::from_str(&answers).unwrap_or_else(|error| panic!("{error}: {answers:?} to {line}"))
}

/// Bytes as JSON text can hold them: each is the character of its number.
#[must_use]
pub fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}
