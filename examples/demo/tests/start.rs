//! The program as a user starts it: what it prints, what it refuses, how it stops.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod running;

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Command, Output};

use running::{Running, demo};

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
    for store in ["", "memory:"] {
        let (status, rest) = Running::start(demo().env("SESSION_STORE", store)).interrupt();
        assert!(status.success(), "{store:?}: {status}");
        assert_eq!(rest, "", "{store:?}");
    }
}

#[test]
fn it_says_where_sessions_are_if_they_are_in_a_store() {
    let in_memory = Running::start(demo().env("SESSION_STORE", "memory:"));
    let said = "Sessions are in a store: memory\n";
    assert!(in_memory.greeting.contains(said), "{}", in_memory.greeting);
    let other = "count in no other process";
    assert!(in_memory.greeting.contains(other), "{}", in_memory.greeting);

    let in_cookies = Running::start(demo().env("SESSION_STORE", " "));
    assert!(!in_cookies.greeting.contains("store"));
    assert!(!in_cookies.greeting.contains(other));
}

#[test]
fn a_store_that_is_not_built_in_is_one_line_with_the_command_to_use() {
    for (url, feature, is_built_in) in [
        (
            "sqlite:/nowhere/hunter2.db",
            "sqlite",
            cfg!(feature = "sqlite"),
        ),
        (
            "postgres://ann:hunter2@127.0.0.1:1/shop",
            "postgres",
            cfg!(feature = "postgres"),
        ),
        (
            "mariadb://ann:hunter2@127.0.0.1:1/shop",
            "mysql",
            cfg!(feature = "mysql"),
        ),
        (
            "Redis+cluster://ann:hunter2@127.0.0.1:1",
            "redis",
            cfg!(feature = "redis"),
        ),
    ] {
        if is_built_in {
            continue;
        }
        let refusal = refusal(demo().env("PORT", "0").env("SESSION_STORE", url));
        let command = format!("cargo run -p demo --features {feature}\n");
        // Where the tests of other crates are built at the same time, the library has what the demo did not ask for, and there is no server.
        let is_refused = refusal.ends_with(&command) || refusal.contains("cannot be used");
        assert!(is_refused, "{refusal}");
        assert!(!refusal.contains("hunter2"), "{refusal}");
    }
}

#[test]
fn a_bad_store_is_one_line_on_stderr_that_does_not_show_it() {
    for url in ["nowhere", "http://ann:hunter2@host", "memory:hunter2"] {
        let refusal = refusal(demo().env("PORT", "0").env("SESSION_STORE", url));
        assert!(refusal.starts_with("demo: SESSION_STORE: "), "{refusal}");
        assert!(refusal.contains("memory:"), "{refusal}");
        assert!(!refusal.contains("hunter2"), "{refusal}");
    }
}
