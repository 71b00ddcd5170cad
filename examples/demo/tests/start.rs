//! The program as a user starts it: what it prints, what it refuses, how it stops.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

fn demo() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_demo"));
    command.env_remove("PORT").env_remove("SESSION_SECRET");
    command
}

/// A running demo, ended with the test.
struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    greeting: String,
}

impl Running {
    fn start(command: &mut Command) -> Self {
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

    fn port(&self) -> u16 {
        let address = self.greeting.lines().next().unwrap();
        let port = address.strip_prefix("Muffin demo: http://localhost:");
        port.unwrap().parse().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The one line on standard error of a demo that did not start.
fn refusal(command: &mut Command) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let stderr = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(1), "{stderr}");
    assert_eq!(stdout, b"", "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.starts_with("demo: "), "{stderr}");
    stderr
}

#[test]
fn it_says_where_it_is_and_who_may_log_in() {
    let running = Running::start(&mut demo());
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, running.port())).unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    for user in demo::users::DEMO_USERS {
        assert!(running.greeting.contains(user.name));
        assert!(running.greeting.contains(user.password));
    }
    for staff in demo::team::DEMO_STAFF {
        assert!(running.greeting.contains(staff.name));
        assert!(running.greeting.contains(staff.password));
    }
}

#[test]
fn without_a_secret_it_makes_one_and_says_so() {
    let hint = "export SESSION_SECRET=\"$(openssl rand -base64 48)\"";
    assert!(Running::start(&mut demo()).greeting.contains(hint));

    let secret = "q7T0c2vYVb1hJm8rWk3sXz5dNf6gLp9a";
    let with_secret = Running::start(demo().env("SESSION_SECRET", secret));
    assert!(!with_secret.greeting.contains("SESSION_SECRET"));
    assert!(!with_secret.greeting.contains(secret));
}

#[test]
fn a_used_port_is_one_line_on_stderr() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let refusal = refusal(demo().env("PORT", &port));
    assert!(refusal.contains(&format!("127.0.0.1:{port}")), "{refusal}");
    assert!(refusal.contains("in use"), "{refusal}");
    assert!(refusal.contains("PORT=0"), "{refusal}");
}

#[test]
fn a_bad_port_is_one_line_on_stderr() {
    for port in ["", "abc", "-1", "65536", "80 80", "3000\n"] {
        let refusal = refusal(demo().env("PORT", port));
        assert!(refusal.contains("a number from 0 to 65535"), "{refusal}");
        assert!(refusal.contains(&format!("{port:?}")), "{refusal}");
    }
}

#[test]
fn a_bad_secret_is_one_line_on_stderr_that_does_not_show_it() {
    for secret in ["", "Insecuresecret", "tooshort-9x8w7v"] {
        let refusal = refusal(demo().env("PORT", "0").env("SESSION_SECRET", secret));
        assert!(refusal.contains("openssl rand -base64 48"), "{refusal}");
        assert!(secret.is_empty() || !refusal.contains(secret), "{refusal}");
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_in_good_order() {
    let mut running = Running::start(&mut demo());
    let sent = Command::new("kill")
        .args(["-INT", &running.child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
    assert!(running.child.wait().unwrap().success());
    let mut rest = String::new();
    running.stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}
