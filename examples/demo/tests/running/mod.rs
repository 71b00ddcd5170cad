//! The program, running in a process of its own.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

/// The program, with none of its settings.
pub(crate) fn demo() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_demo"));
    for setting in ["PORT", "SESSION_SECRET", "SESSION_STORE"] {
        command.env_remove(setting);
    }
    command
}

/// A running demo, ended with the test.
pub(crate) struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    pub(crate) greeting: String,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
            .env("PORT", "0")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut greeting = String::new();
        while !greeting.ends_with("Stop with ctrl-c.\n") {
            let read = stdout.read_line(&mut greeting).unwrap();
            assert_ne!(read, 0, "it ended after {greeting:?}");
        }
        Self {
            child,
            stdout,
            greeting,
        }
    }

    pub(crate) fn port(&self) -> u16 {
        let address = self.greeting.lines().next().unwrap();
        let port = address.strip_prefix("Muffin demo: http://localhost:");
        port.unwrap().parse().unwrap()
    }

    /// Sends it what ctrl-c sends. How it ended, and what it still said.
    #[cfg(unix)]
    pub(crate) fn interrupt(mut self) -> (ExitStatus, String) {
        let process = self.child.id().to_string();
        let sent = Command::new("kill").args(["-INT", &process]).status();
        assert!(sent.unwrap().success());
        let status = self.child.wait().unwrap();
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (status, rest)
    }
}

/// Ends it as `kill -9` does: without a chance to put anything in order.
impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
